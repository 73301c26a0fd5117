"""The discriminator: which of two completions is the reference, and which did a model write?

    g(x, y0, y1) = tanh(s(x, y0) - s(x, y1)),   s = a score of prompt and completion

antisymmetric by construction; +1 means that y0 is surely the reference (arXiv 2305.18341).
It is trained on pairs of a reference and another completion that both compile. Of a pair the exact
log-likelihood is -log sigmoid(2 (s_ref - s_gen)), since tanh(d) = 2 sigmoid(2d) - 1: the `pairwise` loss.
Antisymmetry makes it independent of a pair's order; the order is drawn at random all the same where accuracy
is measured, so that a discriminator that always answers "the first" scores one half. The `pointwise` loss
takes each completion by itself, as a classifier does whose log-odds are 2s.

What s is, and which loss it learns by, is a kind's (`kinds.py`). Not covered: pairs where one side does not
compile (the compiler judges those), a language model that is asked and does not learn
(`policy/llm_judge.py`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from rlcf.grounding.values import Compare
from rlcf.training.discriminator.fit import fit, shuffled_batches

BETAS = (0.9, 0.98)
WEIGHT_DECAY = 0.05

Loss = Callable[[Tensor, Tensor], Tensor]
"""Of the scores of references and of what stands against them, `[B]` each, pair by pair."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference and another completion of the same prompt, mostly one that a model wrote; both compile."""

    prompt: str
    reference: str
    generated: str


class Discriminator(nn.Module):
    """Scores completions; compares them in pairs."""

    def __init__(self, scorer: nn.Module, loss: Loss | None) -> None:
        """`scorer`: from prompts and completions, texts in order, to s of each, `[B]`. `loss`: what it learns
        by; None: nothing is learnt."""
        super().__init__()
        self.scorer, self.loss = scorer, loss

    def scores(self, prompts: Sequence[str], completions: Sequence[str]) -> Tensor:
        """Compute s(x, y) of each pair of texts, in order; every distinct one is scored once."""
        texts = list(zip(prompts, completions, strict=True))
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        scores = self.scorer([prompt for prompt, _ in places], [completion for _, completion in places])
        return cast(Tensor, scores[[places[text] for text in texts]])

    @torch.no_grad()
    def compare(self, prompts: Sequence[str], first: Sequence[str], second: Sequence[str]) -> list[float]:
        """Compute g(x, first, second) of each triple."""
        if not prompts:
            return []
        first_B, second_B = self.scores([*prompts, *prompts], [*first, *second]).double().cpu().chunk(2)
        return cast(list[float], (first_B - second_B).tanh().tolist())


def pairwise_loss(references_B: Tensor, others_B: Tensor) -> Tensor:
    """Compute the mean of -log sigmoid(2 (s_ref - s_gen))."""
    return -nn.functional.logsigmoid(2 * (references_B - others_B)).mean()


def pointwise_loss(references_B: Tensor, others_B: Tensor) -> Tensor:
    """Compute the mean of -log sigmoid(2 s_ref) and -log sigmoid(-2 s_gen)."""
    yes_B, no_B = nn.functional.logsigmoid(2 * references_B), nn.functional.logsigmoid(-2 * others_B)
    return -(yes_B + no_B).mean() / 2


def pair_loss(discriminator: Discriminator, loss: Loss, pairs: Sequence[Pair]) -> Tensor:
    """Compute `loss` of the scores of `pairs`."""
    prompts = [pair.prompt for pair in pairs]
    texts = [pair.reference for pair in pairs] + [pair.generated for pair in pairs]
    references_B, others_B = discriminator.scores(prompts * 2, texts).chunk(2)
    return loss(references_B, others_B)


def train_discriminator(
    discriminator: Discriminator, pairs: Sequence[Pair], *, steps: int, batch: int, lr: float, seed: int
) -> list[float]:
    """Train on `steps` batches of `pairs`; the learning rate falls linearly to 0. Returns the losses: none
    of a discriminator that learns nothing."""
    loss = discriminator.loss
    if loss is None or not pairs:
        return []

    def add_gradients(chosen: Sequence[Pair]) -> float:
        value = pair_loss(discriminator, loss, chosen)
        value.backward()  # type: ignore[no-untyped-call]
        return value.item()

    optimizer = torch.optim.AdamW(discriminator.parameters(), lr=lr, betas=BETAS, weight_decay=WEIGHT_DECAY)
    batches = shuffled_batches(pairs, batch, f"discriminator {seed}")
    return [
        *fit(discriminator, add_gradients, batches, optimizer, lambda step: 1 - step / max(1, steps), steps)
    ]


def accuracy(compare: Compare, pairs: Sequence[Pair], seed: int) -> float:
    """Measure the share of `pairs`, shown in random order, whose reference is recognised; a tie counts one
    half."""
    rng = random.Random(f"order {seed}")
    reference_first = [rng.random() < 0.5 for _ in pairs]
    texts = [(pair.reference, pair.generated) for pair in pairs]
    shown = [both if first else both[::-1] for both, first in zip(texts, reference_first, strict=True)]
    values = compare(
        [pair.prompt for pair in pairs], [first for first, _ in shown], [second for _, second in shown]
    )
    right = [
        0.5 if value == 0 else float((value > 0) == first)
        for value, first in zip(values, reference_first, strict=True)
    ]
    return sum(right) / max(1, len(right))
