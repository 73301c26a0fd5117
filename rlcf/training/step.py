"""One PPO step: sample, judge, ground, learn, write it down.

The discriminator is refreshed every few steps on the rollouts since the last refresh; its accuracy is
measured on them before it sees them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from javabox import Judge
from rlcf.grounding.signal import Grounding
from rlcf.grounding.table import Entry
from rlcf.policy import Policy
from rlcf.policy.generate import stable_seed
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.training.discriminator import Discriminator, Pair, accuracy, train_discriminator
from rlcf.training.learner import Learner
from rlcf.training.pairs import BATCH, pairs_of
from rlcf.training.record import RunFolder
from rlcf.training.rollout import Rollout, begin, finish, score_place


class PpoStep:
    """Takes PPO steps."""

    def __init__(
        self,
        policy: Policy,
        recipe: Recipe,
        judge: Judge,
        run: RunFolder,
        entry: Entry,
        discriminator: Discriminator | None,
    ) -> None:
        self.policy, self.recipe, self.judge, self.run = policy, recipe, judge, run
        self.run_tests = entry.runs
        self.discriminator = discriminator
        compare = None if discriminator is None else discriminator.compare
        self.grounding: Grounding = entry.make(compare, recipe.discriminator_weight)
        self.learner = Learner(policy, recipe)
        self.pairs: list[Pair] = []

    def take(self, step: int, problems: Sequence[Problem]) -> dict[str, float]:
        """Step number `step`, counted from 0, on `problems`; returns its row of metrics.jsonl."""
        recipe, began = self.recipe, time.perf_counter()
        asked = [problem for problem in problems for _ in range(recipe.samples_per_prompt)]
        pending = begin(
            self.policy,
            asked,
            self.judge,
            temperature=recipe.temperature,
            max_new_tokens=recipe.max_new_tokens,
            seed=stable_seed("ppo", recipe.seed, step),
            run_tests=self.run_tests,
        )
        generated = time.perf_counter()
        experience = self.learner.prepare(
            list(pending.prompts), [sampled.ids for sampled in pending.sampled], step
        )
        prepared = time.perf_counter()
        rollouts = finish(pending, self.grounding)
        judged = time.perf_counter()
        numbers = self.learner.learn(
            experience,
            [rollout.signal.score for rollout in rollouts],
            [score_place(self.policy, rollout) for rollout in rollouts],
            step,
        )
        numbers |= self._refresh(step, rollouts)
        learned = time.perf_counter()
        tokens = sum(len(rollout.sampled.ids) for rollout in rollouts)
        row = {"step": step + 1, **rollout_statistics(rollouts), **numbers} | {
            "seconds_generate": generated - began,
            "seconds_judge_exposed": judged - prepared,
            "seconds_update": (prepared - generated) + (learned - judged),
            "tokens_per_second": tokens / (learned - began),
            "generated_tokens_per_second": tokens / pending.generate_seconds,
        }
        self.run.metrics(row)
        told = ((rollout.answer, rollout.signal) for rollout in rollouts)
        self.run.completions("rollout", step + 1, recipe.temperature, told)
        return row

    def _refresh(self, step: int, rollouts: Sequence[Rollout]) -> dict[str, float]:
        every = self.recipe.discriminator_refresh
        if self.discriminator is None or not every:
            return {}
        self.pairs += pairs_of(rollout.answer for rollout in rollouts)
        if (step + 1) % every or not self.pairs:
            return {}
        pairs, self.pairs = self.pairs, []
        before = accuracy(self.discriminator, pairs, step)
        losses = train_discriminator(
            self.discriminator,
            pairs,
            steps=self.recipe.discriminator_refresh_steps,
            batch=BATCH,
            lr=self.recipe.discriminator_lr,
            seed=stable_seed("refresh", self.recipe.seed, step),
        )
        return {"discriminator_accuracy": before, "discriminator_loss": sum(losses) / max(1, len(losses))}


def rollout_statistics(rollouts: Sequence[Rollout]) -> dict[str, float]:
    """Means over the rollouts that were judged. `exec` and `pass` only where tests were run."""
    judged = [rollout for rollout in rollouts if rollout.signal.score is not None]
    count = max(1, len(judged))
    row: dict[str, float] = {
        "reward": sum(rollout.signal.score or 0.0 for rollout in judged) / count,
        "compile": sum(bool(rollout.answer.verdict.compiled) for rollout in judged) / count,
        "judge_errors": float(len(rollouts) - len(judged)),
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
    return row | {f"part_{name}": total / count for name, total in parts.items()}
