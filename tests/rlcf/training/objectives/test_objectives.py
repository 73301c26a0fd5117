"""Whole runs of the objectives that are not PPO: what they spend, learn and save, and that they resume."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from javabox import Judge
from rlcf.commands.model.merge import Merge
from rlcf.errors import BadInput
from rlcf.grounding.leti import GOOD
from rlcf.machine import Machine
from rlcf.policy import Policy, load_policy
from rlcf.policy.batch import Tokens
from rlcf.problems import Problem, load_problems
from rlcf.recipe import CHOICES, Recipe
from rlcf.recipes import override
from rlcf.report import write_report
from rlcf.training.objectives.table import OBJECTIVES, ObjectiveEntry
from rlcf.training.rollout import Rollout
from rlcf.training.run import resume, train
from rlcf.training.runtime.checkpoint import checkpoint_folder
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.trained_policy import TrainedPolicy
from tests.rlcf.training.conftest import SmallWorld
from tests.rlcf.training.runtime.test_checkpoint import assert_equal, learnt, told
from tests.rlcf.training.runtime.test_distributed import WAYS
from tests.rlcf.training.runtime.test_distributed import train as launched

pytestmark = pytest.mark.usefixtures("one_thread")

MACHINE = Machine(rails="warn", checkpoint_every=2)

ARMS: dict[str, dict[str, Any]] = {
    "references": {"objective.name": "references", "objective.grounding": "tests"},
    "compiles": {"objective.name": "kept", "objective.grounding": "compiler"},
    "passes": {"objective.name": "kept", "objective.grounding": "tests"},
    "leti": {"objective.name": "feedback", "objective.grounding": "tests"},
    "leti, adapters": {
        "objective.name": "feedback",
        "objective.grounding": "tests",
        "model.lora_rank": 4,
        "objective.sft_coef": 0.1,
    },
    "dpo": {"objective.name": "dpo", "objective.grounding": "tests", "kl.coef": 0.1},
    "kto, adapters": {
        "objective.name": "kto",
        "objective.grounding": "tests",
        "kl.coef": 0.1,
        "model.lora_rank": 4,
    },
    "compared": {"objective.name": "kept", "objective.grounding": "rlcf+tests"},
}


def recipe_of(world: SmallWorld, fields: Mapping[str, Any]) -> Recipe:
    own = {
        "discriminator.refresh_every": 2,
        "rollout.samples_per_prompt": 3,
        "rollout.max_new_tokens": 30,
        "objective.steps": 4,
    }
    return override(Recipe(), world.fields({**own, **fields}))


def answers(run: Path, stage: str, **fields: Any) -> list[str]:
    """The completions of a run, those of a stage whose rows have these fields."""
    rows = [row for row in told(run, "completions.jsonl") if row["stage"] == stage]
    return [row["completion"] for row in rows if all(row[key] == value for key, value in fields.items())]


@pytest.fixture(scope="module", params=ARMS)
def run(
    request: pytest.FixtureRequest,
    small_world: SmallWorld,
    judge: Judge,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Recipe]:
    """A run of four steps and its recipe."""
    folder = tmp_path_factory.mktemp("loops") / "run"
    recipe = recipe_of(small_world, ARMS[request.param])
    train(recipe, folder, judge, MACHINE)
    return folder, recipe


@pytest.fixture(scope="module")
def ppo(small_world: SmallWorld, judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PPO from the same start."""
    folder = tmp_path_factory.mktemp("loops") / "ppo"
    train(
        recipe_of(small_world, {"objective.grounding": "tests", "objective.steps": 2}), folder, judge, MACHINE
    )
    return folder


