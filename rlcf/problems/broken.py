"""Broken suites, named: once a problem, with file and line, and nothing else stops.

Not covered: suites that are sound and test nothing (`untested`), or the wrong thing (`rlcf data check`).
"""

from __future__ import annotations

import logging

from javabox import Outcome, Verdict
from rlcf.problems.problem import Problem

log = logging.getLogger("rlcf")


class BrokenSuites:
    """Those that were seen so far."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def seen(self, problem: Problem, verdict: Verdict) -> None:
        """Warns where this verdict is the first to say that the problem's suite is broken."""
        if verdict.outcome is Outcome.SUITE_ERROR and problem.task_id not in self._seen:
            self._seen.add(problem.task_id)
            place = f"{problem.source}: " if problem.source else ""
            why = " ".join(verdict.detail.split())
            # a name or a message from the input may hold lone surrogates, which stderr can't encode
            told = f"{place}{problem.task_id}: the suite is broken: {why}".encode("utf-8", "backslashreplace")
            log.warning("%s", told.decode())
