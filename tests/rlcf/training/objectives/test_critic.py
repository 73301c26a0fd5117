"""PPO's critic: what it reads, how it is fitted, and what is said of it."""

from __future__ import annotations

import pytest
import torch

from rlcf.policy import Policy
from rlcf.recipes import override
from tests.rlcf.training.objectives.test_ppo import (
    GROUPS,
    RECIPE,
    SCORES,
    Tokens,
    feedback_rows,
    learn,
    made,
    renewed,
)

FIELDS = {"critic.lr": 3e-3, "critic.warmup_steps": 99, "kl.coef": 0.0}


@pytest.mark.parametrize("trunk", ["policy", "own"])
def test_more_passes_fit_the_returns_better(policy: Policy, tokens: Tokens, trunk: str) -> None:
    """The policy stays where it is: its passes are over."""
    explained = {}
    for epochs in (1, 8):
        recipe = override(RECIPE, FIELDS | {"critic.trunk": trunk, "critic.epochs": epochs})
        objective, rows = learn(policy, tokens, recipe, list(SCORES), steps=4)
        explained[epochs] = rows[-1]["explained_variance"]
        for own, theirs in zip(objective.policy.model.parameters(), policy.model.parameters(), strict=True):
            assert torch.equal(own, theirs)
    assert explained[8] > explained[1] + 0.1
    assert explained[8] > 0.5


def test_a_trunk_of_its_own_learns_and_leaves_an_untied_head_alone(policy: Policy, tokens: Tokens) -> None:
    recipe = override(RECIPE, FIELDS | {"critic.trunk": "own"})
    objective, _ = learn(policy, tokens, recipe, list(SCORES), steps=2)
    critic_model = objective.trained.scorer.critic_model
    assert critic_model is not None
    trained = {name for name, p in critic_model.named_parameters() if p.requires_grad}
    theirs = dict(policy.model.named_parameters())
    moved = {name for name, p in critic_model.named_parameters() if not torch.equal(p, theirs[name])}
    assert moved == trained
    tied = policy.model.get_output_embeddings().weight is policy.model.get_input_embeddings().weight
    assert ("lm_head.weight" in theirs and "lm_head.weight" not in trained) != tied


def test_variance_is_explained_of_monte_carlo_returns(policy: Policy, tokens: Tokens) -> None:
    """Also where the targets have another lambda, and so contain what the critic says."""
    recipe = override(RECIPE, {"critic.gae_lambda": 0.0, "kl.coef": 0.0})
    objective = made(renewed(policy, recipe), recipe)
    experience = objective.experience(*tokens, 0)
    experience.values_BT += torch.linspace(-1, 1, experience.values_BT.numel()).view_as(experience.values_BT)
    places = [len(completion) - 1 for completion in tokens[1]]
    places[0] = 1
    targets = objective.targets(experience, feedback_rows(SCORES, places))
    expected = torch.tensor(SCORES)[:, None] * experience.mask_BT
    expected[0, 2:] = 0
    assert torch.allclose(targets.rewards_to_go_BT, expected, atol=1e-6)
    assert not torch.allclose(targets.returns_BT, expected, atol=1e-2)
    others = [SCORES[row ^ 1] for row in range(4)]
    assert GROUPS == [0, 0, 1, 1]
    assert targets.others_mean_B.tolist() == pytest.approx(others)
