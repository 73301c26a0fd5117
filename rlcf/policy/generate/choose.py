"""Randomness of generation: each row owns its numbers.

A row's uniform numbers come from a generator of its own on the CPU, one for each token. A completion
therefore depends on its prompt, its seed and the weights alone: not on the rows beside it, the chunk, the
device's generator or the number of ranks, up to rounding in the logits (which can turn a draw that falls
within some 1e-6 of a border).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def stable_seed(*parts: object) -> int:
    """A seed from anything printable, the same in every process (Python's own hash of text is not)."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def uniforms(seeds: Sequence[int], tokens: int) -> Tensor:
    """`[B, T]` numbers in [0, 1), float64 on the CPU; row i depends on `seeds[i]` alone, and its first
    numbers do not depend on `tokens`."""
    numbers_BT = torch.empty(len(seeds), tokens, dtype=torch.float64)
    generator = torch.Generator()
    for row_T, seed in zip(numbers_BT, seeds, strict=True):
        torch.rand(tokens, generator=generator.manual_seed(seed), dtype=torch.float64, out=row_T)
    return numbers_BT


def choose(
    logits_BV: Tensor, temperature: float, uniform_B: Tensor, top_p: float = 1.0
) -> tuple[Tensor, Tensor]:
    """The next token of each row and its log-probability in fp32; temperature 0 takes the likeliest and
    gives its log-probability at 1. `uniform_B` is float64 on the device of the logits. With `top_p` below 1
    the log-probabilities are those within the nucleus."""
    # fp32: a bf16 logsumexp is not stable (docs/training-details.md#softmax-in-fp32)
    logits_BV = logits_BV.float()
    logps_BV = (logits_BV / temperature if temperature else logits_BV).log_softmax(-1)
    if temperature == 0:
        tokens_B1 = logits_BV.argmax(-1, keepdim=True)
    else:
        if top_p < 1:
            logps_BV = nucleus(logps_BV, top_p)
        # Inverse of the cumulated distribution: one random number a row, far cheaper than multinomial.
        # float64, or the sum over a large vocabulary would swallow its rare tokens.
        cumulated_BV = logps_BV.exp().cumsum(-1, dtype=torch.float64)
        tokens_B1 = torch.searchsorted(cumulated_BV, uniform_B[:, None] * cumulated_BV[:, -1:], right=True)
        tokens_B1.clamp_(max=logits_BV.shape[-1] - 1)
    return tokens_B1.squeeze(1), logps_BV.gather(1, tokens_B1).squeeze(1)


def nucleus(logps_BV: Tensor, top_p: float) -> Tensor:
    """The log-probabilities within each row's nucleus, minus infinity outside: the likeliest tokens, up to
    the one with which their sum reaches `top_p` (arXiv 1904.09751)."""
    sorted_BV, order_BV = logps_BV.sort(dim=-1, descending=True, stable=True)
    chances_BV = sorted_BV.exp()
    outside_BV = chances_BV.cumsum(-1, dtype=torch.float64) - chances_BV >= top_p
    outside_BV = torch.zeros_like(outside_BV).scatter(-1, order_BV, outside_BV)
    return logps_BV.masked_fill(outside_BV, -torch.inf).log_softmax(-1)
