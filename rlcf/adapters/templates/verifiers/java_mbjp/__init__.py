"""The taskset `java_mbjp` for verifiers: MBJP's problems, replies judged by javabox."""

from rlcf.adapters.verifiers import JavaTaskset

__all__ = ["JavaTaskset"]
