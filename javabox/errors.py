"""Errors of the judge itself, each with a next step in its message."""

from __future__ import annotations

WAY_OUT = (
    "this judge belongs to the process that forked this one: take a SharedJudge, which all processes may ask,"
    " or make one here, `Judge()`, at the first use or in the worker's own start (worker_init_fn of a"
    " DataLoader, post_fork of gunicorn), start workers by spawn and make one in each, or judge in the parent"
    " process"
)


class JudgeUnavailable(RuntimeError):
    """No engine could be started. The message says what is missing and the command that mends it.

    `found` and `mend` are its two halves; `mend` is None where the message alone says what to do.
    """

    def __init__(self, found: str, mend: str | None = None) -> None:
        super().__init__(f"{found}; mend it: {mend}" if mend else found)
        self.found = found
        self.mend = mend


class JudgeInChild(JudgeUnavailable):
    """A forked child asked its parent's judge, whose threads and supervisor it does not have."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or WAY_OUT)


class ClasspathUnusable(ValueError):
    """A jar of the class path is missing or is none; the message names it."""


class CacheUnusable(ValueError):
    """The file that was to keep verdicts can't be opened, or is something else."""
