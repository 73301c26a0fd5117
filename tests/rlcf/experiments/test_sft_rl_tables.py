"""The study's tables say what the run folders say: runs with invented counts, every number computed again."""

from __future__ import annotations

import itertools
import json
import random
import statistics
from pathlib import Path

import pytest

from rlcf.errors import BadInput
from rlcf.experiments.ablation_tables import paired_test
from rlcf.experiments.sft_rl import ARMS, Budget, recipe_of
from rlcf.experiments.sft_rl_tables import HEADS, QUESTIONS, read_study, shuffled_test, table
from rlcf.machine import Machine
from rlcf.problems.composed import MEASURED
from rlcf.training.runtime.run_folder import RunFolder

SEEDS, PROBLEMS = (0, 1, 2), 7


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Greedy and sampled evaluations of every arm; those before PPO are no arm's own."""
    for seed in SEEDS:
        for arm in ARMS:
            run = RunFolder(tmp_path / f"seed-{seed}" / arm.name)
            run.begin(recipe_of(arm, Budget(), seed, tmp_path), Machine())
            for stage in ("before", "after") if arm.rl else ("before",):
                for temperature, n in ((0.0, 1), (0.8, 4)):
                    draw = random.Random(f"{seed} {arm.name} {stage} {n}")
                    decoding = {"temperature": temperature, "n": n}
                    counts = {
                        f"composed/{name}/{at}": [n, n, n, draw.randint(0, n)]
                        for at in range(PROBLEMS)
                        for name in MEASURED
                    }
                    fields = {"stage": stage, "split": "test", "decoding": decoding, "counts": counts}
                    run.evaluation({**fields, "outcomes": {}, "intervals": {}})
    return tmp_path


def rates(out: Path, arm: str, seed: int, n: int, *sets: str) -> list[float]:
    """Pass rates of an arm by problem, from the last row of the run's file that has `n` samples."""
    lines = (out / f"seed-{seed}" / arm / "evaluation.jsonl").read_text(encoding="utf-8").splitlines()
    counts = [json.loads(line)["counts"] for line in lines if json.loads(line)["decoding"]["n"] == n][-1]
    return [passed / n for task, (_, _, _, passed) in counts.items() if task.split("/")[1] in sets]


def cells(told: str, start: str) -> list[list[str]]:
    """The cells of the rows that start so."""
    return [row.strip("| ").split(" | ")[1:] for row in told.splitlines() if row.startswith(f"| {start} |")]


def test_every_arm_on_every_set(out: Path) -> None:
    told = table(read_study(out))
    for arm in ARMS:
        sampled, greedy = cells(told, f"`{arm.name}`")
        for n, row in ((4, sampled), (1, greedy)):
            assert len(row) == len(HEADS)
            for name, cell in zip(MEASURED, row, strict=True):
                own = [100 * statistics.fmean(rates(out, arm.name, seed, n, name)) for seed in SEEDS]
                assert cell == f"{statistics.fmean(own):.1f} ± {statistics.stdev(own):.1f}"


def test_every_difference_with_its_p(out: Path) -> None:
    told = table(read_study(out))

    def less(arm: str, other: str, n: int, *sets: str) -> list[list[float]]:
        return [
            [a - b for a, b in zip(*(rates(out, one, seed, n, *sets) for one in (arm, other)), strict=True)]
            for seed in SEEDS
        ]

    def over_seeds(differences: list[list[float]]) -> list[float]:
        return [statistics.fmean(of_seeds) for of_seeds in zip(*differences, strict=True)]

    for arm, other in (pair for _, pairs in QUESTIONS for pair in pairs):
        for n, row in zip((4, 1), cells(told, f"`{arm}` − `{other}`"), strict=True):
            assert len(row) == len(MEASURED) + 1
            for name, cell in zip(MEASURED, row[:-1], strict=True):
                found = less(arm, other, n, name)
                means = [100 * statistics.fmean(one) for one in found]
                spread = f"{statistics.fmean(means):+.1f} ± {statistics.stdev(means):.1f}"
                assert cell == f"{spread} (p {paired_test(over_seeds(found)):.4f})"
            fit, new = less(arm, other, n, "a"), less(arm, other, n, "b", "c")
            means = [100 * (statistics.fmean(f) - statistics.fmean(g)) for f, g in zip(fit, new, strict=True)]
            spread = f"{statistics.fmean(means):+.1f} ± {statistics.stdev(means):.1f}"
            p = shuffled_test(over_seeds(fit), over_seeds(new))
            assert row[-1] == f"{spread} (p {p:.4f})"


def test_a_question_is_a_table_and_has_no_verdict(out: Path) -> None:
    told = table(read_study(out))
    assert all(told.count(f"**{question}**") == 2 for question, _ in QUESTIONS)
    assert {name for _, pairs in QUESTIONS for pair in pairs for name in pair} == {arm.name for arm in ARMS}


def test_an_unfinished_study_is_no_table(out: Path) -> None:
    rows = out / "seed-1" / "base-rl" / "evaluation.jsonl"
    lines = rows.read_text(encoding="utf-8").splitlines(keepends=True)
    rows.write_text("".join(lines[:2]), encoding="utf-8")  # measured before PPO alone
    with pytest.raises(BadInput, match="base-rl"):
        read_study(out)


def test_arms_measured_on_other_problems_are_no_table(out: Path) -> None:
    rows = out / "seed-1" / "base" / "evaluation.jsonl"
    rows.write_text(
        rows.read_text(encoding="utf-8").replace("composed/hard/0", "composed/hard/9"), encoding="utf-8"
    )
    with pytest.raises(BadInput, match="different problems"):
        read_study(out)


def test_the_shuffled_test_is_that_of_all_deals() -> None:
    """Against the count over every way to deal the problems to the groups."""
    left, right = [0.5, 0.75, 0.25, 1.0], [0.0, 0.25, 0.5, 0.0, -0.25]
    together = [*left, *right]

    def apart(chosen: tuple[int, ...]) -> float:
        others = [together[at] for at in range(len(together)) if at not in chosen]
        return abs(statistics.fmean(together[at] for at in chosen) - statistics.fmean(others))

    deals = list(itertools.combinations(range(len(together)), len(left)))
    exact = sum(apart(deal) >= apart((0, 1, 2, 3)) - 1e-12 for deal in deals) / len(deals)
    assert shuffled_test(left, right) == pytest.approx(exact, abs=0.02)
    assert shuffled_test([1.0] * 20, [0.0] * 20) < 0.001
    assert shuffled_test([0.5] * 5, [0.5] * 7) == 1
