"""The Landlock floor: isolation without namespaces or containers, for machines that permit neither."""
