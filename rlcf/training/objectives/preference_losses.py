"""Losses of preference learning as pure functions, and who is preferred to whom (PLUM, arXiv 2406.06887).

A completion that passes all its tests is desirable, every other is not. DPO (arXiv 2305.18290) learns from
pairs of the two for one problem, KTO (arXiv 2402.01306) from each completion alone; IPO (arXiv 2310.12036)
and the hinge loss (SLiC, arXiv 2305.10425) are other shapes of DPO's. All see a completion through one
number, h = log pi(y|x) - log pi_ref(y|x), summed over its tokens.

Shape suffixes: B completions, P pairs. Not covered: length normalisation, a supervised term of the loss,
pairs of programs that both fail (PLUM finds that those which merely do not run are weak negatives).
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, relu

PAIRS_A_PROBLEM = 4
"""At most; PLUM does not say. Without a limit easy and hard problems outvote those in between."""
BALANCE = 4 / 3
"""Weight of all desirable completions in that of all others: KTO's advice is 1 to 4/3."""


def pair_loss(chosen_P: Tensor, rejected_P: Tensor, beta: float, shape: str = "dpo") -> Tensor:
    """`[P]` losses of pairs by their h. `dpo`: -log sigmoid(beta (h_w - h_l)); `ipo`: (h_w - h_l - 1 / (2
    beta))^2; `hinge`: max(0, 1 - beta (h_w - h_l))."""
    margin_P = chosen_P - rejected_P
    if shape == "ipo":
        return (margin_P - 1 / (2 * beta)) ** 2
    if shape == "hinge":
        return relu(1 - beta * margin_P)
    return -logsigmoid(beta * margin_P)


def kto_loss(
    h_B: Tensor, desirable_B: Tensor, kl: Tensor, beta: float, weights: tuple[float, float]
) -> Tensor:
    """`[B]` losses of completions, lambda - v: v = lambda_D sigmoid(beta (h - z0)) where desirable, else
    lambda_U sigmoid(beta (z0 - h)). `kl` is the estimate of the KL that z0 = max(0, kl) comes from, a scalar
    through which no gradient flows; `weights` are lambda_D and lambda_U."""
    z0 = kl.detach().clamp(min=0)
    signs_B = torch.where(desirable_B, h_B.new_tensor(1.0), h_B.new_tensor(-1.0))
    lambdas_B = torch.where(desirable_B, h_B.new_tensor(weights[0]), h_B.new_tensor(weights[1]))
    return lambdas_B * (1 - torch.sigmoid(beta * signs_B * (h_B - z0)))


def kto_weights(desirable: int, undesirable: int) -> tuple[float, float]:
    """lambda_D and lambda_U, one of them 1, that bring lambda_D n_D / (lambda_U n_U) into [1, 4/3], to its
    nearest end; 1 and 1 where one kind is missing."""
    if not desirable or not undesirable:
        return 1.0, 1.0
    ratio = desirable / undesirable
    if ratio < 1:
        return 1 / ratio, 1.0
    return 1.0, max(1.0, ratio / BALANCE)


def choose_pairs(
    groups: Sequence[int], passed: Sequence[bool | None], keys: Sequence[str], rng: random.Random
) -> list[tuple[int, int]]:
    """Pairs (row that passed, row that did not) of one group, at most PAIRS_A_PROBLEM of each, chosen by
    chance. Of rows of a group with the same key, which names a program, the first counts; None, where the
    judge failed, never does. A group of one kind gives no pair."""
    firsts: dict[tuple[int, str], int] = {}
    for row, (group, verdict, key) in enumerate(zip(groups, passed, keys, strict=True)):
        if verdict is not None:
            firsts.setdefault((group, key), row)
    pairs = []
    for group in dict.fromkeys(groups):
        rows = [row for (own, _), row in firsts.items() if own == group]
        both = [(good, bad) for good in rows if passed[good] for bad in rows if not passed[bad]]
        pairs += rng.sample(both, min(PAIRS_A_PROBLEM, len(both)))
    return pairs
