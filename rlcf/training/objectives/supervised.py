"""Supervised training on examples that a step selects: the baselines of PPO, and LeTI, on the same samples.

| objective | what a step learns | prompted with |
| --- | --- | --- |
| `references` | the reference of each of its problems, once | the prompt |
| `kept` | its completions that pass; that compile, where the grounding runs no tests | the prompt |
| `feedback` | all of its completions (LeTI, arXiv 2305.10314) | good or bad, what went wrong, the prompt |

A step samples, judges and grounds as PPO's does, so that arms of an ablation spend the same and log the same;
for `references` the samples are the learning curve alone. Then come `minibatches` optimiser steps on the mean
negative log-probability, at temperature 1, of the completion tokens of the examples, at PPO's learning rate;
and, with `sft_coef`, of the references. Prompts carry no loss. A completion that was sampled twice counts
twice; one that the judge failed on is no example. With `discriminator.kept` below 1, `kept` learns that share
of its examples, those that the discriminator values most: a filter without tests.

LeTI's policy is asked with the word for good as soon as it has met it: as in the authors' code, the
evaluation before and the rollouts of the first step go without. The word then is the policy's `prefix`,
which is saved with it, so that whoever loads it asks with the word too. The paper's supervised loss beside
the examples is on pre-training text; here it is on references, behind the word for good. In turns
(`[repair]`) a later program is learnt behind the words, the prompt, the program before and what it was told.

Not covered: keeping completions of earlier steps (`replay_buffer.py` does), removing doubles.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rlcf.grounding.leti import leti_prefix
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens, group_by_prompt, with_references
from rlcf.problems import Problem
from rlcf.training.prompts import PLAIN, PromptFormat
from rlcf.training.rollout import Rollout
from rlcf.training.trained_policy import Encoded, MetricSums, TrainedPolicy, accumulate, reference_examples

log = logging.getLogger("rlcf")

Selection = Callable[[Policy, Sequence[Rollout], Sequence[Problem], PromptFormat], list[Encoded]]
"""From a step's rollouts and problems to the examples that are learnt, prompts with completions in tokens."""


def select_references(
    policy: Policy, _: Sequence[Rollout], problems: Sequence[Problem], form: PromptFormat = PLAIN
) -> list[Encoded]:
    """Select the references of the problems."""
    return reference_examples(policy, problems, form)


def select_passed(
    _: Policy, rollouts: Sequence[Rollout], __: Sequence[Problem], ___: PromptFormat = PLAIN
) -> list[Encoded]:
    """Select the completions that pass. A program that was only compiled passes by that."""
    return [
        (rollout.prompt_ids, rollout.sampled.ids)
        for rollout in rollouts
        if rollout.feedback.score is not None and rollout.answer.verdict.passed
    ]


def select_best(share: float) -> Selection:
    """Make the selection of the `share` of what `select_passed` selects that the discriminator values most:
    a filter by it where no tests are run. Equals of the last one are selected too."""

    def select(
        policy: Policy, rollouts: Sequence[Rollout], problems: Sequence[Problem], form: PromptFormat = PLAIN
    ) -> list[Encoded]:
        passed = [rollout for rollout in rollouts if select_passed(policy, [rollout], problems, form)]
        values = sorted((_value(rollout) for rollout in passed), reverse=True)
        if not values:
            return []
        least = values[max(1, round(share * len(values))) - 1]
        best = [rollout for rollout in passed if _value(rollout) >= least]
        return select_passed(policy, best, problems, form)

    return select


def _value(rollout: Rollout) -> float:
    """The discriminator's, 0 where the grounding asks none."""
    return rollout.signal.parts.get("discriminator", 0.0)


def select_with_feedback(
    policy: Policy, rollouts: Sequence[Rollout], _: Sequence[Problem], form: PromptFormat = PLAIN
) -> list[Encoded]:
    """Select all completions that were judged, behind LeTI's words instead of the prefix that they were
    sampled with; each is good or bad by its own verdict, also where another one follows it."""

    def prompt(one: Rollout) -> list[int]:
        text = form.text(policy, one.answer.problem, leti_prefix(one.answer), one.exchanges)
        return form.encode(policy, text)

    return [(prompt(one), one.sampled.ids) for one in rollouts if one.feedback.score is not None]


class SupervisedObjective:
    """Learns from the examples that `select` finds in a step."""

    def __init__(self, trained: TrainedPolicy, select: Selection, prefix: str = "") -> None:
        """`prefix`: what the policy is asked with after the first update."""
        self.trained, self._select, self._prefix = trained, select, prefix
        self.policy, self.recipe = trained.policy, trained.recipe

    def prepare(self, prompts: Sequence[Tokens], completions: Sequence[Tokens], step: int) -> None:
        """Nothing has to be known of a batch before it is judged."""

    def update(self, rollouts: Sequence[Rollout], problems: Sequence[Problem], step: int) -> dict[str, float]:
        """Select the examples of 0-based `step` and learn them."""
        examples = self._select(self.policy, rollouts, problems, self.trained.form)
        return self.learn(examples, self.trained.sft_examples(problems), step)

    def learn(
        self, examples: Sequence[Encoded], references: Sequence[Encoded], step: int
    ) -> dict[str, float]:
        """Take the optimiser steps of 0-based `step`; returns metrics. Without examples nothing changes."""
        recipe, sums = self.recipe, MetricSums()
        self.trained.optimizers.set_rates(step)
        groups = group_by_prompt([prompt for prompt, _ in examples])
        for rows, some in with_references(
            groups, references, recipe.objective.minibatches, f"{recipe.seed} {step} 0"
        ):
            metrics = self.trained.add_sft_gradients(some)
            metrics["policy_loss"] = accumulate(self.trained.module, [examples[row] for row in rows])
            self.trained.optimizer_step(sums, metrics)
        if not examples:
            log.warning("step %d: no completion was kept, so nothing is learnt", step + 1)
        self.trained.module.sync()
        if self._prefix:
            self.policy.prefix = self._prefix
        return sums.means() | {"learnt_rows": float(len(examples))}

    # ---- checkpoints

    def state(self) -> dict[str, Any]:
        """Gather weights, optimisers and prefix; every rank must call."""
        return self.trained.state() | {"prefix": self.policy.prefix}

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.trained.load(state)
        self.policy.prefix = state["prefix"]

    def save(self, folder: Path, base: Path, _: dict[str, Any]) -> None:
        """Write the policy."""
        self.trained.save(folder, base)
