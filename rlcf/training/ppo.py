"""PPO as pure functions of tensors. Schulman et al. 2017; the details and where they come from are named.

Shape suffixes: B rollouts, T completion tokens; `mask_BT` is True at real tokens, which stand at the left.
Every mean is a sum over real tokens divided by a *global* count, so that neither padding nor the split
into micro-batches changes a loss (trainers.md b12, verl's `agg_loss`).

Not covered: dual clip, importance weights for another sampler, KL in the loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LOG_RATIO_LIMIT = 20.0
"""Log-ratios are clamped to this before exp (verl, OpenRLHF)."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss and, for the logs, a sum over tokens: the share of it where clipping decided, say."""

    loss: Tensor
    clipped: Tensor
    """Share of the tokens where the clipped branch was taken, divided like the loss."""
    approx_kl: Tensor
    """k3 estimate of KL(old || new), never negative (Schulman's blog); 0 for the value loss."""


def token_rewards(
    scores_B: Tensor, places_B: Tensor, logps_BT: Tensor, reference_BT: Tensor, mask_BT: Tensor, kl: float
) -> Tensor:
    """Per token -kl x (log-ratio to the reference), k1 as in Ziegler 2019, plus the score on the token
    `places_B` (0 <= place < length). The pad after the last token gets nothing (trainers.md b1)."""
    rewards_BT = -kl * (logps_BT - reference_BT) * mask_BT
    return rewards_BT.scatter_add(1, places_B[:, None], scores_B[:, None].to(rewards_BT.dtype))


def gae(
    rewards_BT: Tensor, values_BT: Tensor, mask_BT: Tensor, gamma: float, lam: float
) -> tuple[Tensor, Tensor]:
    """Advantages and returns (advantage + value); after the last real token the value is 0."""
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
    return advantages_BT, (advantages_BT + values_BT) * mask_BT


def whiten(values_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the real tokens of the whole rollout batch (trainers.md b11)."""
    real_N = values_BT[mask_BT]
    centred_BT = (values_BT - real_N.mean()) * mask_BT
    return centred_BT / (real_N.std(correction=0) + 1e-8)


def policy_loss(
    logps_BT: Tensor, old_BT: Tensor, advantages_BT: Tensor, mask_BT: Tensor, clip: float, tokens: int
) -> Loss:
    """Clipped surrogate; `tokens` is the number of real tokens of the whole minibatch."""
    log_ratio_BT = (logps_BT - old_BT).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT) * mask_BT
    ratio_BT = log_ratio_BT.exp()
    plain_BT = -advantages_BT * ratio_BT
    clipped_BT = -advantages_BT * ratio_BT.clamp(1 - clip, 1 + clip)
    with torch.no_grad():
        approx_kl_BT = (ratio_BT - 1) - log_ratio_BT
    return Loss(
        loss=(torch.maximum(plain_BT, clipped_BT) * mask_BT).sum() / tokens,
        clipped=((clipped_BT > plain_BT) & mask_BT).sum() / tokens,
        approx_kl=(approx_kl_BT * mask_BT).sum() / tokens,
    )


def value_loss(
    values_BT: Tensor, old_BT: Tensor, returns_BT: Tensor, mask_BT: Tensor, clip: float, tokens: int
) -> Loss:
    """Half the squared error, the worse of the value and the value clipped around the old one."""
    near_BT = old_BT + (values_BT - old_BT).clamp(-clip, clip)
    plain_BT = (values_BT - returns_BT) ** 2
    clipped_BT = (near_BT - returns_BT) ** 2
    worse_BT = torch.maximum(plain_BT, clipped_BT)
    return Loss(
        loss=0.5 * (worse_BT * mask_BT).sum() / tokens,
        clipped=((clipped_BT > plain_BT) & mask_BT).sum() / tokens,
        approx_kl=torch.zeros(()),
    )


def explained_variance(values_BT: Tensor, returns_BT: Tensor, mask_BT: Tensor) -> float:
    """1 - Var(returns - values) / Var(returns) over real tokens; 0 if the returns do not vary."""
    returns_N, values_N = returns_BT[mask_BT], values_BT[mask_BT]
    variance = returns_N.var(correction=0)
    if variance < 1e-12:
        return 0.0
    return float(1 - (returns_N - values_N).var(correction=0) / variance)
