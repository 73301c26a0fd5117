"""`rlcf bench` and `rlcf train` from the command line, with models small enough for a test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from rlcf.cli import main
from rlcf.evaluation.critic_sampling import EXAMPLES
from rlcf.policy import load_policy, tiny_policy
from rlcf.policy.critic import ClassCritic
from tests.rlcf.conftest import SmallSet
from tests.rlcf.test_cli import forked

LITTLE = """
data.problems = "mbjp"
data.train_problems = 8
evaluation.problems = 2
evaluation.samples = 4
supervised.steps = 0
objective.grounding = "compiler"
objective.steps = 1
rollout.prompts_per_step = 2
rollout.samples_per_prompt = 2
objective.minibatches = 1
rollout.max_new_tokens = 4
"""


@pytest.fixture(scope="module")
def model(small_set: SmallSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learnt nothing."""
    folder = tmp_path_factory.mktemp("models") / "model"
    tiny_policy([row["prompt"] for row in small_set.rows] * 20, seed=0).save(folder)
    return folder


@pytest.fixture
def recipe(model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "little.toml"
    path.write_text(f"model.name = {json.dumps(str(model))}\n{LITTLE}")
    return path


def test_bench_asks_judges_and_writes_what_it_prints(
    small_set: SmallSet,
    model: Path,
    tmp_path: Path,
    complaint: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = ("bench", str(model), "--problems", str(small_set.path), "--engine", "local", "--json")
    sampling = ("--n", "2", "--k", "1,2", "--max-new-tokens", "6")

    def rows_of(name: str) -> list[dict[str, object]]:
        assert main([*bench, *sampling, "--out", str(tmp_path / name)]) == 0
        return [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]

    rows = rows_of("r.jsonl")
    found = json.loads(capsys.readouterr().out)
    assert found["samples"] == 6
    assert found["problems"] == 3
    assert set(found["pass"]) == {"1", "2"}
    assert [row["task_id"] for row in rows] == [row["task_id"] for row in small_set.rows for _ in range(2)]
    compiled = sum(bool(row["compiled"]) for row in rows)
    assert found["compile"]["1"] == pytest.approx(compiled / 6, abs=1e-6)
    again = rows_of("again.jsonl")
    assert [row["completion"] for row in again] == [row["completion"] for row in rows], "the same seed"
    capsys.readouterr()
    assert "field 'n'" in complaint(*bench, "--temperature", "0", "--n", "2", "--k", "1")
    assert main([*bench, "--n", "2", "--k", "1,3", "--max-new-tokens", "6"]) == 0
    clipped = capsys.readouterr()
    assert set(json.loads(clipped.out)["pass"]) == {"1", "2"}


def test_bench_refines_with_a_saved_critic_and_says_so(
    small_set: SmallSet,
    model: Path,
    tmp_path: Path,
    complaint: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = ("--problems", str(small_set.path), "--engine", "local", "--n", "2", "--k", "1", "--refine", "1")
    assert "critic.pt" in complaint("bench", model, *bench)
    assert "field 'refine'" in complaint("bench", model, *bench[:-1], "-1")
    trained = tmp_path / "trained"
    shutil.copytree(model, trained)
    critic = ClassCritic(load_policy(trained).width, seed=3)
    nn.init.normal_(critic.last.weight, std=9.0)
    torch.save(critic.state_dict(), trained / "critic.pt")
    said = []
    for more in ((), ("--json",)):
        assert main(["bench", str(trained), *bench, "--max-new-tokens", "6", *more]) == 0
        said.append(capsys.readouterr().out)
    assert EXAMPLES in said[0]
    found = json.loads(said[1])
    assert (found["samples"], found["refine"], found["note"]) == (6, 1, EXAMPLES)


def test_train_writes_a_run_folder_and_never_into_an_old_one(
    recipe: Path, tmp_path: Path, complaint: Callable[..., str]
) -> None:
    train = ("train", recipe, "--engine", "local")
    done = forked(*train, "--seed", "3")
    assert done.returncode == 0, done.stderr
    run = tmp_path / "runs" / "little"
    assert "seed = 3" in (run / "recipe.toml").read_text()
    assert "greedy" in done.stdout
    assert "report: runs/little/report.html" in done.stdout
    assert (run / "report.html").exists()
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 1
    stages = [json.loads(line)["stage"] for line in (run / "evaluation.jsonl").read_text().splitlines()]
    assert stages == ["before", "before", "after", "after"]
    old = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert "runs/little: field 'run'" in complaint(*train, "--run", "little")
    assert main(["train", str(recipe), "--engine", "local", "--objective.steps", "0"]) == 0
    assert (tmp_path / "runs" / "little-2" / "evaluation.jsonl").exists()
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == old


def test_a_bad_recipe_is_refused_and_leaves_nothing(
    recipe: Path, tmp_path: Path, complaint: Callable[..., str]
) -> None:
    local = ("--engine", "local")
    assert "no such recipe" in complaint("train", "no-such-recipe")
    assert "the recipe comes first" in complaint("train", "--seed", "1")
    assert "--learning-rate" in complaint("train", recipe, "--learning-rate", "1")
    assert "--seed" in complaint("train", recipe, "--seed", "one")
    assert "field 'kl.coef'" in complaint("train", recipe, "--kl.coef", "-1")
    assert "field 'objective.grounding'" in complaint(
        "train", recipe, "--objective.grounding", "luck", *local
    )
    assert "no such model folder" in complaint("train", recipe, "--model.name", "./nowhere", *local)
    recipe.write_text('seed = "one"\n')
    assert "little.toml:1: field 'seed'" in complaint("train", recipe)
    recipe.write_text("\nsead = 1\n")
    assert "little.toml:2: field 'sead'" in complaint("train", recipe)
    assert not (tmp_path / "runs").exists() or list((tmp_path / "runs").iterdir()) == []


def test_a_verifier_is_trained_and_reranks(
    small_set: SmallSet,
    model: Path,
    tmp_path: Path,
    complaint: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = (str(model), "--problems", str(small_set.path), "--engine", "local", "--max-new-tokens", "6")
    folder = tmp_path / "verifier"
    train = ("verifier", *asked, "--split", "test", "--out", str(folder), "--n", "3", "--steps", "2")
    bench = ("bench", *asked, "--k", "1", "--rerank", "lever")

    assert "field 'verifier'" in complaint(*bench, "--n", "2")
    assert "field 'n'" in complaint(*bench, "--n", "1", "--verifier", folder)
    assert "field 'verifier'" in complaint(*bench, "--n", "2", "--verifier", folder), "there is none"
    assert "field 'verifier'" in complaint("bench", *asked, "--k", "1", "--verifier", folder)
    assert "field 'encoder'" in complaint(*train, "--encoder", "./nowhere")
    assert "field 'steps'" in complaint(*train, "--steps", "0")
    assert not folder.exists()

    assert main([*train]) == 0
    told = capsys.readouterr().out
    assert "held out" in told
    assert f"verifier: {folder}" in told
    assert "field 'out'" in complaint(*train), "no verifier is written over another"

    rerank = [*bench, "--n", "2", "--verifier", str(folder)]
    assert main([*rerank, "--json", "--out", str(tmp_path / "r.jsonl")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verifier"] == str(folder)
    assert list(found["rerank"]) == ["sampling", "likelihood", "majority", "lever"]
    assert found["rerank"]["sampling"]["pass"] == found["pass"]["1"]
    rows = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [row["chosen"] for row in rows].count(True) == 3
    chosen = {row["task_id"]: row["passed"] for row in rows if row["chosen"]}
    assert found["rerank"]["lever"]["pass"] == sum(chosen.values()) / len(chosen)
    assert all(row["log_lm"] < 0 and row["log_yes"] < 0 for row in rows)
    assert main(rerank) == 0
    assert "one of 2 chosen: passes by\nsampling" in capsys.readouterr().out


def test_a_model_that_knows_nothing_spoils_no_tests(
    small_set: SmallSet, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = tmp_path / "one.jsonl"
    one.write_text(json.dumps(small_set.rows[0]))
    make = ["data", "tests", str(one), "--engine", "local", "--most", "3", "--out"]
    assert main([*make, str(tmp_path / "with.jsonl"), "--model", str(model)]) == 0
    assert "usable 0 of " in capsys.readouterr().out
    assert main([*make, str(tmp_path / "without.jsonl")]) == 0
    assert (tmp_path / "with.jsonl").read_text() == (tmp_path / "without.jsonl").read_text()
