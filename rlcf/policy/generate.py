"""Sampling from a causal language model: one batched loop over a KV cache.

Plain temperature sampling and nothing else: no top-k, no top-p, no penalty. What is sampled is then
exactly what the log-probabilities of training describe; anything else shows up as a negative KL
(trainers.md b3). The model's own `generation_config` decides nothing but its stop tokens (b4). For a
model of a million parameters Python and padding cost as much as arithmetic, therefore: each distinct
prompt is run once, prompts of similar length go together, and rows that are done leave the batch.

Not covered: beams, constrained decoding, encoder-decoder models, caches other than `DynamicCache`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from rlcf.policy.batch import Tokens

ROWS = 256
"""Rows decoded together."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A completion in tokens."""

    ids: list[int]
    """The stop token, if one was reached, is the last."""
    stopped: bool
    """False: cut at `max_new_tokens`."""


def stable_seed(*parts: object) -> int:
    """A seed from anything printable, the same in every process (Python's own hash of text is not)."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@torch.inference_mode()
def generate(
    model: PreTrainedModel,
    prompts: Sequence[Tokens],
    *,
    temperature: float,
    max_new_tokens: int,
    stop_ids: Collection[int],
    pad_id: int,
    seed: int,
) -> list[Sampled]:
    """One completion a prompt, in order; temperature 0 takes the likeliest token.

    The model must be in eval mode with gradient checkpointing off (it would disable the cache, b22).
    """
    order = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]), tuple(prompts[index])))
    results: list[Sampled | None] = [None] * len(prompts)
    for start in range(0, len(order), ROWS):
        rows = order[start : start + ROWS]
        generator = torch.Generator(model.device).manual_seed(stable_seed(seed, start))
        loop = _Loop(model, [prompts[row] for row in rows], pad_id)
        for row, sampled in zip(
            rows, loop.run(temperature, max_new_tokens, frozenset(stop_ids), generator), strict=True
        ):
            results[row] = sampled
    return [sampled for sampled in results if sampled is not None]


def choose(logits_BV: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """The next token of each row."""
    if temperature == 0:
        return logits_BV.argmax(-1)
    # Inverse of the cumulated distribution: one random number a row, far cheaper than multinomial.
    cumulated_BV = (logits_BV.float() / temperature).softmax(-1).double().cumsum(-1)
    uniform_B1 = torch.rand(
        (len(logits_BV), 1), dtype=torch.float64, generator=generator, device=logits_BV.device
    )
    tokens_B1 = torch.searchsorted(cumulated_BV, uniform_B1 * cumulated_BV[:, -1:], right=True)
    return tokens_B1.squeeze(1).clamp(max=logits_BV.shape[-1] - 1)


class _Loop:
    """The state of one batch that is being decoded."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Tokens], pad_id: int) -> None:
        self.model = model
        distinct = {tuple(prompt): index for index, prompt in enumerate(dict.fromkeys(map(tuple, prompts)))}
        longest = max(map(len, distinct))
        device = model.device
        ids_BL = torch.tensor([[pad_id] * (longest - len(p)) + list(p) for p in distinct], device=device)
        self.mask_BL = torch.tensor(
            [[0] * (longest - len(p)) + [1] * len(p) for p in distinct], device=device
        )
        self.cache = DynamicCache(config=model.config)
        logits_BV = self._forward(ids_BL, (self.mask_BL.cumsum(-1) - 1).clamp(min=0))
        repeat_B = torch.tensor([distinct[tuple(prompt)] for prompt in prompts], device=device)
        self._select(repeat_B)
        self.logits_BV = logits_BV[repeat_B]

    def run(
        self, temperature: float, max_new_tokens: int, stop_ids: frozenset[int], generator: torch.Generator
    ) -> list[Sampled]:
        rows = list(range(len(self.logits_BV)))
        ids: list[list[int]] = [[] for _ in rows]
        stopped = [False] * len(rows)
        position_B = self.mask_BL.sum(-1)
        for step in range(max_new_tokens):
            token_B = choose(self.logits_BV, temperature, generator)
            for row, token in zip(rows, token_B.tolist(), strict=True):
                if not stopped[row]:
                    ids[row].append(token)
                    stopped[row] = token in stop_ids
            alive = [at for at, row in enumerate(rows) if not stopped[row]]
            if not alive or step + 1 == max_new_tokens:
                break
            # Rows leave in groups: selecting copies the cache.
            if len(alive) <= 0.85 * len(rows):
                keep_B = torch.tensor(alive, device=token_B.device)
                rows = [rows[at] for at in alive]
                self._select(keep_B)
                token_B, position_B = token_B[keep_B], position_B[keep_B]
            self.mask_BL = torch.cat([self.mask_BL, self.mask_BL.new_ones(len(rows), 1)], dim=1)
            self.logits_BV = self._forward(token_B[:, None], position_B[:, None])
            position_B = position_B + 1
        return [Sampled(row_ids, end) for row_ids, end in zip(ids, stopped, strict=True)]

    def _select(self, rows_B: Tensor) -> None:
        self.cache.batch_select_indices(rows_B)
        self.mask_BL = self.mask_BL[rows_B]

    def _forward(self, ids_BL: Tensor, position_BL: Tensor) -> Tensor:
        output = self.model(
            input_ids=ids_BL,
            attention_mask=self.mask_BL,
            position_ids=position_BL,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits_BV: Tensor = output.logits[:, -1]
        return logits_BV
