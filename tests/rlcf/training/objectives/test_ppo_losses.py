"""The PPO functions against ten-line float64 references, and what must not change them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rlcf.training.objectives import ppo_losses as ppo

LENGTHS = [5, 1, 3]
CLIP = ppo.Clip(0.2, 0.2)


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
    advantages = ppo.gae(rewards, values, mask, gamma, lam)
    for row, length in enumerate(LENGTHS):
        expected = gae_by_hand(rewards[row, :length].tolist(), values[row, :length].tolist(), gamma, lam)
        assert advantages[row, :length].tolist() == pytest.approx(expected)
        assert not advantages[row, length:].any()


def test_gae_ignores_what_stands_in_the_padding() -> None:
    rewards, values, mask = example()
    dirty = values + 7.0 * ~mask
    assert torch.equal(ppo.gae(rewards, values, mask, 1.0, 0.95), ppo.gae(rewards, dirty, mask, 1.0, 0.95))


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
    found = ppo.policy_loss(logps, old, advantages, mask / 9, ppo.Clip(0.1, 0.3))
    total, clipped, kl = 0.0, 0, 0.0
    for row, t in mask.nonzero().tolist():
        ratio, advantage = math.exp(logps[row, t] - old[row, t]), float(advantages[row, t])
        plain, other = -advantage * ratio, -advantage * min(max(ratio, 0.9), 1.3)
        total, clipped = total + max(plain, other), clipped + (other > plain)
        kl += ratio - 1 - float(logps[row, t] - old[row, t])
    assert float(found.loss) == pytest.approx(total / 9)
    assert float(found.clipped) == pytest.approx(clipped / 9)
    assert float(found.approx_kl) == pytest.approx(kl / 9)
    assert kl > 0


def test_gradient_of_the_policy_loss_at_ratio_one_is_minus_the_advantage() -> None:
    old, advantages, mask = example()
    logps = old.clone().requires_grad_()
    ppo.policy_loss(logps, old, advantages, mask / 9, CLIP).loss.backward()
    assert logps.grad is not None
    assert torch.allclose(logps.grad, -advantages / 9)


def test_huge_log_ratios_stay_finite() -> None:
    mask = torch.ones(1, 2, dtype=torch.bool)
    logps, advantages = torch.tensor([[500.0, -500.0]]), torch.tensor([[1.0, 1.0]])
    found = ppo.policy_loss(logps, torch.zeros(1, 2), advantages, mask / 2, CLIP)
    assert math.isfinite(float(found.loss))
    assert math.isfinite(float(found.approx_kl))


def test_value_loss_is_its_definition() -> None:
    values, _, mask = example()
    returns = example(seed=1)[0]
    total = sum(0.5 * float(values[row, t] - returns[row, t]) ** 2 for row, t in mask.nonzero().tolist())
    assert float(ppo.value_loss(values, returns, mask, tokens=9)) == pytest.approx(total / 9)


def test_whitening_is_over_real_tokens_only() -> None:
    values, _, mask = example()
    white = ppo.whiten(values + 100.0 * ~mask, mask, torch.tensor(5.0))
    assert float(white[mask].mean()) == pytest.approx(0, abs=1e-6)
    assert float(white[mask].std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert not white[~mask].any()


def test_whitened_advantages_are_no_louder_than_what_was_paid() -> None:
    values, _, mask = example()
    spread = float(values[mask].std(correction=0)) / 10
    quiet = ppo.whiten(values, mask, torch.tensor(spread))
    assert float(quiet[mask].std(correction=0)) == pytest.approx(0.1, rel=1e-4)
    assert not ppo.whiten(values, mask, torch.tensor(0.0)).any(), "all were paid the same"


@pytest.mark.parametrize("mean", ["token", "sequence"])
def test_the_weights_of_a_minibatch_add_up_to_one_however_it_is_split(mean: str) -> None:
    _, _, mask = example()
    tokens, rows = int(mask.sum()), len(mask)
    whole = ppo.loss_weights(mask, mean, tokens, rows)
    parts = [ppo.loss_weights(mask[at : at + 1], mean, tokens, rows) for at in range(rows)]
    assert torch.equal(torch.cat(parts), whole)
    assert float(whole.sum()) == pytest.approx(1)
    own = whole.sum(1) if mean == "sequence" else whole[mask]
    assert own.tolist() == pytest.approx([float(own[0])] * len(own)), "each counts alike"


def test_the_sequences_ratio_is_clipped_as_one() -> None:
    """GSPO: exp of the mean log-ratio; a token far off is no reason while the mean is near."""
    logps, mask = torch.tensor([[0.5, -0.5], [0.5, 0.5]]), torch.ones(2, 2, dtype=torch.bool)
    advantages = torch.ones(2, 2)
    found = ppo.policy_loss(
        logps, torch.zeros(2, 2), advantages, mask / 4, ppo.Clip(0.2, 0.2, 0.0, "sequence")
    )
    assert float(found.loss) == pytest.approx(-(1.0 + 1.2) / 2)
    assert float(found.clipped) == pytest.approx(0.5)


@pytest.mark.parametrize("ratio", ["token", "sequence", "cispo"])
def test_every_ratio_has_the_same_gradient_on_policy(ratio: str) -> None:
    logps, _, mask = example()
    advantages = torch.arange(1.0, 1.0 + len(mask))[:, None].expand_as(mask)
    logps = logps.clone().requires_grad_()
    ppo.policy_loss(
        logps, logps.detach(), advantages, mask / 9, ppo.Clip(0.2, 0.2, 0.0, ratio)
    ).loss.backward()
    assert logps.grad is not None
    assert torch.allclose(logps.grad, (-advantages * mask / 9).to(logps.dtype))


def test_what_is_clipped_keeps_its_gradient_with_cispo_alone() -> None:
    for ratio, kept in (("token", [0.0]), ("cispo", [-1.2])):
        logps = torch.tensor([[2.0]], requires_grad=True)
        one = torch.ones(1, 1)
        ppo.policy_loss(logps, torch.zeros(1, 1), one, one, ppo.Clip(0.2, 0.2, 0.0, ratio)).loss.backward()
        assert logps.grad is not None
        assert logps.grad[0].tolist() == pytest.approx(kept)


def test_explained_variance() -> None:
    returns, other, mask = example()
    assert ppo.explained_variance(returns, returns, mask) == pytest.approx(1)
    assert ppo.explained_variance(returns + 5, returns, mask) == pytest.approx(1), (
        "an offset is no error here"
    )
    assert ppo.explained_variance(torch.zeros_like(returns), returns, mask) == pytest.approx(0)
    assert ppo.explained_variance(other, torch.ones_like(returns), mask) == 0


def test_the_dual_clip_bounds_the_loss_where_the_advantage_is_negative() -> None:
    mask = torch.ones(1, 3, dtype=torch.bool)
    logps = torch.tensor([[2.0, 2.0, 0.1]], requires_grad=True)
    advantages = torch.tensor([[-1.0, 1.0, -1.0]])
    plain = ppo.policy_loss(logps, torch.zeros(1, 3), advantages, mask.float(), CLIP)
    dual = ppo.policy_loss(logps, torch.zeros(1, 3), advantages, mask.float(), ppo.Clip(0.2, 0.2, 3.0))
    ratio, near = math.exp(2.0), math.exp(0.1)
    assert float(plain.loss) == pytest.approx(ratio - 1.2 + near)
    assert float(dual.loss) == pytest.approx(3.0 - 1.2 + near)
    assert (float(plain.clipped), float(dual.clipped)) == (1, 2)
    dual.loss.backward()
    assert logps.grad is not None
    assert logps.grad[0].tolist() == pytest.approx([0, 0, near]), "what is bounded teaches nothing"


SCORES, GROUPS = [1.0, 0.0, 0.5, 2.0, -1.0], [0, 0, 0, 1, 1]


def test_group_advantages_are_their_definition() -> None:
    found = ppo.group_advantages(
        torch.tensor(SCORES, dtype=torch.float64), torch.tensor(GROUPS), torch.ones(5, dtype=torch.bool)
    )
    expected = []
    for score, group in zip(SCORES, GROUPS, strict=True):
        members = [s for s, g in zip(SCORES, GROUPS, strict=True) if g == group]
        expected.append((score - statistics.mean(members)) / (statistics.stdev(members) + 1e-4))
    assert found.tolist() == pytest.approx(expected)


def test_leave_one_out_is_its_definition() -> None:
    found = ppo.leave_one_out(
        torch.tensor(SCORES, dtype=torch.float64), torch.tensor(GROUPS), torch.ones(5, dtype=torch.bool)
    )
    expected = [
        score - statistics.mean(s for j, s in enumerate(SCORES) if j != i and GROUPS[j] == GROUPS[i])
        for i, score in enumerate(SCORES)
    ]
    assert found.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("advantages", [ppo.group_advantages, ppo.leave_one_out])
def test_what_does_not_count_changes_nothing(advantages: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    counted = torch.tensor([True, True, True, True, False])
    scores = torch.tensor(SCORES)
    found = advantages(scores, torch.tensor(GROUPS), counted)
    other = advantages(scores + 100.0 * ~counted, torch.tensor(GROUPS), counted)
    assert torch.equal(found, other)
    assert found[3:].tolist() == [0, 0], "one alone has nobody to be better than"
    assert torch.equal(found[:3], advantages(scores[:3], torch.tensor(GROUPS[:3]), counted[:3]))


@pytest.mark.parametrize("advantages", [ppo.group_advantages, ppo.leave_one_out])
def test_a_group_that_agrees_teaches_nothing(advantages: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    all_count = torch.ones(3, dtype=torch.bool)
    assert advantages(torch.tensor([0.7] * 3), torch.tensor([0, 0, 0]), all_count).abs().max() < 1e-3


@pytest.mark.parametrize("form", ["k2", "k3"])
def test_the_kl_loss_has_its_value_and_the_gradient_of_k2(form: str) -> None:
    logps, reference, mask = example()
    logps = logps.requires_grad_()
    found = ppo.kl_loss(logps, reference, mask, form, tokens=9)
    total = 0.0
    for row, t in mask.nonzero().tolist():
        ratio = float(logps[row, t] - reference[row, t])
        total += ratio**2 / 2 if form == "k2" else math.exp(-ratio) - 1 + ratio
    assert float(found) == pytest.approx(total / 9)
    found.backward()
    assert logps.grad is not None
    assert torch.allclose(logps.grad, ((logps - reference) * mask / 9).detach())


def test_the_gradient_of_k2_is_that_of_the_kl() -> None:
    """Its expectation under the policy, by the exact sum over a small vocabulary."""
    torch.manual_seed(0)
    logits = torch.randn(6, dtype=torch.float64, requires_grad=True)
    reference = torch.randn(6, dtype=torch.float64).log_softmax(-1)
    logps = logits.log_softmax(-1)
    (exact,) = torch.autograd.grad((logps.exp() * (logps - reference)).sum(), logits, retain_graph=True)
    mask = torch.ones(6, 1, dtype=torch.bool)
    weights = logps.exp().detach()
    parts = [
        ppo.kl_loss(logps[i].view(1, 1), reference[i].view(1, 1), mask[:1], "k3", tokens=1) * weights[i]
        for i in range(6)
    ]
    (found,) = torch.autograd.grad(sum(parts, torch.zeros(())), logits)
    assert torch.allclose(found, exact)


def test_the_adaptive_coefficient_follows_ziegler() -> None:
    assert ppo.adapted_kl(0.1, observed=6.0, target=6.0, rollouts=512) == pytest.approx(0.1)
    assert ppo.adapted_kl(0.1, 6.6, 6.0, 1000) == pytest.approx(0.1 * (1 + 0.1 * 1000 / 10_000))
    assert ppo.adapted_kl(0.1, 600.0, 6.0, 1000) == pytest.approx(0.1 * (1 + 0.2 * 0.1)), (
        "the error is capped"
    )
    assert ppo.adapted_kl(0.1, -5.0, 6.0, 1000) == pytest.approx(0.1 * (1 - 0.2 * 0.1))


def test_importance_weights_are_truncated_ratios() -> None:
    old = torch.tensor([[0.5, 0.2, 0.9, 0.4]], dtype=torch.float64).log().requires_grad_()
    sampler = torch.tensor([[0.25, 0.4, 0.9, 0.01]], dtype=torch.float64).log()
    weights = ppo.importance_weights(old, sampler, 3.0)
    assert weights[0].tolist() == pytest.approx([2.0, 0.5, 1.0, 3.0])
    assert not weights.requires_grad


def test_importance_weights_multiply_each_token_s_loss_and_gradient() -> None:
    """By hand: ratios 2 (clipped at 1.2, the advantage is positive), 1.1 and 0.9; weights 0.5, 2 and 3."""
    old = torch.zeros(1, 3, dtype=torch.float64)
    logps = torch.tensor([[2.0, 1.1, 0.9]], dtype=torch.float64).log().requires_grad_()
    advantages = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    importance = torch.tensor([[0.5, 2.0, 3.0]], dtype=torch.float64)
    mask = torch.ones(1, 3, dtype=torch.float64)
    found = ppo.policy_loss(logps, old, advantages, mask / 3, CLIP, importance)
    losses = [0.5 * -1.2, 2.0 * 2.2, 3.0 * -0.45]
    assert found.loss.item() == pytest.approx(sum(losses) / 3)
    found.loss.backward()
    # d/d logp of -A * ratio is -A * ratio; a clipped token has none.
    assert logps.grad is not None
    assert logps.grad[0].tolist() == pytest.approx([0.0, 2.0 * 2.2 / 3, 3.0 * -0.45 / 3])
    plain = ppo.policy_loss(logps, old, advantages, mask / 3, CLIP)
    assert found.clipped == plain.clipped
    assert found.approx_kl == plain.approx_kl
