"""The pieces that groundings are made of: plain functions of one answer.

Values follow the field's table (CodeRL, RLTF, StepCoder; RLCF for the place): a program that does not
compile is worth -1, one that does not run to its end -0.6, one that does -0.3 + 1.3 x the share of its
cases that pass (RLTF's adaptive reward).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from javabox import Verdict
from rlcf.grounding.signal import Answer

NOT_COMPILED = -1.0
NOT_EXECUTED = -0.6
NONE_PASSED, ALL_PASSED = -0.3, 1.0

CLASSES = ("compile error", "runtime error", "failed", "passed")
"""The four ways that a program ends in CodeRL (arXiv 2207.01780), from the worst to the best."""

Compare = Callable[[Sequence[str], Sequence[str], Sequence[str]], list[float]]
"""The discriminator as a grounding sees it: prompts, generated, references in; values in (-1, 1) out, 0 where
the generated completion can't be told from the reference, -1 where it clearly is machine-written."""


def first_error(answer: Answer) -> int | None:
    """Where javac stumbled first, as an index in the completion; None if outside it.

    Only the first error is trusted: later ones may follow from it (docs/methods.md#error-classes).
    """
    return next((d.position for d in answer.verdict.diagnostics), None)


def suite_value(answer: Answer) -> float:
    """What the run of a program that compiles is worth."""
    if not answer.verdict.executed:
        return NOT_EXECUTED
    if answer.verdict.passed:
        return ALL_PASSED
    return NONE_PASSED + (ALL_PASSED - NONE_PASSED) * answer.verdict.pass_fraction


def coarse_value(answer: Answer) -> float | None:
    """What a run is worth where cases do not count by themselves (docs/methods.md#reward-values): +1, -0.3,
    -0.6 or -1; None where the judge failed."""
    found = outcome_class(answer.verdict)
    return None if found is None else (NOT_COMPILED, NOT_EXECUTED, NONE_PASSED, ALL_PASSED)[found]


def outcome_class(verdict: Verdict) -> int | None:
    """How a program ended, as an index in CLASSES; None where the judge failed or the tests are broken.

    Limits and early exits are runtime errors, as is everything that compiles and does not run to its end.
    What ran to its end untested has failed. What was only compiled seems to have passed.
    """
    if verdict.compiled is None:
        return None
    return 0 if not verdict.compiled else 1 if not verdict.executed else 3 if verdict.passed else 2


def compared(answers: Sequence[Answer], compare: Compare | None) -> list[float]:
    """The discriminator's value of every answer that compiles, 0 for the others and without references."""
    values = [0.0] * len(answers)
    asked = [
        (index, answer.problem.prompt, answer.completion, answer.problem.reference)
        for index, answer in enumerate(answers)
        if compare is not None and answer.verdict.compiled and answer.problem.reference is not None
    ]
    if compare is None or not asked:
        return values
    found = compare([row[1] for row in asked], [row[2] for row in asked], [str(row[3]) for row in asked])
    for (index, *_), value in zip(asked, found, strict=True):
        values[index] = value
    return values
