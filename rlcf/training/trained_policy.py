"""The policy in training: its module, its optimisers, its reference policy, and their state.

`TrainedModule` is the scorer, wrapped for the machine and the processes at hand. Where weights are sharded
nothing can be sampled from them, so a full replica of the policy answers and takes their values over after
each update. That costs one model a process; what does not fit needs vLLM. `Optimizers` has the rates, the
clipping, and the steps that are left out; its state is saved unsharded, tensor by tensor in the order of the
parameters, so that any number of processes can load it. `TrainedPolicy` has both; every objective has one.
Not covered: what is learnt (`objectives/`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import Pass, TokenBatch, Tokens, passes
from rlcf.policy.critic import AnyCritic
from rlcf.policy.memory import activation_bytes, twin
from rlcf.policy.score import Scorer, Scores
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.training.prompts import PLAIN, PromptFormat
from rlcf.training.runtime.distributed import Parallel, gather_full, shard_like
from rlcf.training.runtime.side_by_side import side_by_side

Encoded = tuple[Tokens, Tokens]
"""Prompt and completion in tokens."""
MICROBATCH_CPU = 1024
"""Padded tokens of a forward pass on a CPU: its activations stay in the processor's cache. On two cores a
supervised step of the quickstart took half as long as with 8,192; 512 and 2,048 were no better (LOG.md)."""
MICROBATCH_GPU = (2048, 65_536)
"""Fewest and most on a GPU."""
ACTIVATIONS_GPU = 0.5
"""Share of the free memory for what the backward pass needs."""
SIDE_BY_SIDE = 1 << 23
"""Most parameters of a model whose passes run side by side on a CPU: each holds gradients of its own, and the
matrix products of larger ones keep all cores busy."""
T = TypeVar("T")


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
        self.policy, self.recipe, self.form = policy, recipe, PromptFormat.of(recipe)
        self.machine, self.parallel = machine, parallel
        own = recipe.critic.trunk == "own" and critic is not None
        rank = recipe.critic.lora_rank if critic is not None and not own else 0
        self.scorer = policy.scorer(critic, rank, critic_trunk=own)
        self._reference = reference_module(policy, self.parallel) if with_reference else None
        self.module = TrainedModule(policy, self.scorer, self.machine, self.parallel)
        self.optimizers = Optimizers(self.scorer, recipe)

    def reference_logps(self, batch: TokenBatch, temperature: float) -> Tensor:
        """Compute the reference policy's log-probabilities `[B, T]`: of the frozen copy, or with LoRA of the
        policy with its adapters off."""
        module = self._reference or self.module
        scores: Scores = module(batch, temperature, reference=True)
        return scores.logps_BT

    def sft_examples(self, problems: Sequence[Problem]) -> list[Encoded]:
        """Encode the references of `problems` for the supervised loss; none where `sft_coef` is 0."""
        if self.recipe.objective.sft_coef == 0:
            return []
        return reference_examples(self.policy, problems, self.form)

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


class TrainedModule:
    """Scores batches with gradients, on one process or several."""

    def __init__(self, policy: Policy, scorer: Scorer, machine: Machine, parallel: Parallel) -> None:
        self.policy, self.scorer, self.machine, self.parallel = policy, scorer, machine, parallel
        if machine.gradient_checkpointing:
            policy.checkpoint_activations()
        dtype = policy.autocast or policy.model.dtype
        self.microbatch_tokens = microbatch_tokens(policy.model.config, dtype, policy.device, machine)
        self.replica: Policy | None = None
        if parallel.sharded:
            self.replica = policy.replica()
            policy.sampler, policy.sampler_adapters = self.replica.model, self.replica.adapters
        self.wrapped = parallel.wrap(scorer, scorer.layers())

    def __call__(self, batch: TokenBatch, temperature: float, **options: bool) -> Scores:
        """Compute the scores of a batch; `options` are those of `Scorer`."""
        # Layers compute their activations again only in training mode; nothing else depends on it here.
        self.scorer.train(self.machine.gradient_checkpointing and torch.is_grad_enabled())
        try:
            scores: Scores = self.wrapped(batch, temperature, **options)
        finally:
            self.scorer.eval()
        return scores

    def add_gradients(
        self, own: Sequence[Pass], loss_of: Callable[[Pass], tuple[Tensor, T]], *, last: bool = True
    ) -> list[T]:
        """Add the gradients of the passes' losses, in their order; returns what `loss_of` gives beside each.
        `last`: nothing else is added before the optimiser's step."""
        found: list[T] = []
        if len(own) > 1 and self._side_by_side():
            parameters = [parameter for parameter in self.scorer.parameters() if parameter.requires_grad]

            def gradients_of(one: Pass) -> tuple[tuple[Tensor | None, ...], T]:
                loss, rest = loss_of(one)
                return torch.autograd.grad(loss, parameters, allow_unused=True), rest

            for gradients, rest in side_by_side(own, gradients_of):
                _add(parameters, gradients)
                found.append(rest)
            return found
        for at, one in enumerate(own):
            with self.parallel.sync_gradients(self.wrapped, last=last and at + 1 == len(own)):
                loss, rest = loss_of(one)
                self.parallel.backward(loss)
            found.append(rest)
        return found

    def _side_by_side(self) -> bool:
        """Whether passes may run in threads, and gain from it. Adapters that are switched, and activations
        that are computed again, are state that passes share; casts under autocast are kept for all."""
        return (
            torch.get_num_threads() > 1
            and self.parallel.world == 1
            and self.policy.device.type == "cpu"
            and self.policy.adapters is None
            and self.policy.autocast is None
            and not self.machine.gradient_checkpointing
            and sum(parameter.numel() for parameter in self.scorer.parameters()) <= SIDE_BY_SIDE
        )

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


