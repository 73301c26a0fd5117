"""What both sides of benchmarks/training.py are given and hand back; needs neither torch nor TRL.

The setting travels to a side's process as a JSON file, its result comes back as one. A step lasts from the
end of the one before to its own end, whatever lies between; of it are told generation and the grading that
was waited for. All the rest is the update: log-probabilities, losses, backward, optimiser, bookkeeping.
"""

from __future__ import annotations

import dataclasses
import json
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from javabox import Limits
from rlcf.problems import Problem, load_problems

CRITIC_FREE = "ours, critic-free"
MODES: dict[str, dict[str, Any]] = {
    CRITIC_FREE: {"ppo.advantage": "group"},
    "ours, PPO with critic": {"ppo.advantage": "gae"},
}
"""Ours, and the fields of the recipe that make each. The claim is about CRITIC_FREE."""
PROBLEMS = "mbjp"
LIMITS = Limits(fuel=50_000_000, wall_seconds=10.0)
"""Those of rlcf's rollouts."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One comparison. Every step asks the same prompts: the first `prompts` of MBJP's train split."""

    model: str
    """Folder of the model."""
    prompts: int
    group: int
    """Completions of a prompt."""
    new_tokens: int
    """Length of every completion: the model never draws its end token."""
    steps: int
    """Of a run, with the first one, which is dropped."""
    temperature: float
    learning_rate: float
    kl: float
    """Weight of the KL term; 0: no reference policy."""
    lora_rank: int
    """0: all weights are trained."""
    microbatch_tokens: int
    """Padded tokens in a forward pass of the update, at most."""
    seed: int

    @property
    def completions(self) -> int:
        """Of a step."""
        return self.prompts * self.group

    def problems(self) -> list[Problem]:
        return load_problems(PROBLEMS, "train")[: self.prompts]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Step:
    """Seconds of one step, and the tokens of all its completions."""

    seconds: float
    generate: float
    grading: float
    """Waited for; grading beside other work is not counted."""
    tokens: int
    cpu: float
    """Seconds of all its threads, JVMs not included: what stays the same on a machine that others use too."""

    @property
    def update(self) -> float:
        return self.seconds - self.generate - self.grading


@dataclass(frozen=True, slots=True)
class Result:
    """What one process measured, the first step not among the steps."""

    steps: list[Step]
    threads: int
    """torch's."""
    peak_gpu_mb: float
    """What the tensors on the GPU held at most; 0 without one."""
    versions: str
    peak_mb: float = dataclasses.field(default_factory=lambda: peak_mb())
    """Resident memory of the training process at its end, JVMs not included."""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**fields | {"steps": [Step(**step) for step in fields["steps"]]})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model and its prompts once it is made; numbers of parameters and of tokens."""

    trunk: int
    """Parameters of the matrices that every token passes."""
    head: int
    """Of the output embedding, which completion tokens alone pass."""
    adapters: int
    prompt_tokens: int
    """Of the prompts of a step, each counted as often as it is answered."""
    longest_prompt: int

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
