"""One step: sample, judge, ground, learn from the rollouts by the recipe's objective, write it down.

With a curriculum the problems are asked from their present start points.

Infrastructure failures are masked, counted and, above a share, end the run (`rails.py`): a failure that
scored 0 would teach the policy to provoke it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from javabox import Judge, Outcome
from rlcf.grounding.reward_hacking import REWARD_HACKING_FLAGS
from rlcf.grounding.signal import Grounding
from rlcf.grounding.table import Entry
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.generate import stable_seed
from rlcf.policy.llm_judge import PairwiseLLMJudge
from rlcf.problems import Problem
from rlcf.problems.curriculum import Curriculum
from rlcf.recipe import Recipe
from rlcf.training.baseline import BASELINES, Baseline
from rlcf.training.discriminator.lifecycle import RefreshedDiscriminator
from rlcf.training.discriminator.model import Discriminator
from rlcf.training.objectives.objective import Objective
from rlcf.training.objectives.table import OBJECTIVES
from rlcf.training.prompts import PromptFormat
from rlcf.training.rollout import Pending, Rollout, RolloutCollector
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.rails import ALARMS, Alarm, Rails, act
from rlcf.training.runtime.run_folder import RunFolder


class TrainingStep:
    """Takes the steps of a run; a context, as rollouts are graded in a thread."""

    def __init__(
        self,
        policy: Policy,
        recipe: Recipe,
        judge: Judge,
        run: RunFolder,
        entry: Entry,
        discriminator: Discriminator | PairwiseLLMJudge | None,
        machine: Machine | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.policy, self.recipe, self.run = policy, recipe, run
        self.machine, self.parallel = machine or Machine(), parallel or Parallel()
        self.discriminator = RefreshedDiscriminator(discriminator, recipe, self.parallel)
        grounding: Grounding = entry.make(self.discriminator.compare, recipe.discriminator.weight)
        self.collector = RolloutCollector(
            policy, judge, grounding, run_tests=entry.runs, coverage=entry.covers,
            form=PromptFormat.of(recipe), rank=self.parallel.rank, world=self.parallel.world,
        )  # fmt: skip
        self.baseline: Baseline | None = None
        if recipe.ppo.advantage in BASELINES:
            self.baseline = Baseline(recipe.ppo.advantage, self.collector, self.parallel)
        make = OBJECTIVES[recipe.objective.name].make
        self.objective: Objective = make(policy, recipe, self.machine, self.parallel)
        self.curriculum = Curriculum() if recipe.rollout.curriculum else None
        self.rails = Rails()

    def __enter__(self) -> TrainingStep:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the grading thread."""
        self.collector.close()

    def take(self, step: int, problems: Sequence[Problem]) -> tuple[dict[str, float], list[Rollout]]:
        """Take 0-based `step` on `problems`; returns its row of metrics.jsonl and its rollouts. Raises
        TrainingStopped where the rails say so."""
        recipe, clock = self.recipe, Clock()
        asked = problems
        if self.curriculum is not None:
            asked = [self.curriculum.problem(problem) for problem in problems]
        pending = self.collector.begin(
            asked,
            samples=recipe.rollout.samples_per_prompt,
            temperature=recipe.rollout.temperature,
            max_new_tokens=recipe.rollout.max_new_tokens,
            seed=stable_seed("ppo", recipe.seed, step),
        )
        prompts, completions = self._gather_tokens(pending)
        clock.lap("generate")
        greedy = None
        if self.baseline is not None:
            greedy = self.baseline.begin(asked, recipe.rollout.max_new_tokens)
        if greedy is not None:
            clock.lap("baseline")
        # While the judge works.
        self.objective.prepare(prompts, completions, step)
        clock.lap("logps")
        finished, seconds_discriminator = self.collector.finish(pending)
        rollouts = sorted(self.parallel.gather(finished), key=lambda rollout: rollout.row)
        baseline_metrics: dict[str, float] = {}
        if self.baseline is not None:
            rollouts, baseline_metrics = self.baseline.finish(greedy, rollouts)
        clock.lap("judge_exposed")
        if all(rollout.feedback.score is None for rollout in rollouts):
            act([Alarm("judge_failing", f"step {step + 1}: the judge failed on every rollout")], ALARMS)
        metrics = self.objective.update(rollouts, asked, step) | baseline_metrics
        clock.lap("update")
        metrics |= self.discriminator.refresh(step, [rollout.program for rollout in rollouts])
        clock.lap("refresh")
        tokens = sum(len(rollout.sampled.ids) for rollout in rollouts)
        row = {"step": step + 1, **rollout_metrics(rollouts), **metrics} | clock.seconds
        row |= self._update_curriculum(rollouts, problems)
        row |= {
            "seconds_discriminator": seconds_discriminator + row.pop("seconds_refresh"),
            "tokens_per_second": tokens / row["seconds"],
            "generated_tokens_per_second": tokens / row["seconds_generate"],
        }
        self._write(step, row, rollouts)
        act(self.rails.check(step + 1, row), ALARMS if self.machine.rails == "stop" else ())
        return row, rollouts

    def state(self) -> dict[str, Any]:
        """Gather what changes from step to step, the discriminator's weights apart; every rank must call."""
        return {
            "objective": self.objective.state(),
            "baseline": self.baseline.state() if self.baseline is not None else {},
            "rails": self.rails.state(),
            "discriminator": self.discriminator.state(),
            "curriculum": self.curriculum.state() if self.curriculum is not None else {},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.objective.load(state["objective"])
        if self.baseline is not None:
            self.baseline.load(state["baseline"])
        self.rails.load(state["rails"])
        self.discriminator.load(state["discriminator"])
        if self.curriculum is not None:
            self.curriculum.load(state["curriculum"])

    def _gather_tokens(self, pending: Pending) -> tuple[list[list[int]], list[list[int]]]:
        """Gather prompts and completions of all ranks, in the order of rows."""
        own = zip(pending.rows, pending.prompts, pending.sampled, strict=True)
        rows = sorted(self.parallel.gather([*own]), key=lambda row: row[0])
        return [prompt for _, prompt, _ in rows], [sampled.ids for _, _, sampled in rows]

    def _update_curriculum(
        self, rollouts: Sequence[Rollout], problems: Sequence[Problem]
    ) -> dict[str, float]:
        """Tell the curriculum which answers passed; returns the share of them to `problems` as they are,
        with nothing of the reference in the prompt."""
        if self.curriculum is None:
            return {}
        for rollout in rollouts:
            if rollout.answer.verdict.passed is not None:
                self.curriculum.seen(rollout.answer.problem.task_id, rollout.answer.verdict.passed)
        prompts = {problem.prompt for problem in problems}
        asked_whole = [rollout.answer.problem.prompt in prompts for rollout in rollouts]
        return {"asked_whole": sum(asked_whole) / len(asked_whole)}

    def _write(self, step: int, row: dict[str, float], rollouts: Sequence[Rollout]) -> None:
        self.run.metrics(row)
        lines = (
            (r.answer, r.signal, {"stopped": r.sampled.stopped, "signs": sorted(r.reward_hacking_flags)})
            for r in rollouts
        )
        self.run.completions("rollout", step + 1, self.recipe.rollout.temperature, lines)


class Clock:
    """Splits the time of a step."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """Name the time since the last lap."""
        now = time.perf_counter()
        self._laps[f"seconds_{name}"] = now - self._last
        self._last = now

    @property
    def seconds(self) -> dict[str, float]:
        return {"seconds": self._last - self._began, **self._laps}


def rollout_metrics(rollouts: Sequence[Rollout]) -> dict[str, float]:
    """Compute means over the rollouts that were judged. `exec` and `pass` only where tests were run."""
    judged = [rollout for rollout in rollouts if rollout.signal.score is not None]
    count = max(1, len(judged))
    unknown = [rollout.answer.verdict.outcome for rollout in rollouts if rollout.signal.score is None]
    broken = sum(outcome is Outcome.SUITE_ERROR for outcome in unknown)
    row: dict[str, float] = {
        "reward": sum(rollout.signal.score or 0.0 for rollout in judged) / count,
        "compile": sum(bool(rollout.answer.verdict.compiled) for rollout in judged) / count,
        "rollouts": float(len(rollouts)),
        "judge_errors": float(len(unknown) - broken),
        "suite_errors": float(broken),
        "response_tokens": sum(len(rollout.sampled.ids) for rollout in rollouts) / len(rollouts),
        "truncated": sum(not rollout.sampled.stopped for rollout in rollouts) / len(rollouts),
        "distinct": len({(r.answer.problem.task_id, r.answer.completion) for r in rollouts}) / len(rollouts),
    }
    if any(rollout.answer.verdict.cases for rollout in judged):
        row["exec"] = sum(bool(rollout.answer.verdict.executed) for rollout in judged) / count
        row["pass"] = sum(bool(rollout.answer.verdict.passed) for rollout in judged) / count
    parts: Counter[str] = Counter()
    for rollout in judged:
        parts.update(rollout.signal.parts)
    return row | {f"part_{name}": total / count for name, total in parts.items()} | _flag_shares(judged)


def _flag_shares(judged: Sequence[Rollout]) -> dict[str, float]:
    """Compute the share of each reward hacking flag in the rollouts with a score above 0."""
    paid = [rollout.reward_hacking_flags for rollout in judged if (rollout.signal.score or 0.0) > 0]
    shares = {
        f"sign_{name}": sum(name in flags for flags in paid) / max(1, len(paid))
        for name in REWARD_HACKING_FLAGS
    }
    return {"well_scored": float(len(paid)), **shares}
