"""What a benchmark asks for and gets, and who answers it.

A writer is a function that answers every ask once, in any order, and delivers each completion as soon as it
is there. So whatever was finished before a crash is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rlcf.evaluation.bench import Sampler
from rlcf.evaluation.generation.prompting import Exchange
from rlcf.problems.problem import Problem

Key = tuple[str, int, int]
"""A problem's task_id, which of its samples, from 0, and which turn of that, from 1."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One completion of a problem that is wanted."""

    problem: Problem
    sample: int
    """Which of the problem's n, from 0."""
    exchanges: tuple[Exchange, ...] = ()
    """Its answers so far and what was said about them, where it is asked for a better one."""

    @property
    def turn(self) -> int:
        """From 1."""
        return len(self.exchanges) + 1

    @property
    def key(self) -> Key:
        return self.problem.task_id, self.sample, self.turn

    def to_json(self) -> dict[str, Any]:
        """Its fields in a line: `turn` where it is not the first."""
        row: dict[str, Any] = {"task_id": self.problem.task_id, "sample": self.sample}
        return row if self.turn == 1 else row | {"turn": self.turn}

    def seed(self, seed: int) -> int:
        """Of this completion, by problem, number and turn alone: the same in every order and batch; 63
        bits."""
        named = self.key if self.turn > 1 else self.key[:2]
        text = "\x1f".join(map(str, (seed, *named)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


@dataclass(frozen=True, slots=True)
class Completion:
    """What was written."""

    text: str
    finish_reason: str = ""
    """`stop`, `stop_string`, `closed` or `length` (`rlcf.stopping`), or what the endpoint said."""
    tokens: int = 0
    """That were drawn for it, as far as is known."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of the results line."""

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"completion": self.text}
        if self.finish_reason:
            row |= {"finish_reason": self.finish_reason}
        if self.tokens:
            row |= {"tokens": self.tokens}
        return row | dict(self.more)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Completion:
        known = ("completion", "finish_reason", "tokens", "task_id", "sample", "turn")
        more = {name: value for name, value in row.items() if name not in known}
        return cls(row["completion"], row.get("finish_reason", ""), row.get("tokens", 0), more)


class Deliver(Protocol):
    """Takes what a writer has."""

    def completion(self, ask: Ask, completion: Completion) -> None:
        """An answer to an ask."""

    def tokens(self, count: int) -> None:
        """So many more tokens were written, for the progress."""


Writer = Callable[[Sequence[Ask], Deliver], None]
"""Answers every ask once."""


def sampled(sample: Sampler, *, temperature: float, seed: int, batch: int) -> Writer:
    """A sampler as a writer, `batch` prompts at a time."""

    def write(asks: Sequence[Ask], deliver: Deliver) -> None:
        for first in range(0, len(asks), batch):
            part = asks[first : first + batch]
            texts = sample([ask.problem.prompt for ask in part], temperature, seed + first)
            for ask, text in zip(part, texts, strict=True):
                deliver.completion(ask, Completion(text))

    return write