def _add(parameters: Sequence[nn.Parameter], gradients: Sequence[Tensor | None]) -> None:
    """As `backward` does."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is None:
            continue
        if parameter.grad is None:
            parameter.grad = gradient
        else:
            parameter.grad += gradient


def microbatch_tokens(
    config: PretrainedConfig,
    dtype: torch.dtype,
    device: torch.device,
    machine: Machine,
    free: int | None = None,
) -> int:
    """Choose how many padded tokens a forward pass of training holds: as many as the machine says, else by
    memory. `dtype` is what is computed in; `free`: bytes, where not what the device has."""
    if machine.tokens_per_microbatch:
        return machine.tokens_per_microbatch
    if device.type != "cuda":
        return MICROBATCH_CPU
    token = activation_bytes(twin(config, dtype), recomputed=machine.gradient_checkpointing)
    free = torch.cuda.mem_get_info(device)[0] if free is None else free
    return int(min(max(ACTIVATIONS_GPU * free / token, MICROBATCH_GPU[0]), MICROBATCH_GPU[1]))


def reference_module(policy: Policy, parallel: Parallel) -> nn.Module | None:
    """Make a frozen copy of the policy as it is, which scores; None with LoRA, where the module itself is
    asked with its adapters off."""
    if policy.adapters is not None:
        return None
    frozen = Scorer(policy.plain_copy(), autocast=policy.autocast)
    return parallel.wrap(frozen, frozen.layers()) if parallel.sharded else frozen


class Optimizers:
    """Adam for the policy's and for the critic's parameters."""

    def __init__(self, scorer: Scorer, recipe: Recipe) -> None:
        self._recipe = recipe
        self._policy = scorer.policy_parameters()
        self._critic = scorer.critic_parameters()
        betas, eps = (recipe.optimizer.beta1, recipe.optimizer.beta2), recipe.optimizer.eps
        rates = {"policy": (self._policy, recipe.objective.lr)}
        if self._critic:
            rates["critic"] = (self._critic, recipe.critic.lr)
        self._adams = {
            name: (torch.optim.Adam(parameters, rate, betas, eps, fused=True), rate)
            for name, (parameters, rate) in rates.items()
        }

    def set_rates(self, step: int) -> None:
        """Set the learning rates for 0-based `step`."""
        factor = lr_factor(step, self._recipe)
        for adam, rate in self._adams.values():
            for group in adam.param_groups:
                group["lr"] = rate * factor

    def step(self, learn_policy: bool) -> float | None:
        """Apply the gradients and clear them. Returns the norm of the policy's, or None where a gradient was
        not finite: then nothing was changed."""
        largest = self._recipe.optimizer.max_grad_norm
        norms = [_clip(self._policy, largest), _clip(self._critic, largest)]
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
                        key: shard_like(value, parameter).to(parameter.device)
                        for key, value in values.items()
                    }


def lr_factor(step: int, recipe: Recipe) -> float:
    """Compute the factor of the learning rates at 0-based `step`: warm-up, then the schedule."""
    steps, warmup = recipe.objective.steps, recipe.optimizer.warmup_steps
    if step < warmup:
        return (step + 1) / (warmup + 1)
    done = (step - warmup) / max(1, steps - warmup)
    return SCHEDULES[recipe.optimizer.schedule](done)


SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "linear": lambda done: 1 - done,
    "cosine": lambda done: 0.5 * (1 + math.cos(math.pi * done)),
    "constant": lambda _: 1.0,
}
"""Factor of the learning rate at each share of the steps after the warm-up, by its name in recipes."""


def _clip(parameters: list[nn.Parameter], largest: float) -> float:
    """Clip the gradients to the norm `largest`, 0: to none; returns their norm before."""
    given = [parameter for parameter in parameters if parameter.grad is not None]
    bound = largest or math.inf
    return float(gather_full(nn.utils.clip_grad_norm_(given, bound))) if given else 0.0


def accumulate(
    module: TrainedModule, rows: Sequence[Encoded], *, weight: float = 1.0, last: bool = True
) -> float:
    """Add the gradients of `weight` times the mean negative log-probability of the completion tokens of
    `rows`, at least one; returns that mean. `last`: nothing else is added before the optimiser's step."""
    tokens = sum(len(completion) for _, completion in rows)

    def loss_of(one: Pass) -> tuple[Tensor, Tensor]:
        logps_BT = module(row_batch(module, rows, one), 1.0).logps_BT
        loss = -logps_BT.sum() / tokens * (not one.is_padding)
        return weight * loss, loss.detach()

    value = torch.zeros((), device=module.policy.device)
    for loss in module.add_gradients(row_passes(module, rows), loss_of, last=last):
        value += loss
    return float(module.parallel.total(value.cpu()))


def row_passes(module: TrainedModule, rows: Sequence[Encoded]) -> list[Pass]:
    """Split the rows into this process's forward passes."""
    lengths = [len(prompt) + len(completion) for prompt, completion in rows]
    single = [[row] for row in range(len(rows))]
    return passes(single, lengths, module.microbatch_tokens, module.parallel.rank, module.parallel.world)


def row_batch(module: TrainedModule, rows: Sequence[Encoded], one: Pass) -> TokenBatch:
    """Collate the rows of a pass."""
    return module.policy.collate([rows[row][0] for row in one.rows], [rows[row][1] for row in one.rows])


def reference_examples(
    policy: Policy, problems: Sequence[Problem], form: PromptFormat = PLAIN
) -> list[Encoded]:
    """Encode the reference of every problem that has one, once."""
    return [
        form.reference_row(policy, problem)
        for problem in {problem.task_id: problem for problem in problems}.values()
        if problem.reference is not None
    ]
