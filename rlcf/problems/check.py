"""Whether problems can be learned from: the reference compiles and passes, a body that does nothing fails.

Not covered: whether the tests test enough (`rlcf data tests` scores that), or what the description says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from javabox import AnyJudge, Outcome, Verdict
from rlcf.problems.problem import Problem
from rlcf.problems.synthesis.stubs import stubs


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of a problem."""

    problem: Problem
    reference: str
    """passed, or what the reference came to."""
    stub: str
    """fails; or the body that passes."""
    fault: str
    """What is wrong, with its place; empty where nothing is."""


def check(problems: Sequence[Problem], judge: AnyJudge) -> Iterator[Checked]:
    """A finding for each problem, in order."""
    asked = [
        (problem, [judge.submit(problem.job(body)) for body in (problem.reference or "", *stubs(problem))])
        for problem in problems
    ]
    for problem, futures in asked:
        reference, *answers = verdicts = [future.result() for future in futures]
        broken = next((one for one in verdicts if one.outcome is Outcome.SUITE_ERROR), None)
        if broken is not None:
            yield Checked(problem, "-", "-", f"the tests are broken: {broken.detail}")
            continue
        passing = [body for body, verdict in zip(stubs(problem), answers, strict=True) if verdict.passed]
        stub = (
            f"{' '.join(passing[0].split()).rstrip('} ') or 'an empty body'} passes" if passing else "fails"
        )
        if problem.reference is None:
            yield Checked(problem, "none", stub, "there is no reference to check the tests with")
        elif not reference.passed:
            yield Checked(problem, str(reference.outcome), stub, _fault(problem, reference))
        else:
            yield Checked(problem, "passed", stub, stub if passing else "")


def _fault(problem: Problem, verdict: Verdict) -> str:
    if verdict.outcome is Outcome.COMPILE_ERROR:
        error = verdict.diagnostics[0]
        place = f"line {error.line} of the reference" if error.line else "prompt or tests"
        return f"{place}: {error.message}"
    failed = ", ".join(case.name for case in verdict.cases if case.outcome is not Outcome.PASSED)
    thrown = f"{verdict.exception.type}: {verdict.exception.message}" if verdict.exception else ""
    return f"cases {failed} {thrown}".strip() if problem.suite.names else thrown or verdict.detail
