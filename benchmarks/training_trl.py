"""TRL's side of benchmarks/training.py: `GRPOTrainer` as it comes from PyPI, in an interpreter that has it.

Kept of its defaults: the `dapo` loss, rewards scaled within the group, AdamW, epsilon, generation of a whole
step at once, old log-probabilities taken from the forward pass of the update itself. Not kept, as rlcf does
without it too and it makes TRL slower: gradient checkpointing (on by default) and, on a CPU, bf16 (on by
default). No vLLM, which rlcf does not use either. The update goes in as few micro-batches as rlcf's budget of
tokens allows. The prompts come in the order of the data set. The reward function is what a user of TRL would
write: one call of the judge for the batch, which the trainer waits for.

Tried for TRL 1.16.0 at the size `tiny`, CPU seconds of a step on one thread: micro-batches of 8 rows 8.9,
16 rows 8.6, 32 rows 7.9 (what the default budget gives), 128 rows 8.8. With 16 rows a static cache 8.7,
bf16 9.8, gradient checkpointing 10.8. Two threads are worth a try (--trl-threads) on a machine that is not
shared: on ours they waited for each other.

    PYTHON_WITH_TRL -m benchmarks.training_trl SETTING.json FACTS.json RESULT.json THREADS FIELDS

FIELDS: more for GRPOConfig, as a JSON object.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
import trl
from datasets import Dataset
from peft import LoraConfig
from transformers import TrainerCallback

from benchmarks.training_setting import LIMITS, Facts, Result, Setting, Step
from javabox import Judge


class Clock(TrainerCallback):  # type: ignore[misc]
    """When each step ended, and how long generation and grading took in it."""

    def __init__(self) -> None:
        self.ends: list[tuple[float, float]] = []
        self.generate: list[float] = []
        self.grading: list[float] = []
        self.tokens: list[int] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        self.ends.append((time.perf_counter(), time.process_time()))

    def steps(self) -> list[Step]:
        """All but the first."""
        rows = zip(
            self.ends, self.ends[1:], self.generate[1:], self.grading[1:], self.tokens[1:], strict=False
        )
        return [
            Step(end[0] - begin[0], generate, grading, tokens, end[1] - begin[1])
            for begin, end, generate, grading, tokens in rows
        ]


def timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """`function`, which adds its seconds to a list."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        result = function(*args, **kwargs)
        seconds.append(time.perf_counter() - began)
        return result

    return wrapper


def rows_per_microbatch(setting: Setting, facts: Facts) -> int:
    """The most that divide a step into equal parts within the budget of padded tokens."""
    longest = facts.longest_prompt + setting.new_tokens
    fitting = [
        rows
        for rows in range(1, setting.completions + 1)
        if setting.completions % rows == 0 and rows * longest <= setting.microbatch_tokens
    ]
    return max(fitting, default=1)


def config(setting: Setting, rows: int, folder: str, others: dict[str, Any]) -> trl.GRPOConfig:
    """`rows` in a micro-batch, one optimiser step for each batch of rollouts."""
    gpu = torch.cuda.is_available()
    fields: dict[str, Any] = {
        "output_dir": folder,
        "seed": setting.seed,
        "max_steps": setting.steps,
        "per_device_train_batch_size": rows,
        "gradient_accumulation_steps": setting.completions // rows,
        "num_generations": setting.group,
        "max_completion_length": setting.new_tokens,
        "temperature": setting.temperature,
        "learning_rate": setting.learning_rate,
        "beta": setting.kl,
        "shuffle_dataset": False,
        "use_cpu": not gpu,
        "bf16": gpu,
        "model_init_kwargs": {"dtype": "bfloat16" if gpu else "float32"},
        "gradient_checkpointing": False,
        "report_to": [],
        "save_strategy": "no",
    }
    return trl.GRPOConfig(**fields | others)


def measure(setting: Setting, facts: Facts, others: dict[str, Any]) -> Result:
    """Trains in a folder of its own; `others` go into the config last."""
    problems = {problem.prompt: problem for problem in setting.problems()}
    clock = Clock()
    with tempfile.TemporaryDirectory() as scratch, Judge() as judge:

        def compiles(prompts: list[str], completions: list[str], **columns: Any) -> list[float | None]:
            began = time.perf_counter()
            answers = zip(prompts, completions, strict=True)
            jobs = [problems[p].job(completion, LIMITS, compile_only=True) for p, completion in answers]
            values = {True: 1.0, False: -1.0, None: None}
            rewards = [values[verdict.compiled] for verdict in judge.grade(jobs)]
            clock.grading.append(time.perf_counter() - began)
            clock.tokens.append(sum(map(len, columns["completion_ids"])))
            return rewards

        rank = setting.lora_rank
        adapters = LoraConfig(
            r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
        )
        trainer = trl.GRPOTrainer(
            model=setting.model,
            reward_funcs=compiles,
            args=config(setting, rows_per_microbatch(setting, facts), scratch, others),
            train_dataset=Dataset.from_dict({"prompt": list(problems)}),
            peft_config=adapters if rank else None,
            callbacks=[clock],
        )
        trainer.model.generate = timed(trainer.model.generate, clock.generate)
        trainer.train()
    return Result(
        steps=clock.steps(),
        threads=torch.get_num_threads(),
        peak_gpu_mb=torch.cuda.max_memory_allocated() / (1 << 20) if torch.cuda.is_available() else 0.0,
        versions=f"TRL {trl.__version__}, torch {torch.__version__}, transformers {transformers.__version__}",
    )


def main() -> None:
    setting_file, facts_file, result_file, threads, others = sys.argv[1:]
    torch.set_num_threads(int(threads))
    setting, facts = Setting.read(Path(setting_file)), Facts.read(Path(facts_file))
    measure(setting, facts, json.loads(others)).write(Path(result_file))


if __name__ == "__main__":
    main()
