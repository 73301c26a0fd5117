"""What can be asked of the service: routes of its own, and those of other projects' protocols."""
