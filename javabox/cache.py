"""Verdicts that can be reused: the same job has the same verdict unless a clock took part in it."""

from __future__ import annotations

import threading
from collections import OrderedDict

from javabox.job import Job
from javabox.verdict import Outcome, Verdict


class VerdictCache:
    """The most recently used verdicts, in memory. Safe to use from several threads."""

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._verdicts: OrderedDict[Job, Verdict] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, job: Job) -> Verdict | None:
        with self._lock:
            verdict = self._verdicts.get(job)
            if verdict is not None:
                self._verdicts.move_to_end(job)
            return verdict

    def put(self, job: Job, verdict: Verdict) -> None:
        """Keeps `verdict` unless the clock decided it or the judge failed."""
        if not verdict.deterministic or verdict.outcome is Outcome.JUDGE_ERROR:
            return
        with self._lock:
            self._verdicts[job] = verdict
            if len(self._verdicts) > self._capacity:
                self._verdicts.popitem(last=False)
