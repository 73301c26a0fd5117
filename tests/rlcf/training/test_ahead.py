"""Completions of the next step by the policy from before the update."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.machine import Machine
from rlcf.policy import load_policy
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.run import resume, train
from rlcf.training.runtime.checkpoint import checkpoint_folder
from tests.rlcf.training.conftest import SmallWorld

pytestmark = pytest.mark.usefixtures("one_thread")

MACHINE = Machine(rails="warn", checkpoint_every=2, keep=9)
AHEAD = {"rollout.ahead": True, "rollout.importance_cap": 2.0}


def recipe_of(world: SmallWorld, fields: dict[str, Any]) -> Recipe:
    own = {
        "objective.steps": 4,
        "objective.grounding": "tests",
        "ppo.advantage": "leave-one-out",
        "kl.coef": 0.0,
        "objective.lr": 3e-3,
        "objective.sft_coef": 0.5,
        "rollout.max_new_tokens": 24,
    }
    return override(Recipe(), world.fields(own | fields))


def sampled(run: Path) -> dict[int, list[tuple[str, str]]]:
    """What was answered to what, of each step, in any order."""
    found: dict[int, list[tuple[str, str]]] = {}
    for line in (run / "completions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["stage"] == "rollout":
            found.setdefault(row["step"], []).append((row["task_id"], row["completion"]))
    return {step: sorted(rows) for step, rows in found.items()}


def rows(run: Path) -> list[dict[str, float]]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    return [{k: v for k, v in row.items() if "seconds" not in k and "per_second" not in k} for row in lines]


@pytest.mark.parametrize(
    "fields", [{}, {"model.lora_rank": 4, "objective.lr": 0.03}], ids=["full", "adapters"]
)
def test_a_step_s_completions_are_by_the_policy_from_before_the_last_update(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, fields: dict[str, Any]
) -> None:
    for name, own in (("plain", {}), ("ahead", AHEAD), ("still", {"objective.lr": 1e-30})):
        train(recipe_of(small_world, {**fields, **own}), tmp_path / name, judge, MACHINE)
    plain, ahead, still = (sampled(tmp_path / name) for name in ("plain", "ahead", "still"))
    assert ahead[1] == plain[1]
    assert ahead[2] == still[2], "the first policy's"
    assert plain[2] != still[2], "one that has learnt answers otherwise"
    assert ahead[3] != still[3]
    found = rows(tmp_path / "ahead")
    assert found[0]["sampler_gap"] < 1e-5, "drawn by the very policy"
    assert all(row["sampler_gap"] > 1e-3 for row in found[1:])
    assert all(row["importance_weight"] != 1 for row in found[1:])


def test_a_killed_run_goes_on_with_what_was_on_its_way(
    small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(recipe_of(small_world, AHEAD), whole, judge, MACHINE)
    shutil.copytree(whole, cut)
    shutil.rmtree(checkpoint_folder(cut, 4))
    resume(cut, judge)
    assert rows(cut) == rows(whole)
    assert sampled(cut) == sampled(whole)
    ours, theirs = (
        dict(load_policy(checkpoint_folder(run, 4)).model.named_parameters()) for run in (whole, cut)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize(
    "fields",
    [
        {"rollout.importance_cap": 0.0},
        {"rollout.curriculum": True},
        {"rollout.resampling_rounds": 1},
        {"ppo.advantage": "greedy"},
    ],
    ids=str,
)
def test_what_asks_the_present_policy_is_refused(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, fields: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match=next(iter(fields))):
        train(recipe_of(small_world, {**AHEAD, **fields}), tmp_path / "run", judge, MACHINE)