def test_a_loop_spends_what_ppo_spends_and_learns(run: tuple[Path, Recipe], ppo: Path) -> None:
    folder, recipe = run
    metrics = learnt(folder)
    assert [row["step"] for row in metrics] == [1, 2, 3, 4]
    assert all(row["rollouts"] == 12 for row in metrics)
    rollouts = [row for row in told(folder, "completions.jsonl") if row["stage"] == "rollout"]
    theirs = [row for row in told(ppo, "completions.jsonl") if row["stage"] == "rollout"]
    for step in (1, 2):
        asked = [[row["prompt"] for row in rows if row["step"] == step] for rows in (rollouts, theirs)]
        assert asked[0] == asked[1], "the same problems"
    if not recipe.model.lora_rank:
        assert answers(folder, "rollout", step=1) == answers(ppo, "rollout", step=1), "nothing is learnt yet"
    for row in metrics:
        own = [one for one in rollouts if one["step"] == row["step"]]
        rows = {
            "references": len({one["task_id"] for one in own}),
            "kept": sum(one["outcome"] == "passed" for one in own),
            "feedback": len(own),
            "kto": len({(one["task_id"], one["completion"]) for one in own}),
            "dpo": _paired(own),
        }
        assert row["learnt_rows"] == rows[recipe.objective.name]
        assert ("policy_loss" in row) == (row["updates"] > 0) == (row["learnt_rows"] > 0)
        assert ("anchor_loss" in row) == (recipe.objective.sft_coef > 0)
    assert any(row["learnt_rows"] for row in metrics)
    first, last = (load_policy(checkpoint_folder(folder, step)).model.state_dict() for step in (0, 4))
    assert any(not torch.equal(first[name], last[name]) for name in first)
    assert "</html>" in write_report(folder).read_text(encoding="utf-8")


class CountingObjective:
    """Learns nothing; counts the rollouts that passed."""

    def __init__(self, policy: Policy, recipe: Recipe, machine: Machine, parallel: Parallel) -> None:
        self.trained = TrainedPolicy(policy, recipe, machine, parallel)
        self.passed = 0

    def prepare(self, prompts: Sequence[Tokens], completions: Sequence[Tokens], step: int) -> None:
        """Nothing to compute."""

    def update(self, rollouts: Sequence[Rollout], problems: Sequence[Problem], _: int) -> dict[str, float]:
        assert len(rollouts) == 3 * len(problems) == 12
        self.passed += sum(bool(rollout.answer.verdict.passed) for rollout in rollouts)
        return {"passed_so_far": self.passed}

    def state(self) -> dict[str, Any]:
        return self.trained.state() | {"passed": self.passed}

    def load(self, state: dict[str, Any]) -> None:
        self.trained.load(state)
        self.passed = state["passed"]

    def save(self, folder: Path, base: Path, state: dict[str, Any]) -> None:
        self.trained.save(folder, base)
        (folder / "passed.txt").write_text(str(state["passed"]), encoding="utf-8")


def test_an_objective_of_ones_own_trains_and_resumes(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OBJECTIVES, "count", ObjectiveEntry(CountingObjective))
    monkeypatch.setitem(CHOICES, "objective.name", (*CHOICES["objective.name"], "count"))
    run = tmp_path / "run"
    fields = {"objective.name": "count", "objective.grounding": "tests"}
    train(recipe_of(small_world, fields), run, judge, MACHINE)
    counts = [row["passed_so_far"] for row in learnt(run)]
    assert counts[-1] > 0
    assert (checkpoint_folder(run, 4) / "passed.txt").read_text(encoding="utf-8") == str(counts[-1])
    shutil.rmtree(checkpoint_folder(run, 4))
    resume(run, judge, MACHINE)
    assert [row["passed_so_far"] for row in learnt(run)] == counts


def test_every_name_of_a_recipe_has_its_constructor() -> None:
    assert tuple(OBJECTIVES) == CHOICES["objective.name"]


def _paired(rows: list[dict[str, Any]]) -> int:
    """Programs of problems that were solved and missed, each counted once; three make two pairs at most."""
    found = 0
    for task in {row["task_id"] for row in rows}:
        own = {row["completion"]: row["outcome"] == "passed" for row in rows if row["task_id"] == task}
        found += len(own) if len(set(own.values())) == 2 else 0
    return found


def test_killed_and_resumed_is_never_stopped(run: tuple[Path, Recipe], judge: Judge, tmp_path: Path) -> None:
    folder, _ = run
    again = tmp_path / "run"
    shutil.copytree(folder, again)
    shutil.rmtree(checkpoint_folder(again, 4))
    resume(again, judge, MACHINE)
    assert learnt(again) == learnt(folder)
    states = [
        torch.load(checkpoint_folder(one, 4) / "trainer.pt", weights_only=True) for one in (folder, again)
    ]
    assert_equal(*states)
    for name in ("completions.jsonl", "evaluation.jsonl"):
        assert told(again, name) == told(folder, name)


