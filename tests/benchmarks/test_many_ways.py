"""What benchmarks/many_ways.py says of its arms: each can be trained, and those without tests run none."""

from __future__ import annotations

import pytest

from benchmarks.many_ways import ARMS, table
from benchmarks.quickstart_seeds import RATES, Result
from rlcf.grounding.table import grounding_entry
from rlcf.recipes import load_recipe, override
from rlcf.training.baseline import check_advantage
from rlcf.training.check import check_parts


@pytest.mark.parametrize("arm", ARMS)
def test_each_arm_can_be_trained(arm: str) -> None:
    recipe = override(load_recipe("quickstart"), {"data.problems": "many-ways", **ARMS[arm]})
    entry = grounding_entry(recipe.objective.grounding)
    check_advantage(recipe, entry)
    check_parts(recipe, entry)
    assert entry.runs == arm.startswith("tests")
    assert entry.compares(recipe.discriminator.weight) == (arm not in {"compiler", "tests"})
    assert entry.runs == (recipe.ppo.own_passes_coef > 0)


@pytest.mark.parametrize("arm", ["compiler", "likelihood", "tests"])
def test_shipped_recipes_are_arms(arm: str) -> None:
    fields = {
        "data.problems": "many-ways",
        "data.rl_problems": 4608,
        "objective.steps": 36,
        "evaluation.every": 0,
    }
    assert load_recipe(f"many-ways-{arm}") == override(load_recipe("quickstart"), {**fields, **ARMS[arm]})


def test_gains_are_means_over_seeds() -> None:
    before = dict.fromkeys(RATES, 0.5)
    results = [
        Result("compiler", seed, before, dict.fromkeys(RATES, after), [{"seconds": 2.0}], 1.0, [])
        for seed, after in enumerate((0.6, 0.7))
    ]
    (row,) = [line for line in table(results).splitlines() if line.startswith("| `compiler`")]
    assert row.split(" | ")[1:] == ["65.0 (+15.0 ± 7.1)"] * len(RATES) + ["2.00 |"]
