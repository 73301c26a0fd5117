"""Partial credit, and replay without duplicates (Gorinski et al., arXiv 2310.13669).

Partial credit is the share of the cases that pass. The replay buffer holds earlier answers, first in first
out, and no program twice: two that differ only in names of local variables, white space and comments have
the same key (`normalised`). The paper gives neither its rewards nor its buffer's size; what is drawn, and
what is done with it, is the trainer's.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, TypeVar

from rlcf.grounding.signal import Answer, Signal, needs

T = TypeVar("T")


@needs("cases")
def partial(answers: Sequence[Answer]) -> list[Signal]:
    """The share of the cases that pass, from 0 to 1, on the last token; 0 for what does not compile."""
    return [
        Signal(
            None if answer.verdict.compiled is None else answer.verdict.pass_fraction,
            parts={"tests": answer.verdict.pass_fraction},
        )
        for answer in answers
    ]


class Replay(Generic[T]):
    """The newest `capacity` different items, by their keys."""

    def __init__(self, capacity: int) -> None:
        """Raises ValueError for a capacity under 1."""
        if capacity < 1:
            raise ValueError(f"a replay buffer must hold at least one item, not {capacity}")
        self.capacity = capacity
        self._items: OrderedDict[str, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def add(self, key: str, item: T) -> bool:
        """Keeps `item` and drops the oldest where there are too many. False, and nothing changes, where the
        buffer has one with its key."""
        if key in self._items:
            return False
        self._items[key] = item
        if len(self._items) > self.capacity:
            self._items.popitem(last=False)
        return True

    def draw(self, count: int, rng: random.Random) -> list[T]:
        """`count` different items by chance, all in a random order where there are fewer."""
        return rng.sample(list(self._items.values()), min(count, len(self._items)))

    def state(self) -> list[tuple[str, T]]:
        """All keys and items, the oldest first, for a checkpoint."""
        return list(self._items.items())

    def load(self, state: Sequence[tuple[str, T]]) -> None:
        """Takes the place of what is held; of more than `capacity`, the newest stay."""
        self._items.clear()
        for key, item in state:
            self.add(key, item)
