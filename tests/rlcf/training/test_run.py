"""`train` on MBJP with models from disk, end to end: the run folder, and a checkpoint that loads again."""

from __future__ import annotations

import gc
import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from javabox import Judge
from rlcf import Answer, Signal
from rlcf.errors import BadInput
from rlcf.machine import Machine
from rlcf.policy import load_policy
from rlcf.policy.tiny import tiny_tokenizer
from rlcf.problems import load_problems
from rlcf.recipe import EvaluationSettings, Recipe
from rlcf.recipes import load_recipe, override
from rlcf.training.run import train
from rlcf.training.runtime.checkpoint import steps_saved
from tests.rlcf.training.conftest import SmallWorld

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPE = override(
    Recipe(),
    {
        "data.problems": "mbjp",
        "data.train_problems": 6,
        "evaluation.problems": 3,
        "evaluation.samples": 2,
        "data.corpus_problems": 0,
        "supervised.steps": 0,
        "discriminator.samples": 4,
        "discriminator.steps": 2,
        "discriminator.refresh_every": 2,
        "objective.steps": 5,
        "rollout.prompts_per_step": 3,
        "rollout.samples_per_prompt": 2,
        "objective.minibatches": 2,
        "rollout.max_new_tokens": 12,
        "objective.lr": 1e-3,
    },
)

