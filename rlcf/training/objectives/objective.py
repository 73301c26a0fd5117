"""What an objective offers: the one interface between a step and what it learns.

An objective takes the rollouts of a step and owns everything behind that: which of them it learns from, what
it keeps of earlier steps, the policy's module, optimisers, critic and reference policy, and its files of a
checkpoint. `rlcf.training.objectives.table` has all by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from rlcf.policy.batch import Tokens
from rlcf.problems import Problem
from rlcf.training.rollout import Rollout


class Objective(Protocol):
    """Learns from rollouts. Every rank calls the same methods with the same arguments."""

    def prepare(self, prompts: Sequence[Tokens], completions: Sequence[Tokens], step: int) -> None:
        """Compute what needs no scores of the batch that `update` gets next; runs while the judge works."""

    def update(self, rollouts: Sequence[Rollout], problems: Sequence[Problem], step: int) -> dict[str, float]:
        """Learn from the rollouts of 0-based `step`, all ranks' in the order of rows, and from references of
        `problems` where the recipe asks for it; returns metrics. One rollout at least was judged."""

    def state(self) -> dict[str, Any]:
        """Gather all that changes while learning, for a checkpoint: tensors and plain values."""

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned, of an objective made from the same policy and recipe."""

    def save(self, folder: Path, base: Path, state: dict[str, Any]) -> None:
        """Write the policy, and what loads beside it, into the checkpoint `folder`; adapters are saved as
        adapters on the model in `base`. `state` is what `state` returned; the main process alone calls."""
