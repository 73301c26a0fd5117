"""What the study of SFT and RL found, as tables: every arm on every set, and the differences that its three
questions ask for.

No verdict is written: a difference stands with its spread between seeds and a p value, and whoever reads it
judges. The paired test is that of the ablation: it flips the signs of per-problem differences, averaged over
seeds, so problems are the unit and nothing is said of seeds that were not run. The p values are as many as
the differences; they are not corrected for that.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.evaluation.metrics import METRICS
from rlcf.experiments.ablation_runs import seed_of
from rlcf.experiments.ablation_tables import FLIPS, Rates, paired_test, rates_of
from rlcf.experiments.sft_rl import ARMS
from rlcf.problems.composed import MEASURED, set_of
from rlcf.report.before_after import decoding_name
from rlcf.report.run_folder import read_run

PASS = METRICS.index("pass")

HEADS = {
    "atom_new": "atoms, new constants",
    "a": "A (trained on)",
    "b": "B: new pairs",
    "c": "C: new chains of 3",
    "hard": "hard: new atoms",
}
"""Titles of the sets that a policy is measured on."""

QUESTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Are both atomic and composed functions needed?",
        (
            ("sft-both", "sft-atom"),
            ("sft-both", "sft-composed"),
            ("sft-few", "sft-atom"),
            ("sft-both", "sft-few"),
        ),
    ),
    (
        "Does RL on the same prompts generalise further than SFT?",
        (("sft-both-rl", "sft-both"), ("sft-both-sft", "sft-both"), ("sft-both-rl", "sft-both-sft")),
    ),
    (
        "Does RL from the base avoid the over-fitting of SFT?",
        (("sft-both", "base"), ("base-rl", "base"), ("base-rl", "sft-both"), ("base-rl", "sft-both-rl")),
    ),
)
"""By question the differences that it asks for: of the first arm less the second."""


@dataclass(frozen=True, slots=True)
class Found:
    """The policies of all arms under one decoding."""

    decoding: str
    rates: Mapping[str, Mapping[int, Mapping[str, float]]]
    """Pass rate by arm, seed and task_id."""

    def of_seeds(self, arm: str, name: str) -> list[float]:
        """The pass rate of each seed on a set."""
        return [
            statistics.fmean(rate for task, rate in rates.items() if set_of(task) == name)
            for rates in self.rates[arm].values()
        ]

    def by_problem(self, arm: str, other: str, sets: Sequence[str]) -> dict[int, list[float]]:
        """By seed the differences on the problems of these sets, in the order of the problems."""
        found = {}
        for seed, rates in self.rates[arm].items():
            others = self.rates[other][seed]
            tasks = [task for task in rates if set_of(task) in sets]
            found[seed] = [rates[task] - others[task] for task in tasks]
        return found


def read_study(out: Path) -> list[Found]:
    """Of every decoding. Raises BadInput where an arm is missing or was measured on other problems."""
    found: dict[str, dict[str, dict[int, dict[str, float]]]] = {}
    for folder in sorted(out.glob("seed-*"), key=seed_of):
        for arm in ARMS:
            stage = "after" if arm.rl else "before"
            rows = [row for row in read_run(folder / arm.name).evaluations if row["stage"] == stage]
            if not rows:
                raise BadInput("has not been measured yet", file=folder / arm.name)
            for row in rows:
                rates: Rates = rates_of(row)
                own = {task: at_1[PASS] for task, at_1 in rates.items()}
                by_arm = found.setdefault(decoding_name(row["decoding"]), {})
                by_arm.setdefault(arm.name, {})[seed_of(folder)] = own
    if not found:
        raise BadInput("holds no runs of the study", file=out)
    asked = {frozenset(r) for arms in found.values() for seeds in arms.values() for r in seeds.values()}
    if len(asked) > 1:
        raise BadInput("its arms were measured on different problems: is a judge failing?", file=out)
    return [Found(decoding, found[decoding]) for decoding in sorted(found, key=lambda d: (d == "greedy", d))]


def table(found: Sequence[Found]) -> str:
    """Markdown: for each decoding the arms, then the questions."""
    return "\n".join(line for one in found for line in (*_arms(one), *_questions(one)))


def _arms(found: Found) -> list[str]:
    seeds = len(found.rates[ARMS[0].name])
    lines = [
        f"## {found.decoding}, {seeds} seed{'s' * (seeds > 1)}",
        "",
        "Pass rate in per cent, mean ± standard deviation over seeds.",
        "",
        "| arm | " + " | ".join(HEADS[name] for name in MEASURED) + " |",
        "|---|" + "---:|" * len(MEASURED),
    ]
    for arm in ARMS:
        cells = [mean_and_spread(found.of_seeds(arm.name, name), sign="") for name in MEASURED]
        lines.append(f"| `{arm.name}` | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _questions(found: Found) -> list[str]:
    lines = [
        "Differences in points, mean ± standard deviation over seeds (p by problem). Last: how much more on "
        "A, which was trained on, than on B and C.",
        "",
    ]
    for question, pairs in QUESTIONS:
        lines += [
            f"**{question}**",
            "",
            "| difference | " + " | ".join(HEADS[name] for name in MEASURED) + " | A less B and C |",
            "|---|" + "---:|" * (len(MEASURED) + 1),
        ]
        for arm, other in pairs:
            cells = [_difference(found, arm, other, name) for name in MEASURED]
            lines.append(f"| `{arm}` − `{other}` | " + " | ".join([*cells, _fit(found, arm, other)]) + " |")
        lines.append("")
    return lines


def _difference(found: Found, arm: str, other: str, name: str) -> str:
    by_seed = found.by_problem(arm, other, (name,))
    p = paired_test(_over_seeds(by_seed))
    return f"{mean_and_spread([statistics.fmean(one) for one in by_seed.values()])} (p {p:.4f})"


def _fit(found: Found, arm: str, other: str) -> str:
    """How much larger the difference is on A than on B and C."""
    fit, new = found.by_problem(arm, other, ("a",)), found.by_problem(arm, other, ("b", "c"))
    excess = [statistics.fmean(fit[seed]) - statistics.fmean(new[seed]) for seed in fit]
    p = shuffled_test(_over_seeds(fit), _over_seeds(new))
    return f"{mean_and_spread(excess)} (p {p:.4f})"


def shuffled_test(left: Sequence[float], right: Sequence[float], seed: int = 0) -> float:
    """Two-sided p of equal means of two groups of problems, by dealing the problems to the groups at random;
    never below 1 / (FLIPS + 1)."""
    together, draw = [*left, *right], random.Random(seed)
    whole, size = sum(together), len(left)

    def apart(total_left: float) -> float:
        return abs(total_left / size - (whole - total_left) / len(right))

    observed = apart(sum(left))
    at_least = sum(apart(sum(draw.sample(together, size))) >= observed - 1e-12 for _ in range(FLIPS))
    return (at_least + 1) / (FLIPS + 1)


def mean_and_spread(shares: Sequence[float], sign: str = "+") -> str:
    """In points, with the standard deviation where there are several."""
    spread = f" ± {100 * statistics.stdev(shares):.1f}" if len(shares) > 1 else ""
    return f"{100 * statistics.fmean(shares):{sign}.1f}{spread}"


def _over_seeds(by_seed: Mapping[int, Sequence[float]]) -> list[float]:
    """The difference of each problem, averaged over seeds."""
    return [statistics.fmean(of_seeds) for of_seeds in zip(*by_seed.values(), strict=True)]
