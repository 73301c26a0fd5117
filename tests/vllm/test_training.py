"""Runs whose completions a vLLM engine samples: killed, resumed, and as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from rlcf.policy import load_policy
from rlcf.policy.tiny import tiny_tokenizer
from rlcf.problems.load import load_problems
from rlcf.training.runtime.checkpoint import checkpoint_folder, steps_saved
from tests.rlcf.training.runtime.test_checkpoint import learnt
from tests.vllm.models import needs_vllm

pytestmark = needs_vllm

SECONDS = 1200
SHORT = {
    "--data.train-problems": 60, "--data.corpus-problems": 20, "--data.rl-problems": 20,
    "--evaluation.problems": 2, "--evaluation.samples": 1, "--evaluation.every": 0,
    "--rollout.samples-per-prompt": 2, "--objective.steps": 5, "--objective.minibatches": 1,
    # What a random model writes is paid alike: it learns from the references of the steps' problems.
    "--objective.sft-coef": 0.5,
}  # fmt: skip
MACHINE = ("--backend", "vllm", "--dtype", "float32", "--engine", "local", "--rails", "warn")
EVERY = ("--checkpoint-every", "2")
SHOWN = ("step", "reward", "entropy", "anchor_loss", "gradient_norm", "seconds_generate", "seconds_update")


def write_qwen2(folder: Path, width: int, layers: int) -> int:
    """A random model with Qwen2's config and a tokenizer; returns its number of parameters."""
    problems = load_problems("mbjp", "train")[:40]
    tokenizer = tiny_tokenizer([text for one in problems for text in (one.prompt, one.reference or "")])
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        num_key_value_heads=max(1, width // 192),
        max_position_embeddings=1024,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "rlcf", "train", *arguments]


def go(work: Path, *arguments: str) -> None:
    done = subprocess.run(
        command(*arguments), cwd=work, env=environment(), capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr[-3000:]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}


def go_and_kill(work: Path, run: Path, steps: int, *arguments: str) -> None:
    """Kills the run once it has told of so many steps."""
    with (work / "killed.log").open("w") as log:
        process = subprocess.Popen(command(*arguments), cwd=work, env=environment(), stdout=log, stderr=log)
    until = time.monotonic() + SECONDS
    while len(told(run)) < steps:
        assert process.poll() is None, (work / "killed.log").read_text()[-3000:]
        assert time.monotonic() < until
        time.sleep(0.05)
    process.kill()
    process.wait()


def told(run: Path) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl that are of the objective's steps."""
    path = run / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [row for row in (json.loads(line) for line in lines if line.endswith("\n")) if "reward" in row]


def answers(run: Path, stage: str, temperature: float) -> dict[str, tuple[str, str]]:
    """Prompt and completion of each problem in an evaluation."""
    rows = map(json.loads, (run / "completions.jsonl").read_text(encoding="utf-8").splitlines())
    return {
        row["task_id"]: (row["prompt"], row["completion"])
        for row in rows
        if row["stage"] == stage and row["temperature"] == temperature
    }


def assert_last_weights_answered(run: Path, tokens: int) -> None:
    """The engine's last greedy answers are those of the last checkpoint by another backend, and what it
    sampled is no longer what it sampled at the start from the same random numbers."""
    policy = load_policy(checkpoint_folder(run, 5), dtype="float32", backend="loop")
    found = answers(run, "after", 0.0)
    prompts = [prompt for prompt, _ in found.values()]
    own = policy.sample(prompts, temperature=0.0, max_new_tokens=tokens, seed=0)
    assert own == [completion for _, completion in found.values()]
    assert answers(run, "before", 0.8) != answers(run, "after", 0.8)


@pytest.mark.parametrize("rank", [0, 4], ids=["full", "adapters"])
def test_a_run_that_was_killed_is_the_run_that_was_not(rank: int, data_dir: Path, tmp_path: Path) -> None:
    assert data_dir
    write_qwen2(tmp_path / "model", width=128, layers=2)
    own = {
        "--model.name": tmp_path / "model",
        "--model.lora-rank": rank,
        "--objective.lr": 1e-2 if rank else 1e-3,  # adapters begin as no change
        "--supervised.steps": 10,
        "--rollout.prompts-per-step": 4,
        "--rollout.max-new-tokens": 24,
    }
    options = [str(word) for pair in (SHORT | own).items() for word in pair]
    go(tmp_path, "quickstart", "--run", "whole", *options, *MACHINE, *EVERY)
    whole, killed = tmp_path / "runs" / "whole", tmp_path / "runs" / "killed"
    go_and_kill(tmp_path, killed, 3, "quickstart", "--run", "killed", *options, *MACHINE, *EVERY)
    assert steps_saved(killed)[-1] in (2, 4)
    go(tmp_path, "--resume", "runs/killed", *MACHINE)
    assert len(told(killed)) == 5
    assert learnt(whole) == learnt(killed)
    assert answers(whole, "after", 0.8) == answers(killed, "after", 0.8)
    assert_last_weights_answered(killed, 24)


def test_five_steps_of_a_tenth_of_a_billion(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert data_dir
    parameters = write_qwen2(tmp_path / "model", width=768, layers=11)
    own = {
        "--model.name": tmp_path / "model",
        "--supervised.steps": 0,
        "--objective.lr": 1e-4,
        "--rollout.prompts-per-step": 2,
        "--rollout.max-new-tokens": 16,
    }
    options = [str(word) for pair in (SHORT | own).items() for word in pair]
    run = tmp_path / "runs" / "large"
    go_and_kill(tmp_path, run, 3, "quickstart", "--run", "large", *options, *MACHINE, *EVERY)
    kept = steps_saved(run)[-1]
    go(tmp_path, "--resume", "runs/large", *MACHINE)
    rows = told(run)
    with capsys.disabled():
        print(f"\n{parameters / 1e6:.0f}M parameters, killed after step 3, resumed from step {kept}")
        print(" ".join(f"{name:>16}" for name in SHOWN))
        for row in rows:
            print(" ".join(f"{row[name]:16.4g}" for name in SHOWN))
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5]
    assert all(row["gradient_norm"] > 0 for row in rows)
    assert_last_weights_answered(run, 16)
