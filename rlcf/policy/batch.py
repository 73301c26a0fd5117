"""Token batches: prompts and completions side by side, never glued, so that an encoder-decoder fits too.

A causal model reads prompt and completion as one row; the state before a completion token chooses it. An
encoder-decoder reads the prompt in its encoder and the completion, moved one to the right behind its start
token, in its decoder; the state at a token's place chooses it. Everything after `collate` is the same.

Shape suffixes: B rows, L tokens that the (causal model or) decoder reads, P tokens that an encoder reads,
T tokens of the longest completion, N real completion tokens of the batch, D width of the model, V
vocabulary. Masks come from lengths and never from `ids != pad`: a pad token that equals a stop token would
hide the end (trainers.md b9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Tokens = Sequence[int]


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Prompts and completions of a batch, padded on the right."""

    ids_BL: Tensor
    completion_ids_BT: Tensor
    mask_BT: Tensor
    """True at real completion tokens, the stop token included."""
    state_BT: Tensor
    """Column of `ids_BL` whose hidden state chooses completion token t."""
    prompt_ids_BP: Tensor | None = None
    """What the encoder reads; None of a causal model."""
    prompt_mask_BP: Tensor | None = None


def collate(
    prompts: Sequence[Tokens],
    completions: Sequence[Tokens],
    pad_id: int,
    device: torch.device | str = "cpu",
    *,
    start_id: int | None = None,
) -> TokenBatch:
    """A batch for a causal model or, with `start_id`, for an encoder-decoder whose decoder starts with it.

    Right-padded: with causal attention no real token sees a pad, so no attention mask is needed and
    positions count from 0 (trainers.md b20). An encoder sees both ways and gets its mask.
    """
    lengths_B = torch.tensor([len(completion) for completion in completions], device=device)
    steps_T = torch.arange(max(1, int(lengths_B.max())), device=device)
    mask_BT = steps_T[None] < lengths_B[:, None]
    if start_id is not None:
        read_BT = _padded([[start_id, *completion[:-1]] for completion in completions], pad_id, device)
        return TokenBatch(
            ids_BL=read_BT,
            completion_ids_BT=_padded(completions, pad_id, device),
            mask_BT=mask_BT,
            state_BT=steps_T.expand(mask_BT.shape),
            prompt_ids_BP=_padded(prompts, pad_id, device),
            prompt_mask_BP=_padded([[1] * len(prompt) for prompt in prompts], 0, device),
        )
    ids_BL = _padded([[*p, *c] for p, c in zip(prompts, completions, strict=True)], pad_id, device)
    last = ids_BL.shape[1] - 1
    starts_B = torch.tensor([len(prompt) for prompt in prompts], device=device)
    state_BT = (starts_B[:, None] + steps_T[None] - 1).clamp(max=last)
    target_BT = (state_BT + 1).clamp(max=last)
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


def _padded(rows: Sequence[Tokens], pad: int, device: torch.device | str) -> Tensor:
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows], device=device)
