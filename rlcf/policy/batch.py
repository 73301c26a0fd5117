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
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

T = TypeVar("T")
Tokens = Sequence[int]
Array = np.ndarray[Any, np.dtype[Any]]

LONGEST_SHARED = 2048
"""Tokens of a row of several completions. Attention costs the square of a row, masked or not: beyond this,
reading the prompt again is cheaper."""


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Prompts and completions of a batch, padded on the right. Which places are real is known on the host
    too, as indices: nothing that reads a batch has to ask the device for a number."""

    ids_RL: Tensor
    completion_ids_BT: Tensor
    mask_BT: Tensor
    """True at real completion tokens, the stop token included."""
    target_N: Tensor
    """The real completion tokens, row after row."""
    state_N: Tensor
    """Of each the place in the flattened `ids_RL` whose hidden state chooses it."""
    place_N: Tensor
    """Of each its place in the flattened `mask_BT`."""
    prompt_ids_BP: Tensor | None = None
    """What the encoder reads; None of a causal model."""
    prompt_mask_BP: Tensor | None = None
    sees_R1LL: Tensor | None = None
    """Where prompts are shared: whether token i sees token j."""
    position_RL: Tensor | None = None

    def in_places(self, values_N: Tensor) -> Tensor:
        """`[N, ...]` values of the real tokens as `[B, T, ...]`, 0 elsewhere."""
        shape_BT, rest = self.mask_BT.shape, values_N.shape[1:]
        index_N = self.place_N.view(-1, *[1] * len(rest)).expand_as(values_N)
        full = values_N.new_zeros((shape_BT.numel(), *rest)).scatter(0, index_N, values_N)
        return full.view(*shape_BT, *rest)


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
    Made in numpy and sent to a GPU from pinned memory, beside whatever it computes.
    """
    lengths_B = np.array([len(completion) for completion in completions])
    mask_BT = np.arange(max(1, lengths_B.max()))[None] < lengths_B[:, None]
    written = _flat(completions)
    tensors = {
        "mask_BT": mask_BT,
        "completion_ids_BT": _filled(mask_BT, written, pad_id),
        "target_N": written,
    }
    tensors["place_N"] = np.flatnonzero(mask_BT)
    if start_id is not None:
        read_BT = np.full(mask_BT.shape, pad_id)
        read_BT[:, 0], read_BT[:, 1:] = start_id, tensors["completion_ids_BT"][:, :-1]
        read_BT[:, 1:][~mask_BT[:, 1:]] = pad_id
        prompt_mask_BP = _mask_of([len(prompt) for prompt in prompts])
        tensors |= {"ids_RL": read_BT, "state_N": tensors["place_N"], "prompt_mask_BP": prompt_mask_BP + 0}
        tensors["prompt_ids_BP"] = _filled(prompt_mask_BP, _flat(prompts), pad_id)
        return TokenBatch(**_on(device, tensors))
    groups = shared_rows(prompts, completions) if share else [[row] for row in range(len(prompts))]
    rows = Rows(prompts, completions, groups)
    real_RL = _mask_of(rows.lengths_R)
    tensors["ids_RL"] = _filled(real_RL, rows.ids, pad_id)
    tensors["state_N"] = np.flatnonzero(real_RL)[rows.before_N]
    if len(groups) < len(prompts):
        tensors["position_RL"] = _filled(real_RL, rows.positions, 0)
        sent = _on(device, tensors | {"part_RL": _filled(real_RL, rows.parts, -1)})
        sees_R1LL = _sees(sent.pop("part_RL"))
        return TokenBatch(**sent, sees_R1LL=sees_R1LL)
    return TokenBatch(**_on(device, tensors))


class Rows:
    """What a causal model reads, row after row, unpadded: of each group a prompt and its completions."""

    def __init__(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens], groups: Sequence[Sequence[int]]
    ) -> None:
        segments = [
            part for group in groups for part in (prompts[group[0]], *(completions[r] for r in group))
        ]
        self.ids = _flat(segments)
        sizes = np.array([1 + len(group) for group in groups])
        lengths_S = np.array([len(segment) for segment in segments])
        firsts = np.cumsum(sizes) - sizes
        self.lengths_R = np.add.reduceat(lengths_S, firsts)
        # 0 the prompt, then a number each.
        number_S = np.arange(len(segments)) - np.repeat(firsts, sizes)
        self.parts = np.repeat(number_S, lengths_S)
        begin_S = np.cumsum(lengths_S) - lengths_S
        within = np.arange(len(self.ids)) - np.repeat(begin_S, lengths_S)
        behind_S = np.where(number_S > 0, np.repeat(lengths_S[firsts], sizes), 0)
        self.positions = within + np.repeat(behind_S, lengths_S)
        # The first token is chosen by the prompt's last state, the others by the one before them.
        last_S = np.repeat(begin_S[firsts] + lengths_S[firsts] - 1, sizes)
        before = np.where(within > 0, np.arange(len(self.ids)) - 1, np.repeat(last_S, lengths_S))
        order = np.argsort([row for group in groups for row in group])
        own_S = number_S > 0
        starts, lengths = begin_S[own_S][order], lengths_S[own_S][order]
        self.before_N = before[
            np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
        ]
        """Of each completion token, in the order of completions, the place of its state among the ids."""


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


def _sees(part_RL: Tensor) -> Tensor:
    """`[R, 1, L, L]`: who sees whom in rows of a prompt (part 0) and several completions (-1: padding)."""
    same_RLL = (part_RL[:, None, :] == 0) | (part_RL[:, None, :] == part_RL[:, :, None])
    longest = part_RL.shape[1]
    causal_LL = torch.ones(longest, longest, dtype=torch.bool, device=part_RL.device).tril()
    return (same_RLL & causal_LL)[:, None]


def _flat(rows: Sequence[Tokens]) -> Array:
    return np.fromiter(chain.from_iterable(rows), dtype=np.int64)


def _mask_of(lengths: Sequence[int] | Array) -> Array:
    lengths_B = np.asarray(lengths)
    mask_BL: Array = np.arange(max(1, lengths_B.max()))[None] < lengths_B[:, None]
    return mask_BL


def _filled(mask: Array, values: Array, rest: int) -> Array:
    """The values where the mask is true, in order."""
    full: Array = np.full(mask.shape, rest, dtype=np.int64)
    full[mask] = values
    return full


def _on(device: torch.device | str, arrays: dict[str, Array]) -> dict[str, Tensor]:
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return {name: to_device(tensor, device) for name, tensor in tensors.items()}


def to_device(tensor: Tensor, device: torch.device | str) -> Tensor:
    """The tensor of the host on the device, without waiting for it."""
    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


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
    """Row indices in groups of similar length whose padded size stays within `budget` tokens; a row longer
    than the budget is a group of its own. A group that fills a quarter of the budget ends where another row
    would make more than an eighth of it padding."""
    groups: list[list[int]] = []
    real = 0
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        padded = lengths[index] * (len(groups[-1]) + 1) if groups else 0
        uneven = real > budget // 4 and padded > (real + lengths[index]) * 9 // 8
        if groups and padded <= budget and not uneven:
            groups[-1].append(index)
            real += lengths[index]
        else:
            groups.append([index])
            real = lengths[index]
    return groups