MACHINE = Machine(rails="warn", checkpoint_every=2)
"""A random model never ends a completion, which the rails would stop for."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> dict[str, Path]:
    """Randomly initialised Qwen2 and GPT-2 models with a tokenizer, saved to disk."""
    assert data_dir
    folder = tmp_path_factory.mktemp("models")
    problems = load_problems("mbjp", "train")[:40]
    tokenizer = tiny_tokenizer([text for p in problems for text in (p.prompt, p.reference or "")])
    common: dict[str, Any] = {"vocab_size": len(tokenizer), "eos_token_id": 1, "bos_token_id": 1}
    qwen2 = Qwen2Config(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        **common,
    )
    gpt2 = GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=1024, **common)
    torch.manual_seed(0)
    for name, config in (("qwen2", qwen2), ("gpt2", gpt2)):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return {name: folder / name for name in ("qwen2", "gpt2")}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("lora_rank", [0, 8])
@pytest.mark.parametrize("name", ["qwen2", "gpt2"])
def test_five_steps_on_mbjp(
    models: dict[str, Path], judge: Judge, tmp_path: Path, name: str, lora_rank: int
) -> None:
    # No program of a random model compiles: all are paid the same, and the references alone teach.
    fields = {"model.name": str(models[name]), "model.lora_rank": lora_rank, "objective.sft_coef": 0.1}
    recipe = override(RECIPE, fields)
    train(recipe, tmp_path / "run", judge, replace(MACHINE, profile=2))
    run = tmp_path / "run"
    trace = json.loads((run / "profile.json").read_text(encoding="utf-8"))
    assert any(event["name"] == "aten::mm" for event in trace["traceEvents"])
    assert load_recipe(str(run / "recipe.toml")) == recipe
    assert len(tomllib.loads((run / "recipe.toml").read_text(encoding="utf-8"))) <= 40
    metrics = rows(run / "metrics.jsonl")
    assert [row["step"] for row in metrics] == [1, 2, 3, 4, 5]
    assert metrics[0]["kl"] == 0
    assert all(row["judge_errors"] == 0 for row in metrics)
    completions = rows(run / "completions.jsonl")
    rollouts = [row for row in completions if row["stage"] == "rollout"]
    assert len(rollouts) == 5 * 3 * 2
    for row in rollouts:
        assert row["score"] == pytest.approx(sum(row["parts"].values()))
        assert row["outcome"] == "compile_error" or row["compiled"]
    evaluations = rows(run / "evaluation.jsonl")
    for row in evaluations:
        told = row["provenance"]
        assert (told["jdk"], told["isolation"], told["engine"]) == (judge.jdk, judge.isolation, "local")
        assert (told["time_limit"], told["memory_limit"]) == (0.5, 256), "tighter than those of `rlcf bench`"
    assert [(row["stage"], row["decoding"]["temperature"]) for row in evaluations] == [
        ("before", 0.0),
        ("before", 0.8),
        ("after", 0.0),
        ("after", 0.8),
    ]
    first, last = (run / "checkpoints" / f"step-00000{step}" for step in (0, 5))
    model = AutoModelForCausalLM.from_pretrained(last)
    text = "return x + 1;"
    assert AutoTokenizer.from_pretrained(last)(text) == AutoTokenizer.from_pretrained(models[name])(text)
    assert isinstance(model, PreTrainedModel)
    before, after = (dict(load_policy(folder).model.named_parameters()) for folder in (first, last))
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[key], after[key]) for key in before), "it learnt something"
    assert load_policy(last).sample(["class A {"], temperature=0.0, max_new_tokens=3, seed=0)


@pytest.mark.parametrize("kl", [0.0, 0.1])
def test_no_policy_is_held_beside_the_one_that_learns_and_the_reference(
    models: dict[str, Path], judge: Judge, tmp_path: Path, kl: float
) -> None:
    """That from before the first step would take its memory again, to the end of the run."""

    def alive() -> int:
        gc.collect()
        return sum(type(one) is Qwen2ForCausalLM for one in gc.get_objects())

    held: list[int] = []

    def reward(answers: Sequence[Answer]) -> list[Signal]:
        held.append(alive())
        return [Signal(-float(len(answer.completion))) for answer in answers]

    own = {"model.name": str(models["qwen2"]), "supervised.steps": 2, "supervised.tokens": 300, "kl.coef": kl}
    recipe = override(RECIPE, {**own, "objective.steps": 3, "ppo.advantage": "leave-one-out"})
    gc.freeze()  # what there is already is neither collected nor counted
    try:
        assert alive() == 0
        train(recipe, tmp_path / "run", judge, MACHINE, grounding=reward)
    finally:
        gc.unfreeze()
    assert set(held) == {1 + (kl > 0)}
    assert [row["step"] for row in rows(tmp_path / "run" / "metrics.jsonl")] == [1, 2, 1, 2, 3]


def test_same_seed_same_run_and_a_start_goes_on_from_it(
    models: dict[str, Path], judge: Judge, tmp_path: Path
) -> None:
    recipe = override(RECIPE, {"model.name": str(models["qwen2"]), "objective.steps": 2})
    for run in ("one", "two"):
        train(recipe, tmp_path / run, judge, MACHINE)
    train(replace(recipe, start=str(tmp_path / "one")), tmp_path / "three", judge, MACHINE)

    def learnt(run: str) -> list[tuple[Any, ...]]:
        found = rows(tmp_path / run / "metrics.jsonl")
        return [(row["reward"], row["policy_loss"], row["value_loss"], row["entropy"]) for row in found]

    assert learnt("one") == learnt("two")
    assert learnt("one") == learnt("three"), "a start is the state before PPO"
    before = [row for row in rows(tmp_path / "three" / "completions.jsonl") if row["stage"] == "before"]
    assert before == [row for row in rows(tmp_path / "one" / "completions.jsonl") if row["stage"] == "before"]


def test_the_best_on_validation_is_what_is_measured_after(
    small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    # The numbers of MBPP's validation split are 511 to 600.
    own = small_world.problems.read_text(encoding="utf-8").splitlines()
    others = [line.replace("MBJP/60", "MBJP/52") for line in own if "MBJP/60" in line]
    problems = tmp_path / "problems.jsonl"
    problems.write_text("\n".join([*own, *others]) + "\n", encoding="utf-8")
    fields = {
        "data.problems": str(problems),
        "objective.steps": 4,
        "objective.lr": 3e-2,  # wrecks the policy: the first evaluation during training is the best
        "objective.grounding": "pass",
        "ppo.advantage": "leave-one-out",
        "evaluation.every": 1,
        "evaluation.problems": 4,
        "rollout.max_new_tokens": 40,
    }
    run = tmp_path / "run"
    recipe = override(Recipe(), small_world.fields(fields))
    train(recipe, run, judge, Machine(rails="warn", checkpoint_every=0, keep=1))
    evaluations = rows(run / "evaluation.jsonl")
    during = [row for row in evaluations if row["stage"] == "during"]
    assert [row["step"] for row in during] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert {row["split"] for row in during} == {"validation"}
    rates = dict.fromkeys(range(1, 5), 0.0)
    for row in during:
        rates[row["step"]] += row["pass"]["1"] / 2
    best = max(rates, key=lambda step: rates[step])
    after = [row for row in evaluations if row["stage"] == "after"]
    assert [row["step"] for row in after] == [best] * 2
    assert [*after[1]["pass"]] == ["1", "2"], "pass@k of all the samples of a problem too"
    assert best in steps_saved(run)
    told = torch.load(run / "checkpoints" / "step-000004" / "trainer.pt", weights_only=True)["best"]
    assert told == {"step": best, "value": pytest.approx(rates[best])}


def test_a_start_with_other_data_is_refused(judge: Judge, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="start"):
        train(replace(RECIPE, start=str(tmp_path / "none")), tmp_path / "run", judge)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "recipe",
    [
        override(RECIPE, {"objective.grounding": "vibes"}),
        override(RECIPE, {"model.name": "./nowhere"}),
        override(RECIPE, {"data.problems": "nothing"}),
        replace(RECIPE, evaluation=EvaluationSettings(split="train")),
    ],
)
def test_bad_recipes_write_nothing(judge: Judge, tmp_path: Path, recipe: Recipe) -> None:
    with pytest.raises(BadInput):
        train(recipe, tmp_path / "run", judge)
    assert not (tmp_path / "run").exists()


def test_a_run_is_never_overwritten(models: dict[str, Path], judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("seed = 1\n", encoding="utf-8")
    with pytest.raises(BadInput, match="holds a run"):
        train(override(RECIPE, {"model.name": str(models["qwen2"])}), tmp_path, judge)
    assert (tmp_path / "recipe.toml").read_text(encoding="utf-8") == "seed = 1\n"
