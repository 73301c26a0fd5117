"""Claim: coarse-tuning from compiler feedback improves the quickstart's policy, whatever the seed.

For every seed a tiny policy is pre-trained anew and tuned by PPO with the groundings `rlcf+tests` and `rlcf`,
both from the same pre-trained policy and discriminator, and evaluated before and after on the held-out split.
At T = 0.8 `rlcf+tests` must raise the compile rate and the pass rate by at least 5 points on average, each
by more than the spread (standard deviation) between seeds; `rlcf` must raise the compile rate by at least 5
points and not lower the pass rate. The exit code is 1 where it does not.

    python -m benchmarks.quickstart_seeds --seeds 0 1 2 --out runs/quickstart-seeds

Finished runs in `--out` are read and not repeated. Not covered: other decodings than the recipe's.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from javabox import Judge
from rlcf.evaluation.metrics import METRICS
from rlcf.jsonl import read_rows
from rlcf.recipes import load_recipe

RECIPES = {"rlcf+tests": "quickstart", "rlcf": "quickstart-rlcf"}
GROUNDINGS = tuple(RECIPES)
NEEDED = 0.05


@dataclass(frozen=True)
class Result:
    """The rates of one run, before and after, by metric."""

    seed: int
    grounding: str
    temperature: float
    before: Mapping[str, float]
    after: Mapping[str, float]

    def gain(self, metric: str) -> float:
        return self.after[metric] - self.before[metric]


def run_all(seeds: Sequence[int], split: str, out: Path) -> list[Result]:
    """Trains what is not there yet; returns the results of all runs."""
    from rlcf.report import write_report
    from rlcf.training.run import train

    results = []
    with Judge() as judge:
        for seed in seeds:
            for grounding in GROUNDINGS:
                folder = out / f"seed-{seed}-{grounding.replace('+', '-')}"
                shared = out / f"seed-{seed}-{GROUNDINGS[0].replace('+', '-')}"
                start = "" if folder == shared else str(shared)
                if not (folder / "report.html").exists():
                    began = time.monotonic()
                    fields = {"seed": seed, "start": start, "evaluation_split": split}
                    train(load_recipe(RECIPES[grounding], fields), folder, judge)
                    write_report(folder)
                    print(f"{folder}: {time.monotonic() - began:.0f} s", file=sys.stderr)
                results += read_results(folder, seed, grounding)
    return results


def read_results(folder: Path, seed: int, grounding: str) -> list[Result]:
    """One result for each decoding."""
    rates: dict[tuple[str, float], dict[str, float]] = {}
    for row in read_rows(folder / "evaluation.jsonl"):
        fields = row.fields
        key = (fields["stage"], float(fields["decoding"]["temperature"]))
        rates[key] = {metric: fields[metric]["1"] for metric in METRICS}
    temperatures = sorted({temperature for _, temperature in rates})
    return [Result(seed, grounding, t, rates["before", t], rates["after", t]) for t in temperatures]


def table(results: Sequence[Result]) -> str:
    """Markdown: a row each seed, then the mean gain with the spread between seeds."""
    lines = [
        "| decoding | grounding | seed | compile: before → after | exec | pass |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for (temperature, grounding), group in grouped(results).items():
        decoding = "greedy" if temperature == 0 else f"T = {temperature:g}"
        for result in group:
            cells = [f"{100 * result.before[m]:.1f} → {100 * result.after[m]:.1f}" for m in METRICS]
            lines.append(f"| {decoding} | `{grounding}` | {result.seed} | " + " | ".join(cells) + " |")
        gains = [mean_and_spread([result.gain(m) for result in group]) for m in METRICS]
        cells = [f"**{100 * mean:+.1f} ± {100 * spread:.1f}**" for mean, spread in gains]
        lines.append(f"| {decoding} | `{grounding}` | mean gain | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def failures(results: Sequence[Result]) -> list[str]:
    """The claims that do not hold, in words."""
    failed = []
    for (temperature, grounding), group in grouped(results).items():
        if temperature == 0:
            continue
        with_tests = grounding == GROUNDINGS[0]
        for metric in ("compile", "pass"):
            mean, spread = mean_and_spread([result.gain(metric) for result in group])
            needed = NEEDED if with_tests or metric == "compile" else 0.0
            if mean < needed or (with_tests and mean <= spread):
                failed.append(
                    f"{grounding}: {metric} gained {100 * mean:+.1f} ± {100 * spread:.1f} points, "
                    f"claimed are at least {100 * needed:.0f}" + (" and more than the spread" * with_tests)
                )
    return failed


def grouped(results: Sequence[Result]) -> dict[tuple[float, str], list[Result]]:
    groups: dict[tuple[float, str], list[Result]] = {}
    for result in sorted(results, key=lambda r: (-r.temperature, GROUNDINGS.index(r.grounding), r.seed)):
        groups.setdefault((result.temperature, result.grounding), []).append(result)
    return groups


def mean_and_spread(numbers: Sequence[float]) -> tuple[float, float]:
    return statistics.fmean(numbers), statistics.stdev(numbers) if len(numbers) > 1 else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--out", type=Path, default=Path("runs/quickstart-seeds"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    results = run_all(options.seeds, options.split, options.out)
    print(table(results))
    failed = failures(results)
    for line in failed:
        print(f"NOT REACHED: {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
