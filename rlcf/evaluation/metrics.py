"""comp@k, exec@k and pass@k: how often one of k samples compiles, runs, passes; and how sure that is.

The three share one estimator over three nested flags (passed ⊆ executed ⊆ compiled), so on the same samples
pass@k <= exec@k <= comp@k. Each is the mean over problems, and its interval answers how the number would move
with other problems of the same kind. It does not cover the spread between training seeds.

An interval is the percentile bootstrap over problems, widened to what the bootstrap can't see. Redrawing n
problems never draws a kind that is not among them, so where (nearly) all agree it collapses: 5 of 5 would be
[100, 100]. But a kind of problem that is a share q of all is missed by n draws with the chance (1 - q)^n,
which is above 2.5 % as long as q < Q = 1 - 0.025^(1/n). So the low end is at most the mean of a mixture, the
problems seen and a share Q of the worst there can be, and the high end at least that with the best. Where all
agree this is exactly the interval of Clopper and Pearson (Biometrika 26, 1934): 5 of 5 is [47.8, 100], 1,000
of 1,000 [99.6, 100], the "rule of three" (Hanley & Lippman-Hand, JAMA 249, 1983). It decides where fewer than
about four problems dissent, and is inside the bootstrap's elsewhere. How far normal intervals miss on such
samples is shown in arXiv 2503.01747.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from javabox import Outcome, Verdict
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
    suite_errors: int = 0
    """Samples whose tests are broken; nor are they."""

    def plus(self, verdict: Verdict) -> Tally:
        if verdict.outcome is Outcome.SUITE_ERROR:
            return replace(self, suite_errors=self.suite_errors + 1)
        if verdict.passed is None:
            return replace(self, judge_errors=self.judge_errors + 1)
        return replace(
            self,
            n=self.n + 1,
            compiled=self.compiled + bool(verdict.compiled),
            executed=self.executed + bool(verdict.executed),
            passed=self.passed + verdict.passed,
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
        """`71.8 % [69.0, 74.4]`, or a dash where there is no rate."""
        if math.isnan(self.rate):
            return "–"
        return f"{100 * self.rate:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}]"

    def points(self) -> str:
        """A difference: `+7.1 [+4.2, +9.9]`"""
        return f"{100 * self.rate:+.1f} [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that k samples, drawn without replacement from n of which c are right, hold a right one.

    The unbiased estimator of arXiv 2107.03374 (Codex), 1 - C(n-c, k) / C(n, k), as a product that neither
    overflows nor cancels. Raises ValueError if k samples can't be drawn.

    >>> round(pass_at_k(10, 3, 5), 3)
    0.917
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


class Running:
    """The rates so far while verdicts come in, by the same estimator as at the end: after the last verdict
    they are those of `estimate` at this k. A problem counts once k of its samples are judged."""

    def __init__(self, k: int) -> None:
        self.k = k
        self._tallies: dict[str, Tally] = {}
        self._sums = [0.0] * len(METRICS)
        self._problems = 0
        self._errors: Counter[Outcome] = Counter()

    def add(self, task_id: str, verdict: Verdict) -> None:
        """Counts a verdict of the problem `task_id`."""
        before = self._tallies.get(task_id, Tally())
        after = self._tallies[task_id] = before.plus(verdict)
        if after.n == before.n:
            self._errors[verdict.outcome] += 1
            return
        self._problems += after.n == self.k
        for tally, sign in ((before, -1), (after, 1)):
            if tally.n >= self.k:
                rates = tally.at_k(self.k)
                self._sums = [total + sign * rate for total, rate in zip(self._sums, rates, strict=True)]

    def shown(self) -> dict[str, str]:
        """For the progress line."""
        shown: dict[str, str] = {}
        if self._problems:
            named = zip(METRICS, self._sums, strict=True)
            shown = {f"{name}@{self.k}": f"{total / self._problems:.1%}" for name, total in named}
        return shown | {f"{name.replace('_', ' ')}s": str(count) for name, count in self._errors.items()}


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

    Paired, because the spread between problems is common to both and cancels. That no problem of five changed
    is no proof that none would: the interval is then [-52, +52] points.
    """
    pairs = [
        [b - a for a, b in zip(old.at_k(k), new.at_k(k), strict=True)]
        for old, new in zip(before, after, strict=True)
        if min(old.n, new.n) >= k
    ]
    columns = list(zip(*pairs, strict=True)) or [()] * 3
    return dict(zip(METRICS, mean_intervals(columns, seed, bounds=(-1.0, 1.0)), strict=True))


def mean_intervals(
    columns: Sequence[Sequence[float]], seed: int = 0, *, bounds: tuple[float, float] = (0.0, 1.0)
) -> list[Estimate]:
    """Mean and 95 % interval of each column; rows are the unit that is redrawn.

    Values lie in `bounds`, themselves in [-1, 1]: rates in [0, 1], differences of rates in [-1, 1]. Columns
    are of one length. All columns share the same redrawn rows.
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
    unseen = 1 - 0.025 ** (1 / size)
    worst, best = bounds
    estimates = []
    for place, column in enumerate(columns):
        means = sorted((total >> 64 * place & (1 << 64) - 1) / size / _UNIT - 1 for total in sums)
        mean = math.fsum(column) / size
        low = min(means[lowest], mean - unseen * (mean - worst))
        high = max(means[highest], mean + unseen * (best - mean))
        estimates.append(Estimate(mean, low, high))
    return estimates


_UNIT = 1 << 31


def _fixed(value: float) -> int:
    """[-1, 1] onto 0 .. 2^32."""
    return round((value + 1) * _UNIT)
