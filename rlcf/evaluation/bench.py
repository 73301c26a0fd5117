"""Evaluates a policy: it answers every problem n times, the judge judges, the rates are estimated.

The policy is any function from prompts to completions, so nothing here knows torch. While one batch is
generated, the one before is judged. Greedy decoding (temperature 0) has one answer a problem: n = 1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from javabox import Job, Judge, Limits, Verdict
from rlcf.errors import BadInput
from rlcf.evaluation.extraction import Extraction, Mode, extract
from rlcf.evaluation.metrics import Running, check_k
from rlcf.evaluation.provenance import terms
from rlcf.evaluation.summary import Evaluation, summarize
from rlcf.grounding.signal import Answer
from rlcf.problems.broken import BrokenSuites
from rlcf.problems.problem import Problem
from rlcf.progress import progress

Sampler = Callable[[Sequence[str], float, int], list[str]]
"""(prompts, temperature, seed) -> one completion a prompt; temperature 0 is greedy."""


def evaluate(
    problems: Sequence[Problem],
    sample: Sampler,
    judge: Judge,
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
    started, running, broken = time.monotonic(), Running(min(ks)), BrokenSuites()
    jobs: list[Job] = []
    found: list[Extraction] = []
    futures: list[Future[Verdict]] = []
    verdicts: list[Verdict] = []
    with progress(what, len(asked)) as advance:
        for first in range(0, len(asked), batch):
            part = asked[first : first + batch]
            answers = sample([problem.prompt for problem in part], temperature, seed + first)
            programs = [extract(a, p, extraction) for p, a in zip(part, answers, strict=True)]
            found += programs
            made = [
                one.job(p, p.limits if limits is None else p.limits_or(limits))
                for p, one in zip(part, programs, strict=True)
            ]
            futures += [judge.submit(job) for job in made]
            jobs += made
            last = len(futures) == len(asked)
            while len(verdicts) < len(futures) and (last or futures[len(verdicts)].done()):
                problem, verdict = asked[len(verdicts)], futures[len(verdicts)].result()
                verdicts.append(verdict)
                running.add(problem.task_id, verdict)
                broken.seen(problem, verdict)
                advance(1, **running.shown())
    seconds, judged_by = time.monotonic() - started, judge.provenance() | terms(jobs)
    told = found if extraction == "auto" else []
    evaluation = summarize(
        zip(asked, verdicts, strict=True), ks, seconds, provenance=judged_by, extractions=told
    )
    answered = zip(asked, found, verdicts, strict=True)
    return evaluation, [
        Answer(problem, one.reply, one.verdict(verdict)) for problem, one, verdict in answered
    ]


def check_decoding(temperature: float, n: int) -> None:
    """Raises BadInput for a negative temperature, n < 1, or more than one greedy answer."""
    if not 0 <= temperature < float("inf"):
        raise BadInput(f"must be 0 (greedy) or positive, is {temperature}", field="temperature")
    if n < 1:
        raise BadInput(f"must be at least 1, is {n}", field="n")
    if temperature == 0 and n > 1:
        raise BadInput(f"greedy decoding has one answer a problem, {n} are asked for", field="n")
