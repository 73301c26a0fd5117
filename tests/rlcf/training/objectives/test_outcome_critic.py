"""CodeRL's critic and advantage, by hand from the paper's formulas (arXiv 2207.01780)."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from rlcf.grounding.values import CLASSES
from rlcf.policy import Policy
from rlcf.policy.critic import ClassCritic
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.objectives import outcome_critic as classes
from rlcf.training.objectives.experience import Experience
from tests.rlcf.training.objectives.test_ppo import Tokens, feedback_rows, learn, made, renewed

LOGITS = [
    [[0.5, -1.0, 2.0, 0.0], [1.5, 0.25, -3.0, 0.0], [9.0, 9.0, 9.0, 9.0]],  # the last is padding
    [[0.0, 0.0, 0.0, 0.0], [-1.0, 2.0, 0.5, 0.25], [0.75, -2.0, 0.0, 1.0]],
    [[3.0, 0.0, 0.0, 0.0], [-7.0, -7.0, -7.0, -7.0], [0.0, -7.0, -7.0, 7.0]],
]
LENGTHS = [2, 3, 1]
ENDS = [2, 3, None]
"""Failed, passed, and one that the judge failed on."""
SCORES = [-0.3, 1.0, None]
BASELINES = [1.0, 0.35, 0.2]
RECIPE = override(
    Recipe(),
    {
        "ppo.advantage": "coderl",
        "kl.coef": 0.0,
        "critic.lr": 5e-2,
        "critic.warmup_steps": 0,
        "objective.minibatches": 1,
        "objective.steps": 40,
    },
)


def q(logits: list[float], index: int) -> float:
    """softmax(logits)[index] in float64."""
    return math.exp(logits[index]) / sum(map(math.exp, logits))


def mask() -> torch.Tensor:
    return torch.arange(3)[None] < torch.tensor(LENGTHS)[:, None]


def by_hand() -> Experience:
    nothing = torch.zeros(3, 3)
    prompts, completions = [[1]] * 3, [[2] * length for length in LENGTHS]
    return Experience(
        prompts,
        completions,
        [[0, 1, 2]],
        mask(),
        old_logps_BT=nothing,
        reference_logps_BT=nothing,
        sampler_logps_BT=nothing,
        values_BT=nothing,
        class_logits_BTC=torch.tensor(LOGITS),
    )


@pytest.mark.parametrize("advantage", ["best", "greedy", "coderl"])
def test_advantages_are_those_of_the_formulas(policy: Policy, advantage: str) -> None:
    """r(W) - r(baseline) at each token, times q_t of the class that came true with coderl."""
    objective = made(policy, override(RECIPE, {"ppo.advantage": advantage}))
    places = [length - 1 for length in LENGTHS]
    feedbacks = feedback_rows(SCORES, places, [0, 0, 1], BASELINES, ENDS)
    targets = objective.targets(by_hand(), feedbacks)
    expected = [
        [(SCORES[row] - BASELINES[row]) * (q(LOGITS[row][t], ENDS[row]) if advantage == "coderl" else 1.0)
         if t < LENGTHS[row] else 0.0 for t in range(3)]
        for row in (0, 1)
    ]  # fmt: skip
    assert targets.advantages_BT.tolist() == [pytest.approx(row) for row in [*expected, [0.0] * 3]]
    credits = [(0.0, -0.3), (0.0, 0.0, 0.0), (-0.3,)]
    credited = [replace(one, token_credits=row) for one, row in zip(feedbacks, credits, strict=True)]
    other = objective.targets(by_hand(), credited).advantages_BT
    difference = (other - targets.advantages_BT).tolist()
    assert difference == [pytest.approx(row) for row in ([0, -0.3, 0], [0] * 3, [0] * 3)], "credits are whole"


def test_the_kl_counts_in_the_reward(policy: Policy) -> None:
    objective = made(policy, override(RECIPE, {"ppo.advantage": "best", "kl.coef": 0.5}))
    experience = by_hand()
    experience.old_logps_BT = torch.tensor([[0.2, 0.4, 9.0], [0.1, 0.1, 0.1], [9.0] * 3])
    feedbacks = feedback_rows(SCORES, [1, 2, 0], [0, 0, 1], BASELINES, ENDS)
    advantages = objective.targets(experience, feedbacks).advantages_BT
    expected = [[-0.3 - 0.5 * 0.6 - 1.0] * 2 + [0.0], [1.0 - 0.5 * 0.3 - 0.35] * 3, [0.0] * 3]
    assert advantages.tolist() == [pytest.approx(row, abs=1e-6) for row in expected]


def test_cross_entropy_is_that_of_the_largest_logits() -> None:
    pooled = [[max(LOGITS[row][t][c] for t in range(LENGTHS[row])) for c in range(4)] for row in range(3)]
    total = -sum(math.log(q(pooled[row], ENDS[row])) for row in (0, 1))
    found = classes.class_loss(torch.tensor(LOGITS), mask(), classes.class_indices(ENDS), rows=5)
    assert float(found) == pytest.approx(total / 5, rel=1e-6)
    right = [max(range(4), key=pooled[row].__getitem__) == ENDS[row] for row in (0, 1)]
    accuracy = classes.class_accuracy(torch.tensor(LOGITS), mask(), classes.class_indices(ENDS))
    assert accuracy == sum(right) / 2


def test_a_class_that_is_unknown_teaches_nothing() -> None:
    logits = torch.tensor(LOGITS, requires_grad=True)
    classes.class_loss(logits, mask(), classes.class_indices([None, 3, None]), rows=1).backward()
    assert logits.grad is not None
    assert not logits.grad[0].any()
    assert logits.grad[1].any()
    assert not logits.grad[2].any()
    nothing = classes.class_loss(logits.detach(), mask(), classes.class_indices([None] * 3), rows=1)
    assert float(nothing) == 0.0


def test_the_head_starts_with_no_opinion() -> None:
    critic = ClassCritic(16, seed=1)
    logits_BTC = critic(torch.randn(2, 5, 16))
    assert logits_BTC.shape == (2, 5, len(CLASSES))
    assert not logits_BTC.any()
    assert torch.equal(classes.token_weights(logits_BTC, torch.tensor([0, 3])), torch.full((2, 5), 0.25))
    assert [critic.inner.out_features, critic.last.in_features] == [128, 128]


def test_it_learns_to_tell_and_its_weights_are_those_before_the_update(
    policy: Policy, tokens: Tokens
) -> None:
    """In the first step all weights are 1/4, whatever the update then teaches the critic."""
    recipe = override(RECIPE, {"objective.lr": 0.0})
    objective, numbers = learn(policy, tokens, recipe, [1.0, -1.0, 0.3, -0.6], steps=12)
    assert numbers[0]["class_loss"] == pytest.approx(math.log(4), rel=1e-5)
    assert numbers[-1]["class_loss"] < 0.5 * numbers[0]["class_loss"]
    assert numbers[-1]["class_accuracy"] == 1.0
    experience = objective.experience(*tokens, 12)
    feedbacks = feedback_rows([1.0, -1.0, 0.3, -0.6], [0] * 4, baselines=[0.0] * 4, classes=[3, 0, 2, 1])
    weights_BT = objective.targets(experience, feedbacks).advantages_BT[0] / 1.0
    assert weights_BT[experience.mask_BT[0]].min() != pytest.approx(0.25, abs=1e-3)
    first = made(renewed(policy, recipe), recipe)
    targets = first.targets(first.experience(*tokens, 0), feedbacks)
    assert torch.allclose(targets.advantages_BT[0][experience.mask_BT[0]], torch.tensor(0.25))


def test_references_are_programs_that_pass(policy: Policy, tokens: Tokens) -> None:
    """With references alone, as where the judge failed on all but one row, the critic says `passed` of them;
    the policy does not move in the warm-up, nor by its references without an anchor."""
    recipe = override(RECIPE, {"critic.lr": 5e-2, "critic.warmup_steps": 99})
    objective, numbers = learn(policy, tokens, recipe, [0.0, None, None, None], steps=8)
    prompts, completions = tokens
    batch = objective.policy.collate([prompts[0], prompts[2]], [completions[1], completions[3]])
    logits_BTC = objective.trained.scorer(batch, 1.0).critic
    found = classes.pooled(logits_BTC, batch.mask_BT).argmax(1).tolist()
    assert [CLASSES[index] for index in found] == ["passed"] * 2
    assert "anchor_loss" not in numbers[0]
    for own, theirs in zip(objective.policy.model.parameters(), policy.model.parameters(), strict=True):
        assert torch.equal(own, theirs)


def test_its_gradient_never_reaches_the_policy(policy: Policy, tokens: Tokens) -> None:
    """But its own adapters, where it has them."""
    for ranks in ({}, {"model.lora_rank": 4, "critic.lora_rank": 2}):
        recipe = override(RECIPE, ranks)
        fast, _ = learn(policy, tokens, recipe, [1.0, -1.0, 0.3, -0.6])
        slow, _ = learn(
            policy,
            tokens,
            override(recipe, {"critic.lr": 0.0, "critic.warmup_steps": 0}),
            [1.0, -1.0, 0.3, -0.6],
        )
        for one, other in zip(
            fast.trained.scorer.policy_parameters(), slow.trained.scorer.policy_parameters(), strict=True
        ):
            assert torch.equal(one, other)
        pairs = zip(
            fast.trained.scorer.critic_parameters(), slow.trained.scorer.critic_parameters(), strict=True
        )
        assert any(not torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize(
    ("fields", "saved"),
    [({}, True), ({"critic.trunk": "own"}, False), ({"model.lora_rank": 4, "critic.lora_rank": 2}, False)],
)
def test_only_a_critic_that_reads_the_policys_states_is_saved_beside_it(
    policy: Policy, tmp_path: Path, fields: dict[str, Any], saved: bool
) -> None:
    """Whoever loads it gives it the policy's states: another critic would be asked of what it never read."""
    recipe = override(RECIPE, fields)
    objective = made(renewed(policy, recipe), recipe)
    policy.save(tmp_path / "base")
    objective.save(tmp_path / "checkpoint", tmp_path / "base", objective.state())
    assert (tmp_path / "checkpoint" / "critic.pt").exists() == saved
