"""Steps of DPO and KTO: the gradient is that of the formula, and nothing but the labels decides it."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.objectives.preference import Labelled, PreferenceObjective, mismatched
from rlcf.training.objectives.preference_losses import kto_weights
from rlcf.training.objectives.table import OBJECTIVES
from rlcf.training.runtime.distributed import Parallel

RECIPE = override(
    Recipe(),
    {
        "objective.name": "dpo",
        "objective.grounding": "tests",
        "kl.coef": 0.3,
        "objective.steps": 4,
        "objective.minibatches": 1,
        "objective.lr": 1e-3,
    },
)
PASSED, FAILED, BROKEN = 3, 2, 0
VARIANTS: dict[str, dict[str, Any]] = {
    "dpo": {},
    "ipo": {"objective.name": "ipo"},
    "hinge": {"objective.name": "hinge"},
    "kto": {"objective.name": "kto"},
    "dpo, adapters": {"model.lora_rank": 4},
    "kto, adapters, anchor": {"objective.name": "kto", "model.lora_rank": 4, "objective.sft_coef": 0.1},
}
Ids = list[list[int]]


@pytest.fixture
def rows(policy: Policy) -> tuple[Ids, Ids]:
    """Two prompts, three completions each."""
    prompts = ["class A {\n    static int f(int x) {\n"] * 3 + ["int"] * 3
    completions = [
        "        return x + 1;\n    }\n}\n",
        "return",
        "        int y = x * x;\n",
        "}\n",
        "x",
        "int x;",
    ]
    return [policy.encode_prompt(p) for p in prompts], [policy.encode_completion(c) for c in completions]


GROUPS = [0, 0, 0, 1, 1, 1]
CLASSES = [PASSED, FAILED, PASSED, BROKEN, PASSED, None]
PAIRS = [(0, 1), (2, 1), (4, 3)]
"""Those that there are: fewer than the most a problem has."""


def labelled(rows: tuple[Ids, Ids], classes: Sequence[int | None]) -> list[Labelled]:
    """The rows with what the judge said of them."""
    return [
        Labelled(prompt, completion, group, None if ended is None else ended == PASSED)
        for prompt, completion, group, ended in zip(*rows, GROUPS, classes, strict=True)
    ]


def objective_of(
    policy: Policy, fields: dict[str, Any], machine: Machine | None = None
) -> PreferenceObjective:
    recipe = override(RECIPE, fields)
    own = Policy(copy.deepcopy(policy.model), policy.tokenizer, recipe.model.lora_rank)
    objective = OBJECTIVES[recipe.objective.name].make(own, recipe, machine or Machine(), Parallel())
    assert isinstance(objective, PreferenceObjective)
    return objective


def step(
    objective: PreferenceObjective, rows: tuple[Ids, Ids], classes: list[int | None], number: int = 0
) -> dict[str, float]:
    policy = objective.policy
    references = [(policy.encode_prompt("int"), policy.encode_completion("return x;\n"))]
    references = references if objective.recipe.objective.sft_coef else []
    return objective.learn(labelled(rows, classes), references, number)


def weights(objective: PreferenceObjective) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in objective.trained.module.weights().values()])


def logp(policy: Policy, prompt: list[int], completion: list[int]) -> Tensor:
    """Summed, by a plain forward of the model."""
    ids = torch.tensor([[*prompt, *completion]])
    logps = policy.model(input_ids=ids).logits[0, len(prompt) - 1 : -1].double().log_softmax(-1)
    return logps.gather(1, torch.tensor(completion)[:, None]).sum()


@pytest.mark.parametrize("name", ["dpo", "kto"])
def test_the_gradient_is_that_of_the_formula(policy: Policy, rows: tuple[Ids, Ids], name: str) -> None:
    """By autograd through the whole formula, all rows in one loss, from a policy that has left its
    reference."""
    objective = objective_of(policy, {"objective.name": name})
    prompts, completions = rows
    with torch.no_grad():
        for parameter in objective.policy.model.parameters():
            parameter.add_(0.01 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    moved = copy.deepcopy(objective.policy.model)
    plain, reference = Policy(moved, policy.tokenizer), policy
    units = objective.preference.units(labelled(rows, CLASSES), random.Random(0))

    def h(prompt: list[int], completion: list[int]) -> Tensor:
        with torch.no_grad():
            base = logp(reference, prompt, completion)
        return logp(plain, prompt, completion) - base

    if name == "dpo":
        assert sorted(map(tuple, units)) == PAIRS
        losses = [
            -torch.nn.functional.logsigmoid(
                0.3 * (h(prompts[w], completions[w]) - h(prompts[x], completions[x]))
            )
            for w, x in PAIRS
        ]
    else:
        judged = [0, 1, 2, 3, 4]
        assert sorted(units) == [[row] for row in judged]
        order = [row for unit in _minibatch(units) for row in unit]
        others = mismatched([(prompts[row], completions[row]) for row in order])
        z0 = max(0.0, sum(float(h(list(p), list(c))) for p, c in others) / len(others))
        up, down = kto_weights(3, 2)
        losses = [
            up * (1 - torch.sigmoid(0.3 * (h(prompts[row], completions[row]) - z0)))
            if CLASSES[row] == PASSED
            else down * (1 - torch.sigmoid(0.3 * (z0 - h(prompts[row], completions[row]))))
            for row in judged
        ]
    torch.stack(losses).mean().backward()
    wanted = {name: p.grad for name, p in moved.named_parameters()}
    found: dict[str, Tensor] = {}

    def keep(_: bool) -> float:
        names = objective.policy.model.named_parameters()
        found.update({name: p.grad.clone() for name, p in names if p.grad is not None})
        return 0.0

    objective.trained.optimizers.step = keep  # type: ignore[method-assign]
    told = step(objective, rows, CLASSES)
    assert told["policy_loss"] == pytest.approx(torch.stack(losses).mean().item(), rel=1e-5)
    largest = max(float(g.abs().max()) for g in found.values())
    assert largest > 1e-4
    for parameter_name, gradient in found.items():
        expected = wanted[parameter_name]
        assert expected is not None
        assert torch.allclose(gradient, expected, atol=1e-4 * largest), parameter_name


def _minibatch(units: list[list[int]]) -> list[list[int]]:
    from rlcf.policy.batch import minibatches

    return minibatches(units, 1, f"{RECIPE.seed} 0 0")


@pytest.mark.parametrize("variant", VARIANTS)
def test_micro_batches_do_not_change_the_update(policy: Policy, rows: tuple[Ids, Ids], variant: str) -> None:
    found = []
    for tokens in (1, 60, 8192):
        objective = objective_of(policy, VARIANTS[variant], Machine(tokens_per_microbatch=tokens))
        for number in range(2):
            step(objective, rows, CLASSES, number)
        found.append(weights(objective))
    assert not torch.equal(found[0], weights(objective_of(policy, VARIANTS[variant])))
    assert torch.allclose(found[0], found[2], atol=2e-5)
    assert torch.allclose(found[1], found[2], atol=2e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_passes_becomes_likelier_than_what_does_not(
    policy: Policy, rows: tuple[Ids, Ids], variant: str
) -> None:
    objective = objective_of(policy, VARIANTS[variant] | {"objective.lr": 3e-3, "objective.steps": 30})
    encoded = list(zip(*rows, strict=True))
    assert objective.log_ratios(encoded).abs().max() == 0, "the policy is its reference"
    first = step(objective, rows, CLASSES)
    for number in range(1, 15):
        last = step(objective, rows, CLASSES, number)
    assert last["policy_loss"] < first["policy_loss"]
    h = objective.log_ratios(encoded).tolist()
    assert min(h[0], h[2]) > h[1]
    assert h[4] > h[3]


def test_nothing_preferred_changes_nothing(
    policy: Policy, rows: tuple[Ids, Ids], caplog: pytest.LogCaptureFixture
) -> None:
    objective = objective_of(policy, {"objective.sft_coef": 0.1})
    before = weights(objective)
    told = step(objective, rows, [PASSED] * 3 + [FAILED, BROKEN, None])
    assert told["learnt_rows"] == 0
    assert torch.equal(weights(objective), before)
    assert "nothing is preferred" in caplog.text


@pytest.mark.parametrize("variant", ["dpo", "kto, adapters, anchor"])
def test_state_goes_on_bit_by_bit(policy: Policy, rows: tuple[Ids, Ids], variant: str) -> None:
    whole, first = objective_of(policy, VARIANTS[variant]), objective_of(policy, VARIANTS[variant])
    for number in range(4):
        step(whole, rows, CLASSES, number)
    for number in range(2):
        step(first, rows, CLASSES, number)
    second = objective_of(policy, VARIANTS[variant])
    second.load(first.state())
    for number in range(2, 4):
        step(second, rows, CLASSES, number)
    assert torch.equal(weights(second), weights(whole))


def test_mismatched_prompts_are_another_problems() -> None:
    rows = [([1], [10]), ([1], [11]), ([2], [20]), ([3], [30])]
    assert mismatched(rows) == [([1], [20]), ([1], [20]), ([2], [30]), ([3], [10])]
    assert mismatched(rows[:2]) == rows[:2], "there is no other"
