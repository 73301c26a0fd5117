"""Invariants of the PPO update."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.objectives import ppo as module
from rlcf.training.objectives.ppo import PpoObjective
from rlcf.training.rollout import Feedback
from rlcf.training.runtime.distributed import Parallel

Ids = list[list[int]]
Tokens = tuple[Ids, Ids]

RECIPE = override(
    Recipe(),
    {
        "objective.steps": 4,
        "objective.minibatches": 2,
        "objective.lr": 1e-3,
        "critic.lr": 1e-3,
        "critic.warmup_steps": 0,
    },
)
SCORES = [1.0, -1.0, 0.3, -0.6]
GROUPS = [0, 0, 1, 1]
BASELINES = [0.2, -0.3, 0.0, 0.5]
CLASSES = {1.0: 3, -1.0: 0, 0.3: 2, -0.6: 1, None: None, 0.0: 2}
"""How the programs with these scores ended."""

VARIANTS: dict[str, dict[str, Any]] = {
    "full": {},
    "lora": {"model.lora_rank": 4},
    "two sets of adapters": {"model.lora_rank": 4, "critic.lora_rank": 2},
    "a trunk of the critic's own": {"critic.trunk": "own", "critic.epochs": 3},
    "group": {"ppo.advantage": "group"},
    "leave-one-out": {"ppo.advantage": "leave-one-out", "model.lora_rank": 4},
    "best": {"ppo.advantage": "best"},
    "greedy": {"ppo.advantage": "greedy", "model.lora_rank": 4},
    "own passes": {
        "ppo.advantage": "leave-one-out",
        "ppo.own_passes_coef": 1.0,
        "ppo.negative_weight": 0.2,
        "kl.coef": 0.0,
    },
    "sequences": {"ppo.advantage": "leave-one-out", "ppo.ratio": "sequence", "ppo.mean": "sequence"},
    "cispo": {"ppo.ratio": "cispo"},
    "coderl": {"ppo.advantage": "coderl"},
    "coderl with an anchor": {
        "ppo.advantage": "coderl",
        "objective.sft_coef": 0.1,
        "model.lora_rank": 4,
        "critic.lora_rank": 2,
    },
    "everything": {
        "model.lora_rank": 4,
        "critic.lora_rank": 2,
        "kl.form": "k3",
        "ppo.entropy_coef": 0.01,
        "objective.sft_coef": 0.1,
        "ppo.clip_low": 0.2,
        "ppo.clip_high": 0.3,
        "ppo.dual_clip": 3.0,
        "ppo.gae_lambda": 0.9,
        "critic.gae_lambda": 1.0,
    },
}


def renewed(policy: Policy, recipe: Recipe) -> Policy:
    """A copy of the policy, with the adapters that the recipe asks for."""
    return Policy(copy.deepcopy(policy.model), policy.tokenizer, recipe.model.lora_rank)


def weights(objective: PpoObjective) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in objective.module.weights().values()])


def made(policy: Policy, recipe: Recipe, machine: Machine | None = None) -> PpoObjective:
    return PpoObjective(policy, recipe, machine or Machine(), Parallel())


def learn(
    policy: Policy,
    tokens: Tokens,
    recipe: Recipe,
    scores: list[float | None],
    steps: int = 1,
    machine: Machine | None = None,
    groups: list[int] | None = None,
) -> tuple[PpoObjective, list[dict[str, float]]]:
    """An objective that took some steps on a copy of `policy`, and the numbers of each step."""
    return learn_with(renewed(policy, recipe), tokens, recipe, scores, steps, machine, groups)


def learn_with(
    own: Policy,
    tokens: Tokens,
    recipe: Recipe,
    scores: list[float | None],
    steps: int = 1,
    machine: Machine | None = None,
    groups: list[int] | None = None,
) -> tuple[PpoObjective, list[dict[str, float]]]:
    """The same on `own` itself."""
    objective = made(own, recipe, machine)
    prompts, completions = tokens
    numbers = []
    for step in range(steps):
        experience = objective.experience(prompts, completions, step)
        places = [len(completion) - 1 for completion in completions]
        references = [(prompts[0], completions[1]), (prompts[2], completions[3])]
        feedbacks = feedback_rows(scores, places, groups or GROUPS)
        numbers.append(objective.learn(experience, feedbacks, references, step))
    return objective, numbers


def feedback_rows(
    scores: Sequence[float | None],
    places: Sequence[int],
    groups: Sequence[int] = GROUPS,
    baselines: Sequence[float] = (*BASELINES, 0.0),
    classes: Sequence[int | None] | None = None,
) -> list[Feedback]:
    """Feedback with what any advantage may need; it stands on whole completions, and has no credits."""
    return [
        Feedback(score, place, (), None, CLASSES[score] if classes is None else classes[row], group, baseline)
        for row, (score, place, group, baseline) in enumerate(
            zip(scores, places, groups, baselines, strict=False)
        )
    ]


@pytest.fixture(params=VARIANTS)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return override(RECIPE, VARIANTS[request.param])


def test_the_first_ratio_is_one_and_the_first_kl_zero(policy: Policy, tokens: Tokens, recipe: Recipe) -> None:
    _, (first, second) = learn(
        policy, tokens, override(recipe, {"objective.minibatches": 1}), list(SCORES), steps=2
    )
    assert first["approx_kl"] == 0, "exactly: old log-probabilities come from the same code and batches"
    assert first["clip_fraction"] == 0
    assert first.get("kl", 0.0) == 0
    assert second.get("kl", 1.0) != 0
    assert second["approx_kl"] == 0


def test_without_critic_kl_and_parts_no_pass_before_the_update_is_due(policy: Policy, tokens: Tokens) -> None:
    """Old log-probabilities are then the update's own; the update is that of one that computed them."""
    recipe = override(RECIPE, {"ppo.advantage": "group", "kl.coef": 0.0, "objective.minibatches": 1})
    short, (one,) = learn(policy, tokens, recipe, list(SCORES))
    assert short.on_policy
    assert not short.experience(*tokens, 1).old_logps_BT.any()
    long, (other,) = learn(policy, tokens, override(recipe, {"kl.coef": 1e-12}), list(SCORES))
    assert not long.on_policy
    assert torch.allclose(weights(short), weights(long), atol=1e-6)
    assert one["policy_loss"] == pytest.approx(other["policy_loss"], abs=1e-6)


