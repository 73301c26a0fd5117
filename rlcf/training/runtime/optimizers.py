"""The optimisers of policy and critic: rates, clipping, steps that are left out, and their state.

Their state is saved unsharded, tensor by tensor in the order of the parameters, so that it can be loaded by
any number of processes.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from rlcf.policy.score import Scorer
from rlcf.recipe import Recipe
from rlcf.training.runtime.distributed import gather_full, shard_like

BETAS = (0.9, 0.99)
EPS = 1e-5
"""PPO's (OpenAI Baselines) epsilon; docs/training-details.md#optimisers."""
LARGEST_GRADIENT = 0.5
"""Norm that gradients are clipped to."""


class Optimizers:
    """Adam for the policy's and for the critic's parameters."""

    def __init__(self, scorer: Scorer, recipe: Recipe) -> None:
        self._recipe = recipe
        self._policy = scorer.policy_parameters()
        self._critic = scorer.critic_parameters()
        self._adams = {
            "policy": (torch.optim.Adam(self._policy, recipe.objective.lr, BETAS, EPS), recipe.objective.lr)
        }
        if self._critic:
            adam = torch.optim.Adam(self._critic, recipe.critic.lr, BETAS, EPS)
            self._adams["critic"] = (adam, recipe.critic.lr)

    def set_rates(self, step: int) -> None:
        """Set the learning rates for 0-based `step`."""
        left = 1 - step / max(1, self._recipe.objective.steps)
        for adam, rate in self._adams.values():
            for group in adam.param_groups:
                group["lr"] = rate * left

    def step(self, learn_policy: bool) -> float | None:
        """Apply the gradients and clear them. Returns the norm of the policy's, or None where a gradient was
        not finite: then nothing was changed."""
        norms = [_clip(self._policy), _clip(self._critic)]
        finite = all(map(math.isfinite, norms))
        if finite and learn_policy:
            self._adams["policy"][0].step()
        if finite and self._critic:
            self._adams["critic"][0].step()
        for parameter in (*self._policy, *self._critic):
            parameter.grad = None
        return norms[0] if finite else None

    def state(self) -> dict[str, Any]:
        """Gather the state; every rank must call."""
        return {
            name: [
                {key: gather_full(value) for key, value in adam.state.get(parameter, {}).items()}
                for parameter in adam.param_groups[0]["params"]
            ]
            for name, (adam, _) in self._adams.items()
        }

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        for name, (adam, _) in self._adams.items():
            for parameter, values in zip(adam.param_groups[0]["params"], state[name], strict=True):
                if values:
                    adam.state[parameter] = {
                        key: shard_like(value, parameter) for key, value in values.items()
                    }


def _clip(parameters: list[nn.Parameter]) -> float:
    """Clip the gradients; returns their norm before."""
    given = [parameter for parameter in parameters if parameter.grad is not None]
    return float(gather_full(nn.utils.clip_grad_norm_(given, LARGEST_GRADIENT))) if given else 0.0
