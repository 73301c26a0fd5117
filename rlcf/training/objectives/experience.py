"""What passes between rollouts and the update: a batch before its scores, their tokens, what is learnt.

All of it is whole on every rank. Tensors are `[B, T]`, B rollouts and T tokens of the longest completion,
padded on the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rlcf.policy.batch import Tokens
from rlcf.training.objectives import ppo_losses as ppo


@dataclass(slots=True)
class Experience:
    """A rollout batch before it is scored; tensors `[B, T]` padded on the right, whole on every rank."""

    prompts: list[Tokens]
    completions: list[Tokens]
    parts: list[list[int]]
    """Minibatches of the first epoch."""
    mask_BT: Tensor
    old_BT: Tensor
    reference_BT: Tensor
    values_BT: Tensor
    classes_BTC: Tensor
    """The class critic's logits; C is 0 without one."""


def unscored(prompts: list[Tokens], completions: list[Tokens]) -> Experience:
    """A batch of which nothing has to be known before it is judged."""
    return Experience(prompts, completions, [], *(torch.zeros(0, 0) for _ in range(5)))


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the signals of a rollout batch say, in tokens; a row each."""

    scores: Sequence[float | None]
    """None where the judge failed."""
    places: Sequence[int]
    """The token that the score belongs to."""
    groups: Sequence[int]
    """The number of its prompt."""
    credits: Sequence[Sequence[float]] = ()
    """Of every token what spans give it, on top of its advantage; none at all: nothing."""
    learnt: Sequence[Sequence[bool] | None] = ()
    """Of every token whether the policy learns from it; None: all of them."""
    anchors: Sequence[tuple[Tokens, Tokens]] = ()
    """Prompts with references for the supervised loss, and for the class critic as programs that pass."""
    baselines: Sequence[float] = ()
    """What scores are measured against (baseline.py)."""
    classes: Sequence[int | None] = ()
    """How each program ended (`outcome_class`)."""
    examples: Sequence[tuple[Tokens, Tokens]] = ()
    """Prompts with completions that a supervised loop learns; nothing to PPO."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a rollout batch is learnt from."""

    mask_BT: Tensor
    """Real tokens of the rollouts that were judged."""
    learnt_BT: Tensor
    """Those that the policy learns from."""
    advantages_BT: Tensor
    returns_BT: Tensor
    classes_B: Tensor
    """For the class critic."""


@dataclass(slots=True)
class Sums:
    """Numbers added up over the minibatches of a step, for the logs."""

    minibatches: int = 0
    skipped: int = 0
    totals: dict[str, float] = field(default_factory=dict)

    def add(self, numbers: dict[str, float]) -> None:
        for name, number in numbers.items():
            self.totals[name] = self.totals.get(name, 0.0) + number

    def means(self) -> dict[str, float]:
        found = {name: total / max(1, self.minibatches) for name, total in self.totals.items()}
        return found | {"updates": float(self.minibatches), "skipped_updates": float(self.skipped)}


def token_rows(rows: Sequence[Sequence[float] | None], like_BT: Tensor, default: float) -> Tensor:
    """`[B, T]` of rows of numbers; `default` behind their ends, and where a row, or every row, is missing."""
    found_BT = torch.full(like_BT.shape, float(default))
    for at, row in enumerate(rows):
        if row is not None:
            found_BT[at, : len(row)] = torch.tensor(row, dtype=torch.float32)
    return found_BT


def statistics(experience: Experience, scored: Scored) -> dict[str, float]:
    """Numbers of a rollout batch before its update, over real tokens."""
    mask_BT = scored.mask_BT
    log_ratio_BT = (experience.old_BT - experience.reference_BT) * mask_BT
    rollouts = int(mask_BT.any(1).sum())
    return {
        "kl": float(log_ratio_BT.sum() / rollouts),
        "explained_variance": ppo.explained_variance(experience.values_BT, scored.returns_BT, mask_BT),
        "value_mean": float(experience.values_BT[mask_BT].mean()),
    }
