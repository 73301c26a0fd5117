"""Claim: what training in two turns adds, beside one turn, under one budget of completions.

For every seed a tiny policy is pre-trained once, on a corpus with repairs (`quickstart-repair`); each arm
learns from that policy: in one turn, or in two, in which it is told javac's message, the failing case, or
both. Every arm has the same steps. Those of two turns ask fewer prompts a step, by the share that the first
policy fails on, so that all judge about as many completions; how many these were is in the table.

    python -m benchmarks.repair --seeds 0 1 2 --out runs/repair
    python -m benchmarks.repair --seeds 0 --split validation --out runs/repair-validation
    python -m benchmarks.repair --table --out runs/repair                  # of what is finished, runs nothing

*First* and *second*: what passes after the first and after the second turn, each told as the arm was trained
(`one turn`, and the policy before: both). *Two samples*: what passes where two independent samples may, of
which the tests choose one: as many completions as a second turn, which is asked only where the first fails.

Finished arms in `--out` are read and not repeated. Not covered: other data and models.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.quickstart_seeds import mean_and_spread, run_one
from javabox import Judge
from rlcf.evaluation.metrics import Tally, estimate
from rlcf.jsonl import read_rows
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, override

ARMS: dict[str, dict[str, Any]] = {
    "one turn": {"repair.turns": 1},
    "javac's message": {"repair.shows": "compiler"},
    "failing case": {"repair.shows": "case"},
    "both": {"repair.shows": "both"},
}
BEFORE, ONE = "before", "one turn"
STEPS, PROMPTS, SAMPLES = 20, 96, 4
"""Of the arm of one turn: 7,680 completions."""
COLUMNS = ("first", "second", "two samples", "greedy first", "greedy second")


@dataclass(frozen=True)
class Result:
    """An arm of a seed, evaluated in two turns."""

    arm: str
    seed: int
    completions: int
    """Judged in training."""
    rates: Mapping[str, float]
    """By COLUMNS."""
    minutes: float


def start_recipe(seed: int, split: str) -> Recipe:
    """The policy that the arms of a seed begin with."""
    fields = {"seed": seed, "objective.steps": 0, "evaluation.every": 0, "evaluation.split": split}
    return override(load_recipe("quickstart-repair"), fields)


def arm_recipe(name: str, start: Path, split: str, fields: Mapping[str, Any]) -> Recipe:
    """An arm's recipe; `fields` hold for all arms."""
    recipe = load_recipe(str(start / "recipe.toml"), {"start": str(start), "evaluation.split": split})
    shared = {"objective.steps": STEPS, "rollout.samples_per_prompt": SAMPLES, **fields}
    arm = ARMS[name]
    failed = 1 - rates_of(start, BEFORE)["first"]
    prompts = PROMPTS if arm.get("repair.turns") == 1 else round(PROMPTS / (1 + failed))
    return override(recipe, {**shared, **arm, "rollout.prompts_per_step": prompts})


def asked_in_turns(run: Path, folder: Path, judge: Judge) -> None:
    """Evaluate a policy that learnt in one turn in two, into `folder`; nothing where that is done."""
    from rlcf.grounding.table import resolve_grounding
    from rlcf.policy import load_policy
    from rlcf.training.run import Training
    from rlcf.training.runtime.checkpoint import checkpoint_folder, steps_saved
    from rlcf.training.runtime.evaluations import measure

    if (folder / "minutes").exists():
        return
    recipe = load_recipe(str(run / "recipe.toml"), {"repair.turns": 2, "repair.shows": "both"})
    recipe, entry = resolve_grounding(recipe, None)
    training = Training(recipe, folder, judge, entry, None, None)
    for row in ("evaluation.jsonl", "completions.jsonl"):
        (folder / row).unlink(missing_ok=True)
    training.run.begin(recipe, training.machine)
    step = steps_saved(run)[-1]
    measure(load_policy(str(checkpoint_folder(run, step))), training, "after", step)
    (folder / "minutes").write_text("0\n")


