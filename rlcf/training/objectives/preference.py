"""Steps that learn from preferences: on-policy samples, labelled by the judge, DPO or KTO on them (PLUM).

A step samples, judges and grounds as PPO's does, so that arms of an ablation spend the same and log the same.
A round of PLUM is a step here, or several: the reference stays the policy that training began with, and
sampling is always by the present one. `kl` is the losses' beta.

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
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from rlcf.grounding.values import CLASSES
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens
from rlcf.recipe import Recipe
from rlcf.training.objectives.experience import Experience, Feedback, Sums, unscored
from rlcf.training.objectives.preference_losses import choose_pairs, kto_loss, kto_weights, pair_loss
from rlcf.training.pretrain import Encoded, accumulate, row_passes
from rlcf.training.runtime.batching import rounds
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.module import TrainedModule, reference_module
from rlcf.training.runtime.optimizers import Optimizers

log = logging.getLogger("rlcf")

PASSED = CLASSES.index("passed")


class Preferring:
    """Learns from preferences among the rollouts of a step; what it offers is what `Learner` offers."""

    def __init__(
        self,
        policy: Policy,
        recipe: Recipe,
        machine: Machine | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.policy, self.recipe = policy, recipe
        self.parallel = parallel or Parallel()
        self._reference = reference_module(policy, self.parallel)
        self.module = TrainedModule(policy, policy.scorer(), machine or Machine(), self.parallel)
        self.optimizers = Optimizers(self.module.scorer, recipe)

    @property
    def uses_anchors(self) -> bool:
        """Whether references are learnt from beside the preferences."""
        return self.recipe.objective.sft_coef > 0

    def prepare(self, prompts: list[Tokens], completions: list[Tokens], _: int) -> Experience:
        """Which rows are learnt from is known when they are judged."""
        return unscored(prompts, completions)

    def learn(self, experience: Experience, feedback: Feedback, step: int) -> dict[str, float]:
        """One step, counted from 0; returns numbers for the logs. Without a preference nothing changes."""
        recipe, anchors, sums = self.recipe, feedback.anchors, Sums()
        rows = list(zip(experience.prompts, experience.completions, strict=True))
        passed = [None if found is None else found == PASSED for found in feedback.classes]
        units = self._units(rows, passed, feedback.groups, step)
        chosen = [row for unit in units for row in unit]
        weights = kto_weights(sum(passed[r] is True for r in chosen), sum(passed[r] is False for r in chosen))
        self.optimizers.set_rates(step)
        for part, own in rounds(units, anchors, recipe.objective.minibatches, 1, f"{recipe.seed} {step}"):
            good = torch.tensor([passed[row] is True for row in part])
            told = self._update([rows[row] for row in part], good, weights, own)
            sums.minibatches += 1
            sums.skipped += "gradient_norm" not in told
            sums.add(told)
        if not units:
            log.warning("step %d: nothing is preferred to anything, so nothing is learnt", step + 1)
        self.module.sync()
        return sums.means() | {"learnt_rows": float(len(set(chosen)))}

    def _units(
        self, rows: Sequence[Encoded], passed: Sequence[bool | None], groups: Sequence[int], step: int
    ) -> list[list[int]]:
        """What stays together in a minibatch: pairs, the preferred row first; of KTO single rows."""
        keys = [repr(list(completion)) for _, completion in rows]
        if self.recipe.objective.name == "kto":
            judged = [row for row, verdict in enumerate(passed) if verdict is not None]
            firsts = {(groups[row], keys[row]): row for row in reversed(judged)}
            return [[row] for row in sorted(firsts.values())]
        rng = random.Random(f"pairs {self.recipe.seed} {step}")
        return [list(pair) for pair in choose_pairs(groups, passed, keys, rng)]

    def _update(
        self,
        rows: Sequence[Encoded],
        good_B: Tensor,
        weights: tuple[float, float],
        anchors: Sequence[Encoded],
    ) -> dict[str, float]:
        """One optimiser step on a minibatch: pairs one after the other, or single rows."""
        h_B = self._log_ratios(rows).requires_grad_(True)
        if self.recipe.objective.name == "kto":
            kl = self._log_ratios(mismatched(rows)).mean()
            losses = kto_loss(h_B, good_B, kl, self.recipe.kl.coef, weights)
        else:
            losses = pair_loss(h_B[0::2], h_B[1::2], self.recipe.kl.coef, self.recipe.objective.name)
        losses.mean().backward()  # type: ignore[no-untyped-call]
        assert h_B.grad is not None
        told = {"policy_loss": losses.mean().item(), "kl": h_B.detach().mean().item()}
        if self.recipe.objective.name == "kto":
            told["kto_z0"] = max(0.0, kl.item())
        else:
            margins = (h_B[0::2] - h_B[1::2]).detach()
            told |= {"margin": margins.mean().item(), "preferred": (margins > 0).double().mean().item()}
        if anchors:
            told["anchor_loss"] = accumulate(
                self.module, anchors, weight=self.recipe.objective.sft_coef, last=False
            )
        self._push(rows, h_B.grad)
        norm = self.optimizers.step(True)
        return told | ({"gradient_norm": norm} if norm is not None else {})

    @torch.no_grad()
    def _log_ratios(self, rows: Sequence[Encoded]) -> Tensor:
        """h of each row, in float64, whole on every rank."""
        found_B = torch.zeros(len(rows), dtype=torch.float64)
        for one, batch, _ in row_passes(self.module, rows):
            own_BT = self.module(batch, 1.0)[0]
            reference_BT = (self._reference or self.module)(batch, 1.0, reference=True)[0]
            if one.counts:
                found_B[one.rows] = (own_BT.double() - reference_BT.double()).sum(1).cpu()
        return self.parallel.total(found_B)

    def _push(self, rows: Sequence[Encoded], weights_B: Tensor) -> None:
        """Adds the gradients of the rows' log-probabilities, each times its weight."""
        for one, batch, last in row_passes(self.module, rows):
            with self.parallel.exchanging(self.module.wrapped, last=last):
                logps_BT = self.module(batch, 1.0)[0]
                factors_B = (weights_B[one.rows] * one.counts).to(logps_BT)
                self.parallel.backward((logps_BT.sum(1) * factors_B).sum())

    # ---- checkpoints

    def state(self) -> dict[str, Any]:
        """All that changes while learning, whole; every rank must ask."""
        return {"weights": self.module.weights(), "optimizers": self.optimizers.state()}

    def load(self, state: dict[str, Any]) -> None:
        """What `state` gave, of a learner made from the same policy and recipe."""
        self.module.load(state["weights"])
        self.optimizers.load(state["optimizers"])


def mismatched(rows: Sequence[Encoded]) -> list[Encoded]:
    """Every prompt with the completion of the next row, around the end, whose prompt is another; with its own
    where there is none."""
    found = []
    for at, (prompt, own) in enumerate(rows):
        others = (rows[(at + by) % len(rows)] for by in range(1, len(rows)))
        found.append((prompt, next((answer for other, answer in others if other != prompt), own)))
    return found
