"""The server of the environment `java_mbjp`."""