def test_later_minibatches_and_epochs_leave_ratio_one(policy: Policy, tokens: Tokens) -> None:
    _, (numbers,) = learn(policy, tokens, override(RECIPE, {"ppo.epochs": 2}), list(SCORES))
    assert numbers["approx_kl"] > 0
    assert numbers["updates"] == 4


def test_micro_batching_does_not_change_the_update(policy: Policy, tokens: Tokens, recipe: Recipe) -> None:
    whole, (one,) = learn(policy, tokens, recipe, list(SCORES))
    before = made(renewed(policy, recipe), recipe)
    assert not torch.allclose(weights(whole), weights(before), atol=1e-4), "it learns at all"
    for budget, share in ((1, True), (1, False), (120, False)):
        machine = Machine(tokens_per_microbatch=budget)
        own = renewed(policy, recipe)
        own.shares_prompts = share  # without, a budget of 1 is a row a pass
        split, (other,) = learn_with(own, tokens, recipe, list(SCORES), machine=machine)
        assert torch.allclose(weights(whole), weights(split), atol=2e-5)
        assert one == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize("variant", ["full", "everything"])
def test_checkpointed_activations_do_not_change_the_update(
    policy: Policy, tokens: Tokens, variant: str
) -> None:
    """With two sets of adapters the backward pass must compute a layer again with the right one."""
    recipe = override(RECIPE, VARIANTS[variant])
    kept, _ = learn(policy, tokens, recipe, list(SCORES))
    again, _ = learn(policy, tokens, recipe, list(SCORES), machine=Machine(gradient_checkpointing=True))
    assert again.policy.model.is_gradient_checkpointing
    assert torch.allclose(weights(kept), weights(again), atol=1e-6)


def test_bf16_computes_and_fp32_keeps(policy: Policy, tokens: Tokens) -> None:
    """Trained weights stay fp32, the value head too; the first ratio is 1 all the same."""
    recipe = override(RECIPE, {"objective.minibatches": 1, "objective.lr": 1e-5})
    half = Policy(copy.deepcopy(policy.model), policy.tokenizer, autocast=torch.bfloat16)
    objective = made(half, recipe)
    experience = objective.experience(*tokens, 0)
    exact = made(renewed(policy, recipe), recipe).experience(*tokens, 0)
    assert not torch.equal(experience.old_logps_BT, exact.old_logps_BT)
    assert torch.allclose(experience.old_logps_BT, exact.old_logps_BT, atol=0.1)
    places = [len(completion) - 1 for completion in tokens[1]]
    numbers = objective.learn(experience, feedback_rows(SCORES, places), [], 0)
    assert numbers["approx_kl"] == 0
    assert {parameter.dtype for parameter in objective.trained.scorer.parameters()} == {torch.float32}
    moved = [
        not torch.equal(mine, theirs)
        for mine, theirs in zip(half.model.parameters(), policy.model.parameters(), strict=True)
    ]
    assert all(moved), "steps of 1e-5 are not lost"


