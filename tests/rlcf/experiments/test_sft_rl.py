"""The study of SFT and RL: one budget, shared starts, resumed after a kill, tables that are the runs."""

from __future__ import annotations

import itertools
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rlcf.experiments.sft_rl import ARMS, QUICK, SFT_BATCH, Arm, Budget, recipe_of
from rlcf.experiments.sft_rl_tables import read_study, table
from rlcf.problems.composed import MEASURED, set_of
from tests.rlcf.processes import go

SEEDS = (0,)
ARGUMENTS = ("study", "sft-rl", "--quick", "--seeds", str(len(SEEDS)), "--engine")
KILLED = """
from rlcf.training import trainer as loop
save = loop.Trainer.save
def killed(self, step):
    save(self, step)
    os.kill(os.getpid(), signal.SIGKILL)
loop.Trainer.save = killed
"""
"""Ends the process once the first arm with PPO has written its last checkpoint, before it is measured."""
BEFORE_THE_KILL = [arm.name for arm in ARMS if not arm.rl]


@dataclass(frozen=True)
class Work:
    """A study that was killed and started again."""

    out: Path
    at_the_kill: dict[Path, int]
    stdout: str


def stamps(out: Path) -> dict[Path, int]:
    """When the metrics of each finished arm were written."""
    done = sorted(out.glob("seed-*/*/done"))
    return {file.parent: (file.parent / "metrics.jsonl").stat().st_mtime_ns for file in done}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, served_judge: str) -> Work:
    folder = tmp_path_factory.mktemp("study")
    out = folder / "runs" / "study-sft-rl-quick"
    assert go(folder, *ARGUMENTS, served_judge, before=KILLED).returncode < 0
    at_the_kill = stamps(out)
    done = go(folder, *ARGUMENTS, served_judge)
    assert done.returncode == 0, done.stderr
    return Work(out, at_the_kill, done.stdout)


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def measured(folder: Path, stage: str) -> list[dict[str, list[int]]]:
    """Counts by problem, of the greedy evaluation and of the sampled one."""
    return [row["counts"] for row in rows(folder, "evaluation.jsonl") if row["stage"] == stage]


def test_what_was_done_before_a_kill_is_not_repeated(work: Work, served_judge: str) -> None:
    assert sorted(folder.name for folder in work.at_the_kill) == sorted(BEFORE_THE_KILL)
    now = stamps(work.out)
    assert len(now) == len(ARMS) * len(SEEDS)
    assert {folder: now[folder] for folder in work.at_the_kill} == work.at_the_kill
    assert go(work.out.parents[1], *ARGUMENTS, served_judge).stdout == work.stdout
    assert stamps(work.out) == now


def test_arms_learn_from_as_many_completions_after_the_first_stage(work: Work) -> None:
    steps = {"base": QUICK.pretrain_steps, "sft-both-sft": QUICK.second_steps}
    for folder in stamps(work.out):
        supervised = [row for row in rows(folder, "metrics.jsonl") if "supervised_loss" in row]
        rollouts = [row for row in rows(folder, "completions.jsonl") if row["stage"] == "rollout"]
        learnt = len(supervised) * SFT_BATCH + len(rollouts)
        sampled = QUICK.rl_steps * QUICK.prompts_per_step * QUICK.samples_per_prompt
        written = steps.get(folder.name, QUICK.sft_steps) * SFT_BATCH
        assert learnt == (sampled if folder.name.endswith("-rl") else written)
        assert {set_of(row["task_id"]) for row in rollouts} <= {"atom", "a"}, "the prompts of SFT"


def test_the_budget_of_the_published_run_is_one_too() -> None:
    budget = Budget()
    sampled = budget.rl_steps * budget.prompts_per_step * budget.samples_per_prompt
    assert budget.second_steps * SFT_BATCH == sampled
    recipes = {arm.name: recipe_of(arm, budget, 0, Path("seed-0")) for arm in ARMS}
    assert {recipe.supervised.steps for recipe in recipes.values()} == {
        budget.pretrain_steps,
        budget.sft_steps,
        budget.second_steps,
        0,
    }
    assert {name for name, recipe in recipes.items() if recipe.data.corpus_noise} == {"base"}


def test_an_arm_starts_as_the_policy_it_names(work: Work) -> None:
    """The same answers to the same questions, before anything is learnt."""
    for seed, arm in itertools.product(SEEDS, ARMS):
        if arm.rl:
            folder = work.out / f"seed-{seed}"
            assert measured(folder / arm.name, "before") == measured(folder / arm.start, "before") != []


def test_the_tables_say_what_the_runs_say(work: Work) -> None:
    sampled, greedy = found = read_study(work.out)
    assert [one.decoding for one in found] == ["T = 0.8, 4 samples", "greedy"]
    for one, at in ((greedy, 0), (sampled, 1)):
        for arm in ARMS:
            for name in MEASURED:
                rates = [shares(work.out, seed, arm, at, name) for seed in SEEDS]
                assert one.of_seeds(arm.name, name) == pytest.approx([*map(statistics.fmean, rates)])
    told = table(found)
    assert told in work.stdout
    assert told == (work.out / "study.md").read_text(encoding="utf-8")


def shares(out: Path, seed: int, arm: Arm, at: int, name: str) -> list[float]:
    """Pass rates of the problems of a set, from the counts that the run wrote at its end."""
    counts = measured(out / f"seed-{seed}" / arm.name, "after" if arm.rl else "before")[at]
    assert len(counts) == QUICK.problems_per_set * len(MEASURED)
    return [passed / n for task, (n, _, _, passed) in counts.items() if set_of(task) == name]


def test_runs_of_another_budget_are_refused(work: Work) -> None:
    done = go(work.out.parents[1], "study", "sft-rl", "--out", str(work.out), "--engine", "local")
    assert done.returncode == 2
    assert "another recipe" in done.stderr
