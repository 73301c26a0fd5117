"""The critic's head: how much reward is still to come, read off hidden states.

A small MLP in fp32. It reads the policy's states *detached* (a value head whose gradient reached the trunk
wrecked the small policy: pass rate .47 to .22 in the reference study), or those of LoRA adapters of its own
on the same base, which cost a second forward and no second model. The last layer starts at zero, so V is 0
everywhere until it has learnt something (trainers.md b14).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = 4
"""Width of the hidden layer in widths of the model."""
LARGEST = 1024
"""Widest hidden layer."""


class Critic(nn.Module):
    """`[..., D]` states in, `[...]` values out."""

    def __init__(self, width: int, seed: int) -> None:
        super().__init__()
        hidden = min(LARGEST, HIDDEN * width)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.inner = nn.Linear(width, hidden)
            self.last = nn.Linear(hidden, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, states_BTD: Tensor) -> Tensor:
        values_BT1: Tensor = self.last(torch.relu(self.inner(states_BTD.float())))
        return values_BT1.squeeze(-1)
