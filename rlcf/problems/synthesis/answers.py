"""What a reference answers: its values on many inputs, found by running it in the judge.

All inputs of a problem run in one program. Where one ends it (a limit, an exit, no compilation), the inputs
are halved and asked again, so that the one which does is found and dropped alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from javabox import AnyJudge, Job, Limits, Outcome, SuiteCase
from rlcf.problems.problem import Problem

LIMITS = Limits(fuel=20_000_000, wall_seconds=30.0, idle_seconds=2.0, allocation_mb=512, output_bytes=1 << 20)
"""Of all inputs of a problem together, a 400th of the fuel that programs get: a right program may well be
slower than the reference."""
LONGEST_VALUE = 2_000
"""Characters: what is longer is no test to look at."""
TOLERANCE = 1e-9
"""Of floating-point answers, relative where they are above 1: sums may be taken in any order."""
_TO_THE_END = (Outcome.PASSED, Outcome.FAILED, Outcome.RUNTIME_ERROR)

Answers = dict[str, str]
"""The value by the name of the case; none where the program threw, or returned no value of the JDK."""


def answers(
    asked: Mapping[str, Sequence[SuiteCase]], problems: Mapping[str, Problem], judge: AnyJudge
) -> dict[str, Answers]:
    """For each problem asked, by task_id: what its reference answers to cases without expected values."""
    found: dict[str, Answers] = {task_id: {} for task_id in asked}
    groups = [(task_id, tuple(cases)) for task_id, cases in asked.items() if cases]
    while groups:
        verdicts = judge.grade([_job(problems[task_id], cases) for task_id, cases in groups])
        halves = []
        for (task_id, cases), verdict in zip(groups, verdicts, strict=True):
            if verdict.outcome in _TO_THE_END:
                passed = [case for case in verdict.cases if case.outcome is Outcome.PASSED]
                found[task_id] |= {c.name: c.value for c in passed if c.value and _writable(c.value)}
            elif len(cases) > 1:
                middle = len(cases) // 2
                halves += [(task_id, cases[:middle]), (task_id, cases[middle:])]
        groups = halves
    return found


def _writable(value: str) -> bool:
    """Whether the value can be expected. As an expression, a list that holds one null is a null array; and
    what is no number, or infinite, is rather the end of a reference's domain than a right answer."""
    if len(value) > LONGEST_VALUE or "asList(null)" in value:
        return False
    return not re.search(r"\b(Double|Float)\.[A-Z]", value)


def _job(problem: Problem, cases: tuple[SuiteCase, ...]) -> Job:
    assert problem.reference is not None
    suite = replace(problem.suite, cases=cases, whole=None, junit=False)
    return replace(problem.job(problem.reference, LIMITS), suite=suite)


def tolerance_of(value: str) -> float | None:
    """How far another answer may be off; None where the answer is no double or float alone."""
    if re.fullmatch(r"-?\d+\.\d+(E-?\d+)?", value):
        return TOLERANCE * max(1.0, abs(float(value)))
    if re.fullmatch(r"-?\d+\.\d+(E-?\d+)?f", value):
        return 1e-5 * max(1.0, abs(float(value[:-1])))
    return None
