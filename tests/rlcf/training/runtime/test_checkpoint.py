"""A run that was killed and resumed is the run that was never stopped, bit by bit."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.machine import Machine
from rlcf.policy import load_policy
from rlcf.policy.prefix_critic import load_prefix_critic
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.run import resume, train
from rlcf.training.runtime import checkpoint
from rlcf.training.runtime.checkpoint import checkpoint_folder, prune, steps_saved, write_checkpoint
from tests.rlcf.processes import go
from tests.rlcf.training.conftest import ADAPTERS, SmallWorld

KILLED_IN_STEP = """
from rlcf.training.objectives.ppo import PpoObjective
update = PpoObjective.update
def killed(self, rollouts, problems, step):
    metrics = update(self, rollouts, problems, step)
    if step == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return metrics
PpoObjective.update = killed
"""
KILLED_IN_WRITE = """
from rlcf.training.runtime import checkpoint
flush, calls = checkpoint._flush, 0
def killed(path):
    global calls
    calls += "step-000004" in str(path)
    if calls == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    flush(path)
checkpoint._flush = killed
"""


def learnt(run: Path) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl but for times."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        {name: value for name, value in row.items() if "seconds" not in name and "per_second" not in name}
        for row in rows
    ]


def told(run: Path, name: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / name).read_text(encoding="utf-8").splitlines()]
    return [
        {key: value for key, value in row.items() if key not in ("wall_ms", "seconds", "programs_per_second")}
        for row in rows
    ]


def state(run: Path, step: int) -> dict[str, Any]:
    folder = checkpoint_folder(run, step)
    found: dict[str, Any] = torch.load(folder / "trainer.pt", weights_only=True)
    return found | {"discriminator": torch.load(folder / "discriminator.pt", weights_only=True)}


def assert_equal(one: Any, other: Any, where: str = "") -> None:
    """Bit by bit, however deep."""
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    elif isinstance(one, Mapping):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_equal(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for at, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_equal(a, b, f"{where}/{at}")
    else:
        assert one == other, where


@dataclass(frozen=True)
class Work:
    """A folder with a recipe, and a run of six steps that nothing stopped."""

    folder: Path
    served: str
    """The URL of a judge."""

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def go(self, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
        return go(self.folder, *arguments, before=before)

    def train(
        self, name: str, *more: str, before: str = "", engine: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """A run of the recipe under this name."""
        judge = ("--engine", engine or self.served)
        return self.go("train", "six.toml", "--run", name, *judge, *more, before=before)

    def resume(self, name: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self.go("train", "--resume", f"runs/{name}", "--engine", self.served, *more)


@pytest.fixture(scope="module", params=["full", "adapters"])
def work(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    small_world: SmallWorld,
    served_judge: str,
) -> Work:
    folder = tmp_path_factory.mktemp("work")
    # A buffer that is full before the run is killed, so that old rollouts leave it afterwards.
    variants = {
        "full": {"rollout.replay_capacity": 12, "rollout.curriculum": True},
        "adapters": ADAPTERS,
    }
    own = {
        "data.train_problems": 12,
        "evaluation.problems": 2,
        "evaluation.samples": 1,
        "discriminator.samples": 24,
        "discriminator.refresh_every": 2,
        "rollout.max_new_tokens": 40,
        "objective.steps": 6,
        "kl.target": 1.0,
    }
    recipe = small_world.toml(own | variants[request.param])
    (folder / "six.toml").write_text(recipe, encoding="utf-8")
    work = Work(folder, served_judge)
    done = work.train("whole", *MACHINE)
    assert done.returncode == 0, done.stderr
    return work


CRITIC_WEIGHTS = ("inner.weight", "inner.bias", "last.weight", "last.bias")
MACHINE = ("--rails", "warn", "--checkpoint-every", "2")


@pytest.mark.parametrize("death", [KILLED_IN_STEP, KILLED_IN_WRITE], ids=["in step 4", "in a write"])
def test_killed_and_resumed_is_never_stopped(work: Work, death: str) -> None:
    name = f"killed-{len(list(work.runs.iterdir()))}"
    run, whole = work.runs / name, work.runs / "whole"
    # With a judge of its own, whose JVMs it leaves behind.
    dead = work.train(name, *MACHINE, before=death, engine="local")
    assert dead.returncode == -signal.SIGKILL
    assert steps_saved(run)[-1] == 2, "a checkpoint that was not finished is none"
    assert len(learnt(run)) in (3, 4)
    done = work.resume(name)
    assert done.returncode == 0, done.stderr
    assert learnt(run) == learnt(whole)
    assert_equal(state(run, 6), state(whole, 6))
    assert told(run, "completions.jsonl") == told(whole, "completions.jsonl")
    assert told(run, "evaluation.jsonl") == told(whole, "evaluation.jsonl")
    assert steps_saved(run) == steps_saved(whole)


@pytest.mark.parametrize("advantage", ["best", "coderl"])
def test_baselines_and_classes_go_on_too(
    tmp_path: Path, small_world: SmallWorld, judge: Judge, advantage: str
) -> None:
    """What the best scores were, and the critic of four classes; in this process, as nothing is killed."""
    own = {
        "data.train_problems": 4,
        "evaluation.problems": 1,
        "evaluation.samples": 1,
        "rollout.prompts_per_step": 3,
        "rollout.max_new_tokens": 40,
        "objective.grounding": "tests",
        "objective.sft_coef": 0.1,
        "objective.steps": 4,
        "ppo.advantage": advantage,
    }
    recipe = override(Recipe(), small_world.fields(own))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(recipe, whole, judge, Machine(rails="warn", checkpoint_every=2))
    shutil.copytree(whole, cut)
    shutil.rmtree(checkpoint_folder(cut, 4))
    resume(cut, judge)
    states = [torch.load(checkpoint_folder(run, 4) / "trainer.pt", weights_only=True) for run in (whole, cut)]
    assert_equal(*states)
    assert learnt(cut) == learnt(whole)
    assert told(cut, "completions.jsonl") == told(whole, "completions.jsonl")
    assert len(states[0]["step"]["baseline"]["best"]) == (4 if advantage == "best" else 0)
    assert len({row["baseline"] for row in learnt(whole)}) > 1
    weights = states[0]["step"]["objective"]["weights"]
    assert ("critic.last.weight" in weights) == (advantage == "coderl")
    critic = checkpoint_folder(whole, 4) / "critic.pt"
    assert critic.exists() == (advantage == "coderl")
    if advantage == "coderl":
        loaded = load_prefix_critic(critic.parent, load_policy(critic.parent, trained=False))
        assert weights["critic.last.weight"].any()
        assert_equal(loaded.critic.state_dict(), {name: weights[f"critic.{name}"] for name in CRITIC_WEIGHTS})


def test_something_was_learnt(work: Work) -> None:
    """Equal runs prove nothing where nothing moves."""
    run = work.runs / "whole"
    rewards = {row["reward"] for row in learnt(run)}
    assert len(rewards) > 3
    assert any(0 < row["compile"] < 1 for row in learnt(run))
    assert any("discriminator_loss" in row for row in learnt(run)), "the discriminator was refreshed"
    best = state(run, 6)["best"]["step"]
    assert steps_saved(run) == sorted({0, 4, 6, best}), "the last two, the best, the first"


def test_a_checkpoint_loads_elsewhere_and_merges(work: Work) -> None:
    run = work.runs / "whole"
    last = checkpoint_folder(run, 6)
    done = work.go("merge", "runs/whole", "merged")
    assert done.returncode == 0, done.stderr
    ids = torch.tensor([[5, 6, 7, 8]])
    logits = []
    for folder in (last, work.folder / "merged"):
        model = AutoModelForCausalLM.from_pretrained(folder).eval()
        with torch.no_grad():
            logits.append(model(input_ids=ids).logits)
    with torch.no_grad():
        first = load_policy(checkpoint_folder(run, 0)).model(input_ids=ids).logits
    assert torch.allclose(logits[0], logits[1], atol=1e-4)
    assert not torch.allclose(logits[0], first, atol=1e-3)
    assert not (work.folder / "merged" / "adapter_config.json").exists()
    assert work.go("merge", "runs/whole", "merged").returncode == 2, "nothing is overwritten"


def test_a_run_that_never_saved_begins_again(work: Work) -> None:
    killed = "from rlcf.training import run\ndef killed(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
    dead = work.train("early", *MACHINE, before=f"{killed}run.write_checkpoint = killed\n")
    assert dead.returncode == -signal.SIGKILL
    early, whole = work.runs / "early", work.runs / "whole"
    assert steps_saved(early) == []
    done = work.resume("early")
    assert done.returncode == 0, done.stderr
    assert learnt(early) == learnt(whole)
    assert told(early, "evaluation.jsonl") == told(whole, "evaluation.jsonl")


def test_rails_end_a_run_that_can_go_on(work: Work) -> None:
    """Completions that are all cut off: the third step in a row ends it, by name."""
    stopped = work.train("cut", "--rollout.max-new-tokens", "2", "--checkpoint-every", "1")
    assert stopped.returncode == 4
    assert "truncation" in stopped.stderr
    assert "--resume runs/cut --rails warn" in stopped.stderr
    assert steps_saved(work.runs / "cut")[-1] == 2
    done = work.resume("cut", "--rails", "warn")
    assert done.returncode == 0, done.stderr
    assert len(learnt(work.runs / "cut")) == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--resume", "runs/nowhere"), "holds no run"),
        (("six.toml", "--resume", "runs/whole"), "without RECIPE"),
        (("--resume", "runs/whole", "--seed", "3"), "seed"),
    ],
)
def test_what_can_not_be_resumed_is_said(work: Work, arguments: tuple[str, ...], words: str) -> None:
    done = work.go("train", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path, 3)
    write_checkpoint(folder, lambda aside: (aside / "a").write_text("old") and None)

    def fails(aside: Path) -> None:
        (aside / "a").write_text("new")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_checkpoint(folder, fails)
    assert (folder / "a").read_text() == "old"
    write_checkpoint(folder, lambda aside: (aside / "a").write_text("new") and None)
    assert (folder / "a").read_text() == "new"
    assert [path.name for path in folder.parent.iterdir()] == ["step-000003"]


def test_the_last_the_best_and_the_first_are_kept(tmp_path: Path) -> None:
    for step in (0, 2, 4, 6, 8):
        write_checkpoint(checkpoint_folder(tmp_path, step), lambda _: None)
    prune(tmp_path, 2, [2])
    assert steps_saved(tmp_path) == [0, 2, 6, 8]
    prune(tmp_path, 0, [])
    assert steps_saved(tmp_path) == [0]


def test_random_states_come_back() -> None:
    states = checkpoint.random_states()
    first = [torch.rand(3), checkpoint.numpy.random.rand(3), checkpoint.random.random()]
    checkpoint.set_random_states(states)
    second = [torch.rand(3), checkpoint.numpy.random.rand(3), checkpoint.random.random()]
    assert torch.equal(first[0], second[0])
    assert first[1].tolist() == second[1].tolist()
    assert first[2] == second[2]


def test_resume_of_a_folder_that_is_no_run(tmp_path: Path, judge: Any) -> None:
    with pytest.raises(BadInput, match="holds no run"):
        resume(tmp_path, judge)
