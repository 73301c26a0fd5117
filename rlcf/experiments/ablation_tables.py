"""What an ablation found: gains by grounding with spreads and paired tests, as a table and a plot.

A gain is a rate after PPO minus the same rate before, of the same problems and the same pre-trained policy.
Two tests, both exact in what they assume: a grounding against no PPO, and against the first grounding named,
by flipping the signs of per-problem differences (averaged over seeds) at random; problems are the unit, so
nothing is said of seeds that were not run. The spread between seeds stands beside.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.evaluation.metrics import METRICS
from rlcf.report.before_after import decoding_name
from rlcf.report.run_folder import read_run, tallies

FLIPS = 2_000
"""Random signs drawn."""

Rates = Mapping[str, Sequence[float]]
"""By task_id the rates of METRICS."""


@dataclass(frozen=True, slots=True)
class Gains:
    """What one grounding changed under one decoding."""

    grounding: str
    decoding: str
    by_seed: Mapping[int, tuple[Rates, Rates]]
    """Rates before and after."""

    def of_seeds(self, metric: str) -> list[float]:
        """The gain of each seed, a share."""
        at = METRICS.index(metric)
        return [
            statistics.fmean(after[task][at] - before[task][at] for task in after)
            for before, after in self.by_seed.values()
        ]

    def of_problems(self, metric: str) -> dict[str, float]:
        """The gain of each problem, averaged over seeds."""
        at = METRICS.index(metric)
        found: dict[str, list[float]] = {}
        for before, after in self.by_seed.values():
            for task in after:
                found.setdefault(task, []).append(after[task][at] - before[task][at])
        return {task: statistics.fmean(gains) for task, gains in found.items()}


def read_gains(out: Path, groundings: Sequence[str]) -> list[Gains]:
    """Of every decoding and grounding, in this order. Raises BadInput where a run is missing or not done."""
    found: dict[tuple[str, str], dict[int, tuple[Rates, Rates]]] = {}
    for folder in sorted(out.glob("seed-*"), key=seed_of):
        for name in groundings:
            stages: dict[tuple[str, str], Rates] = {}
            for row in read_run(folder / name).evaluations:
                stages[row["stage"], decoding_name(row["decoding"])] = rates_of(row)
            decodings = [decoding for stage, decoding in stages if stage == "after"]
            if not decodings:
                raise BadInput("has no evaluation after PPO yet", file=folder / name)
            for decoding in decodings:
                pair = stages["before", decoding], stages["after", decoding]
                found.setdefault((decoding, name), {})[seed_of(folder)] = pair
    if not found:
        raise BadInput("holds no runs of an ablation", file=out)
    order = sorted(found, key=lambda key: (key[0] == "greedy", key[0], groundings.index(key[1])))
    return [Gains(name, decoding, found[decoding, name]) for decoding, name in order]


def paired_test(differences: Sequence[float], seed: int = 0) -> float:
    """Two-sided p of a mean of 0 by random signs; never below 1 / (FLIPS + 1)."""
    observed = abs(sum(differences))
    moved = [d for d in differences if d]
    draw = random.Random(seed)
    at_least = 0
    for _ in range(FLIPS):
        signs = draw.getrandbits(max(1, len(moved)))
        total = sum(d if signs >> at & 1 else -d for at, d in enumerate(moved))
        at_least += abs(total) >= observed - 1e-12
    return (at_least + 1) / (FLIPS + 1)


def table(found: Sequence[Gains]) -> str:
    """Markdown: a row each grounding and decoding; gains in points, mean ± standard deviation over seeds."""
    lines = []
    for decoding in dict.fromkeys(gains.decoding for gains in found):
        rows = [gains for gains in found if gains.decoding == decoding]
        first = rows[0]
        lines += [
            f"{decoding}, {len(first.by_seed)} seeds:",
            "",
            f"| grounding | compile | exec | pass | p: pass, no PPO | p: pass, `{first.grounding}` |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for gains in rows:
            cells = [_points(gains.of_seeds(metric)) for metric in METRICS]
            own, base = gains.of_problems("pass"), first.of_problems("pass")
            alone = f"{paired_test(list(own.values())):.4f}"
            against = "" if gains is first else f"{paired_test([own[task] - base[task] for task in own]):.4f}"
            lines.append(f"| `{gains.grounding}` | {' | '.join(cells)} | {alone} | {against} |")
        lines.append("")
    return "\n".join(lines)


def plot(found: Sequence[Gains]) -> str:
    """An SVG of the sampled decoding: of each grounding the gain in compile and pass rate, a dot a seed."""
    rows = [gains for gains in found if gains.decoding == found[0].decoding]
    left, right, line, top = 130, 20, 46, 40
    values = [100 * v for gains in rows for metric in ("compile", "pass") for v in gains.of_seeds(metric)]
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    width, height = 640, top + line * len(rows) + 30

    def x(value: float) -> float:
        return left + (value - low) / span * (width - left - right)

    parts = [
        f'<text x="{left}" y="16">points gained, {escape(rows[0].decoding)}; dot: seed, bar: mean</text>',
        f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{top - 12}" y2="{height - 24}" stroke="#999"/>',
    ]
    for at, gains in enumerate(rows):
        y = top + line * at
        parts.append(f'<text x="{left - 8}" y="{y + 16}" text-anchor="end">{escape(gains.grounding)}</text>')
        for metric, colour, down in (("compile", "#0b6fb8", 6), ("pass", "#d9770a", 22)):
            own = [100 * value for value in gains.of_seeds(metric)]
            mean = statistics.fmean(own)
            start, size = min(x(0), x(mean)), abs(x(mean) - x(0))
            parts.append(
                f'<rect x="{start:.1f}" y="{y + down - 5}" width="{size:.1f}" height="10" fill="{colour}" '
                f'opacity="0.35"><title>{metric} {mean:+.1f}</title></rect>'
            )
            parts += [f'<circle cx="{x(v):.1f}" cy="{y + down}" r="3.5" fill="{colour}"/>' for v in own]
    parts.append(
        f'<text x="{left}" y="{height - 6}" fill="#0b6fb8">compile</text>'
        f'<text x="{left + 70}" y="{height - 6}" fill="#d9770a">pass</text>'
        f'<text x="{width - right}" y="{height - 6}" text-anchor="end">{low:+.1f} … {high:+.1f}</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="13">{"".join(parts)}</svg>\n'
    )


def rates_of(row: Mapping[str, Any]) -> Rates:
    """Of the row of an evaluation; problems on which the judge failed are left out."""
    return {task: tally.at_k(1) for task, tally in tallies(row).items() if tally.n}


def _points(shares: Sequence[float]) -> str:
    spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
    return f"{100 * statistics.fmean(shares):+.1f} ± {100 * spread:.1f}"


def seed_of(folder: Path) -> int:
    """The seed of a folder seed-N."""
    return int(folder.name.removeprefix("seed-"))
