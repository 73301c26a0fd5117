"""comp@k, exec@k and pass@k: how often one of k samples compiles, runs, passes; and how sure that is.

The three share one estimator over three nested flags (passed ⊆ executed ⊆ compiled), so on the same samples
pass@k <= exec@k <= comp@k. Each is the mean over problems, and its interval is the percentile bootstrap over
problems: it answers how the number would move with other problems of the same kind. It does not cover the
spread between training seeds, and it collapses to a point where all problems agree (all right or all wrong).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from javabox import Verdict
from rlcf.errors import BadInput

METRICS = ("compile", "exec", "pass")
"""The three rates, from the weakest to the strongest demand."""

RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Tally:
    """The samples of one problem: how many were judged and how many of those reached each demand."""

    n: int = 0
    compiled: int = 0
    executed: int = 0
    passed: int = 0
    judge_errors: int = 0
    """Samples that the judge failed on; they are not part of n."""

    def plus(self, verdict: Verdict) -> Tally:
        if verdict.passed is None:
            return Tally(self.n, self.compiled, self.executed, self.passed, self.judge_errors + 1)
        return Tally(
            self.n + 1,
            self.compiled + bool(verdict.compiled),
            self.executed + bool(verdict.executed),
            self.passed + verdict.passed,
            self.judge_errors,
        )

    def at_k(self, k: int) -> tuple[float, float, float]:
        """comp@k, exec@k and pass@k of this problem."""
        compiled, executed, passed = (
            pass_at_k(self.n, c, k) for c in (self.compiled, self.executed, self.passed)
        )
        return compiled, executed, passed


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over problems with its 95 % interval. NaN where the judge failed on every problem."""

    rate: float
    low: float
    high: float

    def percent(self) -> str:
        """`71.8 % [69.0, 74.4]`"""
        return f"{100 * self.rate:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}]"

    def points(self) -> str:
        """A difference: `+7.1 [+4.2, +9.9]`"""
        return f"{100 * self.rate:+.1f} [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that k samples, drawn without replacement from n of which c are right, hold a right one.

    The unbiased estimator of arXiv 2107.03374 (Codex), 1 - C(n-c, k) / C(n, k), as a product that neither
    overflows nor cancels. Raises ValueError if k samples can't be drawn.
    """
    if not 1 <= k <= n or not 0 <= c <= n:
        raise ValueError(f"pass@{k} of {c} right among {n} samples is not defined")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))


def check_k(ks: Sequence[int], samples: Iterable[tuple[str, int]]) -> None:
    """Raises BadInput unless every problem, given as (task_id, number of samples), has max(ks) samples."""
    if not ks or min(ks) < 1:
        raise BadInput("at least one k is needed, each at least 1", field="k")
    for task_id, n in samples:
        if n < max(ks):
            raise BadInput(f"k = {max(ks)} needs {max(ks)} samples a problem, {task_id} has {n}", field="k")


def estimate(tallies: Sequence[Tally], ks: Sequence[int], seed: int = 0) -> dict[str, dict[int, Estimate]]:
    """The three metrics at each k, by name and k.

    A problem left with fewer than k judged samples by judge errors is left out at that k.
    """
    rates: dict[str, dict[int, Estimate]] = {name: {} for name in METRICS}
    for k in ks:
        columns = list(zip(*(tally.at_k(k) for tally in tallies if tally.n >= k), strict=True))
        for name, found in zip(METRICS, mean_intervals(columns or [()] * 3, seed), strict=True):
            rates[name][k] = found
    return rates


def gain(before: Sequence[Tally], after: Sequence[Tally], k: int, seed: int = 0) -> dict[str, Estimate]:
    """after - before for the three metrics, paired by problem (the same problems in the same order).

    Paired, because the spread between problems is common to both and cancels.
    """
    pairs = [
        [b - a for a, b in zip(old.at_k(k), new.at_k(k), strict=True)]
        for old, new in zip(before, after, strict=True)
        if min(old.n, new.n) >= k
    ]
    columns = list(zip(*pairs, strict=True)) or [()] * 3
    return dict(zip(METRICS, mean_intervals(columns, seed), strict=True))


def mean_intervals(columns: Sequence[Sequence[float]], seed: int = 0) -> list[Estimate]:
    """Mean and 95 % percentile bootstrap interval of each column; rows are the unit that is redrawn.

    Values lie in [-1, 1]; columns are of one length. All columns share the same redrawn rows.
    """
    size = len(columns[0])
    if size == 0:
        return [Estimate(math.nan, math.nan, math.nan)] * len(columns)
    # Grading has no numpy. A row becomes one integer, 64 bits a column in fixed point, so that one sum adds
    # up all columns: 2,000 redraws of 2,000 rows take 0.5 s where separate sums took 0.5 s a column.
    packed = [
        sum(_fixed(v) << 64 * place for place, v in enumerate(row)) for row in zip(*columns, strict=True)
    ]
    draw = random.Random(seed).choices
    sums = [sum(draw(packed, k=size)) for _ in range(RESAMPLES)]
    lowest, highest = int(0.025 * (RESAMPLES - 1)), math.ceil(0.975 * (RESAMPLES - 1))
    found = []
    for place, column in enumerate(columns):
        means = sorted((total >> 64 * place & (1 << 64) - 1) / size / _UNIT - 1 for total in sums)
        found.append(Estimate(math.fsum(column) / size, means[lowest], means[highest]))
    return found


_UNIT = 1 << 31


def _fixed(value: float) -> int:
    """[-1, 1] onto 0 .. 2^32."""
    return round((value + 1) * _UNIT)
