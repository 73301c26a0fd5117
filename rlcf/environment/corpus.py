"""Repairs to learn from: a program that is wrong, what is told of it, and one that is right.

    rows = repair_rows(problems, 2000, judge, Setting(), seed=0)
    problem, exchange, completion = rows[0]     # prompting.text(problem, [exchange]), and then the completion

A model that has never seen feedback can't use it, however it is paid. The wrong programs are slips in right
ones (rlcf/problems/atomic/corrupt.py), judged, so what is told is what a run tells. Rows differ in what is
shown (javac's error, the failing case, both), so that one model can be asked in each of these ways.

Not covered: the model's own mistakes, several turns in a row.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from javabox import AnyJudge, Limits
from rlcf.environment.feedback import feedback_on
from rlcf.environment.setting import Setting, Shows
from rlcf.evaluation.extraction import extract
from rlcf.evaluation.generation.prompting import Exchange
from rlcf.problems.atomic import corrupt
from rlcf.problems.problem import Problem

WAYS: tuple[Shows, ...] = ("compiler", "case", "both")
JUDGED = 4000
"""Wrong programs that are judged, at most; further rows show them again, in another way."""

Repair = tuple[Problem, Exchange, str]
"""A problem, the wrong answer with what is told of it, and the completion that is right."""


def repair_rows(
    problems: Sequence[Problem],
    count: int,
    judge: AnyJudge,
    setting: Setting,
    *,
    seed: int,
    limits: Limits | None = None,
    reply: Callable[[Problem, str], str] = lambda _, completion: completion,
) -> list[Repair]:
    """`count` repairs of the problems that have a reference; of one with alternatives one of these is right.
    `reply`: what a model would have replied to give a completion. The same arguments give the same rows.
    Raises ValueError where no slip leaves anything to correct."""
    rng = random.Random(f"repairs {seed}")
    solved = [problem for problem in problems if problem.reference is not None]
    asked = [one for _ in range(-(-count // max(1, len(solved)))) for one in rng.sample(solved, len(solved))]
    rows = [
        (problem, rng.choice(problem.alternatives or (str(problem.reference),)))
        for problem in asked[: min(count, JUDGED)]
    ]
    found = [
        extract(reply(problem, corrupt(right, rng)), problem, setting.extract) for problem, right in rows
    ]
    jobs = [
        one.job(problem, problem.limits if limits is None else problem.limits_or(limits))
        for (problem, _), one in zip(rows, found, strict=True)
    ]
    verdicts = judge.grade(jobs)
    told: list[list[Repair]] = [[] for _ in WAYS]
    for number, ((problem, right), one, verdict) in enumerate(zip(rows, found, verdicts, strict=True)):
        for later in range(len(WAYS)):
            shown = replace(setting, shows=WAYS[(number + later) % len(WAYS)])
            facts = feedback_on(problem, one, one.verdict(verdict), shown)
            if facts is not None:
                told[later].append((problem, Exchange(one.reply, facts), right))
    every = [row for rows_of_a_way in told for row in rows_of_a_way]
    if count and not every:
        raise ValueError("no slip in a reference leaves anything to correct")
    return [every[at % len(every)] for at in range(count)]
