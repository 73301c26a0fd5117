"""The area under the ROC curve: what it is by counting pairs, and its interval."""

from __future__ import annotations

import math
import random

import pytest

from rlcf.training.discriminator.auc import auc, auc_interval, within_interval


def by_pairs(positives: list[float], negatives: list[float]) -> float:
    won = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    return sum(won) / len(won)


def test_it_is_the_share_of_pairs_in_order_ties_one_half() -> None:
    rng = random.Random(0)
    for _ in range(50):
        # Few values, so many ties.
        positives = [float(rng.randrange(5)) for _ in range(rng.randrange(1, 12))]
        negatives = [float(rng.randrange(4)) for _ in range(rng.randrange(1, 12))]
        assert auc(positives, negatives) == pytest.approx(by_pairs(positives, negatives))


def test_its_ends() -> None:
    assert auc([2.0, 3.0], [0.0, 1.0]) == 1.0
    assert auc([0.0], [1.0]) == 0.0
    assert auc([1.0, 1.0], [1.0]) == 0.5
    assert math.isnan(auc([], [1.0]))
    assert math.isnan(auc([1.0], []))


def test_the_interval_is_of_problems() -> None:
    """A problem's values are drawn together: ten of each change nothing, more problems narrow it."""
    rng = random.Random(1)
    rows = [([rng.gauss(0.5, 1)], [rng.gauss(0, 1)]) for _ in range(40)]
    found = auc_interval(rows)
    assert found.rate == pytest.approx(
        by_pairs([p for p, _ in rows for p in p], [n for _, n in rows for n in n])
    )
    assert found.low < found.rate < found.high
    repeated = auc_interval([(more * 10, less * 10) for more, less in rows])
    assert (repeated.low, repeated.high) == pytest.approx((found.low, found.high))
    wide = auc_interval(rows[:10])
    assert wide.high - wide.low > found.high - found.low
    assert auc_interval(rows) == found


def test_problems_of_one_side_count_too() -> None:
    found = auc_interval([([1.0], []), ([], [0.0]), ([2.0], []), ([], [3.0])])
    assert found.rate == pytest.approx(by_pairs([1.0, 2.0], [0.0, 3.0]))
    assert math.isnan(auc_interval([([1.0], [])]).rate)


def test_within_a_problem_easy_and_hard_ones_are_not_told_apart() -> None:
    """All of the first problem stands above all of the second, and says nothing in either."""
    easy, hard = ([3.0, 4.0, 4.0], [3.0, 4.0]), ([1.0, 2.0], [1.0, 2.0, 1.0, 2.0])
    found = within_interval([easy, hard, ([9.0], [])])
    assert found.rate == pytest.approx((by_pairs(*easy) * 6 + by_pairs(*hard) * 8) / 14)
    assert auc_interval([easy, hard]).rate > found.rate
    assert found.low <= found.rate <= found.high
    assert math.isnan(within_interval([([1.0], [])]).rate)
