"""What supervisors have done: programs by lane and outcome, how the lanes agree, how long each stage takes.

Stages are timed in the supervisor: `compile` (expected values included, the first time), `rewrite`, `run`,
and `wall`, which is all of them. Percentiles are over the last programs only.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from functools import reduce
from typing import Any

from javabox.protocol.codec import Reply, Report, Times
from javabox.verdict import Verdict

KEPT = 20_000
"""Programs whose times are kept for the percentiles."""


class Stats:
    """Counts; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._times: deque[Times] = deque(maxlen=KEPT)
        self._again = self._supervisors = 0
        self._reports: dict[int, Report] = {}

    def replied(self, supervisor: int, reply: Reply) -> None:
        """A supervisor, by its number, has answered."""
        with self._lock:
            self._reports[supervisor] = reply.report
            self._times.append(reply.times)

    def asked_again(self) -> None:
        """A program is judged once more, alone."""
        with self._lock:
            self._again += 1

    def judged(self, verdict: Verdict) -> None:
        """A verdict is final."""
        with self._lock:
            self._outcomes[verdict.lane, str(verdict.outcome)] += 1

    def supervisor_replaced(self) -> None:
        with self._lock:
            self._supervisors += 1

    def to_json(self) -> dict[str, Any]:
        """Counts, and milliseconds at the 50th and the 99th percentile of each stage."""
        with self._lock:
            total = reduce(_sum, self._reports.values(), Report())
            lanes: dict[str, dict[str, int]] = {}
            for (lane, outcome), count in sorted(self._outcomes.items()):
                lanes.setdefault(lane, {})[outcome] = count
            return {
                "judged": sum(self._outcomes.values()),
                "asked_again": self._again,
                "lanes": lanes,
                "handed_over": total.handed_over,
                "audits": total.audits,
                "disagreements": total.disagreements,
                "jvms_replaced": total.jvms_replaced,
                "tests_reused": total.tests_reused,
                "supervisors_replaced": self._supervisors,
                "milliseconds": {
                    stage: _percentiles([getattr(times, stage) for times in self._times])
                    for stage in ("compile", "rewrite", "run", "wall")
                },
            }


def _sum(a: Report, b: Report) -> Report:
    return Report(
        worn=False,
        handed_over=a.handed_over + b.handed_over,
        audits=a.audits + b.audits,
        disagreements=a.disagreements + b.disagreements,
        jvms_replaced=a.jvms_replaced + b.jvms_replaced,
        tests_reused=a.tests_reused + b.tests_reused,
    )


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    return {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }
