"""Preference learning on on-policy samples that the judge labels: DPO, IPO, hinge and KTO (PLUM).

A step samples, judges and grounds as PPO's does, so that arms of an ablation spend the same and log the same.
A round of PLUM is a step here, or several: the reference stays the policy that training began with, and
sampling is always by the present one. `kl.coef` is the losses' beta.

A loss of preferences sees a completion through h, the sum of its tokens' log-ratios to the reference. So an
update first finds every h without gradients, then what a change of each h would change (`torch.autograd` on a
few numbers), and then adds up the gradients of the log-probabilities times that. How rows are split into
micro-batches or over processes is then no matter, though the two sides of a pair may be apart. It costs one
more forward pass.

KTO's z0 comes from mismatched prompts and completions of the minibatch, each prompt with the completion of
the next one in it that is another problem's (the KL of arXiv 2402.01306, 3.2).

Not covered: pairs from earlier steps, references that move on from round to round.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from rlcf.grounding.values import CLASSES
from rlcf.policy.batch import Pass, Tokens, with_references
from rlcf.problems import Problem
from rlcf.training.objectives.preference_losses import choose_pairs, kto_loss, kto_weights, pair_loss
from rlcf.training.rollout import Rollout
from rlcf.training.trained_policy import Encoded, MetricSums, TrainedPolicy, row_batch, row_passes

log = logging.getLogger("rlcf")

PASSED = CLASSES.index("passed")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A completion with the judge's label."""

    prompt: Tokens
    completion: Tokens
    group: int
    """Number of its prompt."""
    passed: bool | None
    """None: the judge failed on it."""

    @property
    def tokens(self) -> Encoded:
        return self.prompt, self.completion


LogRatios = Callable[[Sequence[Encoded]], Tensor]
"""From rows to their h, `[B]` in float64, without gradients."""


@dataclass(frozen=True, slots=True)
class Minibatch:
    """Whole units, one after the other."""

    samples: Sequence[Labelled]
    h_B: Tensor
    weights: tuple[float, float]
    """Of completions that passed and of others, over the step."""
    log_ratios: LogRatios


class Preference(Protocol):
    """A kind of preference: what it compares, and the loss of a minibatch."""

    def units(self, samples: Sequence[Labelled], rng: random.Random) -> list[list[int]]:
        """Choose the rows that are learnt from; those of a unit stay together in a minibatch."""

    def loss(self, minibatch: Minibatch) -> tuple[Tensor, dict[str, float]]:
        """Compute the losses of a minibatch, one a unit, and metrics."""


@dataclass(frozen=True, slots=True)
class PairPreference:
    """Pairs of a completion that passed and one that did not, of one problem."""

    beta: float
    shape: str
    """`dpo`, `ipo` or `hinge`."""

    def units(self, samples: Sequence[Labelled], rng: random.Random) -> list[list[int]]:
        """Choose pairs, the preferred row first."""
        keys = [repr(list(one.completion)) for one in samples]
        groups, passed = [one.group for one in samples], [one.passed for one in samples]
        return [list(pair) for pair in choose_pairs(groups, passed, keys, rng)]

    def loss(self, minibatch: Minibatch) -> tuple[Tensor, dict[str, float]]:
        """Compute the loss of each pair."""
        chosen_P, rejected_P = minibatch.h_B[0::2], minibatch.h_B[1::2]
        losses_P = pair_loss(chosen_P, rejected_P, self.beta, self.shape)
        margins_P = (chosen_P - rejected_P).detach()
        preferred = (margins_P > 0).double().mean().item()
        return losses_P, {"margin": margins_P.mean().item(), "preferred": preferred}


@dataclass(frozen=True, slots=True)
class SinglePreference:
    """Single completions, desirable where they passed (KTO)."""

    beta: float

    def units(self, samples: Sequence[Labelled], _: random.Random) -> list[list[int]]:
        """Choose every judged completion, once where a prompt has it several times."""
        firsts: dict[tuple[int, str], int] = {}
        for row, one in enumerate(samples):
            if one.passed is not None:
                # Prompts too: those of second answers to a problem differ.
                tokens = repr([list(one.prompt), list(one.completion)])
                firsts.setdefault((one.group, tokens), row)
        return [[row] for row in sorted(firsts.values())]

    def loss(self, minibatch: Minibatch) -> tuple[Tensor, dict[str, float]]:
        """Compute the loss of each completion."""
        passed_B = torch.tensor([one.passed is True for one in minibatch.samples])
        kl = minibatch.log_ratios(mismatched([one.tokens for one in minibatch.samples])).mean()
        losses_B = kto_loss(minibatch.h_B, passed_B, kl, self.beta, minibatch.weights)
        return losses_B, {"kto_z0": max(0.0, kl.item())}


class PreferenceObjective:
    """Learns from preferences among the rollouts of a step."""

    def __init__(self, trained: TrainedPolicy, preference: Preference) -> None:
        """`trained` has a reference policy."""
        self.trained, self.preference = trained, preference
        self.policy, self.recipe = trained.policy, trained.recipe

    def prepare(self, prompts: Sequence[Tokens], completions: Sequence[Tokens], step: int) -> None:
        """Which rows are learnt from is known when they are judged."""

    def update(self, rollouts: Sequence[Rollout], problems: Sequence[Problem], step: int) -> dict[str, float]:
        """Label the rollouts of 0-based `step` and learn from them."""
        samples = [labelled(rollout) for rollout in rollouts]
        return self.learn(samples, self.trained.sft_examples(problems), step)

    def learn(
        self, samples: Sequence[Labelled], references: Sequence[Encoded], step: int
    ) -> dict[str, float]:
        """Take the optimiser steps of 0-based `step`; returns metrics. Without a preference nothing
        changes."""
        recipe, sums = self.recipe, MetricSums()
        units = self.preference.units(samples, random.Random(f"pairs {recipe.seed} {step}"))
        chosen = [row for unit in units for row in unit]
        weights = kto_weights(
            sum(samples[row].passed is True for row in chosen),
            sum(samples[row].passed is False for row in chosen),
        )
        self.trained.optimizers.set_rates(step)
        for rows, some in with_references(
            units, references, recipe.objective.minibatches, f"{recipe.seed} {step} 0"
        ):
            metrics = self._add_gradients([samples[row] for row in rows], weights, some)
            self.trained.optimizer_step(sums, metrics)
        if not units:
            log.warning("step %d: nothing is preferred to anything, so nothing is learnt", step + 1)
        self.trained.module.sync()
        return sums.means() | {"learnt_rows": float(len(set(chosen)))}

    def _add_gradients(
        self, samples: Sequence[Labelled], weights: tuple[float, float], references: Sequence[Encoded]
    ) -> dict[str, float]:
        """Add the gradients of a minibatch, units one after the other; returns metrics."""
        rows = [one.tokens for one in samples]
        h_B = self.log_ratios(rows).requires_grad_(True)
        losses, metrics = self.preference.loss(Minibatch(samples, h_B, weights, self.log_ratios))
        losses.mean().backward()  # type: ignore[no-untyped-call]
        assert h_B.grad is not None
        sft_metrics = self.trained.add_sft_gradients(references)
        self._add_logp_gradients(rows, h_B.grad)
        kl = h_B.detach().mean().item()
        return {"policy_loss": losses.mean().item(), "kl": kl} | metrics | sft_metrics

    @torch.no_grad()
    def log_ratios(self, rows: Sequence[Encoded]) -> Tensor:
        """Compute h of each row, in float64, all rows on every rank."""
        h_B = torch.zeros(len(rows), dtype=torch.float64)
        for one in row_passes(self.trained.module, rows):
            batch = row_batch(self.trained.module, rows, one)
            logps_BT = self.trained.module(batch, 1.0).logps_BT
            reference_BT = self.trained.reference_logps(batch, 1.0)
            if not one.is_padding:
                h_B[one.rows] = (logps_BT.double() - reference_BT.double()).sum(1).cpu()
        return self.trained.parallel.total(h_B)

    def _add_logp_gradients(self, rows: Sequence[Encoded], weights_B: Tensor) -> None:
        """Add the gradients of the rows' log-probabilities, each times its weight."""
        module = self.trained.module

        def loss_of(one: Pass) -> tuple[Tensor, None]:
            logps_BT = module(row_batch(module, rows, one), 1.0).logps_BT
            factors_B = (weights_B[one.rows] * (not one.is_padding)).to(logps_BT)
            return (logps_BT.sum(1) * factors_B).sum(), None

        module.add_gradients(row_passes(module, rows), loss_of)

    # ---- checkpoints

    def state(self) -> dict[str, Any]:
        """Gather weights and optimisers; every rank must call."""
        return self.trained.state()

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.trained.load(state)

    def save(self, folder: Path, base: Path, _: dict[str, Any]) -> None:
        """Write the policy."""
        self.trained.save(folder, base)


def labelled(rollout: Rollout) -> Labelled:
    """Label a rollout by whether its program passed."""
    feedback = rollout.feedback
    passed = None if feedback.outcome_class is None else feedback.outcome_class == PASSED
    return Labelled(rollout.prompt_ids, rollout.sampled.ids, feedback.group, passed)


def mismatched(rows: Sequence[Encoded]) -> list[Encoded]:
    """Pair every prompt with the completion of the next row, around the end, whose prompt is another; with
    its own where there is none."""
    mixed = []
    for at, (prompt, own) in enumerate(rows):
        others = (rows[(at + by) % len(rows)] for by in range(1, len(rows)))
        mixed.append((prompt, next((answer for other, answer in others if other != prompt), own)))
    return mixed
