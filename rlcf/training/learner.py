"""The PPO update: policy, critic, their optimisers, and one step on a batch of rollouts.

Old log-probabilities are recomputed by the code and in the micro-batches of the update (trainers.md b6):
the first ratio of a step is exactly 1. Rollouts that the judge failed on are masked out of losses, advantage
statistics and rewards alike. The learning rates fall linearly to 0 over all steps (b19).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rlcf.policy import Policy
from rlcf.policy.batch import Tokens, micro_batches
from rlcf.policy.critic import Critic
from rlcf.recipe import Recipe
from rlcf.training import ppo

BETAS = (0.9, 0.99)
EPS = 1e-5
"""PPO's (OpenAI Baselines) epsilon, with the optimiser of the small study (trainers.md b18)."""

Plan = list[list[list[int]]]
"""Minibatches of micro-batches of row indices."""


@dataclass(slots=True)
class Experience:
    """A rollout batch as tensors, before and after it is scored; padded on the right to `[B, T]`."""

    prompts: list[Tokens]
    completions: list[Tokens]
    plan: Plan
    mask_BT: Tensor
    old_BT: Tensor
    reference_BT: Tensor
    values_BT: Tensor
    entropies_BT: Tensor


@dataclass(slots=True)
class Sums:
    """Numbers added up over the micro-batches of a step, for the logs."""

    totals: dict[str, float] = field(default_factory=dict)

    def add(self, **numbers: float) -> None:
        for name, number in numbers.items():
            self.totals[name] = self.totals.get(name, 0.0) + number


