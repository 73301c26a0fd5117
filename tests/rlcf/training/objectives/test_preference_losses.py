"""Losses of preferences against numbers by hand in float64; which pairs are made, how kinds are weighed."""

from __future__ import annotations

import math
import random

import pytest
import torch

from rlcf.training.objectives.preference_losses import (
    BALANCE,
    PAIRS_A_PROBLEM,
    choose_pairs,
    kto_loss,
    kto_weights,
    pair_loss,
)

CHOSEN = [0.0, 1.5, -2.0, 30.0]
REJECTED = [0.0, -0.5, 1.0, -400.0]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -500 else 0.0


@pytest.mark.parametrize("beta", [0.1, 0.5])
@pytest.mark.parametrize("shape", ["dpo", "ipo", "hinge"])
def test_losses_of_pairs(shape: str, beta: float) -> None:
    by_hand = {
        "dpo": lambda d: math.log1p(math.exp(-beta * d)),
        "ipo": lambda d: (d - 1 / (2 * beta)) ** 2,
        "hinge": lambda d: max(0.0, 1 - beta * d),
    }[shape]
    found = pair_loss(torch.tensor(CHOSEN), torch.tensor(REJECTED), beta, shape)
    wanted = [by_hand(w - x) for w, x in zip(CHOSEN, REJECTED, strict=True)]
    assert found.tolist() == pytest.approx(wanted, rel=1e-5)


def test_a_pair_that_nothing_tells_apart_is_worth_log_2_and_half_a_push() -> None:
    chosen, rejected = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    loss = pair_loss(chosen, rejected, 0.1)
    loss.sum().backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert chosen.grad is not None
    assert rejected.grad is not None
    assert (chosen.grad.item(), rejected.grad.item()) == pytest.approx((-0.05, 0.05))


@pytest.mark.parametrize("kl", [-3.0, 0.0, 2.0])
def test_losses_of_single_completions(kl: float) -> None:
    h, desirable, beta, weights = [0.0, 3.0, -1.0, 5.0], [True, True, False, False], 0.2, (1.5, 0.7)
    z0 = max(0.0, kl)
    wanted = [
        weights[0] * (1 - sigmoid(beta * (x - z0))) if good else weights[1] * (1 - sigmoid(beta * (z0 - x)))
        for x, good in zip(h, desirable, strict=True)
    ]
    estimate = torch.tensor(kl, dtype=torch.float64, requires_grad=True)
    h_B = torch.tensor(h, dtype=torch.float64, requires_grad=True)
    found = kto_loss(h_B, torch.tensor(desirable), estimate, beta, weights)
    assert found.tolist() == pytest.approx(wanted, rel=1e-12)
    found.sum().backward()
    assert estimate.grad is None, "no gradient through z0"
    assert h_B.grad is not None
    assert (h_B.grad[:2] < 0).all(), "desirable: up"
    assert (h_B.grad[2:] > 0).all(), "undesirable: down"


@pytest.mark.parametrize("counts", [(1, 1), (10, 90), (90, 10), (5, 4), (1, 511), (3, 2)])
def test_weights_balance_the_kinds(counts: tuple[int, int]) -> None:
    desirable, undesirable = kto_weights(*counts)
    ratio = desirable * counts[0] / (undesirable * counts[1])
    assert 1 - 1e-9 <= ratio <= BALANCE + 1e-9
    assert min(desirable, undesirable) == 1
    assert kto_weights(0, 5) == kto_weights(5, 0) == (1, 1)


def test_pairs_are_of_one_problem_and_of_both_kinds() -> None:
    groups = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3]
    passed = [True, False, True, None, False, False, True, True, False, True]
    pairs = choose_pairs(groups, passed, [str(n) for n in range(10)], random.Random(0))
    assert sorted(pairs) == [(0, 1), (2, 1), (9, 8)]


def test_the_same_program_twice_counts_once() -> None:
    passed = [True, True, False, False]
    pairs = choose_pairs([0] * 4, passed, ["a", "a", "b", "b"], random.Random(0))
    assert pairs == [(0, 2)]
    assert len(choose_pairs([0, 0, 1, 1], [True, False] * 2, ["a", "b"] * 2, random.Random(0))) == 2


def test_an_easy_problem_has_no_more_pairs_than_others() -> None:
    passed = [row < 5 for row in range(10)]
    keys = [str(n) for n in range(10)]
    pairs = choose_pairs([0] * 10, passed, keys, random.Random(0))
    assert len(pairs) == len(set(pairs)) == PAIRS_A_PROBLEM
    assert any(choose_pairs([0] * 10, passed, keys, random.Random(seed)) != pairs for seed in range(5))
    assert choose_pairs([0] * 10, passed, keys, random.Random(0)) == pairs
