"""The PPO update: policy, critic, their optimisers, and one step on a batch of rollouts.

Old log-probabilities are recomputed by the code and in the micro-batches of the update (trainers.md b6):
the first ratio of a step is exactly 1. Rollouts that the judge failed on are masked out of losses, advantage
statistics and rewards alike. Everything about a rollout batch is whole on every rank; only forward and
backward passes are shared out (`parallel.py`). The learning rates fall linearly to 0 over all steps (b19).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import TokenBatch, Tokens, shared_rows
from rlcf.policy.critic import Critic
from rlcf.policy.score import Scorer
from rlcf.recipe import Recipe
from rlcf.training import ppo
from rlcf.training.module import TrainedModule
from rlcf.training.optimizers import Optimizers
from rlcf.training.parallel import Parallel
from rlcf.training.plan import Pass, alike, minibatches, passes

VALUE_CLIP = 0.2
"""Range of the value around the old one."""


@dataclass(slots=True)
class Experience:
    """A rollout batch before it is scored; tensors `[B, T]` padded on the right, whole on every rank."""

    prompts: list[Tokens]
    completions: list[Tokens]
    parts: list[list[int]]
    """Minibatches of the first epoch."""
    mask_BT: Tensor
    old_BT: Tensor
    reference_BT: Tensor
    values_BT: Tensor


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the signals of a rollout batch say, in tokens; a row each."""

    scores: Sequence[float | None]
    """None where the judge failed."""
    places: Sequence[int]
    """The token that the score belongs to."""
    groups: Sequence[int]
    """The number of its prompt."""
    credits: Sequence[Sequence[float]] = ()
    """Of every token what spans give it, on top of its advantage; none at all: nothing."""
    learnt: Sequence[Sequence[bool] | None] = ()
    """Of every token whether the policy learns from it; None: all of them."""
    anchors: Sequence[tuple[Tokens, Tokens]] = ()
    """Prompts with references for the supervised loss."""
    examples: Sequence[tuple[Tokens, Tokens]] = ()
    """Prompts with completions that a supervised loop learns; nothing to PPO."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a rollout batch is learnt from."""

    mask_BT: Tensor
    """Real tokens of the rollouts that were judged."""
    learnt_BT: Tensor
    """Those that the policy learns from."""
    advantages_BT: Tensor
    returns_BT: Tensor


@dataclass(slots=True)
class Sums:
    """Numbers added up over the minibatches of a step, for the logs."""

    minibatches: int = 0
    skipped: int = 0
    totals: dict[str, float] = field(default_factory=dict)

    def add(self, numbers: dict[str, float]) -> None:
        for name, number in numbers.items():
            self.totals[name] = self.totals.get(name, 0.0) + number

    def means(self) -> dict[str, float]:
        found = {name: total / max(1, self.minibatches) for name, total in self.totals.items()}
        return found | {"updates": float(self.minibatches), "skipped_updates": float(self.skipped)}


class Learner:
    """Learns from rollouts."""

    def __init__(
        self,
        policy: Policy,
        recipe: Recipe,
        machine: Machine | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.policy, self.recipe = policy, recipe
        self.machine, self.parallel = machine or Machine(), parallel or Parallel()
        self.kl = recipe.kl
        """Coefficient; adapted where the recipe has a target."""
        critic = Critic(policy.width, recipe.seed).to(policy.device) if recipe.advantage == "gae" else None
        self.scorer = policy.scorer(critic, recipe.critic_rank if critic is not None else 0)
        self._reference = self._reference_module()
        self.module = TrainedModule(policy, self.scorer, self.machine, self.parallel)
        self.optimizers = Optimizers(self.scorer, recipe)

    def _reference_module(self) -> nn.Module | None:
        """A frozen copy; with LoRA it is the module itself with its adapters off."""
        if not self.recipe.kl or self.policy.adapters is not None:
            return None
        frozen = Scorer(self.policy.plain_copy(), autocast=self.policy.autocast)
        return self.parallel.wrap(frozen, frozen.layers()) if self.parallel.sharded else frozen

    @property
    def on_policy(self) -> bool:
        """Whether the only update of a step is by the policy that answered, and nothing but its own
        log-probabilities is needed: then they are the old ones, and no pass before the update is due."""
        one = self.recipe.epochs == 1 and self.recipe.minibatches == 1
        return one and self.recipe.advantage != "gae" and not self.recipe.kl

    # ---- before the scores are known

    @torch.no_grad()
    def prepare(self, prompts: list[Tokens], completions: list[Tokens], step: int) -> Experience:
        """Everything about a batch that does not need its scores; runs while the judge works."""
        lengths_B = torch.tensor([len(completion) for completion in completions])
        mask_BT = torch.arange(max(1, int(lengths_B.max())))[None] < lengths_B[:, None]
        zeros = [torch.zeros(mask_BT.shape) for _ in range(3)]
        parts = minibatches(alike(prompts), self.recipe.minibatches, f"{self.recipe.seed} {step} 0")
        experience = Experience(prompts, completions, parts, mask_BT, *zeros)
        if self.on_policy:
            return experience
        for part in parts:
            for one in self._passes(experience, part):
                batch, found = self._batch(experience, one), {}
                found["old"], _, found["values"] = self.module(batch, self.recipe.temperature)
                found["reference"] = self._reference_logps(batch)
                if one.counts:
                    for name, tensor_BT in found.items():
                        whole_BT = getattr(experience, f"{name}_BT")
                        whole_BT[one.rows, : tensor_BT.shape[1]] = tensor_BT.float().cpu()
        for name in ("old", "values", "reference"):
            setattr(experience, f"{name}_BT", self.parallel.total(getattr(experience, f"{name}_BT")))
        return experience

    def _reference_logps(self, batch: TokenBatch) -> Tensor:
        if not self.recipe.kl:
            return torch.zeros(batch.mask_BT.shape)
        module = self._reference or self.module
        return module(batch, self.recipe.temperature, reference=True)[0]

    # ---- with the scores

    def learn(self, experience: Experience, feedback: Feedback, step: int) -> dict[str, float]:
        """One PPO step, counted from 0; returns numbers for the logs."""
        recipe, anchors = self.recipe, feedback.anchors
        scored = self.scored(experience, feedback)
        self.optimizers.set_rates(step)
        sums, parts = Sums(), experience.parts
        for epoch in range(recipe.epochs):
            if epoch:
                groups = alike(experience.prompts)
                parts = minibatches(groups, recipe.minibatches, f"{recipe.seed} {step} {epoch}")
            for number, part in enumerate(parts):
                moved = self._update(experience, scored, part, anchors[number :: len(parts)], step, sums)
                if recipe.target_kl and moved > recipe.target_kl:
                    break
            else:
                continue
            break
        self.module.sync()
        numbers = sums.means() | _statistics(experience, scored) | {"kl_coefficient": self.kl}
        if recipe.kl_target:
            self.kl = ppo.adapted_kl(
                self.kl, numbers["kl"], recipe.kl_target, int(scored.mask_BT.any(1).sum())
            )
        return numbers

    def scored(self, experience: Experience, feedback: Feedback) -> Scored:
        """Advantages and the critic's targets."""
        recipe = self.recipe
        judged_B = torch.tensor([score is not None for score in feedback.scores])
        mask_BT = experience.mask_BT & judged_B[:, None]
        if not mask_BT.any():
            raise RuntimeError("the judge failed on every rollout of a step")
        learnt_BT = mask_BT & _rows(feedback.learnt, mask_BT, True).bool()
        credits_BT = _rows(feedback.credits, mask_BT, 0.0) * mask_BT
        scores_B = torch.tensor([score or 0.0 for score in feedback.scores])
        places_B, groups_B = torch.tensor(feedback.places), torch.tensor(feedback.groups)
        kl = self.kl if recipe.kl_form == "reward" else 0.0
        rewards_BT = ppo.token_rewards(
            scores_B * mask_BT.any(1), places_B, experience.old_BT, experience.reference_BT, mask_BT, kl
        )
        if recipe.advantage == "gae":
            values_BT = experience.values_BT * mask_BT
            actor, critic = recipe.gae_lambda
            advantages_BT = ppo.gae(rewards_BT, values_BT, mask_BT, 1.0, actor)
            returns_BT = (ppo.gae(rewards_BT, values_BT, mask_BT, 1.0, critic) + values_BT) * mask_BT
            advantages_BT = ppo.whiten(advantages_BT, mask_BT) + credits_BT
            return Scored(mask_BT, learnt_BT, advantages_BT, returns_BT)
        against = ppo.group_advantages if recipe.advantage == "group" else ppo.leave_one_out
        advantages_B = against(rewards_BT.sum(1), groups_B, mask_BT.any(1))
        advantages_BT = advantages_B[:, None] * mask_BT + credits_BT
        return Scored(mask_BT, learnt_BT, advantages_BT, torch.zeros_like(rewards_BT))

    def _update(
        self,
        experience: Experience,
        scored: Scored,
        part: list[int],
        anchors: Sequence[tuple[Tokens, Tokens]],
        step: int,
        sums: Sums,
    ) -> float:
        """One optimiser step on a minibatch; its losses are sums over its tokens by their number. Returns
        how far the policy has moved from that of the rollouts."""
        tokens = int(scored.mask_BT[part].sum())
        if tokens == 0:
            return 0.0
        learn_policy = step >= self.recipe.critic[1] or self.scorer.critic is None
        numbers: dict[str, Tensor] = {}
        if learn_policy and self.recipe.anchor and anchors:
            numbers["anchor_loss"] = self._anchor(anchors)
        own = self._passes(experience, part)
        for at, one in enumerate(own):
            with self.parallel.exchanging(self.module.wrapped, last=at + 1 == len(own)):
                loss, found = self._losses(experience, scored, one, tokens, learn_policy)
                self.parallel.backward(loss)
            for name, value in found.items():
                numbers[name] = numbers[name] + value if name in numbers else value
        summed = self.parallel.total(
            torch.stack([torch.as_tensor(n).float().cpu() for n in numbers.values()])
        )
        told = dict(zip(numbers, summed.tolist(), strict=True))
        norm = self.optimizers.step(learn_policy)
        sums.minibatches += 1
        sums.skipped += norm is None
        sums.add(told | ({"gradient_norm": norm} if norm is not None and learn_policy else {}))
        return float(told["approx_kl"])

    def _losses(
        self, experience: Experience, scored: Scored, one: Pass, tokens: int, learn_policy: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        recipe = self.recipe
        batch = self._batch(experience, one)
        logps_BT, entropies_BT, values_BT = self.module(
            batch, recipe.temperature, entropy_gradient=recipe.entropy > 0
        )
        width = batch.mask_BT.shape[1]

        def mine(whole_BT: Tensor) -> Tensor:
            return whole_BT[one.rows, :width].to(logps_BT.device)

        real_BT = mine(scored.mask_BT) & one.counts
        old_BT = logps_BT.detach() if self.on_policy else mine(experience.old_BT)
        learnt_BT = mine(scored.learnt_BT) & one.counts
        policy = ppo.policy_loss(logps_BT, old_BT, mine(scored.advantages_BT), learnt_BT, recipe.clip, tokens)
        loss = policy.loss
        told = {
            "policy_loss": policy.loss,
            "clip_fraction": policy.clipped,
            "approx_kl": policy.approx_kl,
            "entropy": (entropies_BT.detach() * real_BT).sum() / tokens,
        }
        if recipe.kl and recipe.kl_form != "reward":
            kl = ppo.kl_loss(logps_BT, mine(experience.reference_BT), real_BT, recipe.kl_form, tokens)
            loss, told["kl_loss"] = loss + self.kl * kl, kl
        if recipe.entropy:
            loss = loss - recipe.entropy * (entropies_BT * real_BT).sum() / tokens
        # In the warm-up too every parameter gets a gradient, here of 0: DDP waits for all of them.
        loss = loss if learn_policy else loss * 0.0
        if self.scorer.critic is not None:
            value = ppo.value_loss(
                values_BT, mine(experience.values_BT), mine(scored.returns_BT), real_BT, VALUE_CLIP, tokens
            )
            loss = loss + value.loss
            told |= {"value_loss": value.loss, "value_clip_fraction": value.clipped}
        return loss, {name: tensor.detach() for name, tensor in told.items()}

    def _anchor(self, anchors: Sequence[tuple[Tokens, Tokens]]) -> Tensor:
        """Adds the gradients of the supervised loss on references; returns its value."""
        tokens = sum(len(completion) for _, completion in anchors)
        lengths = [len(prompt) + len(completion) for prompt, completion in anchors]
        value = torch.zeros(())
        for one in self._shares([[row] for row in range(len(anchors))], lengths):
            batch = self.policy.collate(
                [anchors[row][0] for row in one.rows], [anchors[row][1] for row in one.rows]
            )
            with self.parallel.exchanging(self.module.wrapped, last=False):
                logps_BT, _, values_BT = self.module(batch, 1.0)
                loss = -logps_BT.sum() / tokens * one.counts
                self.parallel.backward(self.recipe.anchor * loss + 0.0 * values_BT.sum())
            value = value + loss.detach().cpu()
        return value

    # ---- checkpoints

    def state(self) -> dict[str, Any]:
        """All that changes while learning, whole; every rank must ask."""
        return {"weights": self.module.weights(), "optimizers": self.optimizers.state(), "kl": self.kl}

    def load(self, state: dict[str, Any]) -> None:
        """What `state` gave, of a learner made from the same policy and recipe."""
        self.module.load(state["weights"])
        self.optimizers.load(state["optimizers"])
        self.kl = state["kl"]

    # ---- pieces

    def _batch(self, experience: Experience, one: Pass) -> TokenBatch:
        return self.policy.collate(
            [experience.prompts[row] for row in one.rows], [experience.completions[row] for row in one.rows]
        )

    def _passes(self, experience: Experience, part: Sequence[int]) -> list[Pass]:
        prompts, completions = experience.prompts, experience.completions
        order = [part[at] for group in alike([prompts[row] for row in part]) for at in group]
        groups = [[row] for row in order]
        if self.policy.shares_prompts:
            rows = shared_rows([prompts[row] for row in order], [completions[row] for row in order])
            groups = [[order[at] for at in group] for group in rows]
        lengths = [len(prompts[group[0]]) + sum(len(completions[row]) for row in group) for group in groups]
        return self._shares(groups, lengths)

    def _shares(self, groups: Sequence[Sequence[int]], lengths: Sequence[int]) -> list[Pass]:
        budget = self.machine.tokens_per_microbatch
        return passes(groups, lengths, budget, self.parallel.rank, self.parallel.world)


def _rows(rows: Sequence[Sequence[float] | None], like_BT: Tensor, default: float) -> Tensor:
    """`[B, T]` of rows of numbers; `default` behind their ends, and where a row, or every row, is missing."""
    found_BT = torch.full(like_BT.shape, float(default))
    for at, row in enumerate(rows):
        if row is not None:
            found_BT[at, : len(row)] = torch.tensor(row, dtype=torch.float32)
    return found_BT


def _statistics(experience: Experience, scored: Scored) -> dict[str, float]:
    """Numbers of a rollout batch before its update, over real tokens."""
    mask_BT = scored.mask_BT
    log_ratio_BT = (experience.old_BT - experience.reference_BT) * mask_BT
    rollouts = int(mask_BT.any(1).sum())
    return {
        "kl": float(log_ratio_BT.sum() / rollouts),
        "explained_variance": ppo.explained_variance(experience.values_BT, scored.returns_BT, mask_BT),
        "value_mean": float(experience.values_BT[mask_BT].mean()),
    }
