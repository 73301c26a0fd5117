"""The trainer: takes the steps of a run, one after the other, and writes the checkpoints between them.

The best checkpoint is that whose policy passes most on the validation split, where the recipe evaluates
during training; else that with the highest mean reward of the rollouts since the one before: what the
grounding paid in training, not a held-out number.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from rlcf.problems import Problem
from rlcf.progress import progress
from rlcf.training.runtime import console as show
from rlcf.training.runtime.checkpoint import (
    TRAINER,
    prune,
    random_states,
    set_random_states,
    write_checkpoint,
)
from rlcf.training.step import TrainingStep

PROFILE = "profile.json"
SAMPLES_EVERY = 10
"""Steps between the tables of samples on a terminal."""


class Prompts:
    """All problems in random order, over and over; how many were drawn is all that a checkpoint needs."""

    def __init__(self, problems: Sequence[Problem], seed: int) -> None:
        self.drawn = 0
        self._problems, self._rng = list(problems), random.Random(f"prompts {seed}")
        self._waiting: list[Problem] = []

    def draw(self, count: int) -> list[Problem]:
        """Draw the next `count`."""
        while len(self._waiting) < count:
            self._waiting += self._rng.sample(self._problems, len(self._problems))
        drawn, self._waiting = self._waiting[:count], self._waiting[count:]
        self.drawn += count
        return drawn


class Trainer:
    """Takes steps and saves them; a context, which ends the grading thread and the trackers."""

    def __init__(
        self, step: TrainingStep, prompts: Prompts, evaluate: Callable[[int], float] | None = None
    ) -> None:
        """`evaluate` measures the policy as it is after so many steps on the validation split: the more the
        better. Every rank calls it."""
        self.step, self.prompts, self._evaluate = step, prompts, evaluate
        self.recipe, self.run = step.recipe, step.run
        self.machine, self.parallel = step.machine, step.parallel
        self.best: dict[str, float] = {}
        """`step` of the best checkpoint, and its `value`."""
        self._following: list[Problem] = []
        """Problems of the next step, where they were drawn already."""
        self.rewards_since_save: list[float] = []
        """Rewards of the steps since the last checkpoint."""
        names = self.machine.tracker_names
        tracking = Accelerator(log_with=names, project_dir=self.run.folder) if names else None
        self.trackers = show.Trackers(tracking, names, self.run.folder.name, dataclasses.asdict(self.recipe))

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *_: object) -> None:
        self.step.close()
        self.trackers.close()

    def go(self, first: int) -> None:
        """Take all steps from 0-based `first`."""
        recipe, every = self.recipe, self.machine.checkpoint_every
        with progress(recipe.objective.name, total=recipe.objective.steps - first) as advance:
            for step in range(first, recipe.objective.steps):
                problems = self._following or self._draw()
                last = step + 1 == recipe.objective.steps
                self._following = [] if last or not recipe.rollout.ahead else self._draw()
                with self._profiled(step + 1):
                    row, rollouts = self.step.take(step, problems, self.prompts.draw, self._following)
                self.rewards_since_save.append(row["reward"])
                told = [(one.answer, one.signal) for one in rollouts]
                self.trackers.log(row, step + 1)
                self.trackers.completions(told, step + 1)
                advance(1, **show.step_numbers(row))
                if self.parallel.main:
                    show.show_step(row, recipe.objective.steps)
                    show.show_samples(step + 1, SAMPLES_EVERY, told)
                best = self._validate(step + 1)
                if best or step + 1 == recipe.objective.steps or (every and (step + 1) % every == 0):
                    self.save(step + 1)

    @contextmanager
    def _profiled(self, step: int) -> Iterator[None]:
        """Traces the step that the machine names; of several processes the first one's."""
        if step != self.machine.profile or not self.parallel.main:
            yield
            return
        with torch.profiler.profile() as trace:
            yield
        trace.export_chrome_trace(str(self.run.folder / PROFILE))

    def _draw(self) -> list[Problem]:
        return self.prompts.draw(self.recipe.rollout.prompts_per_step)

    def _validate(self, step: int) -> bool:
        """Evaluate on the validation split where it is due; returns whether the policy is the best so far."""
        every = self.recipe.evaluation.every
        if self._evaluate is None or not every or (step % every and step != self.recipe.objective.steps):
            return False
        return self._note(step, self._evaluate(step))

    def _note(self, step: int, value: float) -> bool:
        if value <= self.best.get("value", -torch.inf):
            return False
        self.best = {"step": step, "value": value}
        return True

    def save(self, step: int) -> None:
        """Write the checkpoint of `step`; every rank must call."""
        reward = sum(self.rewards_since_save) / len(self.rewards_since_save)
        self.rewards_since_save = []
        if self._evaluate is None:
            self._note(step, reward)
        state = {
            "step": self.step.state(),
            "best": self.best,
            "drawn": self.prompts.drawn - len(self._following),
            "random": random_states(),
        }
        if self.parallel.main:
            write_checkpoint(self.run.checkpoint(step), lambda aside: self._write(aside, state))
            prune(self.run.folder, self.machine.keep, [int(self.best["step"])] if self.best else [])
        self.parallel.wait()

    def load(self, step: int) -> None:
        """Restore the checkpoint of `step`."""
        # To the memory, not to where it was: the machine may be another one.
        state = torch.load(self.run.checkpoint(step) / TRAINER, weights_only=True, map_location="cpu")
        self.step.load(state["step"])
        self.best = state["best"]
        self.prompts.draw(state["drawn"])
        set_random_states(state["random"])

    def _write(self, aside: Path, state: dict[str, Any]) -> None:
        base = self.run.checkpoint(0).resolve()
        self.step.objective.save(aside, base, state["step"]["objective"])
        torch.save(state, aside / TRAINER)
        self.step.discriminator.save(aside)