def test_padding_does_not_change_the_update(policy: Policy, tokens: Tokens, recipe: Recipe) -> None:
    """A row the judge failed on is only padding: however long it is, the others learn the same."""
    prompts, completions = tokens
    recipe = override(recipe, {"objective.minibatches": 1})
    results = []
    for length in (2, 60):
        longer = ([*prompts, prompts[0]], [*completions, (completions[0] * 20)[:length]])
        results.append(weights(learn(policy, longer, recipe, [*SCORES, None], groups=[*GROUPS, 1])[0]))
    assert torch.allclose(results[0], results[1], atol=2e-5)
    alone, _ = learn(policy, tokens, recipe, list(SCORES))
    assert torch.allclose(results[0], weights(alone), atol=2e-5)


def test_the_order_of_rollouts_does_not_change_the_update(policy: Policy, tokens: Tokens) -> None:
    recipe = override(RECIPE, {"objective.minibatches": 1})
    order = [2, 0, 3, 1]
    prompts, completions = tokens
    other = ([prompts[row] for row in order], [completions[row] for row in order])
    one, _ = learn(policy, tokens, recipe, list(SCORES))
    two, _ = learn(
        policy, other, recipe, [SCORES[row] for row in order], groups=[GROUPS[row] for row in order]
    )
    assert torch.allclose(weights(one), weights(two), atol=2e-5)


def test_critic_warm_up_leaves_the_policy_alone(policy: Policy, tokens: Tokens) -> None:
    recipe = override(RECIPE, {"critic.lr": 1e-3, "critic.warmup_steps": 2})
    objective, numbers = learn(policy, tokens, recipe, list(SCORES), steps=2)
    for own, theirs in zip(objective.policy.model.parameters(), policy.model.parameters(), strict=True):
        assert torch.equal(own, theirs)
    assert numbers[1]["value_loss"] < numbers[0]["value_loss"]


def test_the_critics_gradient_never_reaches_the_policy(policy: Policy, tokens: Tokens) -> None:
    """Neither through the policy's states nor through adapters of its own."""
    for variant in ("full", "two sets of adapters", "a trunk of the critic's own"):
        recipe = override(RECIPE, {"critic.lr": 1.0, "critic.warmup_steps": 0, **VARIANTS[variant]})
        fast, _ = learn(policy, tokens, recipe, list(SCORES))
        slow, _ = learn(
            policy, tokens, override(recipe, {"critic.lr": 0.0, "critic.warmup_steps": 0}), list(SCORES)
        )
        for one, other in zip(
            fast.trained.scorer.policy_parameters(), slow.trained.scorer.policy_parameters(), strict=True
        ):
            assert torch.equal(one, other)
        assert not torch.equal(
            fast.trained.scorer.critic_parameters()[0], slow.trained.scorer.critic_parameters()[0]
        )


def test_the_critics_adapters_learn_and_the_base_stays(policy: Policy, tokens: Tokens) -> None:
    objective, _ = learn(policy, tokens, override(RECIPE, VARIANTS["two sets of adapters"]), list(SCORES), 2)
    moved = [
        name
        for name, p in objective.trained.scorer.named_parameters()
        if ".critic." in name and "lora_B" in name and p.any()
    ]
    assert len(moved) > 4
    base = dict(policy.model.named_parameters())
    for name, parameter in objective.policy.model.named_parameters():
        if "lora_" not in name:
            assert torch.equal(parameter, base[name.replace(".base_layer", "")])


def test_what_was_rewarded_becomes_likelier(policy: Policy, tokens: Tokens, recipe: Recipe) -> None:
    prompts, completions = tokens
    recipe = override(
        recipe, {"kl.coef": 0.0, "objective.minibatches": 1, "objective.steps": 20, "objective.sft_coef": 0.0}
    )
    objective = made(renewed(policy, recipe), recipe)
    own = objective.policy
    before = own.token_stats(own.collate(prompts, completions)).logps_BT.sum(1).detach()
    for step in range(5):
        experience = objective.experience(prompts, completions, step)
        places = [len(completion) - 1 for completion in completions]
        objective.learn(experience, feedback_rows([1.0, -1.0, -1.0, -1.0], places, [0, 0, 0, 0]), [], step)
    after = own.token_stats(own.collate(prompts, completions)).logps_BT.sum(1).detach()
    gain = after - before
    assert gain[0] == gain.max()
    assert gain[0] > 0


