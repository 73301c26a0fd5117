"""The area under the ROC curve: how often what should be valued more is valued more.

    auc(positives, negatives) = P(positive > negative) + P(positive = negative) / 2

by ranks, as Mann and Whitney's U (Hanley & McNeil, Radiology 143, 1982): one half where values say nothing, 1
where every positive stands above every negative. Values of all problems are compared with each other, which
also pays for telling easy problems from hard ones; or only those of one problem, which is what a reward does
that is measured against the other completions of its prompt. Intervals are the percentile bootstrap over
problems, whose values are drawn together. Not covered: intervals where nearly all problems agree (they
collapse), curves.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import groupby

from rlcf.evaluation.metrics import Estimate

RESAMPLES = 1_000

Values = tuple[Sequence[float], Sequence[float]]
"""Of one problem: the values of what should be valued more, and of what should be valued less."""


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Compute the area; NaN where either side is empty."""
    return _area([(value, 1.0, 0.0) for value in positives] + [(value, 0.0, 1.0) for value in negatives])


def auc_interval(problems: Sequence[Values], seed: int = 0) -> Estimate:
    """Compute the area over the values of all problems, and its 95 % interval over other problems."""
    weights = [1.0] * len(problems)
    rows = sorted(
        (value, number, side)
        for number, sides in enumerate(problems)
        for side, values in enumerate(sides)
        for value in values
    )

    def area() -> float:
        return _area([(value, weights[n] * (side == 0), weights[n] * (side == 1)) for value, n, side in rows])

    found, rng = area(), random.Random(seed)
    drawn = []
    for _ in range(RESAMPLES if not math.isnan(found) else 0):
        weights = [0.0] * len(problems)
        for number in rng.choices(range(len(problems)), k=len(problems)):
            weights[number] += 1
        drawn.append(area())
    return _estimate(found, drawn)


def within_interval(problems: Sequence[Values], seed: int = 0) -> Estimate:
    """Compute the share of pairs of one problem that are in order, of all problems' such pairs, and its 95 %
    interval over other problems."""
    pairs = [(auc(more, less), len(more) * len(less)) for more, less in problems if more and less]
    rng = random.Random(seed)
    drawn = [_mean(rng.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES if pairs else 0)]
    return _estimate(_mean(pairs), drawn)


def _mean(pairs: Sequence[tuple[float, int]]) -> float:
    total = sum(count for _, count in pairs)
    return sum(area * count for area, count in pairs) / total if total else math.nan


def _estimate(found: float, drawn: Sequence[float]) -> Estimate:
    known = sorted(value for value in drawn if not math.isnan(value))
    if not known:
        return Estimate(found, math.nan, math.nan)
    last = len(known) - 1
    return Estimate(found, known[int(0.025 * last)], known[math.ceil(0.975 * last)])


def _area(rows: list[tuple[float, float, float]]) -> float:
    """Of values, each with how often it is a positive's and how often a negative's."""
    below = above = pairs = 0.0
    for _, equal in groupby(sorted(rows), key=lambda row: row[0]):
        same = [*equal]
        positives, negatives = sum(row[1] for row in same), sum(row[2] for row in same)
        pairs += positives * (below + negatives / 2)
        below += negatives
        above += positives
    return pairs / (above * below) if above and below else math.nan
