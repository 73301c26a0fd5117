"""Importance weights for a sampler whose probabilities are not those of training."""

from __future__ import annotations

import math

import pytest

from rlcf.errors import BadInput
from rlcf.grounding.table import GROUNDINGS
from rlcf.policy import Policy
from rlcf.recipes import override
from rlcf.training.check import check_parts
from tests.rlcf.training.objectives import test_ppo as ppo


@pytest.mark.parametrize("kl", [0.0, 1e-12], ids=["own logps", "logps before"])
def test_what_the_sampler_held_for_half_as_likely_counts_up_to_the_cap(
    policy: Policy, tokens: ppo.Tokens, kl: float
) -> None:
    """The old log-probabilities are the update's own, or those of a pass before it."""
    recipe = override(ppo.RECIPE, {"ppo.advantage": "group", "kl.coef": kl, "objective.minibatches": 1})
    _, (plain,) = ppo.learn(policy, tokens, recipe, list(ppo.SCORES))
    assert "importance_weight" not in plain
    scored = ppo.made(ppo.renewed(policy, recipe), override(recipe, {"kl.coef": 1e-12}))
    old_BT = scored.experience(*tokens, 0).old_logps_BT
    feedbacks = ppo.feedback_rows(ppo.SCORES, [len(completion) - 1 for completion in tokens[1]])
    for cap, expected in ((1.5, 1.5), (3.0, 2.0)):
        objective = ppo.made(ppo.renewed(policy, recipe), override(recipe, {"rollout.importance_cap": cap}))
        experience = objective.experience(*tokens, 0)
        experience.sampler_logps_BT = old_BT - math.log(2)
        numbers = objective.learn(experience, feedbacks, [], 0)
        assert numbers["importance_weight"] == pytest.approx(expected, rel=1e-4)
        assert numbers["sampler_gap"] == pytest.approx(math.log(2), rel=1e-4)
        assert numbers["policy_loss"] == pytest.approx(expected * plain["policy_loss"], abs=1e-5)
        assert numbers["approx_kl"] == pytest.approx(plain["approx_kl"], abs=1e-6)


@pytest.mark.parametrize(
    "fields",
    [
        {"rollout.importance_cap": 0.5},
        {"rollout.importance_cap": 2.0, "objective.name": "dpo"},
        {"rollout.importance_cap": 2.0, "rollout.replay_capacity": 8},
    ],
)
def test_a_cap_that_can_t_be_followed_is_refused(fields: dict[str, object]) -> None:
    recipe = override(ppo.RECIPE, fields)
    with pytest.raises(BadInput, match="importance_cap"):
        check_parts(recipe, GROUNDINGS[recipe.objective.grounding])
