"""Errors of the judge itself, each with a next step in its message."""

from __future__ import annotations


class JudgeUnavailable(RuntimeError):
    """No engine could be started. The message says what is missing and the command that mends it.

    `found` and `mend` are its two halves; `mend` is None where the message alone says what to do.
    """

    def __init__(self, found: str, mend: str | None = None) -> None:
        super().__init__(f"{found}; mend it: {mend}" if mend else found)
        self.found = found
        self.mend = mend


class CacheUnusable(ValueError):
    """The file that was to keep verdicts can't be opened, or is something else."""


class SuiteError(ValueError):
    """The suite itself is broken: an expected value does not compile or does not evaluate."""
