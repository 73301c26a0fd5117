"""Evaluates a policy: it answers every problem n times, the judge judges, the rates are estimated.

The policy is any function from prompts to completions, so nothing here knows torch. While one batch is
generated, the one before is judged. Greedy decoding (temperature 0) has one answer a problem: n = 1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from queue import SimpleQueue

from javabox import AnyJudge, Job, Limits, Verdict
from rlcf.errors import BadInput
from rlcf.evaluation.extraction import Extraction, Mode, extract
from rlcf.evaluation.metrics import Running, check_k
from rlcf.evaluation.provenance import terms
from rlcf.evaluation.summary import Evaluation, summarize
from rlcf.grounding.signal import Answer
from rlcf.problems.broken import BrokenSuites
from rlcf.problems.problem import Problem
from rlcf.progress import Advance, progress

Sampler = Callable[[Sequence[str], float, int], list[str]]
"""(prompts, temperature, seed) -> one completion a prompt; temperature 0 is greedy."""


def evaluate(
    problems: Sequence[Problem],
    sample: Sampler,
    judge: AnyJudge,
    *,
    temperature: float,
    n: int = 1,
    ks: Sequence[int] = (1,),
    seed: int = 0,
    batch: int = 256,
    what: str = "evaluating",
    limits: Limits | None = None,
    extraction: Mode = "none",
) -> tuple[Evaluation, list[Answer]]:
    """The rates of `sample` on `problems`, and every answer (n in a row for each problem).

    `batch` completions are generated at a time, and the same seed gives the same answers only at the same
    `batch`. `limits` hold for problems that have none of their own. With `extraction` auto the program that
    an answer means is judged, and the places of its verdict are places in the answer. Raises BadInput if n, k
    or the temperature make no sense together.

    >>> def sample(prompts, temperature, seed):
    ...     return ["        return 0;\\n    }\\n}" for _ in prompts]
    >>> evaluation, answers = evaluate(problems, sample, judge, temperature=0.0)
    >>> evaluation.rates["compile"][1].rate, len(answers) == len(problems)
    (1.0, True)
    """
    check_decoding(temperature, n)
    check_k(ks, ((problem.task_id, n) for problem in problems))
    asked = [problem for problem in problems for _ in range(n)]
    started = time.monotonic()
    with progress(what, len(asked)) as advance:
        judging = Judging(asked, judge, min(ks), advance, extraction)
        for first in range(0, len(asked), batch):
            part = asked[first : first + batch]
            answers = sample([problem.prompt for problem in part], temperature, seed + first)
            for place, (problem, answer) in enumerate(zip(part, answers, strict=True), start=first):
                judging.submit(place, answer, problem.limits if limits is None else problem.limits_or(limits))
            judging.take(wait=first + batch >= len(asked))
    return judging.evaluation(ks, time.monotonic() - started), judging.answers()


class Judging:
    """The verdicts of answers that arrive one by one, in any order, and the rates so far."""

    def __init__(
        self, asked: Sequence[Problem], judge: AnyJudge, k: int, advance: Advance, extraction: Mode
    ) -> None:
        """`asked`: the problem at each place. With `extraction` auto the program that an answer means is
        judged, and the places of its verdict are places in the answer."""
        self._asked, self._judge, self._advance, self._mode = asked, judge, advance, extraction
        self._found: dict[int, Extraction] = {}
        self._jobs: dict[int, Job] = {}
        self._verdicts: dict[int, Verdict] = {}
        self._done: SimpleQueue[tuple[int, Future[Verdict]]] = SimpleQueue()
        self._running, self._broken, self._pending = Running(k), BrokenSuites(), 0

    def submit(self, place: int, answer: str, limits: Limits | None = None) -> None:
        """Has the answer at `place` judged."""
        job = self._read(place, answer, limits)
        self._pending += 1
        self._judge.submit(job).add_done_callback(lambda future: self._done.put((place, future)))

    def known(self, place: int, answer: str, verdict: Verdict) -> None:
        """Counts a verdict that was given before, its places being those of the answer."""
        self._read(place, answer, None)
        self._count(place, verdict)

    def take(self, *, wait: bool) -> list[int]:
        """The places whose verdicts have come since the last call, all that were submitted with `wait`.
        Raises what the judge raised."""
        taken = []
        while self._pending and (wait or not self._done.empty()):
            place, future = self._done.get()
            self._pending -= 1
            self._count(place, self._found[place].verdict(future.result()))
            taken.append(place)
        return taken

    def show(self, numbers: Mapping[str, str]) -> None:
        """Shows more numbers beside the rates."""
        self._advance(0, **numbers)

    def judged(self, place: int) -> tuple[Extraction, Job, Verdict]:
        """What is known of a place whose verdict has come."""
        return self._found[place], self._jobs[place], self._verdicts[place]

    def answers(self) -> list[Answer]:
        """All, once every verdict has come."""
        return [
            Answer(problem, self._found[place].reply, self._verdicts[place])
            for place, problem in enumerate(self._asked)
        ]

    def evaluation(self, ks: Sequence[int], seconds: float) -> Evaluation:
        """The rates, once every verdict has come."""
        judged = [(problem, *self.judged(place)) for place, problem in enumerate(self._asked)]
        return evaluation_of(judged, self._judge, ks, seconds, self._mode)

    def _read(self, place: int, answer: str, limits: Limits | None) -> Job:
        problem = self._asked[place]
        found = self._found[place] = extract(answer, problem, self._mode)
        job = self._jobs[place] = found.job(problem, limits)
        return job

    def _count(self, place: int, verdict: Verdict) -> None:
        self._verdicts[place] = verdict
        self._running.add(self._asked[place].task_id, verdict)
        self._broken.seen(self._asked[place], verdict)
        self._advance(1, **self._running.shown())


def evaluation_of(
    judged: Sequence[tuple[Problem, Extraction, Job, Verdict]],
    judge: AnyJudge,
    ks: Sequence[int],
    seconds: float,
    mode: Mode,
) -> Evaluation:
    """The rates of programs that `judge` judged, each with what `Judging.judged` says of it."""
    return summarize(
        [(problem, verdict) for problem, _, _, verdict in judged],
        ks,
        seconds,
        provenance=judge.provenance() | terms(job for _, _, job, _ in judged),
        extractions=[found for _, found, _, _ in judged] if mode == "auto" else (),
    )


def check_decoding(temperature: float, n: int) -> None:
    """Raises BadInput for a negative temperature, n < 1, or more than one greedy answer."""
    if not 0 <= temperature < float("inf"):
        raise BadInput(f"must be 0 (greedy) or positive, is {temperature}", field="temperature")
    if n < 1:
        raise BadInput(f"must be at least 1, is {n}", field="n")
    if temperature == 0 and n > 1:
        raise BadInput(f"greedy decoding has one answer a problem, {n} are asked for", field="n")