def test_the_anchor_makes_references_likelier(policy: Policy, tokens: Tokens) -> None:
    prompts, completions = tokens
    recipe = override(RECIPE, {"objective.sft_coef": 1.0, "ppo.advantage": "group", "kl.coef": 0.0})
    objective, (first, *_, last) = learn(policy, tokens, recipe, [0.0] * 4, steps=4)
    assert last["policy_loss"] == 0, "all scores agree: only the anchor teaches"
    assert last["anchor_loss"] < first["anchor_loss"]
    batch = policy.collate([prompts[0]], [completions[1]])
    assert objective.policy.token_stats(batch).logps_BT.sum() > policy.token_stats(batch).logps_BT.sum()


def test_the_critics_targets_have_a_lambda_of_their_own(policy: Policy, tokens: Tokens) -> None:
    """With lambda 1 a target is all the reward that is still to come, whatever the critic thinks."""
    objective = made(
        policy, override(RECIPE, {"ppo.gae_lambda": 0.5, "critic.gae_lambda": 1.0, "kl.coef": 0.0})
    )
    experience = objective.experience(*tokens, 0)
    experience.values_BT += 0.3
    places = [len(completion) - 1 for completion in tokens[1]]
    targets = objective.targets(experience, feedback_rows(SCORES, places))
    expected = torch.tensor(SCORES)[:, None] * experience.mask_BT
    assert torch.allclose(targets.returns_BT, expected, atol=1e-6)
    assert float(targets.advantages_BT[experience.mask_BT].mean()) == pytest.approx(0, abs=1e-6)


def test_credits_and_masks_reach_their_tokens_alone(policy: Policy, tokens: Tokens) -> None:
    """A span's credit is not whitened and has no part before it; what is not learnt from moves nothing."""
    recipe = override(RECIPE, {"objective.minibatches": 1, "kl.coef": 0.0})
    objective = made(renewed(policy, recipe), recipe)
    experience = objective.experience(*tokens, 0)
    lengths = [len(completion) for completion in tokens[1]]
    plain = feedback_rows(SCORES, [length - 1 for length in lengths])
    credits = [[0.0] * length for length in lengths]
    credits[0][2] = -1.5
    masks = [None, [True] * lengths[1], [False] * (lengths[2] - 1) + [True], None]
    marked = [
        replace(one, token_credits=tuple(credit), loss_mask=None if mask is None else tuple(mask))
        for one, credit, mask in zip(plain, credits, masks, strict=True)
    ]
    targets, other = (objective.targets(experience, feedbacks) for feedbacks in (plain, marked))
    difference_BT = other.advantages_BT - targets.advantages_BT
    assert difference_BT[0, 2] == -1.5
    assert int((difference_BT != 0).sum()) == 1
    assert torch.equal(other.returns_BT, targets.returns_BT)
    assert torch.equal(targets.loss_mask_BT, targets.mask_BT)
    lost_BT = targets.mask_BT & ~other.loss_mask_BT
    assert lost_BT.nonzero().tolist() == [[2, at] for at in range(lengths[2] - 1)]


def test_target_kl_ends_the_step_early(policy: Policy, tokens: Tokens) -> None:
    recipe = override(RECIPE, {"ppo.epochs": 6, "objective.lr": 1e-2})
    _, (through,) = learn(policy, tokens, recipe, list(SCORES))
    _, (early,) = learn(policy, tokens, override(recipe, {"ppo.target_kl": 0.01}), list(SCORES))
    assert (through["updates"], early["updates"] < 12) == (12, True)


def test_an_adaptive_kl_moves_towards_its_target(policy: Policy, tokens: Tokens) -> None:
    objective, (first, second) = learn(
        policy, tokens, override(RECIPE, {"kl.target": 5.0}), list(SCORES), steps=2
    )
    assert first["kl_coefficient"] == RECIPE.kl.coef
    assert second["kl_coefficient"] < RECIPE.kl.coef, "the KL is far below its target"
    assert objective.kl < second["kl_coefficient"]


def test_a_gradient_that_is_not_finite_changes_nothing(
    policy: Policy, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = module.ppo.policy_loss

    def broken(*arguments: Any) -> Any:
        found = loss(*arguments)
        return replace(found, loss=found.loss * torch.nan)

    monkeypatch.setattr(module.ppo, "policy_loss", broken)
    objective, (numbers,) = learn(policy, tokens, RECIPE, list(SCORES))
    before = weights(made(renewed(policy, RECIPE), RECIPE))
    assert torch.equal(weights(objective), before)
    assert numbers["skipped_updates"] == numbers["updates"] == 2


def test_an_update_without_its_batch_prepared_is_an_error(policy: Policy) -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        made(policy, RECIPE).update([], [], 0)


def test_a_step_that_the_judge_failed_on_altogether_is_an_error(policy: Policy, tokens: Tokens) -> None:
    with pytest.raises(RuntimeError, match="every rollout"):
        learn(policy, tokens, RECIPE, [None] * 4)
