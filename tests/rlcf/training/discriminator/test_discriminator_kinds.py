"""Whole small runs with other discriminators: a model that is asked, one not pre-trained, a frozen one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.experiments.ablation import ablate
from rlcf.grounding.table import resolve_grounding
from rlcf.machine import Machine
from rlcf.policy import Policy, load_policy
from rlcf.policy.score import trunk
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.check import check_parts
from rlcf.training.discriminator.kinds import encoder_score
from rlcf.training.objectives.ppo import PpoObjective
from rlcf.training.run import resume, train
from rlcf.training.runtime.checkpoint import DISCRIMINATOR, checkpoint_folder
from tests.rlcf.training.conftest import SmallWorld
from tests.rlcf.training.runtime.test_checkpoint import assert_equal, learnt, told

pytestmark = pytest.mark.usefixtures("one_thread")

MACHINE = Machine(rails="warn", checkpoint_every=2)


@pytest.fixture(scope="session")
def recipe(small_world: SmallWorld) -> Recipe:
    return override(
        Recipe(),
        {
            "data.problems": str(small_world.problems),
            "model.name": str(small_world.model),
            "data.train_problems": 12,
            "evaluation.problems": 2,
            "evaluation.samples": 1,
            "data.corpus_problems": 0,
            "supervised.steps": 0,
            "discriminator.samples": 24,
            "discriminator.steps": 2,
            "discriminator.refresh_every": 1,
            "objective.grounding": "rlcf",
            "objective.steps": 4,
            "rollout.prompts_per_step": 4,
            "rollout.samples_per_prompt": 2,
            "objective.minibatches": 2,
            "rollout.max_new_tokens": 40,
            "objective.lr": 3e-4,
        },
    )


def weights(run: Path, step: int) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(checkpoint_folder(run, step) / DISCRIMINATOR, weights_only=True)
    return found


def test_a_run_asks_a_model_and_goes_on_where_it_was_stopped(
    recipe: Recipe, small_world: SmallWorld, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = override(recipe, {"discriminator.model": f"judge:{small_world.model}"})
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train(recipe, whole, judge, MACHINE)
    update = PpoObjective.update

    def stop(self: PpoObjective, *arguments: Any) -> Any:
        if arguments[2] == 2:
            raise KeyboardInterrupt
        return update(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(PpoObjective, "update", stop)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, stopped, judge, MACHINE)
    assert len(learnt(stopped)) == 2
    resume(stopped, judge, MACHINE)
    assert learnt(stopped) == learnt(whole)
    assert told(stopped, "completions.jsonl") == told(whole, "completions.jsonl")
    assert [*tmp_path.rglob(DISCRIMINATOR)] == [], "it has nothing to save"
    rows = learnt(whole)
    assert any(0 < abs(row["part_discriminator"]) < 1 for row in rows), "it has a say"
    measured = [row["discriminator_accuracy"] for row in rows if "discriminator_accuracy" in row]
    assert measured
    assert all(0 <= share <= 1 for share in measured)
    assert not any("discriminator_loss" in row for row in rows), "it does not learn"


def test_what_the_model_says_is_what_is_paid(
    recipe: Recipe, small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    from rlcf.policy.llm_judge import load_llm_judge
    from rlcf.problems import load_problems

    recipe = override(
        recipe,
        {
            "discriminator.model": f"judge:{small_world.model}",
            "discriminator.refresh_every": 0,
            "objective.steps": 1,
        },
    )
    train(recipe, tmp_path / "run", judge, MACHINE)
    assert "discriminator_accuracy" not in learnt(tmp_path / "run")[0]
    problems = {problem.task_id: problem for problem in load_problems(str(small_world.problems), "train")}
    lines = (tmp_path / "run" / "completions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["stage"] == "rollout" and row["compiled"]]
    asked = load_llm_judge(str(small_world.model), "cpu")
    values = asked.compare(
        [problems[row["task_id"]].prompt for row in rows],
        [row["completion"] for row in rows],
        [str(problems[row["task_id"]].reference) for row in rows],
    )
    assert any(values)
    assert [row["score"] for row in rows] == pytest.approx(values, abs=1e-5)


def test_a_discriminator_that_is_not_pre_trained(policy: Policy) -> None:
    fresh, copied = encoder_score(policy, "random", 0), encoder_score(policy, "policy", 0)
    theirs, own = dict(copied.named_parameters()), dict(fresh.named_parameters())
    assert {name: p.shape for name, p in own.items()} == {name: p.shape for name, p in theirs.items()}
    moved = [name for name, p in own.items() if p.ndim > 1 and not torch.equal(p, theirs[name])]
    assert len(moved) == sum(p.ndim > 1 and name.startswith("encoder") for name, p in own.items())
    again, other = encoder_score(policy, "random", 0), encoder_score(policy, "random", 1)
    assert all(torch.equal(p, own[name]) for name, p in again.named_parameters())
    assert not torch.equal(other.encoder.embed_tokens.weight, fresh.encoder.embed_tokens.weight)
    assert all(p.requires_grad and p.dtype == torch.float32 for p in fresh.parameters())


@pytest.mark.parametrize("lora_rank", [0, 4])
def test_one_of_a_policy_with_adapters_is_a_plain_one(small_world: SmallWorld, lora_rank: int) -> None:
    plain = load_policy(small_world.model)
    fresh = encoder_score(load_policy(small_world.model, lora_rank=lora_rank), "random", 0)
    assert [*fresh.encoder.state_dict()] == [*trunk(plain.model).state_dict()]


def test_a_run_with_random_weights_learns_and_a_frozen_one_does_not(
    recipe: Recipe, judge: Judge, tmp_path: Path
) -> None:
    recipe = override(recipe, {"discriminator.model": "random", "objective.steps": 2})
    train(recipe, tmp_path / "learns", judge, MACHINE)
    train(override(recipe, {"discriminator.refresh_every": 0}), tmp_path / "frozen", judge, MACHINE)
    first, frozen = weights(tmp_path / "learns", 0), weights(tmp_path / "frozen", 2)
    assert any("discriminator_loss" in row for row in learnt(tmp_path / "learns"))
    assert not any("discriminator_accuracy" in row for row in learnt(tmp_path / "frozen"))
    assert any(row["part_discriminator"] for row in learnt(tmp_path / "frozen"))
    assert_equal(frozen, first)
    after = weights(tmp_path / "learns", 2)
    assert not all(torch.equal(first[name], after[name]) for name in first)
    resume(tmp_path / "learns", judge, MACHINE)
    assert_equal(weights(tmp_path / "learns", 2), after)


@pytest.mark.parametrize("kind", ["pointwise", "word", "likelihood"])
def test_a_run_with_any_kind_goes_on_where_it_was_stopped(
    recipe: Recipe, judge: Judge, tmp_path: Path, kind: str
) -> None:
    own = {"discriminator.kind": kind, "discriminator.made": 40, "objective.steps": 2}
    recipe = override(recipe, own)
    train(recipe, tmp_path / "run", judge, Machine(rails="warn", checkpoint_every=1))
    whole = learnt(tmp_path / "run")
    assert any(0 < abs(row["part_discriminator"]) < 1 for row in whole), "it has a say"
    assert any("discriminator_loss" in row for row in whole) == (kind != "likelihood")
    shutil.rmtree(checkpoint_folder(tmp_path / "run", 2))
    resume(tmp_path / "run", judge, MACHINE)
    assert learnt(tmp_path / "run") == whole


def test_it_can_learn_from_what_is_made_alone(
    recipe: Recipe, judge: Judge, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = {"discriminator.samples": 0, "discriminator.refresh_every": 0, "objective.steps": 1}
    made = {"discriminator.kind": "pointwise", "discriminator.made": 40}
    with caplog.at_level("INFO", logger="rlcf"):
        train(override(recipe, own | made), tmp_path / "run", judge, MACHINE)
    assert re.search(r"discriminator: [1-9]\d* pairs, accuracy", caplog.text)
    assert "nothing compiles that could stand" not in caplog.text
    assert not any("discriminator_accuracy" in row for row in learnt(tmp_path / "run"))


def test_the_first_one_is_made_alike_or_anew(recipe: Recipe, judge: Judge, tmp_path: Path) -> None:
    short = override(recipe, {"objective.steps": 0, "discriminator.kind": "pointwise"})
    train(short, tmp_path / "base", judge, MACHINE)
    begun = {"start": str(tmp_path / "base")}
    train(override(short, begun), tmp_path / "same", judge, MACHINE)
    train(override(short, begun | {"discriminator.kind": "pairwise"}), tmp_path / "other", judge, MACHINE)
    base, same, other = (weights(tmp_path / name, 0) for name in ("base", "same", "other"))
    assert_equal(same, base)
    assert not all(torch.equal(other[name], base[name]) for name in base)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"discriminator.kind": "likelihood", "discriminator.model": "random"}, "discriminator.model"),
        ({"discriminator.kind": "word", "discriminator.model": "judge:x"}, "discriminator.kind"),
        ({"discriminator.kept": 0.5}, "discriminator.kept"),
        ({"discriminator.kept": 2.0, "objective.name": "kept"}, "discriminator.kept"),
        (
            {"discriminator.kept": 0.5, "objective.name": "kept", "objective.grounding": "compiler"},
            "discriminator.kept",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(recipe: Recipe, fields: dict[str, Any], named: str) -> None:
    found = override(recipe, fields)
    with pytest.raises(BadInput, match=named):
        check_parts(found, resolve_grounding(found)[1])


@pytest.mark.parametrize("kind", ["random", "judge"])
def test_an_ablation_shares_any_discriminator(
    recipe: Recipe, small_world: SmallWorld, judge: Judge, tmp_path: Path, kind: str
) -> None:
    name = kind if kind == "random" else f"judge:{small_world.model}"
    own = override(recipe, {"discriminator.model": name, "objective.steps": 1})
    ablate(own, ["rlcf-plain", "compiler-plain", "rlcf"], [0], tmp_path, judge, MACHINE)
    runs = {run: tmp_path / "seed-0" / run for run in ("base", "rlcf", "rlcf-plain", "compiler-plain")}
    saved = {path.relative_to(tmp_path / "seed-0").parts[0] for path in tmp_path.rglob(DISCRIMINATOR)}
    assert saved == ({"base", "rlcf", "rlcf-plain"} if kind == "random" else set())
    if kind == "random":
        assert_equal(weights(runs["rlcf"], 0), weights(runs["base"], 0))
    placed, plain, compiler = (learnt(runs[run])[0] for run in ("rlcf", "rlcf-plain", "compiler-plain"))
    assert placed["part_discriminator"] == plain["part_discriminator"] != 0, "the same rollouts, one judge"
    assert placed["reward"] == plain["reward"]
    assert placed["compile"] < 1
    assert placed["policy_loss"] != plain["policy_loss"], "the place is all that differs"
    assert compiler["part_discriminator"] == 0


def test_a_name_of_no_model_writes_nothing(recipe: Recipe, judge: Judge, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'discriminator'"):
        train(override(recipe, {"discriminator.model": "judge:./nowhere"}), tmp_path / "run", judge, MACHINE)
    assert not (tmp_path / "run").exists()
    # A grounding that asks nobody needs no model.
    nobody = override(
        recipe,
        {"discriminator.model": "judge:./nowhere", "objective.grounding": "compiler", "objective.steps": 0},
    )
    train(nobody, tmp_path / "run", judge, MACHINE)
