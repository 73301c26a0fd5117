"""What an answer is worth. A grounding is any callable `list[Answer] -> list[Signal]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from javabox import Verdict
from rlcf.problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Answer:
    """One completion of a problem with its verdict."""

    problem: Problem
    completion: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a completion, as indices of code points, and what their tokens get beside the score."""

    start: int
    end: int
    """Behind the last."""
    value: float
    """Credit of every token that writes a character of the span, times (tokens of the completion / tokens of
    the span), at most 10 (RLTF's alpha; docs/methods.md#rltf). It stays on these tokens: no token before
    them has a share."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What the policy gets for one answer."""

    score: float | None
    """None: the judge failed or the tests are broken; the answer is left out of loss and statistics, never
    scored 0."""
    place: int | None = None
    """Index in the completion (code points) of the token that the score belongs to; None: its last token."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Named parts of the score, for the logs; the same names for every answer of a grounding."""
    spans: tuple[Span, ...] = ()
    """Feedback on places, beside the score."""
    learnt: tuple[tuple[int, int], ...] | None = None
    """The stretches (start, end) of the completion whose tokens are learnt from; None: all of it. A token
    that writes a character of one counts, and the last token always does."""


Grounding = Callable[[Sequence[Answer]], list[Signal]]
