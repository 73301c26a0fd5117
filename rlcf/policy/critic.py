"""The critics' heads, read off hidden states: how much reward is still to come, or how the program will end.

Small MLPs in fp32. They read the policy's states *detached* (a value head whose gradient reached the trunk
wrecked the small policy: docs/training-details.md#critic), or those of LoRA adapters of their own
on the same base, which cost a second forward and no second model. The last layer starts at zero: V is 0 and
all classes are equally likely everywhere until something was learnt (lm-human-preference-details).

`ClassCritic` is CodeRL's (arXiv 2207.01780), which there sits on a model of its own. The
state at a token is the one that chose it: it has read the tokens before it, as in the authors' code.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = 4
"""Width of the hidden layer in widths of the model."""
LARGEST = 1024
"""Widest hidden layer."""


CLASS_HIDDEN = 128
"""Width of the hidden layer of the class critic (CodeRL)."""
CLASSES = 4
"""Ways that a program ends: `rlcf.grounding.values.CLASSES` names them."""


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


class ClassCritic(nn.Module):
    """`[..., D]` states in, `[..., 4]` logits of the classes out."""

    def __init__(self, width: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.inner = nn.Linear(width, CLASS_HIDDEN)
            self.last = nn.Linear(CLASS_HIDDEN, CLASSES)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, states_BTD: Tensor) -> Tensor:
        logits_BTC: Tensor = self.last(torch.relu(self.inner(states_BTD.float())))
        return logits_BTC


AnyCritic = Critic | ClassCritic