def run_all(seeds: Sequence[int], split: str, out: Path, fields: Mapping[str, Any]) -> None:
    """Trains and evaluates what is not there yet."""
    with Judge() as judge:
        for seed in seeds:
            start = out / f"seed-{seed}-start"
            run_one(start_recipe(seed, split), start, judge)
            for name in ARMS:
                folder = folder_of(out, seed, name)
                run_one(arm_recipe(name, start, split, fields), folder, judge)
                if name == ONE:
                    asked_in_turns(folder, folder.with_name(f"{folder.name}-in-turns"), judge)
                print(f"{folder}: done", file=sys.stderr, flush=True)


def folder_of(out: Path, seed: int, arm: str) -> Path:
    return out / f"seed-{seed}-{arm.replace(' ', '-').replace(chr(39), '')}"


def results(out: Path, seeds: Sequence[int]) -> list[Result]:
    """Of all arms that are finished."""
    found = []
    for seed in seeds:
        start = out / f"seed-{seed}-start"
        if (start / "minutes").exists():
            found.append(Result(BEFORE, seed, 0, rates_of(start, BEFORE), minutes_of(start)))
        for name in ARMS:
            folder = folder_of(out, seed, name)
            evaluated = folder.with_name(f"{folder.name}-in-turns") if name == ONE else folder
            if (folder / "minutes").exists() and (evaluated / "minutes").exists():
                steps = [one.fields for one in read_rows(folder / "metrics.jsonl") if "reward" in one.fields]
                completions = round(sum(row["rollouts"] for row in steps))
                rates = rates_of(evaluated, "after")
                found.append(Result(name, seed, completions, rates, minutes_of(folder)))
    return found


def minutes_of(folder: Path) -> float:
    return float((folder / "minutes").read_text())


def rates_of(folder: Path, stage: str) -> dict[str, float]:
    """The rates of an evaluation in two turns."""
    rates = {}
    for row in (one.fields for one in read_rows(folder / "evaluation.jsonl")):
        if row["stage"] != stage:
            continue
        before = "greedy " if row["decoding"]["temperature"] == 0 else ""
        for name, turn in zip(("first", "second"), row["turns"], strict=True):
            rates[before + name] = turn["pass"]["1"]
        if not before:
            tallies = [Tally(*counts) for counts in row["turns"][0]["counts"].values()]
            rates["two samples"] = estimate(tallies, [2])["pass"][2].rate
    return rates


def table(found: Sequence[Result]) -> str:
    """Markdown: a row each arm and seed, then the means over seeds."""
    lines = [
        "| arm | seed | completions | " + " | ".join(COLUMNS) + " | minutes |",
        "|---|---:|---:|" + "---:|" * (len(COLUMNS) + 1),
    ]
    for arm in (BEFORE, *ARMS):
        group = [one for one in found if one.arm == arm]
        for one in group:
            cells = " | ".join(f"{100 * one.rates[name]:.1f}" for name in COLUMNS)
            lines.append(f"| {arm} | {one.seed} | {one.completions:,} | {cells} | {one.minutes:.1f} |")
        if len(group) > 1:
            spreads = [mean_and_spread([one.rates[name] for one in group]) for name in COLUMNS]
            cells = " | ".join(f"**{100 * mean:.1f} ± {100 * spread:.1f}**" for mean, spread in spreads)
            completions = statistics.fmean(one.completions for one in group)
            lines.append(f"| {arm} | mean | {completions:,.0f} | {cells} | |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--out", type=Path, default=Path("runs/repair"))
    parser.add_argument("--table", action="store_true", help="of what is finished; runs nothing")
    parser.add_argument("--fields", type=json.loads, default={}, help='for all arms: {"objective.lr": 1e-4}')
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if not options.table:
        run_all(options.seeds, options.split, options.out, options.fields)
    print(table(results(options.out, options.seeds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
