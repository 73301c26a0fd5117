"""PPO (Schulman et al. 2017) as pure functions of tensors; each detail names where it comes from.

Shape suffixes: B rollouts, T completion tokens; `mask_BT` is True at real tokens, which stand at the left.
Every mean is a sum over real tokens divided by a *global* count, so that neither padding nor the split
into micro-batches or ranks changes a loss (verl's `agg_loss`).

Advantages come from a critic (`gae`), from the scores of a prompt's other completions (`group_advantages`,
`leave_one_out`) or from a baseline (`baseline.py`). The KL to the reference counts in the reward (k1) or in
the loss (`kl_loss`).

Old log-probabilities are always recomputed; `importance_weights` correct for a sampler that rounds otherwise.
Not covered: such weights of whole completions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LOG_RATIO_LIMIT = 20.0
"""Log-ratios are clamped to this before exp (verl, OpenRLHF)."""
KL_STEP = 0.2
"""Largest relative error that the adaptive KL coefficient reacts to (Ziegler 2019)."""
KL_HORIZON = 10_000
"""Rollouts over which it reacts (lm-human-preference-details)."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss and, for the logs, sums over tokens divided like it."""

    loss: Tensor
    clipped: Tensor
    """Share of the tokens where a clipped branch was taken."""
    approx_kl: Tensor
    """k3 estimate of KL(old || new), never negative (Schulman's blog)."""


def token_rewards(
    scores_B: Tensor, places_B: Tensor, logps_BT: Tensor, reference_BT: Tensor, mask_BT: Tensor, kl: float
) -> Tensor:
    """Per token -kl x (log-ratio to the reference), k1 as in Ziegler 2019, plus the score on the token
    `places_B` (0 <= place < length). The pad after the last token gets nothing (huggingface/trl#3750)."""
    rewards_BT = -kl * (logps_BT - reference_BT) * mask_BT
    return rewards_BT.scatter_add(1, places_B[:, None], scores_B[:, None].to(rewards_BT.dtype))


def gae(rewards_BT: Tensor, values_BT: Tensor, mask_BT: Tensor, gamma: float, lam: float) -> Tensor:
    """Generalised advantage estimates (Schulman 2016); after the last real token the value is 0. The critic's
    targets are estimates plus values, with a lambda of their own if wanted (VC-PPO, arXiv 2503.01491)."""
    advantages_BT = torch.zeros_like(rewards_BT)
    mask_BT = mask_BT.to(rewards_BT.dtype)
    values_BT = values_BT * mask_BT
    following_B = torch.zeros_like(rewards_BT[:, 0])
    next_value_B = torch.zeros_like(following_B)
    for t in range(rewards_BT.shape[1] - 1, -1, -1):
        delta_B = rewards_BT[:, t] + gamma * next_value_B - values_BT[:, t]
        following_B = (delta_B + gamma * lam * following_B) * mask_BT[:, t]
        advantages_BT[:, t] = following_B
        next_value_B = values_BT[:, t]
    return advantages_BT


def group_advantages(rewards_B: Tensor, groups_B: Tensor, counted_B: Tensor) -> Tensor:
    """(reward - mean) / standard deviation among the counted rollouts of the same prompt (GRPO, arXiv
    2402.03300); 0 where they all agree, and where a rollout does not count."""
    mean_B, count_B = _group_mean(rewards_B, groups_B, counted_B)
    centred_B = (rewards_B - mean_B) * counted_B
    variance_B = _group_mean(centred_B**2, groups_B, counted_B)[0] * count_B / (count_B - 1).clamp(min=1)
    return centred_B / (variance_B.sqrt() + 1e-4)


def leave_one_out(rewards_B: Tensor, groups_B: Tensor, counted_B: Tensor) -> Tensor:
    """Reward minus the mean of the *other* counted rollouts of the same prompt (RLOO, arXiv 2402.14740); 0
    for one alone."""
    mean_B, count_B = _group_mean(rewards_B, groups_B, counted_B)
    return (rewards_B - mean_B) * counted_B * count_B / (count_B - 1).clamp(min=1)


def others_mean(rewards_B: Tensor, groups_B: Tensor, counted_B: Tensor) -> Tensor:
    """Mean of the other counted rollouts of the same prompt: what `leave_one_out` takes for the value."""
    return rewards_B - leave_one_out(rewards_B, groups_B, counted_B)


GROUP_ADVANTAGES = {"group": group_advantages, "leave-one-out": leave_one_out}
"""Advantages against the other completions of a prompt, by their names in recipes."""


def _group_mean(values_B: Tensor, groups_B: Tensor, counted_B: Tensor) -> tuple[Tensor, Tensor]:
    """Compute for each row its group's mean over counted rows, and their number (at least 1)."""
    weights_B = counted_B.to(values_B.dtype)
    size = int(groups_B.max()) + 1
    totals_G = values_B.new_zeros(size).index_add(0, groups_B, values_B * weights_B)
    counts_G = values_B.new_zeros(size).index_add(0, groups_B, weights_B).clamp(min=1)
    return (totals_G / counts_G)[groups_B], counts_G[groups_B]


