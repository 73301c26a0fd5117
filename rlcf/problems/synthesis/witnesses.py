"""Other programs that pass a problem's own tests are asked what the reference was asked.

A reference that passes three cases may be wrong on the fourth: of MBJP's, which a model wrote, many are
(`python -m benchmarks.synthesis` lists them). Where an independent program answers otherwise, one of the two
is wrong or the input is outside the domain; who is right nobody knows, so there is no case. It is the
agreement that CodeT (Chen et al. 2022) looks for between programs, with the reference as one of them.

Not covered: two programs that are wrong in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from javabox import AnyJudge, SuiteCase
from rlcf.problems.problem import Problem
from rlcf.problems.synthesis.answers import Answers, answers, tolerance_of


def disputed(
    problems: Mapping[str, Problem],
    asked: Mapping[str, Sequence[SuiteCase]],
    known: Mapping[str, Answers],
    witnesses: Mapping[str, Sequence[str]],
    judge: AnyJudge,
) -> dict[str, set[str]]:
    """For each problem the names of the cases to which a witness gives another answer than `known`, or none.

    `witnesses`: completions by task_id; those that fail the problem's own tests are not heard.
    """
    found: dict[str, set[str]] = {task_id: set() for task_id in problems}
    for turn in range(max((len(witnesses.get(task_id, ())) for task_id in problems), default=0)):
        heard = {
            task_id: replace(problem, reference=witnesses[task_id][turn])
            for task_id, problem in problems.items()
            if len(witnesses.get(task_id, ())) > turn and problem.suite.cases
        }
        verdicts = judge.grade([problem.job(problem.reference or "") for problem in heard.values()])
        heard = {name: heard[name] for name, verdict in zip(heard, verdicts, strict=True) if verdict.passed}
        cases = {name: [case for case in asked[name] if case.name in known[name]] for name in heard}
        for task_id, said in answers(cases, heard, judge).items():
            found[task_id] |= {
                name for name, value in known[task_id].items() if not agree(value, said.get(name))
            }
    return found


def agree(value: str, other: str | None) -> bool:
    """Whether two answers, written as Java, are the same, floating-point numbers within their tolerance."""
    if other is None or value == other:
        return value == other
    tolerance = tolerance_of(value)
    if tolerance is None or tolerance_of(other) is None:
        return False
    return abs(float(value.rstrip("f")) - float(other.rstrip("f"))) < tolerance
