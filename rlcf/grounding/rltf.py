"""The grounding of RLTF (arXiv 2307.04349): what the tests say in three grains, each a grounding of its own.

- `coarse`: how it ended. +1 passed, -0.3 a wrong answer, -0.6 an error or a limit, -1 it does not compile.
  The paper's -1 is for syntax errors, which Python finds before a program runs; javac finds more then.
- `fine`: where it went wrong. -0.3 on the line that the first error is blamed on, or on the whole completion
  where no line alone is (blame.py). The trainer applies the paper's alpha (Span.value).
- `adaptive`: how much it got right. -0.3 + 1.3 x the share of cases passed, of what ran to its end.

`rltf` is their sum, as the paper adds the three losses up. Coarse and adaptive both belong to the whole
sequence, so their sum is the score: 2.0 passed, -0.6 + 1.3 x share where some case is wrong, -0.6 an
error, -1 not compiled. A program that is all wrong and one that throws differ by the fine part alone. (The
authors' code has adaptive in the place of coarse, and 1.0 where all cases pass.)

The paper's advantage is against the best earlier program of the problem: the trainer's `advantage = "best"`.

Not covered here: the paper's supervised loss (a recipe's `anchor`), its buffer of 6,400 samples, and CodeRL's
critic, which the authors' code multiplies with (`advantage = "coderl"`).
"""

from __future__ import annotations

from collections.abc import Sequence

from javabox.verdict import NO_VERDICT
from rlcf.grounding.blame import first_fault
from rlcf.grounding.combine import total
from rlcf.grounding.signal import Answer, Grounding, Signal, Span
from rlcf.grounding.values import coarse_value, suite_value

FINE = -0.3
"""R_fine; the paper finds -0.2 to -0.4 best."""


def coarse(answers: Sequence[Answer]) -> list[Signal]:
    """The outcome as a score. A judge error has none; so in the others."""
    return [_scored("coarse", coarse_value(answer)) for answer in answers]


def fine(answers: Sequence[Answer]) -> list[Signal]:
    """A span where the first error is, and the score 0. It has no part: parts are those of the score."""
    return [_fine(answer) for answer in answers]


def adaptive(answers: Sequence[Answer]) -> list[Signal]:
    """The share of cases passed as a score; 0 of a program that did not run to its end."""
    return [_scored("adaptive", _adaptive(answer)) for answer in answers]


rltf: Grounding = total(coarse, fine, adaptive)
"""The sum of the three."""


def _scored(name: str, score: float | None) -> Signal:
    return Signal(score, parts={name: score or 0.0})


def _fine(answer: Answer) -> Signal:
    if answer.verdict.outcome in NO_VERDICT:
        return Signal(None)
    span = first_fault(answer).span
    if span is None or span[0] == span[1]:  # an empty completion has no token to blame
        return Signal(0.0)
    return Signal(0.0, spans=(Span(*span, FINE),))


def _adaptive(answer: Answer) -> float | None:
    executed = answer.verdict.executed
    return None if executed is None else suite_value(answer) if executed else 0.0
