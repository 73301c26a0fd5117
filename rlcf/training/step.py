"""One step: sample, judge, ground, learn from the rollouts by the recipe's objective, write it down.

With a curriculum the problems are asked from their present start points. With dynamic sampling (DAPO, arXiv
2503.14476) prompts whose completions all pass, or none, give way to others; all are judged, counted and
logged, and nothing is learnt from those.

Infrastructure failures are masked, counted and, above a share, end the run (`rails.py`): a failure that
scored 0 would teach the policy to provoke it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from javabox import AnyJudge
from rlcf.grounding.signal import Grounding
from rlcf.grounding.table import Entry
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.generate import Sampled, stable_seed
from rlcf.policy.llm_judge import PairwiseLLMJudge
from rlcf.problems import Problem
from rlcf.problems.curriculum import Curriculum
from rlcf.recipe import Recipe
from rlcf.training.ahead import Ahead, saved_completions
from rlcf.training.baseline import BASELINES, Baseline
from rlcf.training.discriminator.lifecycle import RefreshedDiscriminator
from rlcf.training.discriminator.model import Discriminator
from rlcf.training.objectives.objective import Objective
from rlcf.training.objectives.table import OBJECTIVES
from rlcf.training.prompts import PromptFormat
from rlcf.training.rollout import Pending, Rollout, RolloutCollector
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.rails import ALARMS, Alarm, Rails, act
from rlcf.training.runtime.rollout_metrics import about, step_metrics
from rlcf.training.runtime.run_folder import RunFolder


class TrainingStep:
    """Takes the steps of a run; a context, as rollouts are graded in a thread."""

    def __init__(
        self,
        policy: Policy,
        recipe: Recipe,
        judge: AnyJudge,
        run: RunFolder,
        entry: Entry,
        discriminator: Discriminator | PairwiseLLMJudge | None,
        machine: Machine | None = None,
        parallel: Parallel | None = None,
        *,
        solved: Sequence[Problem] = (),
    ) -> None:
        """`solved`: problems with references, for an anchor on others than the step's."""
        self.policy, self.recipe, self.run, self.solved = policy, recipe, run, solved
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
        self.visited: set[str] = set()
        """Problems that were asked before."""
        self.ahead = Ahead(policy) if recipe.rollout.ahead else None
        self._known: list[tuple[int, Sampled]] | None = None
        """Completions of the next step from a checkpoint, which are to be judged again."""
        self.rails = Rails()
        self.parameters = sum(parameter.numel() for parameter in policy.model.parameters())

    def __enter__(self) -> TrainingStep:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads."""
        if self.ahead is not None:
            self.ahead.close()
        self.collector.close()

    def take(
        self,
        step: int,
        problems: Sequence[Problem],
        more: Callable[[int], Sequence[Problem]] | None = None,
        following: Sequence[Problem] = (),
    ) -> tuple[dict[str, float], list[Rollout]]:
        """Take 0-based `step` on `problems`; returns its row of metrics.jsonl and its rollouts. `more` gives
        further problems, so many, for dynamic sampling; `following` are the next step's, where their
        completions are generated ahead. Raises TrainingStopped where the rails say so."""
        recipe, clock = self.recipe, Clock()
        asked = problems
        if self.curriculum is not None:
            asked = [self.curriculum.problem(problem) for problem in problems]
        resamples = more is not None and recipe.rollout.resampling_rounds > 0
        pending = (self.ahead.take() if self.ahead is not None else None) or self._begin(step, 0, asked)
        tokens_of_step = self._gather_tokens(pending)
        clock.lap("generate")
        greedy = None
        if self.baseline is not None and not resamples:
            greedy = self.baseline.begin(asked, recipe.rollout.max_new_tokens)
            clock.lap("baseline")
        if not resamples:  # while the judge works
            self.objective.prepare(*tokens_of_step, step)
            clock.lap("logps")
        rollouts, seconds_discriminator = self._finish(pending)
        learnt = rollouts
        if resamples and more is not None:
            rollouts, learnt, seconds = self._replace_tied(step, rollouts, more)
            seconds_discriminator += seconds
            clock.lap("resample")
            if self.baseline is not None:
                greedy = self.baseline.begin(problems_of(learnt), recipe.rollout.max_new_tokens)
            self.objective.prepare(
                [one.prompt_ids for one in learnt], [one.sampled.ids for one in learnt], step
            )
            clock.lap("logps")
        baseline_metrics: dict[str, float] = {}
        if self.baseline is not None:
            learnt, baseline_metrics = self.baseline.finish(greedy, learnt)
            rollouts = rollouts if resamples else learnt
        clock.lap("judge_exposed")
        if all(rollout.feedback.score is None for rollout in learnt):
            act([Alarm("judge_failing", f"step {step + 1}: the judge failed on every rollout")], ALARMS)
        if self.ahead is not None and following:
            self.ahead.start(partial(self._begin, step + 1, 0, following))
        with self.parallel.all_cores():
            metrics = self.objective.update(learnt, self._anchors(learnt, step), step) | baseline_metrics
        clock.lap("update")
        metrics |= self.discriminator.refresh(step, [rollout.program for rollout in rollouts])
        clock.lap("refresh")
        row = {"step": step + 1, **step_metrics(rollouts), **metrics} | clock.seconds
        row |= self._update_curriculum(rollouts, problems) | self._first_visits(rollouts)
        if resamples:
            row["learnt_rollouts"] = float(len(learnt))
        row["seconds_discriminator"] = seconds_discriminator + row.pop("seconds_refresh")
        row |= self._rates(rollouts, learnt, row, pending.seconds or row["seconds_generate"])
        self._write(step, row, rollouts)
        act(self.rails.check(step + 1, row), ALARMS if self.machine.rails == "stop" else ())
        return row, rollouts

    def _begin(
        self, step: int, round_: int, asked: Sequence[Problem], policy: Policy | None = None
    ) -> Pending:
        recipe = self.recipe
        known, self._known = self._known, None
        return self.collector.begin(
            asked,
            samples=recipe.rollout.samples_per_prompt,
            temperature=recipe.rollout.temperature,
            max_new_tokens=recipe.rollout.max_new_tokens,
            seed=stable_seed("ppo", recipe.seed, step, *([round_] if round_ else [])),
            policy=policy,
            known=known,
            turns=recipe.repair.turns,
        )

    def _finish(self, pending: Pending) -> tuple[list[Rollout], float]:
        """Gather the rollouts of all ranks in the order of rows, and this rank's seconds of grounding."""
        finished, seconds = self.collector.finish(pending)
        return sorted(self.parallel.gather(finished), key=lambda rollout: rollout.row), seconds

    def _replace_tied(
        self, step: int, rollouts: list[Rollout], more: Callable[[int], Sequence[Problem]]
    ) -> tuple[list[Rollout], list[Rollout], float]:
        """Ask further problems until the step has as many groups that do not tie as it asks prompts, or the
        rounds are over. Returns all rollouts, those to learn from (all, where every group ties), and the
        seconds of grounding."""
        recipe, total = self.recipe.rollout, 0.0
        mixed = untied(rollouts)
        for round_ in range(1, recipe.resampling_rounds + 1):
            missing = recipe.prompts_per_step - len({one.feedback.group for one in mixed})
            if missing <= 0:
                break
            found, seconds = self._finish(self._begin(step, round_, more(missing)))
            found = renumbered(found, rows=len(rollouts), groups=rollouts[-1].feedback.group + 1)
            rollouts, mixed, total = rollouts + found, mixed + untied(found), total + seconds
        return rollouts, mixed or rollouts, total

    def _first_visits(self, rollouts: Sequence[Rollout]) -> dict[str, float]:
        """Measure the rollouts of problems that were never asked before: only what they say is of the policy
        and not of its memory."""
        first = [one for one in rollouts if one.answer.problem.task_id not in self.visited]
        self.visited |= {one.answer.problem.task_id for one in first}
        row = {"first_visits": len(first) / len(rollouts)}
        if first:
            rates = step_metrics(first)
            row |= {f"first_{name}": rates[name] for name in ("compile", "pass") if name in rates}
        return row

    def state(self) -> dict[str, Any]:
        """Gather what changes from step to step, the discriminator's weights apart; every rank must call."""
        return {
            "objective": self.objective.state(),
            "baseline": self.baseline.state() if self.baseline is not None else {},
            "rails": self.rails.state(),
            "discriminator": self.discriminator.state(),
            "curriculum": self.curriculum.state() if self.curriculum is not None else {},
            "visited": sorted(self.visited),
            "ahead": self.parallel.gather([self.ahead.state()]) if self.ahead is not None else [],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.objective.load(state["objective"])
        if self.baseline is not None:
            self.baseline.load(state["baseline"])
        self.rails.load(state["rails"])
        self.discriminator.load(state["discriminator"])
        self.visited = set(state["visited"])
        saved = [kept for kept in state["ahead"] if kept is not None]
        if saved:
            self._known = self._own_rows(saved)
        if self.curriculum is not None:
            self.curriculum.load(state["curriculum"])

    def _own_rows(self, saved: Sequence[Mapping[str, Any]]) -> list[tuple[int, Sampled]]:
        """Read this process's share of the completions that all had on their way."""
        # As many processes as before have the same rows in the same order; others judge nothing twice.
        if len(saved) == self.parallel.world:
            return saved_completions(saved[self.parallel.rank])
        rows = [one for kept in saved for one in saved_completions(kept)]
        return rows[self.parallel.rank :: self.parallel.world]

    def _gather_tokens(self, pending: Pending) -> tuple[list[list[int]], list[list[int]]]:
        """Gather prompts and completions of all ranks, in the order of rows."""
        own = zip(pending.asked, pending.sampled, strict=True)
        rows = [(ask.row, ask.prompt, sampled) for ask, sampled in own]
        rows = sorted(self.parallel.gather(rows), key=lambda row: row[0])
        return [prompt for _, prompt, _ in rows], [sampled.ids for _, _, sampled in rows]

    def _rates(
        self,
        rollouts: Sequence[Rollout],
        learnt: Sequence[Rollout],
        row: Mapping[str, float],
        seconds: float,
    ) -> dict[str, float]:
        """Compute tokens a second, and the model's own arithmetic in generation, which took `seconds`, and in
        PPO's update, in TFLOP a second of this process, and by the card's peak where that is known (MFU). A
        parameter costs 2 operations a token forward and 4 backward, 2 under adapters. Attention's products,
        the critic and what is computed again are left out."""
        tokens = sum(len(rollout.sampled.ids) for rollout in rollouts)
        recipe, token = self.recipe, self.parameters / self.parallel.world / 1e12
        rates = {"generate": 2 * token * _tokens(rollouts) / seconds}
        if recipe.objective.name == "ppo":
            epochs = row.get("updates", 0.0) / recipe.objective.minibatches
            work = (4 if recipe.model.lora_rank else 6) * epochs * token * _tokens(learnt)
            rates["update"] = work / row["seconds_update"]
        peak = peak_tflops(self.policy.device)
        found = {f"{name}_tflop_per_second": rate for name, rate in rates.items()}
        found |= {
            "tokens_per_second": tokens / row["seconds"],
            "generated_tokens_per_second": tokens / seconds,
        }
        return found | {f"{name}_mfu": rate / peak for name, rate in rates.items() if peak}

    def _anchors(self, learnt: Sequence[Rollout], step: int) -> list[Problem]:
        """Draw the problems whose references an anchor is on: of the corpus, or the step's own."""
        if not (count := self.recipe.objective.sft_problems):
            return problems_of(learnt)
        draw = random.Random(f"anchors {self.recipe.seed} {step}")
        return draw.sample(list(self.solved), min(count, len(self.solved)))

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
        lines = ((r.answer, r.signal, about(r)) for r in rollouts)
        self.run.completions("rollout", step + 1, self.recipe.rollout.temperature, lines)


PEAKS = {"H100": 989.0, "H200": 989.0, "A100": 312.0, "L40S": 362.0, "RTX 4090": 165.0}
"""TFLOP a second in bf16, dense, by a part of the card's name (NVIDIA's data sheets)."""


def peak_tflops(device: torch.device) -> float:
    """Look up what the card can do; 0 where that is not known."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return next((peak for part, peak in PEAKS.items() if part in name), 0.0)


def _tokens(rollouts: Sequence[Rollout]) -> int:
    """Count the tokens that are read: each prompt once, and its completions."""
    prompts = {(one.feedback.group, one.exchanges): len(one.prompt_ids) for one in rollouts}
    return sum(prompts.values()) + sum(len(one.sampled.ids) for one in rollouts)


def untied(rollouts: Sequence[Rollout]) -> list[Rollout]:
    """Filter the rollouts of prompts of which some completions pass and some do not; what the judge failed on
    says neither."""
    passed: dict[int, set[bool]] = {}
    for one in rollouts:
        if one.feedback.score is not None:
            found = passed.setdefault(one.feedback.group, set())
            found.add(bool(one.answer.verdict.passed))
    return [one for one in rollouts if len(passed.get(one.feedback.group, ())) == 2]


def renumbered(rollouts: Sequence[Rollout], *, rows: int, groups: int) -> list[Rollout]:
    """Number rollouts and their groups on from those that a step has already."""
    return [
        replace(
            one,
            row=one.row + rows,
            feedback=replace(one.feedback, group=one.feedback.group + groups),
        )
        for one in rollouts
    ]


def problems_of(rollouts: Sequence[Rollout]) -> list[Problem]:
    """List the problem of each group, in order."""
    return list({one.feedback.group: one.answer.problem for one in rollouts}.values())


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
