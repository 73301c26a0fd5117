"""Groundings side by side: shared pre-training, one budget, a table that says what the runs say."""

from __future__ import annotations

import itertools
import json
import statistics
from pathlib import Path

import pytest

from rlcf.errors import BadInput
from rlcf.experiments.ablation_tables import paired_test, plot, read_gains, table
from rlcf.methods import METHODS
from rlcf.recipes import load_recipe, values_of
from tests.rlcf.processes import go
from tests.rlcf.training.conftest import SmallWorld

NAMES = ["rlcf+tests", "rlcf-anchored"]
ARGUMENTS = ("ablate", "few.toml", "--groundings", ",".join(NAMES), "--seeds", "2", "--engine", "local")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, small_world: SmallWorld) -> Path:
    folder = tmp_path_factory.mktemp("ablation")
    own = {
        "evaluation.problems": 4,
        "evaluation.samples": 4,
        "supervised.steps": 2,
        "supervised.lr": 1e-4,
        "rollout.prompts_per_step": 3,
        "rollout.max_new_tokens": 24,
        "objective.steps": 2,
        "objective.lr": 1e-3,
    }
    (folder / "few.toml").write_text(small_world.toml(own), encoding="utf-8")
    killed = "from rlcf.experiments import ablation\nown, calls = ablation.train, []\n"
    killed += "def train(*a):\n    calls.append(a)\n    own(*a)\n"
    killed += (
        "    if len(calls) == 3:\n        os.kill(os.getpid(), signal.SIGKILL)\nablation.train = train\n"
    )
    assert go(folder, *ARGUMENTS, before=killed).returncode < 0
    done = go(folder, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout, encoding="utf-8")
    return folder / "runs" / "ablate-few"


def test_every_grounding_starts_where_the_others_do(work: Path) -> None:
    for seed in (0, 1):
        before = []
        for name in NAMES:
            rows = (work / f"seed-{seed}" / name / "evaluation.jsonl").read_text().splitlines()
            before.append([json.loads(row)["counts"] for row in rows if json.loads(row)["stage"] == "before"])
            values = values_of(load_recipe(str(work / f"seed-{seed}" / name / "recipe.toml")))
            assert METHODS.get(name, {"objective.grounding": name}).items() <= values.items()
            assert values["seed"] == seed
        assert before[0] == before[1] != []


def test_the_table_says_what_the_runs_say(work: Path) -> None:
    found = read_gains(work, NAMES)
    assert [(gains.grounding, gains.decoding) for gains in found] == [
        *((name, "T = 0.8, 4 samples") for name in NAMES),
        *((name, "greedy") for name in NAMES),
    ]
    gains = []
    for seed in (0, 1):
        rows = (work / f"seed-{seed}" / "rlcf-anchored" / "evaluation.jsonl").read_text().splitlines()
        rates = {(row["stage"], row["decoding"]["n"]): row["compile"]["1"] for row in map(json.loads, rows)}
        gains.append(rates["after", 4] - rates["before", 4])
    assert found[1].of_seeds("compile") == pytest.approx(gains, abs=1e-5)
    cell = f"{100 * statistics.fmean(gains):+.1f} ± {100 * statistics.stdev(gains):.1f}"
    assert cell in table(found)
    assert table(found) in (work.parents[1] / "stdout").read_text(encoding="utf-8")
    assert plot(found).count("<circle") == 2 * 2 * 2, "a grounding, a metric, a seed"


def test_what_is_done_is_not_repeated(work: Path) -> None:
    stamps = {path: path.stat().st_mtime_ns for path in work.glob("seed-*/*/metrics.jsonl")}
    assert go(work.parents[1], *ARGUMENTS).returncode == 0
    assert stamps == {path: path.stat().st_mtime_ns for path in work.glob("seed-*/*/metrics.jsonl")}


def test_an_unfinished_ablation_is_no_table(work: Path) -> None:
    with pytest.raises(BadInput):
        read_gains(work, [*NAMES, "rlcf"])


def test_the_paired_test_is_that_of_all_signs() -> None:
    """Against the count over every assignment of signs."""
    differences = [0.5, 0.25, -0.25, 0.75, 0.5, 0.0, 0.25, 0.5]
    signs = itertools.product((1, -1), repeat=len(differences))
    observed = abs(sum(differences))
    totals = [abs(sum(s * d for s, d in zip(own, differences, strict=True))) for own in signs]
    exact = sum(total >= observed - 1e-12 for total in totals) / len(totals)
    assert paired_test(differences) == pytest.approx(exact, abs=0.02)
    assert paired_test([0.0] * 5) == 1
    assert paired_test([1.0] * 40) < 0.001
    assert paired_test(differences) == paired_test(differences)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("few.toml", "--groundings", "vibes"), "known: "),
        (("few.toml", "--groundings", "rlcf,rlcf"), "each once"),
        (("few.toml", "--groundings", "rlcf", "--seeds", "0"), "at least 1"),
        (("--groundings", "rlcf"), "recipe comes first"),
    ],
)
def test_bad_arguments_are_refused(work: Path, arguments: tuple[str, ...], words: str) -> None:
    done = go(work.parents[1], "ablate", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
