"""The PPO objective: experience before the update, the clipped update of policy and critic, checkpoints.

Old log-probabilities are recomputed by the code and in the micro-batches of the update:
the first ratio of a step is exactly 1. Rollouts that the judge failed on are masked out of losses, advantage
statistics and rewards alike. Everything about a rollout batch is complete on every rank; only forward and
backward passes are shared out (distributed.py). Sources of the details: docs/training-details.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import (
    Pass,
    TokenBatch,
    Tokens,
    group_by_prompt,
    minibatches,
    passes,
    shared_rows,
    to_device,
)
from rlcf.policy.critic import AnyCritic, ClassCritic, Critic
from rlcf.policy.prefix_critic import CRITIC_FILE
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.training.objectives import outcome_critic
from rlcf.training.objectives import ppo_losses as ppo
from rlcf.training.objectives.experience import (
    Experience,
    Targets,
    batch_metrics,
    blank_experience,
    compute_targets,
    token_rows,
)
from rlcf.training.objectives.replay_buffer import ReplayBuffer
from rlcf.training.rollout import Feedback, Rollout
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.trained_policy import (
    Encoded,
    MetricSums,
    TrainedPolicy,
    reference_examples,
    row_batch,
    row_passes,
)

CRITICS: dict[str, type[AnyCritic]] = {"gae": Critic, "coderl": ClassCritic}
"""By advantage; the others need none."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the means of a minibatch's losses are over."""

    tokens: int
    rollouts: int
    programs: int
    """Rollouts, and references that an outcome critic learns from."""
    passed_tokens: int


