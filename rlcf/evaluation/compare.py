"""Two results of the same problems, compared in pairs: how much better is B than A, and may that be chance?

Both models answered the same problems, so what is common to a problem cancels. The interval is that of the
paired bootstrap over problems (`metrics.gain`). The p-value, at k = 1, is that of the exact test of signs
flipped: were A and B equally good, each problem's difference would as likely have the other sign. With one
sample a problem that is the exact test of McNemar (Psychometrika 12, 1947).

Not covered: problems that only one of the two has (they are left out and named), and the spread between
training seeds: the test speaks about other problems, not about other runs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from javabox import Verdict
from rlcf.errors import BadInput
from rlcf.evaluation.metrics import METRICS, Estimate, Tally, estimate, gain
from rlcf.evaluation.summary import number
from rlcf.jsonl import read_rows

MOST_SUMS = 1_000_000
FLIPS = 10_000
COUNTS = ("compiled", "executed", "passed")


@dataclass(frozen=True)
class Comparison:
    """B against A on the problems of both."""

    problems: int
    ks: Sequence[int]
    before: Mapping[str, Mapping[int, Estimate]]
    """A's rates by metric and k."""
    after: Mapping[str, Mapping[int, Estimate]]
    """B's."""
    gains: Mapping[int, Mapping[str, Estimate]]
    """B - A by k and metric."""
    chance: Mapping[str, float]
    """The p-value by metric, at k = 1."""
    better: Mapping[str, tuple[int, int]]
    """By metric: on how many problems A has the higher rate, and on how many B."""
    alone: tuple[Sequence[str], Sequence[str]]
    """Problems that only A has, and only B."""

    def to_json(self) -> dict[str, Any]:
        """By metric the rates, differences and p-values."""

        def told(found: Estimate) -> list[float | None]:
            return [number(found.rate), number(found.low), number(found.high)]

        row: dict[str, Any] = {"problems": self.problems, "only_a": self.alone[0], "only_b": self.alone[1]}
        for name in METRICS:
            row[name] = {
                "a": {str(k): number(self.before[name][k].rate) for k in self.ks},
                "b": {str(k): number(self.after[name][k].rate) for k in self.ks},
                "b_minus_a": {str(k): told(self.gains[k][name]) for k in self.ks},
                "p": self.chance[name],
                "better_a": self.better[name][0],
                "better_b": self.better[name][1],
            }
        return row


def compare(a: Mapping[str, Tally], b: Mapping[str, Tally], ks: Sequence[int]) -> Comparison:
    """Compares tallies by task_id. Raises BadInput where no problem is in both."""
    both = [task_id for task_id in a if task_id in b and min(a[task_id].n, b[task_id].n) >= 1]
    if not both:
        raise BadInput("the two have no judged problem in common", field="compare")
    before, after = [a[task_id] for task_id in both], [b[task_id] for task_id in both]
    chance, better = {}, {}
    for name, count in zip(METRICS, COUNTS, strict=True):
        steps = [
            Fraction(getattr(new, count), new.n) - Fraction(getattr(old, count), old.n)
            for old, new in zip(before, after, strict=True)
        ]
        chance[name] = flipped_signs(steps)
        better[name] = (sum(step < 0 for step in steps), sum(step > 0 for step in steps))
    alone = [task_id for task_id in a if task_id not in b], [task_id for task_id in b if task_id not in a]
    return Comparison(
        problems=len(both),
        ks=ks,
        before=estimate(before, ks),
        after=estimate(after, ks),
        gains={k: gain(before, after, k) for k in ks},
        chance=chance,
        better=better,
        alone=alone,
    )


def flipped_signs(differences: Sequence[Fraction]) -> float:
    """The two-sided p-value of a sum of differences: how often random signs give one at least as far from 0.

    Exact, by the distribution of the sum; where problems differ in their number of samples, so that there are
    too many sums, by random signs, the same at every call. 1 where nothing differs.

    >>> flipped_signs([Fraction(1)] * 6)
    0.03125
    """
    steps = [abs(one) for one in differences if one]
    unit = math.lcm(1, *(one.denominator for one in steps))
    whole = [int(one * unit) for one in steps]
    shrink = math.gcd(0, *whole) or 1
    whole = [one // shrink for one in whole]
    observed = abs(sum(differences, Fraction()) * unit / shrink)
    if sum(whole) > MOST_SUMS:
        return _drawn_signs(whole, float(observed))
    # Of all 2^m choices of signs, how many have each sum of those that are positive: one integer a sum, in
    # the digits of a large one, so that adding a difference is a shift and a sum.
    width = len(whole) // 8 + 1
    ways = 1
    for one in whole:
        ways += ways << 8 * width * one
    total = sum(whole)
    digits = ways.to_bytes(width * (total + 1), "little")
    far = sum(
        int.from_bytes(digits[positive * width : (positive + 1) * width], "little")
        for positive in range(total + 1)
        if abs(2 * positive - total) >= observed
    )
    return far / (1 << len(whole))


def _drawn_signs(steps: Sequence[int], observed: float) -> float:
    """The share of random signs, the observed ones among them."""
    draw = random.Random(0)
    far = sum(
        abs(sum(one if draw.getrandbits(1) else -one for one in steps)) >= observed for _ in range(FLIPS)
    )
    return (far + 1) / (FLIPS + 1)


def read_tallies(source: str | Path) -> dict[str, Tally]:
    """By task_id, of a results file of `rlcf bench` or `rlcf grade`. Raises BadInput."""
    tallies: dict[str, Tally] = {}
    for row in read_rows(source):
        task_id = row.text("task_id")
        try:
            verdict = Verdict.from_json(row.fields)
        except ValueError as wrong:
            raise row.bad(f"{wrong}: results of `rlcf bench` or `rlcf grade` are compared") from wrong
        tallies[task_id] = tallies.get(task_id, Tally()).plus(verdict)
    if not tallies:
        raise BadInput("holds no results", file=source)
    return tallies