class Learner:
    """Learns from rollouts."""

    def __init__(self, policy: Policy, recipe: Recipe) -> None:
        self.policy, self.recipe = policy, recipe
        policy.keep_reference()
        self.critic = Critic(policy.width, recipe.seed).to(policy.device)
        self.policy_optimizer = torch.optim.Adam(policy.parameters(), recipe.policy_lr, BETAS, EPS)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), recipe.critic_lr, BETAS, EPS)

    @torch.no_grad()
    def prepare(self, prompts: list[Tokens], completions: list[Tokens], step: int) -> Experience:
        """Everything about a batch that does not need its scores; runs while the judge works."""
        plan = self._plan(prompts, completions, step, epoch=0)
        lengths_B = torch.tensor([len(completion) for completion in completions])
        mask_BT = torch.arange(int(lengths_B.max()))[None] < lengths_B[:, None]
        old_BT, reference_BT, values_BT, entropies_BT = (torch.zeros(mask_BT.shape) for _ in range(4))
        for rows in (rows for minibatch in plan for rows in minibatch):
            batch = self.policy.collate([prompts[row] for row in rows], [completions[row] for row in rows])
            stats = self.policy.token_stats(batch, self.recipe.temperature)
            width = batch.mask_BT.shape[1]
            old_BT[rows, :width] = stats.logps_BT.cpu()
            entropies_BT[rows, :width] = stats.entropies_BT.cpu()
            values_BT[rows, :width] = (self.critic(stats.states_BTD) * batch.mask_BT).cpu()
            reference_BT[rows, :width] = self.policy.reference_logps(batch, self.recipe.temperature).cpu()
        return Experience(prompts, completions, plan, mask_BT, old_BT, reference_BT, values_BT, entropies_BT)

    def learn(
        self, experience: Experience, scores: Sequence[float | None], places: Sequence[int], step: int
    ) -> dict[str, float]:
        """One PPO step, counted from 0; returns numbers for the logs.

        `scores`: of each rollout, None where the judge failed. `places`: the token each belongs to.
        """
        recipe = self.recipe
        judged_B = torch.tensor([score is not None for score in scores])
        mask_BT = experience.mask_BT & judged_B[:, None]
        if not mask_BT.any():
            raise RuntimeError("the judge failed on every rollout of a step")
        rewards_BT = ppo.token_rewards(
            torch.tensor([score or 0.0 for score in scores]),
            torch.tensor(places),
            experience.old_BT,
            experience.reference_BT,
            mask_BT,
            recipe.kl,
        )
        advantages_BT, returns_BT = ppo.gae(
            rewards_BT, experience.values_BT, mask_BT, gamma=1.0, lam=recipe.gae_lambda
        )
        advantages_BT = ppo.whiten(advantages_BT, mask_BT)
        self._set_rates(step)
        sums = Sums()
        for epoch in range(recipe.epochs):
            plan = experience.plan
            if epoch:
                plan = self._plan(experience.prompts, experience.completions, step, epoch)
            for minibatch in plan:
                self._update(experience, minibatch, mask_BT, advantages_BT, returns_BT, step, sums)
        updates = recipe.epochs * len(experience.plan)
        numbers = {name: total / updates for name, total in sums.totals.items()}
        return numbers | _statistics(experience, mask_BT, returns_BT)

    def _update(
        self,
        experience: Experience,
        minibatch: list[list[int]],
        mask_BT: Tensor,
        advantages_BT: Tensor,
        returns_BT: Tensor,
        step: int,
        sums: Sums,
    ) -> None:
        """One optimiser step on a minibatch; its losses are sums over its tokens by their number."""
        recipe, device = self.recipe, self.policy.device
        tokens = int(sum(mask_BT[rows].sum() for rows in minibatch))
        if tokens == 0:
            return
        learn_policy = step >= recipe.critic_warmup
        for rows in minibatch:
            batch = self.policy.collate(
                [experience.prompts[row] for row in rows], [experience.completions[row] for row in rows]
            )
            width = batch.mask_BT.shape[1]
            real_BT, old_BT, advantage_BT, return_BT, value_BT = (
                tensor_BT[rows, :width].to(device)
                for tensor_BT in (
                    mask_BT,
                    experience.old_BT,
                    advantages_BT,
                    returns_BT,
                    experience.values_BT,
                )
            )
            with torch.set_grad_enabled(learn_policy):
                stats = self.policy.token_stats(batch, recipe.temperature)
                policy = ppo.policy_loss(stats.logps_BT, old_BT, advantage_BT, real_BT, recipe.clip, tokens)
            value = ppo.value_loss(
                self.critic(stats.states_BTD), value_BT, return_BT, real_BT, recipe.clip, tokens
            )
            # The two share no parameter: the critic reads detached states.
            (policy.loss + value.loss if learn_policy else value.loss).backward()  # type: ignore[no-untyped-call]
            sums.add(
                policy_loss=policy.loss.item(),
                value_loss=value.loss.item(),
                clip_fraction=policy.clipped.item(),
                value_clip_fraction=value.clipped.item(),
                approx_kl=policy.approx_kl.item(),
            )
        self._optimise(learn_policy, sums)

    def _optimise(self, learn_policy: bool, sums: Sums) -> None:
        if learn_policy:
            norm = torch.nn.utils.clip_grad_norm_(self.policy.parameters(), self.recipe.grad_clip)
            sums.add(gradient_norm=norm.item())
            self.policy_optimizer.step()
        torch.nn.utils.clip_grad_norm_(self.critic.parameters(), self.recipe.grad_clip)
        self.critic_optimizer.step()
        self.policy_optimizer.zero_grad(set_to_none=True)
        self.critic_optimizer.zero_grad(set_to_none=True)

    def _set_rates(self, step: int) -> None:
        left = 1 - step / max(1, self.recipe.ppo_steps)
        for optimizer, rate in (
            (self.policy_optimizer, self.recipe.policy_lr),
            (self.critic_optimizer, self.recipe.critic_lr),
        ):
            for group in optimizer.param_groups:
                group["lr"] = rate * left

    def _plan(self, prompts: Sequence[Tokens], completions: Sequence[Tokens], step: int, epoch: int) -> Plan:
        """Random minibatches, each in micro-batches of rows of similar length."""
        rows = list(range(len(prompts)))
        random.Random(f"minibatches {self.recipe.seed} {step} {epoch}").shuffle(rows)
        size = -(-len(rows) // self.recipe.minibatches)
        plan = []
        for start in range(0, len(rows), size):
            minibatch = rows[start : start + size]
            lengths = [len(prompts[row]) + len(completions[row]) for row in minibatch]
            groups = micro_batches(lengths, self.recipe.tokens_per_microbatch)
            plan.append([[minibatch[index] for index in group] for group in groups])
        return plan


def _statistics(experience: Experience, mask_BT: Tensor, returns_BT: Tensor) -> dict[str, float]:
    """Numbers of a rollout batch before its update, over real tokens."""
    log_ratio_BT = (experience.old_BT - experience.reference_BT) * mask_BT
    rollouts = int(mask_BT.any(1).sum())
    return {
        "kl": float(log_ratio_BT.sum() / rollouts),
        "entropy": float(experience.entropies_BT[mask_BT].mean()),
        "explained_variance": ppo.explained_variance(experience.values_BT, returns_BT, mask_BT),
        "value_mean": float(experience.values_BT[mask_BT].mean()),
    }
