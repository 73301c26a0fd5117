"""A rollout batch as PPO sees it: what is computed before the scores are known, and the targets after.

Everything is complete on every rank. Tensors are `[B, T]`, B rollouts and T tokens of the longest completion,
padded on the right; C is the number of outcome classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from rlcf.policy.batch import Tokens
from rlcf.policy.critic import CLASSES
from rlcf.recipe import Recipe
from rlcf.training.objectives import outcome_critic
from rlcf.training.objectives import ppo_losses as ppo
from rlcf.training.objectives.outcome_critic import PASSED
from rlcf.training.rollout import Feedback

NO_CLASSES = torch.zeros(0, dtype=torch.long)


@dataclass(slots=True)
class Experience:
    """Completions with what the policies and the critic say of them before the update."""

    prompts: Sequence[Tokens]
    completions: Sequence[Tokens]
    minibatches: list[list[int]]
    """Rows of the first epoch's minibatches."""
    mask_BT: Tensor
    old_logps_BT: Tensor
    reference_logps_BT: Tensor
    sampler_logps_BT: Tensor
    """What the backend said as it drew; 0 until `update`, and where nothing asks for importance weights."""
    values_BT: Tensor
    class_logits_BTC: Tensor
    """The outcome critic's; C is 0 without one."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What the policy and the critic learn from a rollout batch."""

    mask_BT: Tensor
    """Real tokens of the rollouts that were judged."""
    loss_mask_BT: Tensor
    """Those that the policy learns from."""
    advantages_BT: Tensor
    returns_BT: Tensor
    """The critic's targets; 0 without one."""
    rewards_to_go_BT: Tensor
    """Monte Carlo returns: all that was paid at a token and after it."""
    others_mean_B: Tensor
    """Mean pay of the prompt's other rollouts."""
    classes_B: Tensor
    """The outcome critic's targets; B is 0 without one."""
    own_passes_BT: Tensor
    """Real tokens of the completions that pass."""


def blank_experience(
    prompts: Sequence[Tokens], completions: Sequence[Tokens], minibatches: list[list[int]], classes: bool
) -> Experience:
    """Make an Experience whose log-probabilities and critic outputs are all 0. `classes`: with logits."""
    lengths_B = torch.tensor([len(completion) for completion in completions])
    mask_BT = torch.arange(max(1, int(lengths_B.max())))[None] < lengths_B[:, None]
    return Experience(
        prompts,
        completions,
        minibatches,
        mask_BT,
        old_logps_BT=torch.zeros(mask_BT.shape),
        reference_logps_BT=torch.zeros(mask_BT.shape),
        sampler_logps_BT=torch.zeros(mask_BT.shape),
        values_BT=torch.zeros(mask_BT.shape),
        class_logits_BTC=torch.zeros(*mask_BT.shape, CLASSES if classes else 0),
    )


