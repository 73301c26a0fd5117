"""A shard: every N-th sample of a file, so that N machines grade it together.

Shard 3 of 16 has the samples 2, 18, 34, … counted from 0. Rows that stand together, such as those of one
problem, so go to different shards, and none has to know how many there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rlcf.errors import BadInput

MOST = 100_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th of `count`, from 1."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """`3/16`. Raises BadInput."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]) <= MOST:
            raise BadInput(f"must be like 3/16, the third of sixteen, is {text!r}", field="shard")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def of(self, items: Iterable[T]) -> Iterator[T]:
        """Its items."""
        return islice(items, self.number - 1, None, self.count)

    def size(self, total: int) -> int:
        """How many of `total` items are its own."""
        return len(range(self.number - 1, total, self.count))

    def path(self, results: Path) -> Path:
        """Where its part of `results` is: `r.jsonl` becomes `r.3-of-16.jsonl`."""
        if self.count == 1:
            return results
        ending = "".join(re.findall(r"(?:\.jsonl?)?(?:\.gz)?$", results.name)[:1])
        stem = results.name.removesuffix(ending) if ending else results.name
        return results.with_name(f"{stem}.{self.number}-of-{self.count}{ending}")


def all_of(count: int) -> list[Shard]:
    """The shards of a file that was divided into `count`. Raises BadInput."""
    if not 2 <= count <= MOST:
        raise BadInput(f"must be the number of shards, at least 2, is {count}", field="merge")
    return [Shard(number, count) for number in range(1, count + 1)]
