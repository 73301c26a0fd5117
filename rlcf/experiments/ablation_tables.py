"""What an ablation found: gains by grounding with spreads and paired tests, as a table and a plot.

A gain is a rate after PPO minus the same rate before, of the same problems and the same pre-trained policy:
greedy, at T = .8, and each policy at its own best temperature; of answers in several turns the first, and how
many of the last pass in a table of their own. Arms may have other numbers of seeds; two are compared on the
seeds that both have.
Two tests, both exact in what they assume: a grounding against no PPO, and against the first grounding named,
by flipping the signs of per-problem differences (averaged over seeds) at random; problems are the unit, so
nothing is said of seeds that were not run. The spread between seeds stands beside.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.evaluation.metrics import METRICS
from rlcf.experiments.ablation_runs import BASE, first_turn, runs_of, seed_of, tuned_rows
from rlcf.report.before_after import decoding_name
from rlcf.report.run_folder import read_run, tallies

FLIPS = 2_000
"""Random signs drawn."""

Rates = Mapping[str, Sequence[float]]
"""By task_id the rates of METRICS; here, of COLUMNS."""
COLUMNS = (*METRICS, "pass@n")
"""n are all samples of a problem."""
BEST = "best T"


@dataclass(frozen=True, slots=True)
class Gains:
    """What one grounding changed under one decoding."""

    grounding: str
    decoding: str
    by_seed: Mapping[int, tuple[Rates, Rates]]
    """Rates before and after."""
    samples: int = 1
    temperatures: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    """By seed those that were chosen, before and after; empty where none was."""

    def of_seeds(self, metric: str) -> list[float]:
        """The gain of each seed, a share."""
        at = COLUMNS.index(metric)
        return [
            statistics.fmean(after[task][at] - before[task][at] for task in after)
            for before, after in self.by_seed.values()
        ]

    def before(self, metric: str) -> float:
        """The rate before, a share: the mean over seeds."""
        at = COLUMNS.index(metric)
        means = [statistics.fmean(r[at] for r in before.values()) for before, _ in self.by_seed.values()]
        return statistics.fmean(means)

    def of_problems(self, metric: str, seeds: Collection[int] | None = None) -> dict[str, float]:
        """The gain of each problem, averaged over seeds, all or those that are named."""
        at = COLUMNS.index(metric)
        found: dict[str, list[float]] = {}
        for seed, (before, after) in self.by_seed.items():
            for task in after if seeds is None or seed in seeds else ():
                found.setdefault(task, []).append(after[task][at] - before[task][at])
        return {task: statistics.fmean(gains) for task, gains in found.items()}


def read_gains(out: Path, groundings: Sequence[str]) -> list[Gains]:
    """Of every decoding and grounding, in this order. Raises BadInput where an arm has no run, or one that is
    not done."""
    found: dict[tuple[str, str], Gains] = {}
    for folder, name in runs_of(out, groundings):
        seed, stages = seed_of(folder), _stages(folder / name, folder / BASE)
        for decoding in dict.fromkeys(decoding for _, decoding in stages):
            before, after = (stages.get((stage, decoding)) for stage in ("before", "after"))
            if before is None or after is None:
                raise BadInput("has no evaluation after PPO yet", file=folder / name)
            old = found.get((decoding, name), Gains(name, decoding, {}))
            chosen = dict(old.temperatures)
            if decoding == BEST:
                chosen[seed] = (_temperature(before), _temperature(after))
            pair = {seed: (column_rates(before), column_rates(after))}
            n = int(after["decoding"]["n"])
            found[decoding, name] = Gains(name, decoding, {**old.by_seed, **pair}, n, chosen)
    order = sorted(found, key=lambda key: (key[0] == "greedy", key[0], groundings.index(key[1])))
    return [found[key] for key in order]


def _stages(folder: Path, base: Path) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The evaluations before and after, by stage and decoding, the best temperature among them."""
    rows = map(first_turn, read_run(folder).evaluations)
    stages = {(row["stage"], decoding_name(row["decoding"])): row for row in rows if row["stage"] != "during"}
    if not any(stage == "after" for stage, _ in stages):
        raise BadInput("has no evaluation after PPO yet", file=folder)
    chosen = {"before": tuned_rows(base), "after": tuned_rows(folder)}
    if all(chosen.values()):
        stages |= {(stage, BEST): found[-1] for stage, found in chosen.items()}
    return stages


