"""The PPO functions against ten-line float64 references, and what must not change them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rlcf.training import ppo

LENGTHS = [5, 1, 3]


def example(seed: int = 0, width: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mask = torch.arange(width)[None] < torch.tensor(LENGTHS)[:, None]
    one, other = (torch.randn(3, width, generator=generator, dtype=torch.float64) for _ in range(2))
    return one * mask, other * mask, mask


def gae_by_hand(rewards: list[float], values: list[float], gamma: float, lam: float) -> list[float]:
    """The definition: sum of (gamma lam)^l delta_{t+l}."""
    following = [*values[1:], 0.0]
    deltas = [r + gamma * n - v for r, n, v in zip(rewards, following, values, strict=True)]
    return [
        sum((gamma * lam) ** (s - t) * deltas[s] for s in range(t, len(deltas))) for t in range(len(deltas))
    ]


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.5), (1.0, 1.0)])
def test_gae_is_its_definition(gamma: float, lam: float) -> None:
    rewards, values, mask = example()
    advantages, returns = ppo.gae(rewards, values, mask, gamma, lam)
    for row, length in enumerate(LENGTHS):
        expected = gae_by_hand(rewards[row, :length].tolist(), values[row, :length].tolist(), gamma, lam)
        assert advantages[row, :length].tolist() == pytest.approx(expected)
        assert not advantages[row, length:].any()
        sums = [a + v for a, v in zip(expected, values[row, :length].tolist(), strict=True)]
        assert returns[row, :length].tolist() == pytest.approx(sums)


def test_gae_ignores_what_stands_in_the_padding() -> None:
    rewards, values, mask = example()
    dirty = values + 7.0 * ~mask
    for clean, other in zip(
        ppo.gae(rewards, values, mask, 1.0, 0.95), ppo.gae(rewards, dirty, mask, 1.0, 0.95), strict=True
    ):
        assert torch.equal(clean, other)


def test_the_score_lands_on_its_token_and_kl_on_real_tokens() -> None:
    logps, reference, mask = example()
    scores, places = torch.tensor([0.5, -1.0, 2.0]), torch.tensor([4, 0, 1])
    rewards = ppo.token_rewards(scores, places, logps, reference, mask, kl=0.1)
    expected = torch.zeros(3, 5, dtype=torch.float64)
    for row, length in enumerate(LENGTHS):
        expected[row, :length] = -0.1 * (logps - reference)[row, :length]
        expected[row, int(places[row])] += float(scores[row])
    assert torch.allclose(rewards, expected)


def test_policy_loss_is_its_definition() -> None:
    logps, old, mask = example()
    advantages = example(seed=1)[0]
    found = ppo.policy_loss(logps, old, advantages, mask, clip=0.2, tokens=9)
    total, clipped, kl = 0.0, 0, 0.0
    for row, t in mask.nonzero().tolist():
        ratio, advantage = math.exp(logps[row, t] - old[row, t]), float(advantages[row, t])
        plain, other = -advantage * ratio, -advantage * min(max(ratio, 0.8), 1.2)
        total, clipped = total + max(plain, other), clipped + (other > plain)
        kl += ratio - 1 - float(logps[row, t] - old[row, t])
    assert float(found.loss) == pytest.approx(total / 9)
    assert float(found.clipped) == pytest.approx(clipped / 9)
    assert float(found.approx_kl) == pytest.approx(kl / 9)
    assert kl > 0


def test_gradient_of_the_policy_loss_at_ratio_one_is_minus_the_advantage() -> None:
    old, advantages, mask = example()
    logps = old.clone().requires_grad_()
    ppo.policy_loss(logps, old, advantages, mask, clip=0.2, tokens=9).loss.backward()
    assert logps.grad is not None
    assert torch.allclose(logps.grad, -advantages / 9)


def test_huge_log_ratios_stay_finite() -> None:
    mask = torch.ones(1, 2, dtype=torch.bool)
    logps, advantages = torch.tensor([[500.0, -500.0]]), torch.tensor([[1.0, 1.0]])
    found = ppo.policy_loss(logps, torch.zeros(1, 2), advantages, mask, 0.2, tokens=2)
    assert math.isfinite(float(found.loss))
    assert math.isfinite(float(found.approx_kl))


def test_value_loss_is_its_definition() -> None:
    values, old, mask = example()
    returns = example(seed=1)[0]
    total = 0.0
    for row, t in mask.nonzero().tolist():
        value, before, wanted = float(values[row, t]), float(old[row, t]), float(returns[row, t])
        near = before + min(max(value - before, -0.2), 0.2)
        total += 0.5 * max((value - wanted) ** 2, (near - wanted) ** 2)
    assert float(ppo.value_loss(values, old, returns, mask, 0.2, tokens=9).loss) == pytest.approx(total / 9)


def test_whitening_is_over_real_tokens_only() -> None:
    values, _, mask = example()
    white = ppo.whiten(values + 100.0 * ~mask, mask)
    assert float(white[mask].mean()) == pytest.approx(0, abs=1e-6)
    assert float(white[mask].std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert not white[~mask].any()


def test_explained_variance() -> None:
    returns, other, mask = example()
    assert ppo.explained_variance(returns, returns, mask) == pytest.approx(1)
    assert ppo.explained_variance(returns + 5, returns, mask) == pytest.approx(1), (
        "an offset is no error here"
    )
    assert ppo.explained_variance(torch.zeros_like(returns), returns, mask) == pytest.approx(0)
    assert ppo.explained_variance(other, torch.ones_like(returns), mask) == 0