def compute_targets(
    experience: Experience, feedbacks: Sequence[Feedback], recipe: Recipe, kl_coef: float
) -> Targets:
    """Compute advantages, returns and classes; `kl_coef` counts where the KL is part of the reward. Raises
    RuntimeError where no rollout was judged."""
    judged_B = torch.tensor([one.score is not None for one in feedbacks])
    mask_BT = experience.mask_BT & judged_B[:, None]
    if not mask_BT.any():
        raise RuntimeError("the judge failed on every rollout of a step")
    loss_mask_BT = mask_BT & token_rows([one.loss_mask for one in feedbacks], mask_BT, True).bool()
    credits_BT = token_rows([one.token_credits for one in feedbacks], mask_BT, 0.0) * mask_BT
    rewards_BT = ppo.token_rewards(
        torch.tensor([one.score or 0.0 for one in feedbacks]) * mask_BT.any(1),
        torch.tensor([one.reward_position for one in feedbacks]),
        experience.old_logps_BT,
        experience.reference_logps_BT,
        mask_BT,
        kl_coef if recipe.kl.form == "reward" else 0.0,
    )
    own_passes_BT = mask_BT & torch.tensor([one.outcome_class == PASSED for one in feedbacks])[:, None]
    returns_BT, classes_B = torch.zeros_like(rewards_BT), NO_CLASSES
    if recipe.ppo.advantage == "gae":
        values_BT = experience.values_BT * mask_BT
        actor, critic = recipe.ppo.gae_lambda, recipe.critic.gae_lambda
        advantages_BT = ppo.gae(rewards_BT, values_BT, mask_BT, 1.0, actor)
        returns_BT = (ppo.gae(rewards_BT, values_BT, mask_BT, 1.0, critic) + values_BT) * mask_BT
        spread = rewards_BT.sum(1)[mask_BT.any(1)].std(correction=0)
        advantages_BT = ppo.whiten(advantages_BT, mask_BT, spread)
    else:
        advantages_BT = _advantages_without_critic(rewards_BT, mask_BT, feedbacks, recipe)[:, None] * mask_BT
    if recipe.ppo.advantage == "coderl":
        classes_B = outcome_critic.class_indices([one.outcome_class for one in feedbacks])
        classes_B = classes_B.masked_fill(~judged_B, outcome_critic.UNKNOWN)
        # Credits stay as they are: their tokens are known, and need no critic that guesses at them.
        advantages_BT = advantages_BT * outcome_critic.token_weights(experience.class_logits_BTC, classes_B)
    weights_BT = torch.where(advantages_BT < 0, recipe.ppo.negative_weight, 1.0)
    groups_B = torch.tensor([one.group for one in feedbacks])
    return Targets(
        mask_BT,
        loss_mask_BT,
        advantages_BT * weights_BT + credits_BT,
        returns_BT,
        (rewards_BT * mask_BT).flip(1).cumsum(1).flip(1) * mask_BT,
        ppo.others_mean(rewards_BT.sum(1), groups_B, mask_BT.any(1)),
        classes_B,
        own_passes_BT,
    )


def _advantages_without_critic(
    rewards_BT: Tensor, mask_BT: Tensor, feedbacks: Sequence[Feedback], recipe: Recipe
) -> Tensor:
    """Compute one advantage a rollout, `[B]`."""
    if recipe.ppo.advantage in ppo.GROUP_ADVANTAGES:
        groups_B = torch.tensor([one.group for one in feedbacks])
        group_advantage = ppo.GROUP_ADVANTAGES[recipe.ppo.advantage]
        return group_advantage(rewards_BT.sum(1), groups_B, mask_BT.any(1))
    return rewards_BT.sum(1) - torch.tensor([one.baseline for one in feedbacks])


def token_rows(rows: Sequence[Sequence[float] | None], like_BT: Tensor, default: float) -> Tensor:
    """Make a `[B, T]` tensor of rows of numbers; `default` behind their ends, and in missing rows."""
    padded_BT = torch.full(like_BT.shape, float(default))
    for at, row in enumerate(rows):
        if row is not None:
            padded_BT[at, : len(row)] = torch.tensor(row, dtype=torch.float32)
    return padded_BT


def batch_metrics(experience: Experience, targets: Targets, recipe: Recipe) -> dict[str, float]:
    """Summarise a rollout batch before its update, over real tokens; what there is no reference policy or no
    critic for is left out."""
    mask_BT = targets.mask_BT
    metrics: dict[str, float] = {}
    if recipe.kl.coef:
        log_ratio_BT = (experience.old_logps_BT - experience.reference_logps_BT) * mask_BT
        metrics["kl"] = float(log_ratio_BT.sum() / int(mask_BT.any(1).sum()))
    if recipe.ppo.advantage == "gae":
        # Of Monte Carlo returns that the critic has not seen: its own targets contain its values.
        returns_BT, others_BT = targets.rewards_to_go_BT, targets.others_mean_B[:, None].expand_as(mask_BT)
        metrics["explained_variance"] = ppo.explained_variance(experience.values_BT, returns_BT, mask_BT)
        metrics["explained_by_others"] = ppo.explained_variance(others_BT, returns_BT, mask_BT)
        metrics["value_mean"] = float(experience.values_BT[mask_BT].mean())
    return metrics
