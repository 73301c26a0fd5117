"""Which rows are computed together: minibatches of a rollout batch, a rank's share, micro-batches by tokens.

The completions of a prompt stay together, so that they can share it (policy/batch.py).

Every rank works out the shares of all, so that all make the same number of passes: where a rank has none
left it repeats a row that counts for nothing (DDP and FSDP exchange in every pass).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rlcf.policy.batch import Tokens, micro_batches

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pass:
    """Rows of one forward pass."""

    rows: list[int]
    counts: bool
    """False: a repetition, for company."""


def alike(prompts: Sequence[Tokens]) -> list[list[int]]:
    """Rows with the same prompt, in the order of their first."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, prompt in enumerate(prompts):
        groups.setdefault(tuple(prompt), []).append(row)
    return list(groups.values())


def minibatches(groups: Sequence[Sequence[int]], count: int, seed: str) -> list[list[int]]:
    """The rows of the groups, these in random order, in at most `count` parts of about one size."""
    order = list(groups)
    random.Random(seed).shuffle(order)
    rows, parts = sum(map(len, order)), [list[int]()]
    done = 0
    for group in order:
        if parts[-1] and done >= len(parts) * rows / count:
            parts.append([])
        parts[-1] += group
        done += len(group)
    return parts


def rounds(
    groups: Sequence[Sequence[int]], anchors: Sequence[T], count: int, epochs: int, seed: str
) -> Iterator[tuple[list[int], Sequence[T]]]:
    """The minibatches of `epochs` passes over the groups, each with its share of `anchors`; none without a
    group."""
    for epoch in range(epochs if groups else 0):
        parts = minibatches(groups, count, f"{seed} {epoch}")
        for number, part in enumerate(parts):
            yield part, anchors[number :: len(parts)]


def passes(
    groups: Sequence[Sequence[int]], lengths: Sequence[int], budget: int, rank: int = 0, world: int = 1
) -> list[Pass]:
    """The passes of `rank` over the rows of `groups`, none of which is divided.

    `lengths`: tokens of each group's row; `budget`: padded tokens a pass. Groups are dealt by length, so that
    ranks have about the same to do.
    """
    dealt = sorted(range(len(groups)), key=lambda at: (lengths[at], at))
    shares = []
    for other in range(world):
        own = dealt[other::world]
        parts = micro_batches([lengths[at] for at in own], budget)
        shares.append([[row for at in part for row in groups[own[at]]] for part in parts])
    most = max(map(len, shares))
    found = [Pass(rows, counts=True) for rows in shares[rank]]
    # First, not last: what stands last is exchanged, and must be no different from the others.
    return [Pass(list(groups[dealt[0]][:1]), counts=False)] * (most - len(found)) + found
