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


def choose(logits_BV: Tensor, temperature: float, uniform_B: Tensor) -> tuple[Tensor, Tensor]:
    """The next token of each row and its log-probability in fp32; temperature 0 takes the likeliest and
    gives its log-probability at 1. `uniform_B` is float64 on the device of the logits."""
    # fp32: a bf16 logsumexp is not stable (docs/training-details.md#softmax-in-fp32)
    logits_BV = logits_BV.float()
    logps_BV = (logits_BV / temperature if temperature else logits_BV).log_softmax(-1)
    if temperature == 0:
        tokens_B1 = logits_BV.argmax(-1, keepdim=True)
    else:
        # Inverse of the cumulated distribution: one random number a row, far cheaper than multinomial.
        # float64, or the sum over a large vocabulary would swallow its rare tokens.
        cumulated_BV = logps_BV.exp().cumsum(-1, dtype=torch.float64)
        tokens_B1 = torch.searchsorted(cumulated_BV, uniform_B[:, None] * cumulated_BV[:, -1:], right=True)
        tokens_B1.clamp_(max=logits_BV.shape[-1] - 1)
    return tokens_B1.squeeze(1), logps_BV.gather(1, tokens_B1).squeeze(1)
