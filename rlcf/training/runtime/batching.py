"""Which rows are computed together: minibatches of a rollout batch, a rank's share, micro-batches by tokens.

The completions of a prompt stay together, so that they can share it (policy/batch.py).

Every rank works out the shares of all, so that all make the same number of passes: a rank that has none left
makes a dummy pass, whose loss is multiplied by 0 (DDP and FSDP synchronise in every pass).
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
    is_padding: bool
    """A dummy pass that keeps ranks in step: it must add nothing to losses, gradients and metrics."""


def group_by_prompt(prompts: Sequence[Tokens]) -> list[list[int]]:
    """Group the rows with the same prompt, in the order of their first."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, prompt in enumerate(prompts):
        groups.setdefault(tuple(prompt), []).append(row)
    return list(groups.values())


def minibatches(groups: Sequence[Sequence[int]], count: int, seed: str) -> list[list[int]]:
    """Split the rows into at most `count` minibatches of about one size; groups come in random order and stay
    undivided."""
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


def with_references(
    groups: Sequence[Sequence[int]], references: Sequence[T], count: int, seed: str
) -> Iterator[tuple[list[int], Sequence[T]]]:
    """Iterate over the minibatches of the groups, each with its share of `references`; without a group there
    is none."""
    parts = minibatches(groups, count, seed) if groups else []
    for number, part in enumerate(parts):
        yield part, references[number :: len(parts)]


def passes(
    groups: Sequence[Sequence[int]], lengths: Sequence[int], budget: int, rank: int = 0, world: int = 1
) -> list[Pass]:
    """Split the rows of `groups` into the forward passes of `rank`; no group is divided.

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
    own_passes = [Pass(rows, is_padding=False) for rows in shares[rank]]
    # First, not last: the last pass synchronises gradients, and must be no different from the others.
    padding = Pass(list(groups[dealt[0]][:1]), is_padding=True)
    return [padding] * (most - len(own_passes)) + own_passes