def test_whoever_loads_a_checkpoint_asks_as_it_was_trained(
    run: tuple[Path, Recipe], tmp_path: Path, small_world: SmallWorld
) -> None:
    """LeTI's word for good comes back from the disk, also merged; then greedy answers are those of the
    evaluation. The policy before the loop has no word."""
    folder, recipe = run
    word = GOOD if recipe.objective.name == "feedback" else ""
    assert load_policy(checkpoint_folder(folder, 0)).prefix == ""
    Merge(str(folder), str(tmp_path / "merged")).run()
    prompts = [problem.prompt for problem in load_problems(str(small_world.problems), "test")[:3]]
    for model in (checkpoint_folder(folder, 4), tmp_path / "merged"):
        policy = load_policy(model, trained=False)
        assert policy.prefix == word
        assert policy.decode(policy.encode_prompt(prompts[0])) == word + prompts[0]
        found = policy.sample(prompts, temperature=0.0, max_new_tokens=recipe.rollout.max_new_tokens, seed=0)
        assert found == answers(folder, "after", temperature=0.0)


def test_steps_that_keep_nothing_change_nothing(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No program of one token compiles."""
    recipe = recipe_of(
        small_world,
        {
            "objective.name": "kept",
            "objective.grounding": "compiler",
            "rollout.max_new_tokens": 1,
            "objective.sft_coef": 0.1,
        },
    )
    train(recipe, tmp_path / "run", judge, MACHINE)
    assert [row["learnt_rows"] for row in learnt(tmp_path / "run")] == [0, 0, 0, 0]
    assert all("policy_loss" not in row for row in learnt(tmp_path / "run"))
    assert "no completion was kept" in caplog.text
    first, last = (
        load_policy(checkpoint_folder(tmp_path / "run", step)).model.state_dict() for step in (0, 4)
    )
    assert all(torch.equal(first[name], last[name]) for name in first)


def test_two_processes_are_one(tmp_path: Path, small_world: SmallWorld, served_judge: str) -> None:
    """LeTI with an anchor: two series of passes before one exchange of gradients."""
    (tmp_path / "short.toml").write_text(
        f"""
        data.problems = "{small_world.problems}"
        model.name = "{small_world.model}"
        evaluation.problems = 3
        evaluation.samples = 2
        data.corpus_problems = 0
        supervised.steps = 0
        objective.name = "feedback"
        objective.grounding = "tests"
        objective.steps = 2
        rollout.prompts_per_step = 5
        rollout.samples_per_prompt = 3
        objective.minibatches = 2
        rollout.max_new_tokens = 30
        objective.lr = 1e-4
        objective.sft_coef = 0.1
        """,
        encoding="utf-8",
    )
    runs = {way: launched(tmp_path, way, engine=served_judge) for way in WAYS}
    one = torch.load(checkpoint_folder(runs["one"], 2) / "trainer.pt", weights_only=True)["step"]["objective"]
    for way in ("ddp", "fsdp"):
        folder = checkpoint_folder(runs[way], 2)
        other = torch.load(folder / "trainer.pt", weights_only=True)["step"]["objective"]
        for name, tensor in one["weights"].items():
            assert torch.allclose(tensor, other["weights"][name], rtol=0, atol=1e-5), f"{way}: {name}"
        assert load_policy(folder).prefix == other["prefix"] == GOOD
        assert told(runs[way], "completions.jsonl") == told(runs["one"], "completions.jsonl")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"objective.name": "references"}, "none of 12 training problems has a reference"),
        ({"objective.name": "references", "objective.sft_coef": 0.1}, "sft_coef"),
    ],
)
def test_what_can_not_be_learnt_is_said_before_training(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, fields: dict[str, Any], words: str
) -> None:
    bare = tmp_path / "bare.jsonl"
    rows = [json.loads(line) for line in small_world.problems.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["canonical_solution"] = None
    bare.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = recipe_of(small_world, {"data.problems": str(bare), "objective.grounding": "tests", **fields})
    with pytest.raises(BadInput, match=words):
        train(recipe, tmp_path / "run", judge)
    assert not (tmp_path / "run").exists()