class PpoObjective:
    """Learns from rollouts by PPO."""

    def __init__(self, policy: Policy, recipe: Recipe, machine: Machine, parallel: Parallel) -> None:
        critic: AnyCritic | None = None
        if recipe.ppo.advantage in CRITICS:
            critic = CRITICS[recipe.ppo.advantage](policy.width, recipe.seed).to(policy.device)
        self.has_outcome_critic = isinstance(critic, ClassCritic)
        self.trained = TrainedPolicy(
            policy, recipe, machine, parallel, critic=critic, with_reference=recipe.kl.coef > 0
        )
        self.policy, self.recipe = policy, recipe
        self.module, self.parallel = self.trained.module, self.trained.parallel
        ratio = recipe.ppo
        self.clip = ppo.Clip(ratio.clip_low, ratio.clip_high, ratio.dual_clip, ratio.ratio)
        self.kl = recipe.kl.coef
        """KL coefficient; adapted where the recipe has a target."""
        rollout = recipe.rollout
        self.buffer = (
            ReplayBuffer(rollout.replay_capacity, rollout.replay_drawn) if rollout.replay_capacity else None
        )
        self._prepared: Experience | None = None

    @property
    def on_policy(self) -> bool:
        """Whether the only update of a step is by the policy that answered, and nothing but its own
        log-probabilities is needed: then they are the old ones, and no pass before the update is due."""
        one = self.recipe.ppo.epochs == 1 and self.recipe.objective.minibatches == 1
        return one and self.trained.scorer.critic is None and not self.recipe.kl.coef

    # ---- before the scores are known

    def prepare(self, prompts: Sequence[Tokens], completions: Sequence[Tokens], step: int) -> None:
        """Compute the experience of the step's own rollouts; what a replay buffer draws is not known yet."""
        if self.buffer is None:
            self._prepared = self.experience(prompts, completions, step)

    @torch.no_grad()
    def experience(self, prompts: Sequence[Tokens], completions: Sequence[Tokens], step: int) -> Experience:
        """Compute old and reference log-probabilities and what the critic says, for 0-based `step`."""
        parts = self._minibatches(prompts, step, epoch=0)
        experience = blank_experience(prompts, completions, parts, self.has_outcome_critic)
        if self.on_policy:
            return experience
        old_BT, reference_BT = experience.old_logps_BT, experience.reference_logps_BT
        critic_output = experience.class_logits_BTC if self.has_outcome_critic else experience.values_BT
        for part in parts:
            for one in self._passes(experience, part):
                batch = self._batch(experience, one)
                scores = self.module(batch, self.recipe.rollout.temperature)
                theirs_BT = self._reference_logps(batch)
                if not one.is_padding:
                    width = batch.mask_BT.shape[1]
                    old_BT[one.rows, :width] = scores.logps_BT.float().cpu()
                    critic_output[one.rows, :width] = scores.critic.float().cpu()
                    reference_BT[one.rows, :width] = theirs_BT.float().cpu()
        experience.old_logps_BT = self.parallel.total(old_BT)
        if self.has_outcome_critic:
            experience.class_logits_BTC = self.parallel.total(critic_output)
        else:
            experience.values_BT = self.parallel.total(critic_output)
        experience.reference_logps_BT = self.parallel.total(reference_BT)
        return experience

    def _reference_logps(self, batch: TokenBatch) -> Tensor:
        if not self.recipe.kl.coef:
            return torch.zeros(batch.mask_BT.shape)
        return self.trained.reference_logps(batch, self.recipe.rollout.temperature)

    # ---- with the scores

    def update(self, rollouts: Sequence[Rollout], problems: Sequence[Problem], step: int) -> dict[str, float]:
        """Learn from the rollouts of 0-based `step`, or from what the replay buffer draws."""
        feedbacks = [rollout.feedback for rollout in rollouts]
        experience, self._prepared = self._prepared, None
        if self.buffer is not None:
            drawn = self.buffer.exchange(rollouts, f"replay {self.recipe.seed} {step}")
            experience = self.experience(
                [one.prompt for one in drawn], [one.completion for one in drawn], step
            )
            feedbacks = [one.feedback for one in drawn]
        if experience is None:
            raise RuntimeError("call prepare() with the step's completions before update()")
        if self.recipe.rollout.importance_cap:
            drawn_logps = [rollout.sampled.logps for rollout in rollouts]
            experience.sampler_logps_BT = token_rows(drawn_logps, experience.mask_BT, 0.0)
        references = self.trained.sft_examples(problems)
        if self.has_outcome_critic:
            references = reference_examples(self.policy, problems, self.trained.form)
        return self.learn(experience, feedbacks, references, step)

    def learn(
        self, experience: Experience, feedbacks: Sequence[Feedback], references: Sequence[Encoded], step: int
    ) -> dict[str, float]:
        """Take the optimiser steps of 0-based `step`; returns metrics. `references` are for the supervised
        loss, and for the outcome critic as programs that pass."""
        recipe = self.recipe
        targets = self.targets(experience, feedbacks)
        self.trained.optimizers.set_rates(step)
        sums, parts = MetricSums(), experience.minibatches
        for epoch in range(recipe.ppo.epochs):
            if epoch:
                parts = self._minibatches(experience.prompts, step, epoch)
            for number, part in enumerate(parts):
                approx_kl = self._update(
                    experience, targets, part, references[number :: len(parts)], step, sums
                )
                if recipe.ppo.target_kl and approx_kl > recipe.ppo.target_kl:
                    break
            else:
                continue
            break
        if recipe.ppo.advantage == "gae":
            for epoch in range(recipe.ppo.epochs, recipe.critic.epochs):
                self._fit_critic(experience, targets, self._minibatches(experience.prompts, step, epoch))
        self.module.sync()
        metrics = sums.means() | batch_metrics(experience, targets, recipe) | {"kl_coefficient": self.kl}
        if self.has_outcome_critic:
            metrics["class_accuracy"] = outcome_critic.class_accuracy(
                experience.class_logits_BTC, experience.mask_BT, targets.classes_B
            )
        if recipe.kl.target:
            rollouts = int(targets.mask_BT.any(1).sum())
            self.kl = ppo.adapted_kl(self.kl, metrics["kl"], recipe.kl.target, rollouts)
        return metrics

    def targets(self, experience: Experience, feedbacks: Sequence[Feedback]) -> Targets:
        """Compute what policy and critic learn, with the present KL coefficient."""
        return compute_targets(experience, feedbacks, self.recipe, self.kl)

    def _update(
        self,
        experience: Experience,
        targets: Targets,
        part: list[int],
        references: Sequence[Encoded],
        step: int,
        sums: MetricSums,
    ) -> float:
        """Take one optimiser step on a minibatch; its losses are sums over its tokens by their number.
        Returns how far the policy has moved from that of the rollouts."""
        tokens = int(targets.mask_BT[part].sum())
        if tokens == 0:
            return 0.0
        learn_policy = step >= self.recipe.critic.warmup_steps or self.trained.scorer.critic is None
        sft_coef = self.recipe.objective.sft_coef * learn_policy
        totals: dict[str, Tensor] = {}
        judged = int(targets.mask_BT[part].any(1).sum())
        counts = Counts(tokens, judged, judged + len(references), int(targets.own_passes_BT[part].sum()))
        if references and (sft_coef or self.has_outcome_critic):
            totals |= self._add_reference_gradients(references, sft_coef, counts.programs)
        losses = partial(self._losses, experience, targets, counts=counts, learn_policy=learn_policy)
        for parts in self.module.add_gradients(self._passes(experience, part), losses):
            for name, value in parts.items():
                totals[name] = totals[name] + value if name in totals else value
        summed = self.parallel.total(torch.stack([total.float() for total in totals.values()]).cpu())
        metrics = dict(zip(totals, summed.tolist(), strict=True))
        self.trained.optimizer_step(sums, metrics, learn_policy)
        return float(metrics["approx_kl"])

    def _fit_critic(self, experience: Experience, targets: Targets, parts: Sequence[list[int]]) -> None:
        """Take a pass of the critic's alone."""
        for part in parts:
            losses = partial(self._critic_loss, experience, targets, int(targets.mask_BT[part].sum()))
            self.module.add_gradients(self._passes(experience, part), losses)
            self.trained.optimizers.step(learn_policy=False)

    def _critic_loss(
        self, experience: Experience, targets: Targets, tokens: int, one: Pass
    ) -> tuple[Tensor, None]:
        batch = self._batch(experience, one)
        values_BT = self.module(batch, 1.0, critic_only=True).critic
        width = batch.mask_BT.shape[1]
        returns_BT = to_device(targets.returns_BT[one.rows, :width], values_BT.device)
        mask_BT = to_device(targets.mask_BT[one.rows, :width], values_BT.device)
        real_BT = mask_BT & (not one.is_padding)
        return ppo.value_loss(values_BT, returns_BT, real_BT, max(1, tokens)), None

    def _losses(
        self, experience: Experience, targets: Targets, one: Pass, counts: Counts, learn_policy: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the loss of a forward pass and its parts, for the logs."""
        recipe, tokens = self.recipe, counts.tokens
        batch = self._batch(experience, one)
        logps_BT, entropies_BT, critic_output, unscaled_BT = self.module(
            batch,
            recipe.rollout.temperature,
            entropies=True,
            entropy_gradient=recipe.ppo.entropy_coef > 0,
            unscaled=recipe.ppo.own_passes_coef > 0,
        )
        width = batch.mask_BT.shape[1]

        def rows_of(full_BT: Tensor) -> Tensor:
            return to_device(full_BT[one.rows, :width], logps_BT.device)

        real_BT = rows_of(targets.mask_BT) & (not one.is_padding)
        old_BT = logps_BT.detach() if self.on_policy else rows_of(experience.old_logps_BT)
        learnt_BT = rows_of(targets.loss_mask_BT) & (not one.is_padding)
        weights_BT = ppo.loss_weights(learnt_BT, recipe.ppo.mean, tokens, counts.rollouts)
        importance_BT, gaps = None, {}
        if recipe.rollout.importance_cap:
            sampler_BT = rows_of(experience.sampler_logps_BT)
            importance_BT = ppo.importance_weights(old_BT, sampler_BT, recipe.rollout.importance_cap)
            gaps["sampler_gap"] = ((old_BT - sampler_BT).abs() * real_BT).sum() / tokens
            gaps["importance_weight"] = (importance_BT * real_BT).sum() / tokens
        policy = ppo.policy_loss(
            logps_BT, old_BT, rows_of(targets.advantages_BT), weights_BT, self.clip, importance_BT
        )
        loss = policy.loss
        parts = gaps | {
            "policy_loss": policy.loss,
            "clip_fraction": policy.clipped,
            "approx_kl": policy.approx_kl,
            "entropy": (entropies_BT.detach() * real_BT).sum() / tokens,
        }
        if recipe.ppo.own_passes_coef:
            passed_BT = rows_of(targets.own_passes_BT) & learnt_BT
            parts["own_passes_loss"] = -(unscaled_BT * passed_BT).sum() / max(1, counts.passed_tokens)
            loss = loss + recipe.ppo.own_passes_coef * parts["own_passes_loss"]
        if recipe.kl.coef and recipe.kl.form != "reward":
            reference_BT = rows_of(experience.reference_logps_BT)
            kl = ppo.kl_loss(logps_BT, reference_BT, real_BT, recipe.kl.form, tokens)
            loss, parts["kl_loss"] = loss + self.kl * kl, kl
        if recipe.ppo.entropy_coef:
            loss = loss - recipe.ppo.entropy_coef * (entropies_BT * real_BT).sum() / tokens
        # In the warm-up too every parameter gets a gradient, here of 0: DDP waits for all of them.
        loss = loss if learn_policy else loss * 0.0
        if self.has_outcome_critic:
            classes_B = to_device(targets.classes_B[one.rows], critic_output.device)
            class_loss = outcome_critic.class_loss(critic_output, batch.mask_BT, classes_B, counts.programs)
            parts["class_loss"] = class_loss * (not one.is_padding)
            loss = loss + parts["class_loss"]
        elif self.trained.scorer.critic is not None:
            parts["value_loss"] = ppo.value_loss(critic_output, rows_of(targets.returns_BT), real_BT, tokens)
            loss = loss + parts["value_loss"]
        return loss, {name: tensor.detach() for name, tensor in parts.items()}

    def _add_reference_gradients(
        self, references: Sequence[Encoded], sft_coef: float, rows: int
    ) -> dict[str, Tensor]:
        """Add the gradients of the losses on references: the supervised one times `sft_coef`, and the
        outcome critic's; returns the losses."""
        tokens = sum(len(completion) for _, completion in references)
        zero = torch.zeros((), device=self.policy.device)
        totals = {"anchor_loss": zero} if sft_coef else {}
        if self.has_outcome_critic:
            totals["class_loss"] = zero

        def loss_of(one: Pass) -> tuple[Tensor, dict[str, Tensor]]:
            batch = row_batch(self.module, references, one)
            scores = self.module(batch, 1.0)
            losses = {"anchor_loss": -scores.logps_BT.sum() / tokens * (not one.is_padding)}
            # Every parameter gets a gradient, as in `_losses`.
            loss = sft_coef * losses["anchor_loss"] + 0.0 * scores.critic.sum()
            if self.has_outcome_critic:
                shape_B = scores.critic.shape[:1]
                passed_B = torch.full(shape_B, outcome_critic.PASSED, device=scores.critic.device)
                class_loss = outcome_critic.class_loss(scores.critic, batch.mask_BT, passed_B, rows)
                losses["class_loss"] = class_loss * (not one.is_padding)
                loss = loss + losses["class_loss"]
            return loss, {name: value.detach() for name, value in losses.items()}

        own = row_passes(self.module, references)
        for parts in self.module.add_gradients(own, loss_of, last=False):
            totals = {name: value + parts[name] for name, value in totals.items()}
        return totals

    # ---- checkpoints

    def state(self) -> dict[str, Any]:
        """Gather weights, optimisers, KL coefficient and replay buffer; every rank must call."""
        buffer = self.buffer.state() if self.buffer is not None else []
        return self.trained.state() | {"kl": self.kl, "buffer": buffer}

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.trained.load(state)
        self.kl = state["kl"]
        if self.buffer is not None:
            self.buffer.load(state["buffer"])

    def save(self, folder: Path, base: Path, state: dict[str, Any]) -> None:
        """Write the policy, and an outcome critic that reads the policy's own states, for
        `rlcf bench --refine`."""
        self.trained.save(folder, base)
        critic = self.recipe.critic
        if self.has_outcome_critic and critic.trunk == "policy" and not critic.lora_rank:
            own = {name: w for name, w in state["weights"].items() if name.startswith("critic.")}
            torch.save({name.removeprefix("critic."): w for name, w in own.items()}, folder / CRITIC_FILE)

    # ---- pieces

    def _minibatches(self, prompts: Sequence[Tokens], step: int, epoch: int) -> list[list[int]]:
        count, seed = self.recipe.objective.minibatches, f"{self.recipe.seed} {step} {epoch}"
        return minibatches(group_by_prompt(prompts), count, seed)

    def _batch(self, experience: Experience, one: Pass) -> TokenBatch:
        return self.policy.collate(
            [experience.prompts[row] for row in one.rows], [experience.completions[row] for row in one.rows]
        )

    def _passes(self, experience: Experience, part: Sequence[int]) -> list[Pass]:
        prompts, completions = experience.prompts, experience.completions
        order = [part[at] for group in group_by_prompt([prompts[row] for row in part]) for at in group]
        groups = [[row] for row in order]
        if self.policy.shares_prompts:
            rows = shared_rows([prompts[row] for row in order], [completions[row] for row in order])
            groups = [[order[at] for at in group] for group in rows]
        lengths = [len(prompts[group[0]]) + sum(len(completions[row]) for row in group) for group in groups]
        budget = self.module.microbatch_tokens
        return passes(groups, lengths, budget, self.parallel.rank, self.parallel.world)
