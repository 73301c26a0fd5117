"""The grounding of PPOCoder (arXiv 2301.13816): the compiler, and how near an answer is to the reference.

The score is R_cs + R_ast + R_dfg, on the last token. R_cs is +1 for a program that compiles
and -1 for one that does not; `ppocoder+tests` has the paper's values for APPS instead, +1 / -0.3 / -0.6 / -1
for passed, a wrong case, a run that did not end well, no program. R_ast and R_dfg are the shares of the
reference's sub-trees and data-flow entries (javasource/syntax.py, dataflow.py) that the answer has, from 0
to 1, also where it does not compile. Where no parser can read both the reference and the answer, R_ast is
that of trees of tokens, in the part `ast_tokens`, and R_dfg is 0.

`rlcf-ast` is RLCF's grounding with the two matches in place of the discriminator
(docs/methods.md#reviewers-ablations): -1 on the first error, or the mean of the two on the last token. The
mean is from 0 to 1, a span as wide as what the discriminator gives in practice, so that what compiles is
worth more.

Without a reference both matches are 0; `check_needs` in table.py refuses such problems before.
"""

from __future__ import annotations

from collections.abc import Sequence

from rlcf.grounding.signal import Answer, Signal, needs
from rlcf.grounding.values import ALL_PASSED, NONE_PASSED, NOT_COMPILED, NOT_EXECUTED, first_error
from rlcf.javasource.dataflow import dataflow_match
from rlcf.javasource.syntax import ast_match, token_match

COMPILED = 1.0


@needs("reference", tests=False)
def ppocoder(answers: Sequence[Answer]) -> list[Signal]:
    """Compiler, syntax and data flow. Compile-only verdicts are enough."""
    return [
        _summed(answer, {"compiler": COMPILED if answer.verdict.compiled else NOT_COMPILED})
        for answer in answers
    ]


@needs("reference")
def ppocoder_tests(answers: Sequence[Answer]) -> list[Signal]:
    """Tests, syntax and data flow."""
    return [_summed(answer, {"tests": _tests(answer)}) for answer in answers]


@needs("reference", tests=False)
def rlcf_ast(answers: Sequence[Answer]) -> list[Signal]:
    """The compiler, localised, and the mean of the two matches of what compiles."""
    signals = []
    for answer in answers:
        compiled = answer.verdict.compiled
        found = matches(answer) if compiled else dict.fromkeys(MATCHES, 0.0)
        parts = {"compiler": 0.0 if compiled is not False else NOT_COMPILED}
        parts |= {name: value / 2 for name, value in found.items()}
        place = first_error(answer) if compiled is False else None
        signals.append(Signal(None if compiled is None else sum(parts.values()), place, parts))
    return signals


MATCHES = ("ast", "ast_tokens", "dataflow")


def matches(answer: Answer) -> dict[str, float]:
    """The shares of the reference's syntax and data flow that the answer has, each in [0, 1], as parts."""
    prompt, reference = answer.problem.prompt, answer.problem.reference
    found = dict.fromkeys(MATCHES, 0.0)
    if reference is None:
        return found
    syntax = ast_match(prompt, reference, answer.completion)
    if syntax is None:
        found["ast_tokens"] = token_match(reference, answer.completion)
    else:
        found["ast"] = syntax
        found["dataflow"] = dataflow_match(prompt, reference, answer.completion)
    return found


def _tests(answer: Answer) -> float:
    verdict = answer.verdict
    if not verdict.compiled:
        return NOT_COMPILED
    if not verdict.executed:
        return NOT_EXECUTED
    return ALL_PASSED if verdict.passed else NONE_PASSED


def _summed(answer: Answer, first: dict[str, float]) -> Signal:
    if answer.verdict.compiled is None:
        return Signal(None, parts=dict.fromkeys((*first, *MATCHES), 0.0))
    parts = first | matches(answer)
    return Signal(sum(parts.values()), None, parts)
