"""One step: sample, judge, ground, learn (by PPO, or as `supervised.py` has it), write it down.

With a curriculum the problems are asked from their present start points; with an online buffer what is learnt
from is drawn from this step's rollouts and earlier ones (`replay_buffer.py`).

The discriminator is refreshed every few steps on the rollouts since the last refresh; its accuracy is
measured on them before it sees them, also that of a model that is asked and never learns. Infrastructure
failures are masked, counted and, above a share, end the run (`rails.py`): a failure that scored 0 would
teach the policy to provoke it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from javabox import Judge, Outcome
from rlcf.grounding.reward_hacking import SIGNS
from rlcf.grounding.signal import Grounding
from rlcf.grounding.table import Entry
from rlcf.grounding.values import outcome_class
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens
from rlcf.policy.generate import stable_seed
from rlcf.policy.llm_judge import AskedModel
from rlcf.problems import Problem
from rlcf.problems.curriculum import Curriculum
from rlcf.recipe import Recipe
from rlcf.training.baseline import Baseline
from rlcf.training.discriminator.lifecycle import BATCH, pairs_of
from rlcf.training.discriminator.model import Discriminator, Pair, accuracy, train_discriminator
from rlcf.training.objectives.experience import Experience, Feedback
from rlcf.training.objectives.supervised import EXAMPLES, nothing, references
from rlcf.training.objectives.table import make_learner
from rlcf.training.replay_buffer import Batch, OnlineBuffer, program_key
from rlcf.training.rollout import Roller, Rollout, score_place, token_credits, token_mask
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.rails import ALARMS, Alarm, Rails, act
from rlcf.training.runtime.run_folder import RunFolder

REFRESH_STEPS = 5
"""Batches of a refresh of the discriminator."""


class PpoStep:
    """Takes the steps of a run; a context, as rollouts are graded in a thread."""

    def __init__(
        self,
        policy: Policy,
        recipe: Recipe,
        judge: Judge,
        run: RunFolder,
        entry: Entry,
        discriminator: Discriminator | AskedModel | None,
        machine: Machine | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.policy, self.recipe, self.run = policy, recipe, run
        self.machine, self.parallel = machine or Machine(), parallel or Parallel()
        self.compare = None if discriminator is None else discriminator.compare
        # A model that is asked has nothing to train or to save.
        self.discriminator = discriminator if isinstance(discriminator, Discriminator) else None
        grounding: Grounding = entry.make(self.compare, recipe.discriminator.weight)
        self.roller = Roller(
            policy, judge, grounding, run_tests=entry.runs, coverage=entry.covers,
            rank=self.parallel.rank, world=self.parallel.world,
        )  # fmt: skip
        self.baseline = Baseline(recipe.ppo.advantage, self.roller, self.parallel)
        self.learner = make_learner(policy, recipe, self.machine, self.parallel)
        self.curriculum = Curriculum() if recipe.rollout.curriculum else None
        self.buffer = (
            OnlineBuffer(recipe.rollout.replay_capacity, recipe.rollout.replay_drawn)
            if recipe.rollout.replay_capacity
            else None
        )
        self.rails = Rails()
        self.pairs: list[Pair] = []

    def __enter__(self) -> PpoStep:
        return self

    def __exit__(self, *_: object) -> None:
        self.roller.__exit__()

    def take(self, step: int, problems: Sequence[Problem]) -> tuple[dict[str, float], list[Rollout]]:
        """Step number `step`, counted from 0, on `problems`; returns its row of metrics.jsonl and its
        rollouts. Raises TrainingStopped where the rails say so."""
        recipe, clock, whole = self.recipe, Clock(), problems
        if self.curriculum is not None:
            problems = [self.curriculum.problem(problem) for problem in problems]
        asked = [problem for problem in problems for _ in range(recipe.rollout.samples_per_prompt)]
        pending = self.roller.begin(
            asked,
            temperature=recipe.rollout.temperature,
            max_new_tokens=recipe.rollout.max_new_tokens,
            seed=stable_seed("ppo", recipe.seed, step),
        )
        own = zip(pending.rows, pending.prompts, pending.sampled, strict=True)
        sampled = sorted(self.parallel.gather([*own]), key=lambda row: row[0])
        prompts: list[Tokens] = [prompt for _, prompt, _ in sampled]
        completions: list[Tokens] = [one.ids for _, _, one in sampled]
        clock.lap("generate")
        greedy = self.baseline.begin(problems, recipe.rollout.max_new_tokens)
        if greedy is not None:
            clock.lap("baseline")
        # While the judge works; what a buffer gives is not known before that has ended.
        own_batch = self.learner.prepare(prompts, completions, step) if self.buffer is None else None
        clock.lap("logps")
        finished, seconds_discriminator = self.roller.finish(pending)
        rollouts = sorted(self.parallel.gather(finished), key=lambda rollout: rollout.row)
        rollouts, against = self.baseline.finish(greedy, rollouts)
        clock.lap("judge_exposed")
        if all(rollout.signal.score is None for rollout in rollouts):
            act([Alarm("judge_failing", f"step {step + 1}: the judge failed on every rollout")], ALARMS)
        batch = Batch(prompts, completions, self._feedback(rollouts, problems))
        if own_batch is None:
            batch, own_batch = self._drawn(batch, rollouts, step)
        numbers = self.learner.learn(own_batch, batch.feedback, step) | against
        clock.lap("update")
        numbers |= self._refresh(step, rollouts)
        clock.lap("refresh")
        tokens = sum(len(rollout.sampled.ids) for rollout in rollouts)
        row = {"step": step + 1, **rollout_statistics(rollouts), **numbers} | clock.seconds
        row |= self._seen(rollouts, whole)
        row |= {
            "seconds_discriminator": seconds_discriminator + row.pop("seconds_refresh"),
            "tokens_per_second": tokens / row["seconds"],
            "generated_tokens_per_second": tokens / row["seconds_generate"],
        }
        self._write(step, row, rollouts)
        self._watch(step, row)
        return row, rollouts

    def state(self) -> dict[str, Any]:
        """What changes from step to step, the discriminator apart; every rank must ask."""
        return {
            "learner": self.learner.state(),
            "baseline": self.baseline.state(),
            "rails": self.rails.state(),
            "pairs": [(pair.prompt, pair.reference, pair.generated) for pair in self.pairs],
            "curriculum": self.curriculum.state() if self.curriculum is not None else {},
            "buffer": self.buffer.state() if self.buffer is not None else [],
        }

    def load(self, state: dict[str, Any]) -> None:
        """What `state` gave."""
        self.learner.load(state["learner"])
        self.baseline.load(state["baseline"])
        self.rails.load(state["rails"])
        self.pairs = [Pair(*pair) for pair in state["pairs"]]
        if self.curriculum is not None:
            self.curriculum.load(state["curriculum"])
        if self.buffer is not None:
            self.buffer.load(state["buffer"])

    def _drawn(self, batch: Batch, rollouts: Sequence[Rollout], step: int) -> tuple[Batch, Experience]:
        """What the buffer gives for the rollouts of this step."""
        assert self.buffer is not None
        drawn = self.buffer.exchange(
            [program_key(rollout.answer) for rollout in rollouts], batch, f"replay {self.recipe.seed} {step}"
        )
        return drawn, self.learner.prepare(drawn.prompts, drawn.completions, step)

    def _seen(self, rollouts: Sequence[Rollout], whole: Sequence[Problem]) -> dict[str, float]:
        """Tells the curriculum how its questions were answered; the share of them that gave nothing away,
        `whole` being the problems as they are."""
        if self.curriculum is None:
            return {}
        for rollout in rollouts:
            if rollout.answer.verdict.passed is not None:
                self.curriculum.seen(rollout.answer.problem.task_id, rollout.answer.verdict.passed)
        prompts = {problem.prompt for problem in whole}
        asked = [rollout.answer.problem.prompt in prompts for rollout in rollouts]
        return {"asked_whole": sum(asked) / len(asked)}

    def _feedback(self, rollouts: Sequence[Rollout], problems: Sequence[Problem]) -> Feedback:
        return Feedback(
            scores=[rollout.signal.score for rollout in rollouts],
            places=[score_place(self.policy, rollout) for rollout in rollouts],
            groups=[row // self.recipe.rollout.samples_per_prompt for row in range(len(rollouts))],
            credits=[token_credits(self.policy, rollout) for rollout in rollouts],
            learnt=[token_mask(self.policy, rollout) for rollout in rollouts],
            anchors=references(self.policy, rollouts, problems) if self.learner.uses_anchors else (),
            baselines=[rollout.baseline for rollout in rollouts],
            classes=[outcome_class(rollout.answer.verdict) for rollout in rollouts],
            examples=EXAMPLES.get(self.recipe.objective.name, nothing)(self.policy, rollouts, problems),
        )

    def _write(self, step: int, row: dict[str, float], rollouts: Sequence[Rollout]) -> None:
        self.run.metrics(row)
        told = (
            (r.answer, r.signal, {"stopped": r.sampled.stopped, "signs": sorted(r.signs)}) for r in rollouts
        )
        self.run.completions("rollout", step + 1, self.recipe.rollout.temperature, told)

    def _watch(self, step: int, row: dict[str, float]) -> None:
        act(self.rails.check(step + 1, row), ALARMS if self.machine.rails == "stop" else ())

    def _refresh(self, step: int, rollouts: Sequence[Rollout]) -> dict[str, float]:
        every = self.recipe.discriminator.refresh_every
        if self.compare is None or not every:
            return {}
        self.pairs += pairs_of(rollout.answer for rollout in rollouts)
        if (step + 1) % every or not self.pairs:
            return {}
        pairs, self.pairs = self.pairs, []
        row = {"discriminator_accuracy": accuracy(self.compare, pairs, step)}
        if self.discriminator is None:
            return row
        # Every rank does the same work on the same pairs; the first one's result counts.
        losses = train_discriminator(
            self.discriminator,
            pairs,
            steps=REFRESH_STEPS,
            batch=BATCH,
            lr=self.recipe.discriminator.lr,
            seed=stable_seed("refresh", self.recipe.seed, step),
        )
        self.parallel.same(self.discriminator.parameters())
        return row | {"discriminator_loss": sum(losses) / max(1, len(losses))}


class Clock:
    """The time of a step, split."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """What was done since the last lap is called `name`."""
        now = time.perf_counter()
        self._laps[f"seconds_{name}"] = now - self._last
        self._last = now

    @property
    def seconds(self) -> dict[str, float]:
        return {"seconds": self._last - self._began, **self._laps}


def rollout_statistics(rollouts: Sequence[Rollout]) -> dict[str, float]:
    """Means over the rollouts that were judged. `exec` and `pass` only where tests were run."""
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
    return row | {f"part_{name}": total / count for name, total in parts.items()} | _sign_shares(judged)


def _sign_shares(judged: Sequence[Rollout]) -> dict[str, float]:
    """Signs of reward hacking, as shares of the rollouts that were paid."""
    paid = [rollout.signs for rollout in judged if (rollout.signal.score or 0.0) > 0]
    shares = {f"sign_{name}": sum(name in found for found in paid) / max(1, len(paid)) for name in SIGNS}
    return {"well_scored": float(len(paid)), **shares}
