"""Which rows are computed together: minibatches of a rollout batch, a rank's share, micro-batches by tokens.

Every rank works out the shares of all, so that all make the same number of passes: where a rank has none
left it repeats a row that counts for nothing (DDP and FSDP exchange in every pass).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from rlcf.policy.batch import micro_batches


@dataclass(frozen=True, slots=True)
class Pass:
    """Rows of one forward pass."""

    rows: list[int]
    counts: bool
    """False: a repetition, for company."""


def minibatches(rows: int, count: int, seed: str) -> list[list[int]]:
    """The row numbers in random order in `count` parts of nearly one size, none of them empty."""
    order = list(range(rows))
    random.Random(seed).shuffle(order)
    size = -(-rows // count)
    return [order[start : start + size] for start in range(0, rows, size)]


def passes(
    rows: Sequence[int], lengths: Sequence[int], budget: int, rank: int = 0, world: int = 1
) -> list[Pass]:
    """The passes of `rank` over `rows`; `lengths` are of all rows of the batch, `budget` is padded tokens a
    pass. Rows are dealt by length, so that ranks have about the same to do."""
    dealt = sorted(rows, key=lambda row: (lengths[row], row))
    groups = []
    for other in range(world):
        own = dealt[other::world]
        groups.append(
            [[own[at] for at in group] for group in micro_batches([lengths[row] for row in own], budget)]
        )
    most = max(map(len, groups))
    found = [Pass(group, counts=True) for group in groups[rank]]
    # First, not last: what stands last is exchanged, and must be no different from the others.
    return [Pass(dealt[:1], counts=False)] * (most - len(found)) + found
