"""Two processes learn what one learns: with DDP and with sharded weights, as accelerate launches them."""

from __future__ import annotations

import functools
import json
import re
import runpy
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from rlcf.policy.batch import group_by_prompt, minibatches, passes
from rlcf.training.runtime.checkpoint import checkpoint_folder
from tests.rlcf.processes import begin, go
from tests.rlcf.training.conftest import ADAPTERS, SmallWorld

LAUNCH = ("-m", "accelerate.commands.launch", "--num_processes", "2", "--num_machines", "1")
LAUNCH += ("--mixed_precision", "no", "--dynamo_backend", "no")
WAYS = {
    "one": (),
    "ddp": (*LAUNCH, "--multi_gpu"),
    "fsdp": (*LAUNCH, "--use_fsdp", "--fsdp_version", "2"),
}
ON_THE_CPU = {"ACCELERATE_USE_CPU": "true"}
"""accelerate's own --cpu starts a single process."""
LEFT = re.compile(r"(ACCELERATE|FSDP|OMP|MASTER|WORLD|LOCAL|RANK|GROUP|ROLE)")
"""Variables of a rank. Not torchelastic's: its agent, which keeps the ranks' store, has ended."""


@functools.cache
def variables(way: str) -> tuple[dict[str, str], ...]:
    """What accelerate's launcher gives each rank: it runs in a process that has imported torch."""
    if way == "one":
        return (ON_THE_CPU,)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "told.py")
        script.write_text(
            "import json, os, pathlib\n"
            "pathlib.Path(__file__).with_name(os.environ['RANK']).write_text(json.dumps(dict(os.environ)))\n"
        )
        launched = begin(_launch, [*WAYS[way][1:], str(script)], folder=Path(folder), more=ON_THE_CPU)
        assert launched.wait() == 0, launched.err.read_text()
        told = [json.loads(Path(folder, str(rank)).read_text()) for rank in range(2)]
    return tuple({name: value for name, value in one.items() if LEFT.match(name)} for one in told)


def _launch(arguments: list[str]) -> None:
    """What `python -m` does with LAUNCH."""
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def train(work: Path, way: str, *more: str, engine: str) -> Path:
    """The recipe's steps into a run that is called like the way."""
    launch(work, way, "train", "short.toml", "--run", way, "--engine", engine, "--rails", "warn", *more)
    return work / "runs" / way


def launch(work: Path, way: str, *arguments: str) -> None:
    """`rlcf` on the CPU, in the ranks that accelerate would start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = {"MASTER_PORT": str(free.getsockname()[1])} if way != "one" else {}
    done = go(work, *arguments, ranks=tuple({**rank, **port} for rank in variables(way)))
    assert done.returncode == 0, done.stderr


def test_accelerate_launches_two_processes(
    tmp_path: Path, small_world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Pythons of their own: the other tests start the ranks themselves, with what this launcher gives
    them. They have one judge."""
    monkeypatch.chdir(tmp_path)
    own = {"supervised.steps": 2, "objective.steps": 0, "objective.grounding": "compiler"}
    (tmp_path / "short.toml").write_text(small_world.toml(FIELDS | own), encoding="utf-8")
    command = [*WAYS["ddp"][1:], "-m", "rlcf", "train", "short.toml", "--run", "shell", "--engine", "local"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[4]), "XDG_RUNTIME_DIR": str(tmp_path)}
    judges: set[Path] = set()
    launched = begin(_launch, command, folder=tmp_path, more=ON_THE_CPU | environment)
    while launched.poll() is None:
        judges |= {*tmp_path.glob("javabox/*.key")}
        time.sleep(0.2)
    assert launched.poll() == 0, launched.err.read_text()
    assert len(judges) == 1
    one, shell = (
        load_file(checkpoint_folder(folder, 0) / "model.safetensors")
        for folder in (train(tmp_path, "one", engine="local"), tmp_path / "runs" / "shell")
    )
    assert all(torch.allclose(one[name], shell[name], rtol=0, atol=1e-5) for name in one)


def rows(run: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / name).read_text(encoding="utf-8").splitlines()]


FIELDS = {
    "discriminator.samples": 24,
    "discriminator.refresh_every": 2,
    "rollout.prompts_per_step": 5,
    "rollout.samples_per_prompt": 3,
    "rollout.max_new_tokens": 30,
    "objective.steps": 4,
    "objective.lr": 1e-4,
    "objective.sft_coef": 0.1,
    "ppo.entropy_coef": 0.001,
}


Runs = Callable[[str], Path]
VARIANTS: dict[str, dict[str, Any]] = {
    "full": {},
    "adapters": ADAPTERS | {"repair.turns": 2},
    "coderl": {"ppo.advantage": "coderl"},
}


@pytest.fixture(scope="module")
def runs_of(tmp_path_factory: pytest.TempPathFactory, small_world: SmallWorld, served_judge: str) -> Runs:
    """The folder of a variant's runs, one a way, each made once."""

    @functools.cache
    def made(variant: str) -> Path:
        work = tmp_path_factory.mktemp(variant)
        (work / "short.toml").write_text(small_world.toml(FIELDS | VARIANTS[variant]), encoding="utf-8")
        for way in WAYS:
            engine = "local" if (variant, way) == ("full", "fsdp") else served_judge
            train(work, way, "--checkpoint-every", "3", engine=engine)
        return work / "runs"

    return made


