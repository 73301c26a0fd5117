"""What an update must not learn from, and the settings of its loss."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from rlcf.policy import Policy
from rlcf.policy.score import Head, _head_stats
from rlcf.recipes import override
from rlcf.training.runtime.rails import Rails
from tests.rlcf.training.objectives import test_ppo as ppo


@pytest.mark.parametrize("advantage", ["gae", "group", "leave-one-out"])
def test_where_every_rollout_was_paid_the_same_the_policy_stays(
    policy: Policy, tokens: ppo.Tokens, advantage: str
) -> None:
    """A critic that errs is no reason to move: GAE, whitened, took a full step of Adam."""
    recipe = override(ppo.RECIPE, {"ppo.advantage": advantage, "kl.coef": 0.0, "critic.warmup_steps": 1})
    objective, _ = ppo.learn(policy, tokens, recipe, [0.3] * 4, steps=3)
    for own, theirs in zip(objective.policy.model.parameters(), policy.model.parameters(), strict=True):
        assert torch.equal(own, theirs)


@pytest.mark.parametrize(
    "fields", [{}, {"ppo.advantage": "leave-one-out"}, {"ppo.epochs": 2}, {"model.lora_rank": 4}]
)
def test_without_a_reference_policy_there_is_no_kl(
    policy: Policy, tokens: ppo.Tokens, fields: dict[str, object]
) -> None:
    """It was the sum of log-probabilities, and the rails ended the run."""
    recipe = override(ppo.RECIPE, {"kl.coef": 0.0, **fields})
    _, rows = ppo.learn(policy, tokens, recipe, list(ppo.SCORES), steps=2)
    for row in rows:
        assert "kl" not in row
        assert not Rails().check(1, row)
    _, (row,) = ppo.learn(policy, tokens, override(ppo.RECIPE, {"kl.coef": 1e-9, **fields}), list(ppo.SCORES))
    assert row["kl"] == pytest.approx(0, abs=1e-5)


def test_negative_advantages_are_weighed(policy: Policy, tokens: ppo.Tokens) -> None:
    recipe = override(ppo.RECIPE, {"ppo.advantage": "leave-one-out", "kl.coef": 0.0})
    own = ppo.renewed(policy, recipe)
    places = [len(completion) - 1 for completion in tokens[1]]

    def advantages(weight: float) -> Tensor:
        objective = ppo.made(own, override(recipe, {"ppo.negative_weight": weight}))
        return objective.targets(
            objective.experience(*tokens, 0), ppo.feedback_rows(ppo.SCORES, places)
        ).advantages_BT

    plain = advantages(1.0)
    assert (plain < 0).any()
    assert (plain > 0).any()
    assert torch.equal(advantages(0.25), torch.where(plain < 0, 0.25 * plain, plain))
    assert not (advantages(0.0) < 0).any()


def test_the_likelihood_of_own_passes_is_theirs_at_temperature_one(
    policy: Policy, tokens: ppo.Tokens
) -> None:
    """Its mean is over the tokens of the completions that pass; scores that tie leave nothing else."""
    fields = {
        "ppo.advantage": "leave-one-out",
        "ppo.own_passes_coef": 0.5,
        "kl.coef": 0.0,
        "rollout.temperature": 0.6,
        "objective.minibatches": 1,
    }
    recipe = override(ppo.RECIPE, fields)
    objective = ppo.made(ppo.renewed(policy, recipe), recipe)
    experience = objective.experience(*tokens, 0)
    places = [len(completion) - 1 for completion in tokens[1]]
    feedbacks = ppo.feedback_rows([1.0] * 4, places, classes=[3, 0, 3, None])
    row = objective.learn(experience, feedbacks, [], 0)
    logps = policy.token_stats(policy.collate(*tokens)).logps_BT[[0, 2]]
    expected = -float(logps.sum()) / sum(len(tokens[1][at]) for at in (0, 2))
    assert row["own_passes_loss"] == pytest.approx(expected, rel=1e-5)
    assert row["policy_loss"] == 0
    moved = objective.policy.token_stats(policy.collate(*tokens)).logps_BT[[0, 2]]
    assert float(moved.sum()) > float(logps.sum())


def test_without_a_pass_there_is_no_likelihood_to_raise(policy: Policy, tokens: ppo.Tokens) -> None:
    fields = {"ppo.advantage": "leave-one-out", "ppo.own_passes_coef": 1.0, "kl.coef": 0.0}
    recipe = override(ppo.RECIPE, fields)
    objective, (row,) = ppo.learn(policy, tokens, recipe, [-0.6] * 4)
    assert row["own_passes_loss"] == 0
    assert torch.equal(ppo.weights(objective), ppo.weights(ppo.made(ppo.renewed(policy, recipe), recipe)))


@pytest.mark.parametrize("frozen", [False, True])
def test_the_head_computes_in_fp32_under_autocast(frozen: bool) -> None:
    """A head of Qwen2.5-0.5B's width and a vocabulary of 32,000; `frozen`: bf16 ppo.weights, as under LoRA.
    Rounded to bf16 the logits put log-probabilities off by .02 nats on average."""
    torch.manual_seed(0)
    head = nn.Linear(896, 32_000, bias=False)
    nn.init.normal_(head.weight, std=0.06)
    if frozen:
        head = head.bfloat16()
    states_ND = torch.randn(64, 896).bfloat16()
    targets_N = torch.randint(0, 32_000, (64,))
    exact_NV = (states_ND.double() @ head.weight.double().T / 0.8).log_softmax(-1)
    exact_N = exact_NV.gather(1, targets_N[:, None]).squeeze(1)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        asked = Head(head, 1.0, 0.8, entropies=False, entropy_gradient=False, unscaled=True)
        found_N, unscaled_N, _ = _head_stats(asked, states_ND, targets_N)
        rounded_N = (head(states_ND).float() / 0.8).log_softmax(-1).gather(1, targets_N[:, None]).squeeze(1)
    assert float((found_N - exact_N).abs().max()) < 0.002
    assert float((rounded_N - exact_N).abs().mean()) > 0.002, "what it was"
    plain_N = (exact_NV * 0.8).log_softmax(-1).gather(1, targets_N[:, None]).squeeze(1)
    assert float((unscaled_N - plain_N).abs().max()) < 0.002


def test_log_probabilities_of_a_bf16_trunk_are_fp32(policy: Policy, tokens: ppo.Tokens) -> None:
    """What the head makes of states that were rounded is not rounded again."""
    half = Policy(copy.deepcopy(policy.model), policy.tokenizer, autocast=torch.bfloat16)
    batch = half.collate(*tokens)
    with torch.autocast("cpu", torch.bfloat16):
        logps_BT = half.token_stats(batch).logps_BT
    assert logps_BT.dtype == torch.float32
    assert math.isfinite(float(logps_BT.sum()))
    assert not torch.equal(logps_BT, logps_BT.bfloat16().float())
