"""The commands of `rlcf`, one module each: a dataclass whose fields are the options; `run` does it."""