@pytest.mark.parametrize("variant", VARIANTS)
def test_two_processes_are_one(runs_of: Runs, variant: str) -> None:
    one = runs_of(variant) / "one"
    weights = learnt(one)
    for way in ("ddp", "fsdp"):
        run = runs_of(variant) / way
        others = learnt(run)
        assert weights.keys() == others.keys()
        most = max(float((tensor - others[name]).abs().max()) for name, tensor in weights.items())
        print(f"{way} against one process: weights differ by {most:.1e} at most")
        for name, tensor in weights.items():
            assert torch.allclose(tensor, others[name], rtol=0, atol=1e-5), f"{way}: {name}"
        told = [(row["task_id"], row["completion"], row["outcome"]) for row in rows(one, "completions.jsonl")]
        assert told == [
            (row["task_id"], row["completion"], row["outcome"]) for row in rows(run, "completions.jsonl")
        ]
        for mine, theirs in zip(rows(one, "metrics.jsonl"), rows(run, "metrics.jsonl"), strict=True):
            for name in (name for name in mine if "second" not in name):
                assert theirs[name] == pytest.approx(mine[name], abs=1e-4), f"{way}: {name}"
    if variant == "full":
        before = load_file(checkpoint_folder(one, 0) / "model.safetensors")
        moved = [(weights[f"model.{name}"] - tensor).abs().max() for name, tensor in before.items()]
        assert max(moved) > 1e-4, "it learns at all"


@pytest.mark.parametrize("tokens", [0, 700])
def test_supervised_training_is_shared_out_too(
    tmp_path: Path, small_world: SmallWorld, served_judge: str, tokens: int
) -> None:
    own = {
        "supervised.steps": 5,
        "supervised.tokens": tokens,
        "supervised.lr": 1e-4,
        "objective.steps": 0,
        "objective.grounding": "compiler",
    }
    (tmp_path / "short.toml").write_text(small_world.toml(FIELDS | own), encoding="utf-8")
    folders = [checkpoint_folder(train(tmp_path, way, engine=served_judge), 0) for way in WAYS]
    one, ddp, fsdp = (load_file(folder / "model.safetensors") for folder in folders)
    before = load_file(small_world.model / "model.safetensors")
    assert max((one[name] - before[name]).abs().max() for name in one) > 1e-4
    for name in one:
        assert torch.allclose(one[name], ddp[name], rtol=0, atol=1e-5), name
        assert torch.allclose(one[name], fsdp[name], rtol=0, atol=1e-5), name


def learnt(run: Path) -> dict[str, torch.Tensor]:
    """Policy, critic and discriminator after the last step."""
    folder = checkpoint_folder(run, 4)
    state = torch.load(folder / "trainer.pt", weights_only=True)["step"]["objective"]["weights"]
    theirs = torch.load(folder / "discriminator.pt", weights_only=True)
    return {**state, **{f"discriminator.{name}": tensor for name, tensor in theirs.items()}}


GROUPS = [[1], [3, 0], [4], [6, 7, 2]]
LENGTHS = [5, 9, 2, 20]


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_every_row_is_computed_once_and_ranks_keep_step(world: int) -> None:
    ranks = [passes(GROUPS, LENGTHS, budget=16, rank=rank, world=world) for rank in range(world)]
    counted = [row for own in ranks for one in own if not one.is_padding for row in one.rows]
    assert sorted(counted) == sorted(row for group in GROUPS for row in group)
    assert len({len(own) for own in ranks}) == 1, "DDP and FSDP wait for each other in every pass"
    for own in ranks:
        for one in (one for one in own if not one.is_padding):
            inside = [at for at, group in enumerate(GROUPS) if group[0] in one.rows]
            assert one.rows == [
                row for at in sorted(inside, key=lambda at: LENGTHS[at]) for row in GROUPS[at]
            ]
            assert len(inside) == 1 or len(inside) * max(LENGTHS[at] for at in inside) <= 16


def test_minibatches_are_random_parts_that_divide_no_prompt() -> None:
    singles = [[row] for row in range(10)]
    parts = minibatches(singles, 4, "seed")
    assert sorted(row for part in parts for row in part) == list(range(10))
    assert sorted(len(part) for part in parts) == [2, 2, 3, 3]
    assert parts == minibatches(singles, 4, "seed")
    assert parts != minibatches(singles, 4, "another")
    assert minibatches([[0], [1]], 4, "seed") in ([[0], [1]], [[1], [0]])
    prompts = [[5, 6], [7], [5, 6], [7], [8], [5, 6]]
    assert group_by_prompt(prompts) == [[0, 2, 5], [1, 3], [4]]
    for part in minibatches(group_by_prompt(prompts), 2, "seed"):
        assert all(
            set(group) <= set(part) or not set(group) & set(part) for group in group_by_prompt(prompts)
        )


def test_a_sharded_run_resumes_bit_by_bit(tmp_path: Path, runs_of: Runs, served_judge: str) -> None:
    run = shutil.copytree(runs_of("adapters") / "fsdp", tmp_path / "runs" / "fsdp")
    whole, told = learnt(run), rows(run, "completions.jsonl")
    shutil.rmtree(checkpoint_folder(run, 4))
    launch(tmp_path, "fsdp", "train", "--resume", "runs/fsdp", "--engine", served_judge)
    again = learnt(run)
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert [row["completion"] for row in told] == [
        row["completion"] for row in rows(run, "completions.jsonl")
    ]
