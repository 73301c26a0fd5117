"""Steps that learn by supervised training: the baselines of PPO, and LeTI, on the same samples and steps.

| `loop` | what a step learns | prompted with |
| --- | --- | --- |
| `references` | the reference of each of its problems, once | the prompt |
| `kept` | its completions that pass; that compile, where the grounding runs no tests | the prompt |
| `feedback` | all of its completions (LeTI, arXiv 2305.10314) | good or bad, what went wrong, the prompt |

A step samples, judges and grounds as PPO's does, so that arms of an ablation spend the same and log the same;
for `references` the samples are the learning curve alone. Then come `minibatches` x `epochs` optimiser steps
on the mean negative log-probability, at temperature 1, of the completion tokens of what was chosen, at PPO's
learning rate; and, with `anchor`, of the references. Prompts carry no loss. A completion that was sampled
twice counts twice; one that the judge failed on is nothing.

LeTI's policy is asked with the word for good as soon as it has met it: as in the authors' code, the
evaluation before and the rollouts of the first step go without. The word then is the policy's `prefix`,
which is saved with it, so that whoever loads it asks with the word too. The paper's anchor is pre-training
text; here it is references, behind the word for good.

Not covered: keeping completions of earlier steps (`replay` does), removing doubles.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from rlcf.grounding.leti import GOOD, leti_example
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.training.objectives.experience import Experience, Feedback, Sums, unscored
from rlcf.training.pretrain import Encoded, accumulate
from rlcf.training.rollout import Rollout
from rlcf.training.runtime.batching import alike, rounds
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.module import TrainedModule
from rlcf.training.runtime.optimizers import Optimizers

log = logging.getLogger("rlcf")

Choose = Callable[[Policy, Sequence[Rollout], Sequence[Problem]], list[Encoded]]
"""From a step's rollouts and problems the prompts with completions that are learnt, in tokens."""


def references(policy: Policy, _: Sequence[Rollout], problems: Sequence[Problem]) -> list[Encoded]:
    """Of every problem that has one, once."""
    return [
        (policy.encode_prompt(problem.prompt), policy.encode_completion(problem.reference))
        for problem in {problem.task_id: problem for problem in problems}.values()
        if problem.reference is not None
    ]


def kept(_: Policy, rollouts: Sequence[Rollout], __: Sequence[Problem]) -> list[Encoded]:
    """What passed. A program that was only compiled passes by that."""
    return [
        (rollout.prompt_ids, rollout.sampled.ids)
        for rollout in rollouts
        if rollout.signal.score is not None and rollout.answer.verdict.passed
    ]


def told(policy: Policy, rollouts: Sequence[Rollout], _: Sequence[Problem]) -> list[Encoded]:
    """All that were judged, behind LeTI's words instead of the prefix that they were sampled with."""
    return [
        (policy.encode_prompt(leti_example(rollout.answer)[0], prefix=""), rollout.sampled.ids)
        for rollout in rollouts
        if rollout.signal.score is not None
    ]


def nothing(_: Policy, __: Sequence[Rollout], ___: Sequence[Problem]) -> list[Encoded]:
    """For loops that learn from no examples."""
    return []


EXAMPLES: dict[str, Choose] = {"references": references, "kept": kept, "feedback": told}
"""By the recipe's `loop`; others learn from rollouts, not from examples."""


class Supervised:
    """Learns from the examples of a step; what it offers is what `Learner` offers."""

    def __init__(
        self,
        policy: Policy,
        recipe: Recipe,
        machine: Machine | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.policy, self.recipe = policy, recipe
        self.module = TrainedModule(policy, policy.scorer(), machine or Machine(), parallel or Parallel())
        self.optimizers = Optimizers(self.module.scorer, recipe)

    @property
    def uses_anchors(self) -> bool:
        """Whether references are learnt from beside the examples."""
        return self.recipe.objective.sft_coef > 0

    def prepare(self, prompts: list[Tokens], completions: list[Tokens], _: int) -> Experience:
        """Nothing has to be known of a batch before it is judged."""
        return unscored(prompts, completions)

    def learn(self, _: Experience, feedback: Feedback, step: int) -> dict[str, float]:
        """One step, counted from 0; returns numbers for the logs. Without examples nothing changes."""
        recipe, examples, anchors = self.recipe, feedback.examples, feedback.anchors
        self.optimizers.set_rates(step)
        sums = Sums()
        groups = alike([prompt for prompt, _ in examples])
        for part, own in rounds(groups, anchors, recipe.objective.minibatches, 1, f"{recipe.seed} {step}"):
            self._update([examples[row] for row in part], own, sums)
        if not examples:
            log.warning("step %d: no completion was kept, so nothing is learnt", step + 1)
        self.module.sync()
        if recipe.objective.name == "feedback":
            self.policy.prefix = GOOD
        return sums.means() | {"learnt_rows": float(len(examples))}

    def _update(self, rows: Sequence[Encoded], anchors: Sequence[Encoded], sums: Sums) -> None:
        """One optimiser step."""
        numbers = {}
        if anchors:
            numbers["anchor_loss"] = accumulate(
                self.module, anchors, weight=self.recipe.objective.sft_coef, last=False
            )
        numbers["policy_loss"] = accumulate(self.module, rows)
        norm = self.optimizers.step(True)
        sums.minibatches += 1
        sums.skipped += norm is None
        sums.add(numbers | ({"gradient_norm": norm} if norm is not None else {}))

    # ---- checkpoints

    def state(self) -> dict[str, Any]:
        """All that changes while learning, whole; every rank must ask."""
        return {
            "weights": self.module.weights(),
            "optimizers": self.optimizers.state(),
            "prefix": self.policy.prefix,
        }

    def load(self, state: dict[str, Any]) -> None:
        """What `state` gave, of a learner made from the same policy and recipe."""
        self.module.load(state["weights"])
        self.optimizers.load(state["optimizers"])
        self.policy.prefix = state["prefix"]