def _temperature(row: Mapping[str, Any]) -> float:
    return float(row["decoding"]["temperature"])


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
        columns = COLUMNS if first.samples > 1 else METRICS
        names = [name.replace("@n", f"@{first.samples}") for name in columns]
        start = ", ".join(
            f"{name} {100 * first.before(column):.1f}" for name, column in zip(names, columns, strict=True)
        )
        tuned = ["T, before → after"] if decoding == BEST else []
        heads = ["arm", "seeds", *names, "p: pass, no PPO", f"p: pass, `{first.grounding}`", *tuned]
        lines += [
            f"{decoding} (before, in the seeds of `{first.grounding}`: {start}):",
            "",
            f"| {' | '.join(heads)} |",
            f"|---{'|---:' * (len(heads) - 1)}|",
        ]
        for gains in rows:
            cells = [f"`{gains.grounding}`", str(len(gains.by_seed))]
            cells += [_points(gains.of_seeds(column)) for column in columns]
            cells += [f"{paired_test(list(gains.of_problems('pass').values())):.4f}", _against(gains, first)]
            if tuned:
                moved = dict.fromkeys(f"{a:g} → {b:g}" for a, b in gains.temperatures.values())
                cells.append(", ".join(moved))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def turns_table(out: Path, names: Sequence[str]) -> str:
    """Markdown: of arms that answer in several turns what passes after the first and after the last, before
    training and after, the mean over seeds; nothing where no arm does."""
    lines = []
    for name in names:
        passed: dict[str, dict[tuple[str, int], list[float]]] = {}
        for folder, _ in runs_of(out, [name]):
            for row in read_run(folder / name).evaluations:
                of_decoding = passed.setdefault(decoding_name(row["decoding"]), {})
                for at in (0, -1) if row.get("turns") else ():
                    rate = row["turns"][at]["pass"]["1"] or 0.0
                    of_decoding.setdefault((row["stage"], at), []).append(100 * rate)
        for decoding, rates in passed.items():
            keys = [(stage, at) for stage in ("before", "after") for at in (0, -1)]
            if all(key in rates for key in keys):
                cells = " | ".join(f"{statistics.fmean(rates[key]):.1f}" for key in keys)
                lines.append(f"| `{name}` | {decoding} | {cells} |")
    if not lines:
        return ""
    head = "| arm | decoding | before: first turn | last turn | after: first turn | last turn |"
    return "\n".join([head, "|---|---|---:|---:|---:|---:|", *lines]) + "\n"


def _against(gains: Gains, first: Gains) -> str:
    """The p value of the difference in pass, on the seeds that both have."""
    common = set(gains.by_seed) & set(first.by_seed)
    if gains is first or not common:
        return ""
    own, base = gains.of_problems("pass", common), first.of_problems("pass", common)
    return f"{paired_test([own[task] - base[task] for task in own if task in base]):.4f}"


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


def column_rates(row: Mapping[str, Any]) -> Rates:
    """The same with the rate of all samples: whether one of them passes."""
    every = {task: tally.at_k(tally.n)[-1] for task, tally in tallies(row).items() if tally.n}
    return {task: (*rates, every[task]) for task, rates in rates_of(row).items()}


def _points(shares: Sequence[float]) -> str:
    spread = f" ± {100 * statistics.stdev(shares):.1f}" if len(shares) > 1 else ""
    return f"{100 * statistics.fmean(shares):+.1f}{spread}"
