"""Token batches: which rows are computed together, and the tensors that a model reads.

Prompts and completions stand side by side, never glued, so that an encoder-decoder fits too.

A causal model reads prompt and completion as one row; the state before a completion token chooses it.
Completions of the same prompt that stand side by side may share it: one row is the prompt and all of them,
each of which sees the prompt and itself (positions count from the prompt's end). With long prompts, short
completions and a few samples a prompt that is most of the work. An
encoder-decoder reads the prompt in its encoder and the completion, moved one to the right behind its start
token, in its decoder; the state at a token's place chooses it. Everything after `collate` is the same.

A rollout batch is split into minibatches, those into the shares of processes, those into micro-batches;
completions of a prompt stay together, so that they can share it. Every process works out the shares of all,
so that all make the same number of passes: one that has none left makes a dummy pass, whose loss is
multiplied by 0 (DDP and FSDP synchronise in every pass).

Shape suffixes: B completions, R rows that the model reads (B, or fewer where prompts are shared), L tokens
that the (causal model or) decoder reads, P tokens that an encoder reads, T tokens of the longest completion,
N real completion tokens of the batch, D width of the model, V vocabulary. Masks come from lengths, never
from `ids != pad`: a pad token that equals a stop token would hide the end (docs/training-details.md).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")
Tokens = Sequence[int]

LONGEST_SHARED = 2048
"""Tokens of a row of several completions. Attention costs the square of a row, masked or not: beyond this,
reading the prompt again is cheaper."""


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Prompts and completions of a batch, padded on the right."""

    ids_RL: Tensor
    completion_ids_BT: Tensor
    mask_BT: Tensor
    """True at real completion tokens, the stop token included."""
    state_BT: Tensor
    """Place in the flattened `ids_RL` whose hidden state chooses completion token t."""
    prompt_ids_BP: Tensor | None = None
    """What the encoder reads; None of a causal model."""
    prompt_mask_BP: Tensor | None = None
    sees_R1LL: Tensor | None = None
    """Where prompts are shared: whether token i sees token j."""
    position_RL: Tensor | None = None


def collate(
    prompts: Sequence[Tokens],
    completions: Sequence[Tokens],
    pad_id: int,
    device: torch.device | str = "cpu",
    *,
    start_id: int | None = None,
    share: bool = False,
) -> TokenBatch:
    """A batch for a causal model or, with `start_id`, for an encoder-decoder whose decoder starts with it.

    `share`: of a causal model, completions of the same prompt that stand side by side share a row.

    Right-padded: with causal attention no real token sees a pad, so no attention mask is needed and
    positions count from 0 (docs/training-details.md#padding). An encoder sees both ways and gets its mask.
    """
    lengths_B = torch.tensor([len(completion) for completion in completions], device=device)
    steps_T = torch.arange(max(1, int(lengths_B.max())), device=device)
    mask_BT = steps_T[None] < lengths_B[:, None]
    if start_id is not None:
        read_BT = _padded([[start_id, *completion[:-1]] for completion in completions], pad_id, device)
        return TokenBatch(
            ids_RL=read_BT,
            completion_ids_BT=_padded(completions, pad_id, device),
            mask_BT=mask_BT,
            state_BT=steps_T + torch.arange(len(prompts), device=device)[:, None] * read_BT.shape[1],
            prompt_ids_BP=_padded(prompts, pad_id, device),
            prompt_mask_BP=_padded([[1] * len(prompt) for prompt in prompts], 0, device),
        )
    groups = shared_rows(prompts, completions) if share else [[row] for row in range(len(prompts))]
    rows = [[*prompts[group[0]], *(t for row in group for t in completions[row])] for group in groups]
    ids_RL = _padded(rows, pad_id, device)
    # The first token is chosen by the prompt's last state, the others by the one before them.
    state_BT = torch.zeros(mask_BT.shape, dtype=torch.long)
    for at, group in enumerate(groups):
        first = at * ids_RL.shape[1] + len(prompts[group[0]])
        last, begin = first - 1, first
        for row in group:
            length = len(completions[row])
            state_BT[row, :length] = torch.arange(begin - 1, begin + length - 1)
            state_BT[row, 0] = last
            begin += length
    sees_R1LL = position_RL = None
    if len(groups) < len(prompts):
        sees_R1LL, position_RL = _shared(prompts, completions, groups, ids_RL.shape[1], device)
    written_BT = _padded(completions, pad_id, device)
    return TokenBatch(
        ids_RL,
        written_BT,
        mask_BT,
        state_BT.to(device),
        sees_R1LL=sees_R1LL,
        position_RL=position_RL,
    )


def shared_rows(prompts: Sequence[Tokens], completions: Sequence[Tokens]) -> list[list[int]]:
    """Runs of completions with the same prompt, as long as their row has at most LONGEST_SHARED tokens."""
    groups: list[list[int]] = []
    length = 0
    for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        same = bool(groups) and list(prompts[groups[-1][0]]) == list(prompt)
        if same and length + len(completion) <= LONGEST_SHARED:
            groups[-1].append(row)
            length += len(completion)
        else:
            groups.append([row])
            length = len(prompt) + len(completion)
    return groups


def _shared(
    prompts: Sequence[Tokens],
    completions: Sequence[Tokens],
    groups: Sequence[Sequence[int]],
    longest: int,
    device: torch.device | str,
) -> tuple[Tensor, Tensor]:
    """Who sees whom, and positions, of rows that hold a prompt and several completions."""
    part_RL = torch.full((len(groups), longest), -1)  # 0 the prompt, then a number each, -1 padding
    position_RL = torch.zeros((len(groups), longest), dtype=torch.long)
    for at, group in enumerate(groups):
        prompt = len(prompts[group[0]])
        part_RL[at, :prompt], position_RL[at, :prompt] = 0, torch.arange(prompt)
        begin = prompt
        for number, row in enumerate(group, start=1):
            end = begin + len(completions[row])
            part_RL[at, begin:end] = number
            position_RL[at, begin:end] = torch.arange(prompt, prompt + end - begin)
            begin = end
    part_RL = part_RL.to(device)
    same_RLL = (part_RL[:, None, :] == 0) | (part_RL[:, None, :] == part_RL[:, :, None])
    causal_LL = torch.ones(longest, longest, dtype=torch.bool, device=device).tril()
    return (same_RLL & causal_LL)[:, None], position_RL.to(device)


def _padded(rows: Sequence[Tokens], pad: int, device: torch.device | str) -> Tensor:
    longest = max(1, *(len(row) for row in rows))
    return torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows], device=device)


# ---- which rows are computed together


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


def micro_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Row indices in groups of similar length whose padded size stays within `budget` tokens; a row
    longer than the budget is a group of its own."""
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if groups and lengths[index] * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups
