"""The PPO update: policy, critic, their optimisers, and one step on a batch of rollouts.

Old log-probabilities are recomputed by the code and in the micro-batches of the update:
the first ratio of a step is exactly 1. Rollouts that the judge failed on are masked out of losses, advantage
statistics and rewards alike. Everything about a rollout batch is whole on every rank; only forward and
backward passes are shared out (distributed.py). The learning rates fall linearly to 0 over all steps.
Sources of the details: docs/training-details.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import TokenBatch, Tokens, shared_rows
from rlcf.policy.critic import CLASSES, AnyCritic, ClassCritic, Critic
from rlcf.recipe import Recipe
from rlcf.training.objectives import outcome_critic as classes
from rlcf.training.objectives import ppo_losses as ppo
from rlcf.training.objectives.experience import Experience, Feedback, Scored, Sums, statistics, token_rows
from rlcf.training.runtime.batching import Pass, alike, minibatches, passes
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.module import TrainedModule, reference_module
from rlcf.training.runtime.optimizers import Optimizers

VALUE_CLIP = 0.2
"""Range of the value around the old one."""
CRITICS: dict[str, type[AnyCritic]] = {"gae": Critic, "coderl": ClassCritic}
AGAINST_GROUP = {"group": ppo.group_advantages, "leave-one-out": ppo.leave_one_out}
"""Advantages by what they need; the others need baselines."""


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
        self.kl = recipe.kl.coef
        """Coefficient; adapted where the recipe has a target."""
        critic: AnyCritic | None = None
        if recipe.ppo.advantage in CRITICS:
            critic = CRITICS[recipe.ppo.advantage](policy.width, recipe.seed).to(policy.device)
        self.tells_classes = isinstance(critic, ClassCritic)
        self.scorer = policy.scorer(critic, recipe.critic.lora_rank if critic is not None else 0)
        self._reference = reference_module(policy, self.parallel) if recipe.kl.coef else None
        self.module = TrainedModule(policy, self.scorer, self.machine, self.parallel)
        self.optimizers = Optimizers(self.scorer, recipe)

    @property
    def uses_anchors(self) -> bool:
        """Whether references are learnt from: by the policy, or by the class critic as programs that pass."""
        return self.recipe.objective.sft_coef > 0 or self.tells_classes

    @property
    def on_policy(self) -> bool:
        """Whether the only update of a step is by the policy that answered, and nothing but its own
        log-probabilities is needed: then they are the old ones, and no pass before the update is due."""
        one = self.recipe.ppo.epochs == 1 and self.recipe.objective.minibatches == 1
        return one and self.scorer.critic is None and not self.recipe.kl.coef

    # ---- before the scores are known

    @torch.no_grad()
    def prepare(self, prompts: list[Tokens], completions: list[Tokens], step: int) -> Experience:
        """Everything about a batch that does not need its scores; runs while the judge works."""
        lengths_B = torch.tensor([len(completion) for completion in completions])
        mask_BT = torch.arange(max(1, int(lengths_B.max())))[None] < lengths_B[:, None]
        parts = minibatches(alike(prompts), self.recipe.objective.minibatches, f"{self.recipe.seed} {step} 0")
        experience = Experience(
            prompts,
            completions,
            parts,
            mask_BT,
            old_BT=torch.zeros(mask_BT.shape),
            reference_BT=torch.zeros(mask_BT.shape),
            values_BT=torch.zeros(mask_BT.shape),
            classes_BTC=torch.zeros(*mask_BT.shape, CLASSES if self.tells_classes else 0),
        )
        if self.on_policy:
            return experience
        said = "classes_BTC" if self.tells_classes else "values_BT"
        for part in parts:
            for one in self._passes(experience, part):
                batch, found = self._batch(experience, one), {}
                found["old_BT"], _, found[said] = self.module(batch, self.recipe.rollout.temperature)
                found["reference_BT"] = self._reference_logps(batch)
                if one.counts:
                    for name, tensor in found.items():
                        getattr(experience, name)[one.rows, : tensor.shape[1]] = tensor.float().cpu()
        for name in ("old_BT", said, "reference_BT"):
            setattr(experience, name, self.parallel.total(getattr(experience, name)))
        return experience

    def _reference_logps(self, batch: TokenBatch) -> Tensor:
        if not self.recipe.kl.coef:
            return torch.zeros(batch.mask_BT.shape)
        module = self._reference or self.module
        return module(batch, self.recipe.rollout.temperature, reference=True)[0]

    # ---- with the scores

    def learn(self, experience: Experience, feedback: Feedback, step: int) -> dict[str, float]:
        """One PPO step, counted from 0; returns numbers for the logs."""
        recipe, anchors = self.recipe, feedback.anchors
        scored = self.scored(experience, feedback)
        self.optimizers.set_rates(step)
        sums, parts = Sums(), experience.parts
        for epoch in range(recipe.ppo.epochs):
            if epoch:
                groups = alike(experience.prompts)
                parts = minibatches(groups, recipe.objective.minibatches, f"{recipe.seed} {step} {epoch}")
            for number, part in enumerate(parts):
                moved = self._update(experience, scored, part, anchors[number :: len(parts)], step, sums)
                if recipe.ppo.target_kl and moved > recipe.ppo.target_kl:
                    break
            else:
                continue
            break
        self.module.sync()
        numbers = sums.means() | statistics(experience, scored) | {"kl_coefficient": self.kl}
        if self.tells_classes:
            numbers["class_accuracy"] = classes.class_accuracy(
                experience.classes_BTC, experience.mask_BT, scored.classes_B
            )
        if recipe.kl.target:
            self.kl = ppo.adapted_kl(
                self.kl, numbers["kl"], recipe.kl.target, int(scored.mask_BT.any(1).sum())
            )
        return numbers

    def scored(self, experience: Experience, feedback: Feedback) -> Scored:
        """Advantages and the critic's targets."""
        recipe = self.recipe
        judged_B = torch.tensor([score is not None for score in feedback.scores])
        mask_BT = experience.mask_BT & judged_B[:, None]
        if not mask_BT.any():
            raise RuntimeError("the judge failed on every rollout of a step")
        learnt_BT = mask_BT & token_rows(feedback.learnt, mask_BT, True).bool()
        credits_BT = token_rows(feedback.credits, mask_BT, 0.0) * mask_BT
        scores_B = torch.tensor([score or 0.0 for score in feedback.scores])
        places_B, groups_B = torch.tensor(feedback.places), torch.tensor(feedback.groups)
        classes_B = classes.class_indices(feedback.classes or [None] * len(judged_B))
        classes_B = classes_B.masked_fill(~judged_B, classes.UNKNOWN)
        kl = self.kl if recipe.kl.form == "reward" else 0.0
        rewards_BT = ppo.token_rewards(
            scores_B * mask_BT.any(1), places_B, experience.old_BT, experience.reference_BT, mask_BT, kl
        )
        if recipe.ppo.advantage == "gae":
            values_BT = experience.values_BT * mask_BT
            actor, critic = recipe.ppo.gae_lambda, recipe.critic.gae_lambda
            advantages_BT = ppo.gae(rewards_BT, values_BT, mask_BT, 1.0, actor)
            returns_BT = (ppo.gae(rewards_BT, values_BT, mask_BT, 1.0, critic) + values_BT) * mask_BT
            advantages_BT = ppo.whiten(advantages_BT, mask_BT) + credits_BT
            return Scored(mask_BT, learnt_BT, advantages_BT, returns_BT, classes_B)
        if recipe.ppo.advantage in AGAINST_GROUP:
            against = AGAINST_GROUP[recipe.ppo.advantage]
            advantages_B = against(rewards_BT.sum(1), groups_B, mask_BT.any(1))
        else:
            advantages_B = rewards_BT.sum(1) - torch.tensor(feedback.baselines)
        advantages_BT = advantages_B[:, None] * mask_BT
        if self.tells_classes:
            # Credits stay whole: their tokens are known, and need no critic that guesses at them.
            advantages_BT = advantages_BT * classes.token_weights(experience.classes_BTC, classes_B)
        return Scored(mask_BT, learnt_BT, advantages_BT + credits_BT, torch.zeros_like(rewards_BT), classes_B)

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
        learn_policy = step >= self.recipe.critic.warmup_steps or self.scorer.critic is None
        numbers: dict[str, Tensor] = {}
        rows = int(scored.mask_BT[part].any(1).sum()) + len(anchors)
        if anchors and ((learn_policy and self.recipe.objective.sft_coef) or self.tells_classes):
            numbers |= self._anchor(anchors, self.recipe.objective.sft_coef * learn_policy, rows)
        own = self._passes(experience, part)
        for at, one in enumerate(own):
            with self.parallel.exchanging(self.module.wrapped, last=at + 1 == len(own)):
                loss, found = self._losses(experience, scored, one, tokens, rows, learn_policy)
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
        self, experience: Experience, scored: Scored, one: Pass, tokens: int, rows: int, learn_policy: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        recipe = self.recipe
        batch = self._batch(experience, one)
        logps_BT, entropies_BT, said = self.module(
            batch, recipe.rollout.temperature, entropy_gradient=recipe.ppo.entropy_coef > 0
        )
        width = batch.mask_BT.shape[1]

        def mine(whole_BT: Tensor) -> Tensor:
            return whole_BT[one.rows, :width].to(logps_BT.device)

        real_BT = mine(scored.mask_BT) & one.counts
        old_BT = logps_BT.detach() if self.on_policy else mine(experience.old_BT)
        learnt_BT = mine(scored.learnt_BT) & one.counts
        clip = (recipe.ppo.clip_low, recipe.ppo.clip_high, recipe.ppo.dual_clip)
        policy = ppo.policy_loss(logps_BT, old_BT, mine(scored.advantages_BT), learnt_BT, clip, tokens)
        loss = policy.loss
        told = {
            "policy_loss": policy.loss,
            "clip_fraction": policy.clipped,
            "approx_kl": policy.approx_kl,
            "entropy": (entropies_BT.detach() * real_BT).sum() / tokens,
        }
        if recipe.kl.coef and recipe.kl.form != "reward":
            kl = ppo.kl_loss(logps_BT, mine(experience.reference_BT), real_BT, recipe.kl.form, tokens)
            loss, told["kl_loss"] = loss + self.kl * kl, kl
        if recipe.ppo.entropy_coef:
            loss = loss - recipe.ppo.entropy_coef * (entropies_BT * real_BT).sum() / tokens
        # In the warm-up too every parameter gets a gradient, here of 0: DDP waits for all of them.
        loss = loss if learn_policy else loss * 0.0
        if self.tells_classes:
            classes_B = scored.classes_B[one.rows].to(said.device)
            told["class_loss"] = classes.class_loss(said, batch.mask_BT, classes_B, rows) * one.counts
            loss = loss + told["class_loss"]
        elif self.scorer.critic is not None:
            value = ppo.value_loss(
                said, mine(experience.values_BT), mine(scored.returns_BT), real_BT, VALUE_CLIP, tokens
            )
            loss = loss + value.loss
            told |= {"value_loss": value.loss, "value_clip_fraction": value.clipped}
        return loss, {name: tensor.detach() for name, tensor in told.items()}

    def _anchor(
        self, anchors: Sequence[tuple[Tokens, Tokens]], factor: float, rows: int
    ) -> dict[str, Tensor]:
        """Adds the gradients of the losses on references, the policy's times `factor`; returns the losses."""
        tokens = sum(len(completion) for _, completion in anchors)
        lengths = [len(prompt) + len(completion) for prompt, completion in anchors]
        told = {"anchor_loss": torch.zeros(())} if factor else {}
        if self.tells_classes:
            told["class_loss"] = torch.zeros(())
        for one in self._shares([[row] for row in range(len(anchors))], lengths):
            batch = self.policy.collate(
                [anchors[row][0] for row in one.rows], [anchors[row][1] for row in one.rows]
            )
            with self.parallel.exchanging(self.module.wrapped, last=False):
                logps_BT, _, said = self.module(batch, 1.0)
                losses = {"anchor_loss": -logps_BT.sum() / tokens * one.counts}
                # Every parameter gets a gradient, as in `_losses`.
                loss = factor * losses["anchor_loss"] + 0.0 * said.sum()
                if self.tells_classes:
                    passed_B = torch.full(batch.mask_BT.shape[:1], classes.PASSED, device=said.device)
                    found = classes.class_loss(said, batch.mask_BT, passed_B, rows)
                    losses["class_loss"] = found * one.counts
                    loss = loss + losses["class_loss"]
                self.parallel.backward(loss)
            told = {name: value + losses[name].detach().cpu() for name, value in told.items()}
        return told

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
