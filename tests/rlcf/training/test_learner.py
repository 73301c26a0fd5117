"""Invariants of the PPO update."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rlcf.policy import Policy
from rlcf.recipe import Recipe
from rlcf.training.learner import Learner

Ids = list[list[int]]
Tokens = tuple[Ids, Ids]

RECIPE = Recipe(ppo_steps=4, minibatches=2, critic_warmup=0, policy_lr=1e-3, critic_lr=1e-3)
SCORES = [1.0, -1.0, 0.3, -0.6]


def weights(policy: Policy) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in policy.model.parameters()])


def learn(
    policy: Policy, tokens: Tokens, recipe: Recipe, scores: list[float | None], steps: int = 1
) -> tuple[Tensor, list[dict[str, float]]]:
    """Weights after some steps on a copy of `policy`, and the numbers of each step."""
    own = copy.deepcopy(policy)
    learner = Learner(own, recipe)
    prompts, completions = tokens
    numbers = []
    for step in range(steps):
        experience = learner.prepare(prompts, completions, step)
        places = [len(completion) - 1 for completion in completions]
        numbers.append(learner.learn(experience, scores, places, step))
    return weights(own), numbers


def test_the_first_ratio_is_one_and_the_first_kl_zero(policy: Policy, tokens: Tokens) -> None:
    _, (first, second) = learn(policy, tokens, replace(RECIPE, minibatches=1), list(SCORES), steps=2)
    assert first["approx_kl"] == 0, "exactly: old log-probabilities come from the same code and batches"
    assert first["clip_fraction"] == 0
    assert first["kl"] == 0
    assert second["kl"] != 0
    assert second["approx_kl"] == 0


def test_later_minibatches_and_epochs_leave_ratio_one(policy: Policy, tokens: Tokens) -> None:
    _, (numbers,) = learn(policy, tokens, replace(RECIPE, epochs=2), list(SCORES))
    assert numbers["approx_kl"] > 0


def test_micro_batching_does_not_change_the_update(policy: Policy, tokens: Tokens) -> None:
    whole, (one,) = learn(policy, tokens, RECIPE, list(SCORES))
    split, (other,) = learn(policy, tokens, replace(RECIPE, tokens_per_microbatch=1), list(SCORES))
    assert torch.allclose(whole, split, atol=2e-5)
    assert not torch.allclose(whole, weights(policy), atol=1e-4), "it learns at all"
    assert one == pytest.approx(other, abs=1e-4)


def test_padding_does_not_change_the_update(policy: Policy, tokens: Tokens) -> None:
    """A row the judge failed on is only padding: however long it is, the others learn the same."""
    prompts, completions = tokens
    recipe = replace(RECIPE, minibatches=1)
    results = []
    for length in (2, 60):
        longer = ([*prompts, prompts[0]], [*completions, (completions[0] * 20)[:length]])
        results.append(learn(policy, longer, recipe, [*SCORES, None])[0])
    assert torch.allclose(results[0], results[1], atol=2e-5)
    assert torch.allclose(results[0], learn(policy, tokens, recipe, list(SCORES))[0], atol=2e-5)


def test_critic_warm_up_leaves_the_policy_alone(policy: Policy, tokens: Tokens) -> None:
    after, numbers = learn(policy, tokens, replace(RECIPE, critic_warmup=2), list(SCORES), steps=2)
    assert torch.equal(after, weights(policy))
    assert numbers[1]["value_loss"] < numbers[0]["value_loss"]


def test_what_was_rewarded_becomes_likelier(policy: Policy, tokens: Tokens) -> None:
    prompts, completions = tokens
    own = copy.deepcopy(policy)
    learner = Learner(own, replace(RECIPE, kl=0.0, minibatches=1, ppo_steps=20))
    before = own.token_stats(own.collate(prompts, completions)).logps_BT.sum(1).detach()
    for step in range(5):
        experience = learner.prepare(prompts, completions, step)
        learner.learn(experience, [1.0, -1.0, -1.0, -1.0], [len(c) - 1 for c in completions], step)
    after = own.token_stats(own.collate(prompts, completions)).logps_BT.sum(1).detach()
    gain = after - before
    assert gain[0] == gain.max()
    assert gain[0] > 0


def test_a_step_that_the_judge_failed_on_altogether_is_an_error(policy: Policy, tokens: Tokens) -> None:
    with pytest.raises(RuntimeError, match="every rollout"):
        learn(policy, tokens, RECIPE, [None] * 4)
