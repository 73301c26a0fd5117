"""The policy in training, of which every objective has one: module, optimisers, reference policy, state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import TokenBatch
from rlcf.policy.critic import AnyCritic
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.training.pretrain import Encoded, accumulate
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.module import TrainedModule, reference_module
from rlcf.training.runtime.optimizers import Optimizers


@dataclass(slots=True)
class MetricSums:
    """Metrics of a step, added up over its minibatches."""

    minibatches: int = 0
    skipped: int = 0
    """Optimiser steps left out, as a gradient was not finite."""
    totals: dict[str, float] = field(default_factory=dict)

    def add(self, metrics: dict[str, float]) -> None:
        """Add the metrics of a minibatch, or some of them."""
        for name, value in metrics.items():
            self.totals[name] = self.totals.get(name, 0.0) + value

    def means(self) -> dict[str, float]:
        """Divide by the number of minibatches."""
        means = {name: total / max(1, self.minibatches) for name, total in self.totals.items()}
        return means | {"updates": float(self.minibatches), "skipped_updates": float(self.skipped)}


class TrainedPolicy:
    """A policy, and optionally a critic, with all that training them takes."""

    def __init__(
        self,
        policy: Policy,
        recipe: Recipe,
        machine: Machine,
        parallel: Parallel,
        *,
        critic: AnyCritic | None = None,
        with_reference: bool = False,
    ) -> None:
        """`with_reference`: keeps the policy as it is now as the reference policy."""
        self.policy, self.recipe = policy, recipe
        self.machine, self.parallel = machine, parallel
        self.scorer = policy.scorer(critic, recipe.critic.lora_rank if critic is not None else 0)
        self._reference = reference_module(policy, self.parallel) if with_reference else None
        self.module = TrainedModule(policy, self.scorer, self.machine, self.parallel)
        self.optimizers = Optimizers(self.scorer, recipe)

    def reference_logps(self, batch: TokenBatch, temperature: float) -> Tensor:
        """Compute the reference policy's log-probabilities `[B, T]`: of the frozen copy, or with LoRA of the
        policy with its adapters off."""
        module = self._reference or self.module
        logps_BT: Tensor = module(batch, temperature, reference=True)[0]
        return logps_BT

    def sft_examples(self, problems: Sequence[Problem]) -> list[Encoded]:
        """Encode the references of `problems` for the supervised loss; none where `sft_coef` is 0."""
        return reference_examples(self.policy, problems) if self.recipe.objective.sft_coef > 0 else []

    def add_sft_gradients(self, references: Sequence[Encoded]) -> dict[str, float]:
        """Add the gradients of the supervised loss on `references`, times `sft_coef`, to those of a
        minibatch that follows; returns the loss, nothing without references."""
        if not references:
            return {}
        weight = self.recipe.objective.sft_coef
        return {"anchor_loss": accumulate(self.module, references, weight=weight, last=False)}

    def optimizer_step(self, sums: MetricSums, metrics: dict[str, float], learn_policy: bool = True) -> None:
        """End a minibatch: apply its gradients, and add its metrics to `sums`."""
        norm = self.optimizers.step(learn_policy)
        sums.minibatches += 1
        sums.skipped += norm is None
        sums.add(metrics | ({"gradient_norm": norm} if norm is not None and learn_policy else {}))

    # ---- checkpoints

    def state(self) -> dict[str, Any]:
        """Gather weights and the optimisers' state; every rank must call."""
        return {"weights": self.module.weights(), "optimizers": self.optimizers.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.module.load(state["weights"])
        self.optimizers.load(state["optimizers"])

    def save(self, folder: Path, base: Path) -> None:
        """Write the policy: a plain model, or adapters on the model in `base`."""
        self.module.full_policy.save_trained(folder, base)


def reference_examples(policy: Policy, problems: Sequence[Problem]) -> list[Encoded]:
    """Encode the reference of every problem that has one, once."""
    return [
        (policy.encode_prompt(problem.prompt), policy.encode_completion(problem.reference))
        for problem in {problem.task_id: problem for problem in problems}.values()
        if problem.reference is not None
    ]
