"""What a discriminator adds where problems have many right answers: arms side by side on `many-ways`.

For every seed a tiny policy is pre-trained anew; each arm learns from it and is evaluated on the held-out
split, greedy and at T = 0.8. All arms have the quickstart's steps, samples and optimizer.

| arm | learns from |
| --- | --- |
| `compiler` | the compiler alone, 1 or -1 |
| `own-samples` | the compiler, and g of what compiles, pairwise, as the paper trains it; no test is run |
| other kinds | the same with a discriminator that has learnt from made pairs alone, or not at all |
| `filter` | the half of what compiles that was likeliest before the steps; no test is run |
| `tests` | what passes, as the quickstart |
| `tests+tie` | the same, passes in the order of g |

    python -m benchmarks.many_ways --seeds 0 1 2 --out runs/many-ways

Finished runs in `--out` are read and not repeated. Not covered: what each kind can see
(`benchmarks.discriminator_auc`), other policies.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quickstart_seeds import RATES, Result, grouped, mean_and_spread, read_result, run_one
from javabox import Judge
from rlcf.recipes import load_recipe, override

BASE = "base"
UNTESTED: dict[str, Any] = {"ppo.own_passes_coef": 0.0, "ppo.negative_weight": 1.0}
"""Nothing is known to pass; with a score of both signs none is a mere negative."""
MADE: dict[str, Any] = {
    "discriminator.samples": 0,
    "discriminator.made": 2000,
    "discriminator.refresh_every": 0,
}
"""A policy's samples would all count as wrong."""
LIKELIHOOD = {"discriminator.kind": "likelihood"}
POINTWISE = {**MADE, "discriminator.kind": "pointwise"}
RLCF = {**UNTESTED, "objective.grounding": "rlcf"}
ARMS: dict[str, dict[str, Any]] = {
    "compiler": {**UNTESTED, "objective.grounding": "compiler"},
    "own-samples": RLCF,
    "pairwise": {**RLCF, **MADE},
    "pointwise": {**RLCF, **POINTWISE},
    "word": {**RLCF, **MADE, "discriminator.kind": "word"},
    "likelihood": {**RLCF, **LIKELIHOOD},
    "filter": {**RLCF, **LIKELIHOOD, "objective.name": "kept", "discriminator.kept": 0.5},
    "tests": {},
    "tests+tie": {**POINTWISE, "objective.grounding": "tests+tie"},
}
"""Fields by which an arm differs from the quickstart on `many-ways`."""


def run_all(arms: Sequence[str], seeds: Sequence[int], fields: Mapping[str, Any], out: Path) -> list[Result]:
    """Trains what is not there yet, with `fields` in every run; returns the results of the arms."""
    results = []
    with Judge() as judge:
        for seed in seeds:
            shared = override(load_recipe("quickstart"), {**fields, "seed": seed})
            base = out / f"seed-{seed}-{BASE}"
            run_one(override(shared, {"objective.steps": 0}), base, judge)
            for arm in arms:
                folder = out / f"seed-{seed}-{arm}"
                run_one(override(shared, {"start": str(base), **ARMS[arm]}), folder, judge)
                results.append(read_result(folder, arm, seed))
                print(f"{folder}: {results[-1].minutes:.1f} minutes", file=sys.stderr, flush=True)
    return results


def table(results: Sequence[Result]) -> str:
    """Markdown: of each arm the rates after, and what they gained with the spread between seeds."""
    lines = ["| arm | " + " | ".join(RATES) + " | s a step |", "|---|" + "---:|" * (len(RATES) + 1)]
    for arm, group in grouped(results).items():
        cells = []
        for rate in RATES:
            gain, spread = mean_and_spread([result.gain(rate) for result in group])
            after, _ = mean_and_spread([result.after[rate] for result in group])
            cells.append(f"{100 * after:.1f} ({100 * gain:+.1f} ± {100 * spread:.1f})")
        seconds, _ = mean_and_spread([result.mean("seconds") or 0.0 for result in group])
        lines.append(f"| `{arm}` | {' | '.join(cells)} | {seconds:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--steps", type=int, default=72)
    parser.add_argument("--out", type=Path, default=Path("runs/many-ways"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    fields = {
        "data.problems": "many-ways",
        "data.rl_problems": load_recipe("quickstart").rollout.prompts_per_step * options.steps,
        "objective.steps": options.steps,
        "evaluation.split": options.split,
        "evaluation.every": 0,  # choosing a checkpoint by what passes would be a test too
    }
    print(table(run_all(options.arms, options.seeds, fields, options.out)))


if __name__ == "__main__":
    main()
