"""The grounding of RLCF (arXiv 2305.18341): the compiler and a discriminator; programs are never run.

A program that does not compile is worth -1, on the token of the first javac error. One that compiles is
worth what the discriminator says when it compares it with the reference, on the last token
(docs/methods.md#rlcf; the paper leaves the placement open).

`rlcf+tests` adds what the tests say: run errors, and the share of cases passed. In `tests+tie` the
discriminator orders what passes and is not asked of the rest. `pass` asks for nothing but a pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from rlcf.grounding.signal import Answer, Grounding, Signal, needs
from rlcf.grounding.values import NOT_COMPILED, Compare, compared, first_error, suite_value


def rlcf(compare: Compare) -> Grounding:
    """Compiler and discriminator. Compile-only verdicts are enough."""

    @needs("reference", tests=False)
    def ground(answers: Sequence[Answer]) -> list[Signal]:
        values = compared(answers, compare)
        return [_signal(a, 0.0, value) for a, value in zip(answers, values, strict=True)]

    return ground


def rlcf_tests(compare: Compare | None, weight: float) -> Grounding:
    """Compiler, run and tests, and `weight` times the discriminator."""

    def ground(answers: Sequence[Answer]) -> list[Signal]:
        values = compared(answers, compare)
        return [
            _signal(a, suite_value(a) if a.verdict.compiled else 0.0, weight * value)
            for a, value in zip(answers, values, strict=True)
        ]

    return ground


def tie_breaker(compare: Compare | None, weight: float) -> Grounding:
    """Compiler, run and tests; on top of a pass come `weight` x (1 + g) / 2, from 0 to `weight`, so that
    passes of a problem are in the order of g and none is worth less than what fails."""

    def ground(answers: Sequence[Answer]) -> list[Signal]:
        passes = [index for index, answer in enumerate(answers) if answer.verdict.passed]
        extra = [0.0] * len(answers)
        for index, value in zip(passes, compared([answers[i] for i in passes], compare), strict=True):
            extra[index] = weight * (1 + value) / 2
        return [
            _signal(a, suite_value(a) if a.verdict.compiled else 0.0, more)
            for a, more in zip(answers, extra, strict=True)
        ]

    return ground


@needs(tests=False)
def compiler(answers: Sequence[Answer]) -> list[Signal]:
    """Only the compiler: +1 or -1 (the paper's ablation); -1 on the token of the first error."""
    return [_signal(answer, 1.0 if answer.verdict.compiled else 0.0, 0.0) for answer in answers]


def passes(answers: Sequence[Answer]) -> list[Signal]:
    """Whether all tests pass: 1 or 0, on the last token. With partial credit a policy is paid for what it
    can do already (RESULTS.md)."""
    return [
        Signal(
            None if answer.verdict.compiled is None else float(bool(answer.verdict.passed)),
            parts={"tests": float(bool(answer.verdict.passed))},
        )
        for answer in answers
    ]


def _signal(answer: Answer, tests: float, discriminator: float) -> Signal:
    if answer.verdict.compiled is None:
        return Signal(None, parts={"compiler": 0.0, "tests": 0.0, "discriminator": 0.0})
    if not answer.verdict.compiled:
        parts = {"compiler": NOT_COMPILED, "tests": 0.0, "discriminator": 0.0}
        return Signal(NOT_COMPILED, first_error(answer), parts)
    return Signal(
        tests + discriminator, None, {"compiler": 0.0, "tests": tests, "discriminator": discriminator}
    )
