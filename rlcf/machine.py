"""How a machine runs a recipe: memory, speed, safety and logs. But for the backends `continuous` and `vllm`,
which draw other tokens, and rails that stop, nothing here changes what is learnt beyond rounding: a run may
be resumed with other settings.

The docstring of a field is its `--help`.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory, speed, safety and logs."""

    tokens_per_microbatch: int = 0
    """Padded tokens in one forward pass; 0: as many as memory allows on a GPU, few on a CPU, whose caches are
    small."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass: a third more time, far less memory."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """What models are computed in; auto is bfloat16 on a GPU."""
    backend: Literal["auto", "loop", "transformers", "static", "continuous", "vllm", "vllm-adapters"] = "auto"
    """What generates; auto is loop, or transformers for an encoder-decoder."""
    endpoint: str = ""
    """Of a vLLM server that generates, such as `http://localhost:8000`, where the backend is vllm; empty: an
    engine in this process."""
    checkpoint_every: int = 10
    """PPO steps between checkpoints; 0 writes the last alone."""
    keep: int = 2
    """Checkpoints kept beside the first and the best."""
    rails: Literal["stop", "warn"] = "stop"
    """What an alarm does (non-finite numbers, KL, entropy, truncation, reward hacking); too many judge errors
    always stop."""
    expected_values: bool = True
    """completions.jsonl says of a failed case what was expected; without, nothing in it tells the tests'
    answers, as where it becomes training data."""
    profile: int = 0
    """Number of a step of which a trace of torch's profiler is written, RUN/profile.json; 0: none."""
    trackers: str = ""
    """Where metrics go beside metrics.jsonl: tensorboard, wandb, trackio, with commas between."""

    @property
    def tracker_names(self) -> list[str]:
        return [name.strip() for name in self.trackers.split(",") if name.strip()]


def to_toml(machine: Machine) -> str:
    """Every field; `load_machine` reads it back."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in dataclasses.asdict(machine).items())


def load_machine(path: Path) -> Machine:
    """What `to_toml` wrote."""
    return Machine(**tomllib.loads(path.read_text(encoding="utf-8")))
