"""What a rollout's score is measured against, where that is one number a problem and no critic's value.

- `best` (RLTF, arXiv 2307.04349): the best score that any rollout of the problem had in earlier steps; 0 of
  a problem that was never seen. It is a memory, the same on every rank, and goes into checkpoints.
- `greedy`, `coderl` (CodeRL, arXiv 2207.01780; RLTF's code too): the score of the greedy completion of the
  same prompt by the policy as it is, generated, judged and grounded together with the step's rollouts.

    baseline = Baseline(recipe.ppo.advantage, collector, parallel)
    greedy = baseline.begin(problems, max_new_tokens)         # while the last rollouts are being judged
    rollouts, numbers = baseline.finish(greedy, rollouts)     # with `feedback.baseline`

The baseline stays with its rollout, for whoever learns from it later. Other advantages make none: it is 0.

Where the judge failed on a greedy completion its score is unknown, and a judge error is never a score: not 0
either. The mean of the step's other greedy scores stands in for it. As it does not depend on the rollouts of
this problem, their gradient stays unbiased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rlcf.errors import BadInput
from rlcf.grounding.table import Entry
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.training.rollout import Pending, Rollout, RolloutCollector
from rlcf.training.runtime.distributed import Parallel

GREEDY = ("greedy", "coderl")
"""Advantages against the greedy completion."""
BASELINES = ("best", *GREEDY)
"""Advantages that have a baseline."""

Question = tuple[str, int]
"""A problem as it was asked: task_id and the length of the prompt, which tells the stages of a curriculum
apart (they move a part of one text into the prompt)."""


class Baseline:
    """The baselines of one of BASELINES. Every rank does everything but generate all greedy completions."""

    def __init__(self, advantage: str, collector: RolloutCollector, parallel: Parallel) -> None:
        self.advantage, self.collector, self.parallel = advantage, collector, parallel
        self.best: dict[Question, float] = {}

    def begin(self, problems: Sequence[Problem], max_new_tokens: int) -> Pending | None:
        """Generate this process's share of the greedy completions, one of each problem; None where none are
        needed."""
        if self.advantage not in GREEDY:
            return None
        distinct = {question(problem): problem for problem in problems}
        return self.collector.begin(
            list(distinct.values()), temperature=0.0, max_new_tokens=max_new_tokens, seed=0
        )

    def finish(
        self, greedy: Pending | None, rollouts: Sequence[Rollout]
    ) -> tuple[list[Rollout], dict[str, float]]:
        """Give the rollouts of a step, all ranks', their baselines. Returns metrics too: `baseline`, a mean
        over rollouts, and `baseline_errors`, greedy completions that the judge failed on. Every rank must
        call, once a step, with rollouts of the problems that `begin` was given: they join the memory of the
        best."""
        if greedy is not None:
            own, _ = self.collector.finish(greedy)
            baselines, metrics = greedy_scores(self.parallel.gather(own))
        else:
            baselines = {asked: self.best.get(asked, 0.0) for asked in map(_asked, rollouts)}
            metrics = {}
            self._remember(rollouts)
        own_baselines = [baselines[_asked(rollout)] for rollout in rollouts]
        rollouts = [
            replace(rollout, feedback=replace(rollout.feedback, baseline=baseline))
            for rollout, baseline in zip(rollouts, own_baselines, strict=True)
        ]
        return rollouts, metrics | {"baseline": sum(own_baselines) / len(rollouts)}

    def _remember(self, rollouts: Sequence[Rollout]) -> None:
        for one in rollouts:
            if one.signal.score is not None:
                asked = _asked(one)
                self.best[asked] = max(self.best.get(asked, one.signal.score), one.signal.score)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint must keep."""
        return {"best": dict(self.best)}

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.best = dict(state["best"])


def question(problem: Problem) -> Question:
    """Identify a problem as it is asked."""
    return problem.task_id, len(problem.prompt)


def greedy_scores(greedy: Sequence[Rollout]) -> tuple[dict[Question, float], dict[str, float]]:
    """Look up the score of each question's greedy completion, of all processes, and count those that the
    judge failed on."""
    # In the order that they were asked in, whoever had which: a sum depends on its order.
    scores = [one.signal.score for one in sorted(greedy, key=lambda one: one.row)]
    judged = [score for score in scores if score is not None]
    mean = sum(judged) / max(1, len(judged))
    known = {_asked(one): mean if one.signal.score is None else one.signal.score for one in greedy}
    return known, {"baseline_errors": float(len(scores) - len(judged))}


def _asked(rollout: Rollout) -> Question:
    return question(rollout.answer.problem)


def check_advantage(recipe: Recipe, entry: Entry) -> None:
    """Raises BadInput where the recipe's grounding can't tell what its advantage needs to know. Without PPO
    nothing needs it, as in the pre-training that the runs of an ablation share."""
    if recipe.objective.steps and recipe.ppo.advantage == "coderl" and not entry.runs:
        raise BadInput(
            "'coderl' learns whether programs fail or pass, and the grounding"
            f" {recipe.objective.grounding!r} only compiles them: choose one that runs tests, or the"
            " advantage 'greedy'",
            field="ppo.advantage",
        )
