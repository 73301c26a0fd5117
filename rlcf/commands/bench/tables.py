"""What `rlcf bench` prints below the rates: problems one by one, failures by name, two results compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rlcf.commands.rates import few
from rlcf.evaluation.compare import Comparison
from rlcf.evaluation.failures import Failures
from rlcf.evaluation.metrics import METRICS, Tally
from rlcf.evaluation.summary import Evaluation

MOST = 8
"""Kinds of failure that are shown."""


def failure_lines(failures: Failures) -> Iterator[str]:
    """The most frequent failures, a line each for javac's codes and for exceptions."""
    for name, counted in (("javac", failures.javac), ("exceptions", failures.exceptions)):
        if counted:
            yield f"{name}: {_most(counted)}"


def turn_lines(evaluations: Sequence[Evaluation], asked: Sequence[int]) -> Iterator[str]:
    """The rates after each turn side by side, a block for each k, and how many samples each turn asked."""
    ks = list(evaluations[0].rates[METRICS[0]])
    heads = "".join(f"{f'after turn {turn}':<23}" for turn, _ in enumerate(evaluations, start=1))
    for k in ks:
        yield f"{f'k = {k}':<9}{heads}".rstrip()
        for name in METRICS:
            yield f"{name:<9}{''.join(f'{one.rates[name][k].percent():<23}' for one in evaluations)}".rstrip()
    yield f"{'asked':<9}{''.join(f'{count:<23}' for count in asked)}".rstrip()


def problem_lines(tallies: Mapping[str, Tally]) -> Iterator[str]:
    """A row a problem: how many samples, and how many of them reached each demand."""
    width = max(7, *map(len, tallies))
    yield f"{'problem':<{width}}      n  compile  exec  pass"
    for name, one in tallies.items():
        yield f"{name:<{width}}  {one.n:>5}  {one.compiled:>7}  {one.executed:>4}  {one.passed:>4}"


def comparison_lines(found: Comparison) -> Iterator[str]:
    """The table of a comparison."""
    yield f"{found.problems} problems in both; 95 % intervals over problems, paired"
    for k in found.ks:
        yield ""
        yield f"at k = {k:<3}{'A':>8}{'B':>8}   {'B - A':<24}" + ("p" if k == 1 else "")
        for name in METRICS:
            a, b = (100 * rates[name][k].rate for rates in (found.before, found.after))
            chance = f"{found.chance[name]:.2g}" if k == 1 else ""
            yield f"{name:<10}{a:>8.1f}{b:>8.1f}   {found.gains[k][name].points():<24}{chance}".rstrip()
    yield ""
    a_wins, b_wins = found.better["pass"]
    yield f"A passes more often on {a_wins} problems, B on {b_wins}; p: exact, signs flipped by problem"
    for name, alone in zip("AB", found.alone, strict=True):
        if alone:
            yield f"only {name} has {few(alone)}; left out"


def _most(counted: Counter[str]) -> str:
    shown = ", ".join(f"{name} {count}" for name, count in counted.most_common(MOST))
    left = len(counted) - MOST
    return f"{shown}, and {left} other kinds" if left > 0 else shown