def whiten(values_BT: Tensor, mask_BT: Tensor, spread: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the real tokens of the whole rollout batch; less, where that is louder than
    `spread`, the standard deviation of what the rollouts were paid. Where all were paid the same, what is
    left of the advantages is the critic's error, and nothing is learnt from it
    (docs/training-details.md#whitening)."""
    real_N = values_BT[mask_BT]
    centred_BT = (values_BT - real_N.mean()) * mask_BT
    deviation = real_N.std(correction=0)
    return centred_BT / (deviation + 1e-8) * (spread / (deviation + 1e-8)).clamp(max=1.0)


def loss_weights(mask_BT: Tensor, mean: str, tokens: int, rows: int) -> Tensor:
    """Weights of a micro-batch's tokens in the mean over its minibatch, which has `tokens` real tokens in
    `rows` completions: all tokens alike (DAPO, arXiv 2503.14476), or all completions (`sequence`)."""
    if mean == "token":
        return mask_BT / tokens
    return mask_BT / (mask_BT.sum(1, keepdim=True).clamp(min=1) * rows)


@dataclass(frozen=True, slots=True)
class Clip:
    """How far the policy's ratio to that of the rollouts counts."""

    low: float
    """Below 1."""
    high: float
    """Above 1 (two numbers: DAPO, arXiv 2503.14476)."""
    dual: float = 0.0
    """Where the advantage is negative the loss is at most this times its size (arXiv 1912.09729); 0: no
    bound."""
    ratio: str = "token"
    """`token`; `sequence`, the geometric mean over a completion's tokens (GSPO, arXiv 2507.18071); `cispo`, a
    token's ratio as a clipped weight of the log-likelihood, so that no token loses its gradient (arXiv
    2506.13585)."""


def importance_weights(old_BT: Tensor, sampler_BT: Tensor, cap: float) -> Tensor:
    """min(p_training / p_sampler, cap) of each token, no part of the gradient: what was drawn by a sampler
    that rounds otherwise counts as if training's own forward had drawn it. Truncated, as one token that the
    sampler held for rare would outweigh all others (Yao et al. 2025, as in verl and TRL)."""
    log_ratio_BT = (old_BT - sampler_BT).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)
    return log_ratio_BT.detach().exp().clamp(max=cap)


def policy_loss(
    logps_BT: Tensor,
    old_BT: Tensor,
    advantages_BT: Tensor,
    weights_BT: Tensor,
    clip: Clip,
    importance_BT: Tensor | None = None,
) -> Loss:
    """Clipped surrogate, summed with `weights_BT` (`loss_weights`), which are 0 on tokens that nothing is
    learnt from. `importance_BT` multiplies each token's loss, and nothing of what is logged beside it."""
    mask_BT = weights_BT > 0
    log_ratio_BT = (logps_BT - old_BT).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT) * mask_BT
    with torch.no_grad():
        approx_kl_BT = (log_ratio_BT.exp() - 1) - log_ratio_BT
    if clip.ratio == "sequence":
        lengths_B1 = mask_BT.sum(1, keepdim=True).clamp(min=1)
        log_ratio_BT = (log_ratio_BT.sum(1, keepdim=True) / lengths_B1) * mask_BT
    ratio_BT = log_ratio_BT.exp()
    near_BT = ratio_BT.clamp(1 - clip.low, 1 + clip.high)
    if clip.ratio == "cispo":
        loss_BT = -advantages_BT * near_BT.detach() * logps_BT
        decided_BT = near_BT != ratio_BT
    else:
        plain_BT, clipped_BT = -advantages_BT * ratio_BT, -advantages_BT * near_BT
        loss_BT, decided_BT = torch.maximum(plain_BT, clipped_BT), clipped_BT > plain_BT
        if clip.dual:
            bound_BT = torch.where(advantages_BT < 0, -advantages_BT * clip.dual, torch.inf)
            decided_BT = decided_BT | (bound_BT < loss_BT)
            loss_BT = torch.minimum(loss_BT, bound_BT)
    if importance_BT is not None:
        loss_BT = loss_BT * importance_BT
    return Loss(
        loss=(loss_BT * weights_BT).sum(),
        clipped=(decided_BT * weights_BT).sum(),
        approx_kl=(approx_kl_BT * weights_BT).sum(),
    )


def kl_loss(logps_BT: Tensor, reference_BT: Tensor, mask_BT: Tensor, form: str, tokens: int) -> Tensor:
    """KL to the reference as a loss, a mean over real tokens.

    `k2`: half the squared log-ratio, whose gradient is that of the KL. `k3`: the value of k3, which is never
    negative and has the lower variance, with k2's gradient, as k3's own points elsewhere (verl's `k3+`).
    """
    log_ratio_BT = (logps_BT - reference_BT).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT) * mask_BT
    k2 = 0.5 * (log_ratio_BT**2).sum() / tokens
    if form == "k2":
        return k2
    with torch.no_grad():
        k3 = (((-log_ratio_BT).exp() - 1 + log_ratio_BT) * mask_BT).sum() / tokens
    return k2 + (k3 - k2).detach()


def value_loss(values_BT: Tensor, returns_BT: Tensor, mask_BT: Tensor, tokens: int) -> Tensor:
    """Half the squared error. It is not clipped around the old value: that holds a critic that begins at 0
    back for as many steps as its range is wide (docs/training-details.md#value-loss)."""
    return 0.5 * ((values_BT - returns_BT) ** 2 * mask_BT).sum() / tokens


def adapted_kl(kl: float, observed: float, target: float, rollouts: int) -> float:
    """The KL coefficient after `rollouts` whose mean KL a completion was `observed` (Ziegler 2019)."""
    error = min(KL_STEP, max(-KL_STEP, observed / target - 1))
    return kl * (1 + error * rollouts / KL_HORIZON)


def explained_variance(values_BT: Tensor, returns_BT: Tensor, mask_BT: Tensor) -> float:
    """1 - Var(returns - values) / Var(returns) over real tokens; 0 if the returns do not vary."""
    returns_N, values_N = returns_BT[mask_BT], values_BT[mask_BT]
    variance = returns_N.var(correction=0)
    if variance < 1e-12:
        return 0.0
    return float(1 - (returns_N - values_N).var(correction=0) / variance)
