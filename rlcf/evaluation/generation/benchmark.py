"""The loop of a benchmark: what is missing is asked for, judged as it arrives, and written down.

Completions come in any order and at any time; the judge works meanwhile. Whatever the order, an answer stands
at its place, and the table is that of a run that was never ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from javabox import AnyJudge, Job, Limits, Verdict
from rlcf.evaluation.bench import Judging
from rlcf.evaluation.extraction import Extraction, Mode
from rlcf.evaluation.generation.asked import Ask, Completion, Key, Writer
from rlcf.evaluation.generation.journal import Journal
from rlcf.evaluation.metrics import check_k
from rlcf.evaluation.summary import Evaluation
from rlcf.grounding.signal import Answer
from rlcf.problems.problem import Problem
from rlcf.progress import progress

SECONDS_BETWEEN_COUNTS = 0.2
Line = Callable[[Ask, Completion, Extraction, Job, Verdict], bytes]
"""A line of the results."""


def benchmark(
    problems: Sequence[Problem],
    n: int,
    write: Writer,
    judge: AnyJudge,
    *,
    ks: Sequence[int],
    line: Line,
    journal: Journal | None = None,
    extraction: Mode = "auto",
) -> tuple[Evaluation, list[Answer], list[Ask]]:
    """n answers to each problem: the rates, the answers (n in a row for each problem) and what was asked.
    What `journal` has is neither asked for nor judged again. Raises BadInput if a k is more than n."""
    asks = all_asks(problems, n, ks)
    started = time.monotonic()
    judging, _ = answered(asks, write, judge, k=min(ks), line=line, journal=journal, extraction=extraction)
    return judging.evaluation(ks, time.monotonic() - started), judging.answers(), asks


def all_asks(problems: Sequence[Problem], n: int, ks: Sequence[int]) -> list[Ask]:
    """n a problem. Raises BadInput if a k is more than n."""
    check_k(ks, ((problem.task_id, n) for problem in problems))
    return [Ask(problem, sample) for problem in problems for sample in range(n)]


def answered(
    asks: Sequence[Ask],
    write: Writer,
    judge: AnyJudge,
    *,
    k: int,
    line: Line,
    journal: Journal | None,
    extraction: Mode,
    what: str = "bench",
    limits: Limits | None = None,
) -> tuple[Judging, list[Completion]]:
    """Every ask answered and judged: the verdicts and the completions, in the order of `asks`. What `journal`
    has is neither asked for nor judged again. `limits` hold for problems that have none of their own."""
    places = {ask.key: place for place, ask in enumerate(asks)}
    found: list[Completion | None] = [None] * len(asks)
    with progress(what, len(asks)) as advance:
        judging = Judging([ask.problem for ask in asks], judge, k, advance, extraction)
        known = journal.judged if journal else {}
        for key, (completion, verdict) in known.items():
            if (place := places.get(key)) is not None:
                found[place] = completion
                judging.known(place, completion.text, verdict)
        receiver = _Receiver(asks, places, found, judging, line, journal, limits)
        waiting = dict(journal.waiting) if journal else {}
        for key, completion in waiting.items():
            if (place := places.get(key)) is not None:
                receiver.submit(asks[place], completion)
        left = [ask for place, ask in enumerate(asks) if found[place] is None]
        if left:
            write(left, receiver)
        receiver.finish()
    return judging, [one for one in found if one is not None]


class _Receiver:
    """Keeps what arrives, has it judged, and writes what is judged."""

    def __init__(
        self,
        asks: Sequence[Ask],
        places: dict[Key, int],
        found: list[Completion | None],
        judging: Judging,
        line: Line,
        journal: Journal | None,
        limits: Limits | None,
    ) -> None:
        self.limits = limits
        self.asks, self.places, self.found, self.judging = asks, places, found, judging
        self.line, self.journal = line, journal
        self.count, self.first, self.shown = 0, 0.0, 0.0

    def completion(self, ask: Ask, completion: Completion) -> None:
        """See `Deliver`."""
        if self.journal:
            self.journal.arrive(ask, completion)
        self.submit(ask, completion)

    def tokens(self, count: int) -> None:
        """See `Deliver`."""
        now = time.monotonic()
        self.first = self.first or now
        self.count += count
        if now - self.shown >= SECONDS_BETWEEN_COUNTS:
            self._show(now)

    def _show(self, now: float) -> None:
        self.shown = now
        rate = self.count / max(now - self.first, SECONDS_BETWEEN_COUNTS)
        self.judging.show({"tokens": str(self.count), "tokens/s": f"{rate:.0f}"})

    def submit(self, ask: Ask, completion: Completion) -> None:
        place = self.places[ask.key]
        self.found[place] = completion
        limits = None if self.limits is None else ask.problem.limits_or(self.limits)
        self.judging.submit(place, completion.text, limits)
        self._take(wait=False)

    def finish(self) -> None:
        """Waits for every verdict."""
        if self.count:
            self._show(time.monotonic())
        self._take(wait=True)

    def _take(self, *, wait: bool) -> None:
        for place in self.judging.take(wait=wait):
            completion = self.found[place]
            if self.journal and completion is not None:
                written = self.line(self.asks[place], completion, *self.judging.judged(place))
                self.journal.write(self.asks[place], written)
