"""StepCoder's loss mask (arXiv 2402.01391, FGO): only what the tests executed is learnt from.

A branch that no test entered had no share in the score, so its tokens are neither rewarded nor punished. The
mask goes by lines, as the verdict's coverage does. Lines without code of their own go with the lines around
them: inside a body (blank lines, comments, braces, `else`, `int x;`, the further lines of a statement) with
the line before, at the beginning of the completion with the prompt, which the tests call; between bodies (the
header of a method, annotations, its Javadoc) with the body that follows. So a method that no test called is
left out from its header on, and what closes a branch shares the branch's fate.

Where nothing was executed (a program that does not compile, a verdict without coverage, a JVM that went down)
there is no mask: the loss is over all tokens (docs/methods.md#execution-mask).

Not covered: parts of lines (`a || b()` on one line, a one-line `if`); lines beyond 65,535, which javac's
tables can't name and which count as not executed; the last arm of a `?:` or switch over several lines, where
javac's tables put the storing of its value; what javasource/lines.py does not cover.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from rlcf.grounding.signal import Answer, Grounding, Signal, needs, needs_of
from rlcf.grounding.values import coarse_value
from rlcf.javasource.lines import Line, line_kinds, line_starts


def executed(answer: Answer) -> tuple[tuple[int, int], ...] | None:
    """The stretches (start, end) of the completion, in code points, that are learnt from: whole lines, joined
    where adjacent. None where nothing is known to be executed, and so all is learnt from."""
    verdict, prompt = answer.verdict, answer.problem.prompt
    if not verdict.compiled or not verdict.lines:
        return None
    source = prompt + answer.completion
    starts = line_starts(source)
    first = bisect_right(starts, len(prompt)) - 1
    lines = set(verdict.lines)
    ends = [*starts[1:], len(source)][first:]
    stretches: list[tuple[int, int]] = []
    begin = 0
    for end, learnt in zip(ends, _learnt(line_kinds(source)[first:], lines), strict=True):
        end -= len(prompt)
        if learnt and stretches and stretches[-1][1] == begin:
            stretches[-1] = (stretches[-1][0], end)
        elif learnt and end > begin:
            stretches.append((begin, end))
        begin = end
    return tuple(stretches)


def _learnt(kinds: Sequence[Line], lines: set[int]) -> list[bool]:
    """For each line of a completion whether it counts as executed, given those that were seen to be."""
    known: list[bool | None] = [
        True if number in lines else False if kind is Line.CODE else None
        for number, kind in enumerate(kinds, start=1)
    ]
    ahead: bool | None = None
    for index in reversed(range(len(kinds))):
        if known[index] is not None:
            ahead = known[index]
        elif kinds[index] is Line.BELONGS_AFTER:
            known[index] = ahead
    learnt: list[bool] = []
    for one in known:
        learnt.append(one if one is not None else not learnt or learnt[-1])
    return learnt


def stepcoder(answers: Sequence[Answer]) -> list[Signal]:
    """StepCoder's score, on the last token: +1 passed, -0.3 failed, -0.6 not run to the end, -1 not compiled.
    Without the mask."""
    values = [coarse_value(answer) for answer in answers]
    return [Signal(value, parts={"outcome": value or 0.0}) for value in values]


def masked_to_executed(grounding: Grounding) -> Grounding:
    """`grounding` with the mask in its signals. Its verdicts must have been asked for with coverage."""

    @needs("coverage", *needs_of(grounding).problems)
    def ground(answers: Sequence[Answer]) -> list[Signal]:
        signals = grounding(answers)
        return [replace(s, loss_spans=executed(a)) for a, s in zip(answers, signals, strict=True)]

    return ground
