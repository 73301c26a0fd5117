"""What a time limit and a memory limit may be, in problem files and on the command line.

A time limit is in seconds of fuel: `javabox.job.FUEL_PER_SECOND` bytecode instructions each, on every
machine.
"""

from __future__ import annotations

LONGEST_SECONDS = 3600.0
LEAST_MB, MOST_MB = 16, 1 << 16
"""A JVM does not start with much less, and no benchmark asks for more."""


def time_limit_fault(value: object) -> str:
    """What is wrong with a time limit; empty where nothing is."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST_SECONDS:
        return ""
    return f"must be seconds, above 0 and at most {LONGEST_SECONDS:g}, is {_shown(value)}"


def memory_limit_fault(value: object) -> str:
    """What is wrong with a memory limit; empty where nothing is."""
    if isinstance(value, int) and not isinstance(value, bool) and LEAST_MB <= value <= MOST_MB:
        return ""
    return f"must be whole megabytes from {LEAST_MB} to {MOST_MB}, is {_shown(value)}"


def _shown(value: object) -> str:
    return repr(value)[:80]
