"""The policy as it is trained: its scorer, wrapped for the machine and the processes at hand.

Where weights are sharded nothing can be sampled from them, so a full replica of the policy answers and
takes their values over after each update. That costs one model a process; what does not fit needs vLLM.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import TokenBatch
from rlcf.policy.score import Scorer
from rlcf.training.runtime.distributed import Parallel, gather_full, shard_like


class TrainedModule:
    """Scores batches with gradients, on one process or several."""

    def __init__(self, policy: Policy, scorer: Scorer, machine: Machine, parallel: Parallel) -> None:
        self.policy, self.scorer, self.machine, self.parallel = policy, scorer, machine, parallel
        if machine.gradient_checkpointing:
            policy.checkpoint_activations()
        self.replica: Policy | None = None
        if parallel.sharded:
            self.replica = policy.replica()
            policy.sampler = self.replica.model
        self.wrapped = parallel.wrap(scorer, scorer.layers())

    def __call__(
        self, batch: TokenBatch, temperature: float, **options: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Compute log-probabilities, entropies and values, each `[B, T]`, or a class critic's logits
        `[B, T, 4]` in the place of values; `options` are those of `Scorer`."""
        # Layers compute their activations again only in training mode; nothing else depends on it here.
        self.scorer.train(self.machine.gradient_checkpointing and torch.is_grad_enabled())
        try:
            outputs: tuple[Tensor, Tensor, Tensor] = self.wrapped(batch, temperature, **options)
        finally:
            self.scorer.eval()
        return outputs

    def sync(self) -> None:
        """Hand the present weights to the sampler; every rank must call."""
        if self.replica is not None:
            theirs = dict(self.replica.model.named_parameters())
            with torch.no_grad():
                for name, parameter in self.policy.model.named_parameters():
                    if parameter.requires_grad:
                        theirs[name].copy_(gather_full(parameter))
        self.policy.backend.sync(self.policy.sampler)

    @property
    def full_policy(self) -> Policy:
        """A policy with unsharded weights, as they were at the last `sync`."""
        return self.replica or self.policy

    def trained_policy(self) -> Policy:
        """Unwrap the trained policy; adapters are merged and begun anew."""
        self.sync()
        return self.full_policy.renewed()

    def weights(self) -> dict[str, Tensor]:
        """Gather all trained parameters by name; every rank must call."""
        return {name: gather_full(p) for name, p in self.scorer.named_parameters() if p.requires_grad}

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Restore what `weights` returned; raises KeyError where a name is missing."""
        with torch.no_grad():
            for name, parameter in self.scorer.named_parameters():
                if parameter.requires_grad:
                    parameter.copy_(shard_like(weights[name], parameter))
        self.sync()


def reference_module(policy: Policy, parallel: Parallel) -> nn.Module | None:
    """Make a frozen copy of the policy as it is, which scores; None with LoRA, where the module itself is
    asked with its adapters off."""
    if policy.adapters is not None:
        return None
    frozen = Scorer(policy.plain_copy(), autocast=policy.autocast)
    return parallel.wrap(frozen, frozen.layers()) if parallel.sharded else frozen
