"""Token batches: prompts and completions side by side, never glued, so that an encoder-decoder fits too.

Shape suffixes: B rows, L tokens of prompt + completion, T tokens of the longest completion, N real
completion tokens of the batch, D width of the model, V vocabulary. Masks come from lengths and never
from `ids != pad`: a pad token that equals a stop token would hide the end (trainers.md b9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Tokens = Sequence[int]


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Prompts and completions of a batch for a causal model, padded on the right."""

    ids_BL: Tensor
    completion_ids_BT: Tensor
    mask_BT: Tensor
    """True at real completion tokens, the stop token included."""
    state_BT: Tensor
    """Column of `ids_BL` whose hidden state chooses completion token t: the one before it."""


def collate(
    prompts: Sequence[Tokens], completions: Sequence[Tokens], pad_id: int, device: torch.device | str = "cpu"
) -> TokenBatch:
    """Right-padded: with causal attention no real token sees a pad, so no attention mask is needed and
    positions count from 0 (trainers.md b20)."""
    rows = [[*prompt, *completion] for prompt, completion in zip(prompts, completions, strict=True)]
    longest = max(len(row) for row in rows)
    ids_BL = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows], device=device)
    lengths_B = torch.tensor([len(completion) for completion in completions], device=device)
    starts_B = torch.tensor([len(prompt) for prompt in prompts], device=device)
    steps_T = torch.arange(int(lengths_B.max()), device=device)
    mask_BT = steps_T[None] < lengths_B[:, None]
    state_BT = (starts_B[:, None] + steps_T[None] - 1).clamp(max=longest - 1)
    target_BT = (state_BT + 1).clamp(max=longest - 1)
    return TokenBatch(ids_BL, ids_BL.gather(1, target_BT), mask_BT, state_BT)


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
