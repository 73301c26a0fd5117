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
class Signal:
    """What the policy gets for one answer."""

    score: float | None
    """None: the judge failed; the answer is left out of loss and statistics, never scored 0."""
    place: int | None = None
    """Index in the completion (code points) of the token that the score belongs to; None: its last token."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Named parts of the score, for the logs; the same names for every answer of a grounding."""


Grounding = Callable[[Sequence[Answer]], list[Signal]]
