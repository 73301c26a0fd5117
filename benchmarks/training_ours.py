"""rlcf's side of benchmarks/training.py: `train` on a folder, timed from outside.

A thread notes when a row appears in metrics.jsonl: the time between two rows is a step with all that belongs
to it, written files included. How a step divides is what the rows say.

    python -m benchmarks.training_ours SETTING.json RESULT.json MODE [TOKENS]

TOKENS, padded, in a forward pass of the update, where not as many as the setting says; 0: as a user gets.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

import torch
import transformers

from benchmarks.training_setting import MODES, PROBLEMS, Result, Setting, Step
from javabox import Judge
from rlcf.jsonl import read_rows
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.run import train

POLL_SECONDS = 0.005


def recipe(setting: Setting, mode: str) -> Recipe:
    """No pre-training, one update a rollout batch, as little evaluation as there can be."""
    return override(
        Recipe(),
        {
            "seed": setting.seed,
            "data.problems": PROBLEMS,
            "data.train_problems": setting.prompts,
            "evaluation.problems": 1,
            "evaluation.samples": 1,
            "model.name": setting.model,
            "model.lora_rank": setting.lora_rank,
            "data.corpus_problems": 0,
            "supervised.steps": 0,
            "objective.grounding": "compiler",
            "objective.steps": setting.steps,
            "rollout.prompts_per_step": setting.prompts,
            "rollout.samples_per_prompt": setting.group,
            "objective.minibatches": 1,
            "ppo.epochs": 1,
            "rollout.temperature": setting.temperature,
            "rollout.max_new_tokens": setting.new_tokens,
            "objective.lr": setting.learning_rate,
            "critic.lr": 2e-3,
            "critic.warmup_steps": 0,
            "kl.coef": setting.kl,
            **MODES[mode],
        },
    )


class RowTimes:
    """When each row of a file appeared, by the clock and by this process's own. Use as a context manager."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.times: list[tuple[float, float]] = []

    def _watch(self) -> None:
        read = 0
        while not self._end.wait(POLL_SECONDS):
            if not self._file.exists() or self._file.stat().st_size == read:
                continue
            with open(self._file, "rb") as file:
                file.seek(read)
                new = file.read()
            read += len(new)
            self.times += [(time.perf_counter(), time.process_time())] * new.count(b"\n")

    def __enter__(self) -> RowTimes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.wait(2 * POLL_SECONDS)
        self._end.set()
        self._thread.join()


def measure(setting: Setting, mode: str, microbatch_tokens: int) -> Result:
    """Trains in a folder of its own."""
    with tempfile.TemporaryDirectory() as scratch, Judge() as judge:
        run = Path(scratch, "run")
        with RowTimes(run / "metrics.jsonl") as watch:
            machine = Machine(tokens_per_microbatch=microbatch_tokens, rails="warn", checkpoint_every=0)
            train(recipe(setting, mode), run, judge, machine)
        rows = [row.fields for row in read_rows(run / "metrics.jsonl")]
    if not len(rows) == len(watch.times) == setting.steps:
        raise RuntimeError(f"{len(rows)} rows, {len(watch.times)} seen, of {setting.steps} steps")
    steps = [
        Step(
            seconds=end[0] - begin[0],
            generate=row["seconds_generate"],
            grading=row["seconds_judge_exposed"],
            tokens=round(row["response_tokens"] * setting.completions),
            cpu=end[1] - begin[1],
        )
        for begin, end, row in zip(watch.times, watch.times[1:], rows[1:], strict=False)
    ]
    return Result(
        steps=steps,
        threads=torch.get_num_threads(),
        peak_gpu_mb=torch.cuda.max_memory_allocated() / (1 << 20) if torch.cuda.is_available() else 0.0,
        versions=f"torch {torch.__version__}, transformers {transformers.__version__}",
    )


def main() -> None:
    setting_file, result_file, mode, *tokens = sys.argv[1:]
    setting = Setting.read(Path(setting_file))
    own = int(tokens[0]) if tokens else setting.microbatch_tokens
    measure(setting, mode, own).write(Path(result_file))


if __name__ == "__main__":
    main()
