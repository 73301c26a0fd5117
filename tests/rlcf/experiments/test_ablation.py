"""Groundings side by side: shared pre-training, one budget, a table that says what the runs say."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from javabox import Judge, Outcome, Verdict
from rlcf.errors import BadInput
from rlcf.experiments.ablation_page import write_page
from rlcf.experiments.ablation_tables import BEST, paired_test, plot, read_gains, table, turns_table
from rlcf.experiments.cost import cost_of, cpu_seconds
from rlcf.experiments.curves import Point, curves_plot, equal_table, read_courses
from rlcf.experiments.programs import read_programs
from rlcf.experiments.temperatures import TRIED, tune
from rlcf.methods import METHODS
from rlcf.recipes import load_recipe, override, to_toml, values_of
from tests.rlcf.processes import go
from tests.rlcf.training.conftest import SmallWorld, problem

NAMES = ["rlcf+tests", "rlcf-anchored"]
ARGUMENTS = ("ablate", "few.toml", "--groundings", ",".join(NAMES), "--seeds", "1",
             "--more-seeds", "2:rlcf-anchored")  # fmt: skip
SEEDS = {"rlcf+tests": [0], "rlcf-anchored": [0, 1]}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, small_world: SmallWorld, served_judge: str) -> Path:
    """An ablation that was killed, with JVMs of its own, and finished with a judge that is served."""
    folder = tmp_path_factory.mktemp("ablation")
    problems = small_world.problems.read_text(encoding="utf-8")
    validation = [json.dumps(problem(number)) + "\n" for number in (511, 512, 513)]
    (folder / "problems.jsonl").write_text(problems + "".join(validation), encoding="utf-8")
    own = {
        "data.problems": "problems.jsonl",
        "evaluation.every": 1,
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
    assert go(folder, *ARGUMENTS, "--engine", "local", before=killed).returncode < 0
    done = go(folder, *ARGUMENTS, "--engine", served_judge)
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout, encoding="utf-8")
    return folder / "runs" / "ablate-few"


def rows_of(folder: Path, name: str = "evaluation.jsonl") -> list[dict[str, Any]]:
    return [json.loads(row) for row in (folder / name).read_text(encoding="utf-8").splitlines()]


def test_every_grounding_starts_where_the_others_do(work: Path) -> None:
    before = []
    for name in NAMES:
        before.append([row["counts"] for row in rows_of(work / "seed-0" / name) if row["stage"] == "before"])
        values = values_of(load_recipe(str(work / "seed-0" / name / "recipe.toml")))
        assert METHODS.get(name, {"objective.grounding": name}).items() <= values.items()
    assert before[0] == before[1] != []
    assert values_of(load_recipe(str(work / "seed-1" / NAMES[1] / "recipe.toml")))["seed"] == 1


def test_an_arm_may_have_more_seeds(work: Path) -> None:
    for name, seeds in SEEDS.items():
        assert [seed for seed in (0, 1) if (work / f"seed-{seed}" / name).exists()] == seeds


def test_every_arm_s_recipe_stands_beside_the_page(work: Path) -> None:
    """What trained, up to the seed and where it began."""
    for name in NAMES:
        shown = load_recipe(str(work / "recipes" / f"{name}.toml"))
        trained = load_recipe(str(work / "seed-0" / name / "recipe.toml"))
        assert dataclasses.replace(trained, start="") == shown


def test_the_table_says_what_the_runs_say(work: Path) -> None:
    found = read_gains(work, NAMES)
    assert [(gains.grounding, gains.decoding) for gains in found] == [
        *((name, "T = 0.8, 4 samples") for name in NAMES),
        *((name, BEST) for name in NAMES),
        *((name, "greedy") for name in NAMES),
    ]
    gains, every = [], []
    for seed in (0, 1):
        rows = rows_of(work / f"seed-{seed}" / "rlcf-anchored")
        rates = {(row["stage"], row["decoding"]["n"]): row for row in rows if row["stage"] != "during"}
        gains.append(rates["after", 4]["compile"]["1"] - rates["before", 4]["compile"]["1"])
        every.append(rates["after", 4]["pass"]["4"] - rates["before", 4]["pass"]["4"])
    assert found[1].of_seeds("compile") == pytest.approx(gains, abs=1e-5)
    assert found[1].of_seeds("pass@n") == pytest.approx(every, abs=1e-5)
    cell = f"{100 * statistics.fmean(gains):+.1f} ± {100 * statistics.stdev(gains):.1f}"
    assert cell in table(found)
    assert table(found) in (work.parents[1] / "stdout").read_text(encoding="utf-8")
    assert plot(found).count("<circle") == 2 * 3, "a metric, and a seed of each grounding"


def test_the_best_temperature_is_chosen_on_validation(work: Path) -> None:
    for folder in (work / "seed-0" / "base", work / "seed-1" / "rlcf-anchored"):
        *choosing, chosen = rows_of(folder, "temperatures.jsonl")
        assert [row["decoding"]["temperature"] for row in choosing] == [0.0, *TRIED]
        assert {row["split"] for row in choosing} == {"validation"}
        assert set(choosing[0]["counts"]) == {"MBJP/511", "MBJP/512", "MBJP/513"}
        rates = {row["decoding"]["temperature"]: row["pass"]["1"] for row in choosing[1:]}
        assert rates[chosen["decoding"]["temperature"]] == max(rates.values())
        assert (chosen["split"], chosen["stage"]) == ("test", "chosen")


def test_an_arm_of_two_turns_is_measured_there_in_one(work: Path, tmp_path: Path, judge: Judge) -> None:
    run = work / "seed-0" / "base"
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "temperatures.jsonl").unlink()
    two = override(load_recipe(str(run / "recipe.toml")), {"repair.turns": 2, "repair.shows": "both"})
    two = dataclasses.replace(two, start="")
    (tmp_path / "run" / "recipe.toml").write_text(to_toml(two), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work.parents[1])
        tune(tmp_path / "run", judge)
    found, before = rows_of(tmp_path / "run", "temperatures.jsonl"), rows_of(run, "temperatures.jsonl")
    assert [row["counts"] for row in found] == [row["counts"] for row in before]


def test_the_curve_begins_at_the_start_and_has_every_evaluation(work: Path) -> None:
    courses = read_courses(work, NAMES)
    assert {name: list(seeds) for name, seeds in courses.items()} == SEEDS
    for name, seeds in SEEDS.items():
        for seed in seeds:
            course = courses[name][seed]
            assert [(point.step, point.samples) for point in course] == [(0, 0), (1, 6), (2, 12)]
            steps = [
                row["seconds"]
                for row in rows_of(work / f"seed-{seed}" / name, "metrics.jsonl")
                if "reward" in row
            ]
            assert course[-1].seconds == pytest.approx(sum(steps))
            during = [row for row in rows_of(work / f"seed-{seed}" / name) if row["stage"] == "during"]
            assert course[-1].greedy == during[-2]["pass"]["1"]
            assert course[-1].sampled == during[-1]["pass"]["1"]
    assert curves_plot(courses).count("<polyline") == 2 * (3 + 2), (
        "in each panel a line a seed, and the means"
    )


def test_at_equal_time_the_slower_arm_has_fewer_steps() -> None:
    def course(seconds: float, *passes: float) -> list[Point]:
        return [Point(at, 8.0 * at, seconds * at, rate, rate / 2) for at, rate in enumerate(passes)]

    courses = {"quick": {0: course(1, 0.2, 0.3, 0.4)}, "slow": {0: course(1.6, 0.2, 0.5, 0.9)}}
    rows = [line.split(" | ")[1:] for line in equal_table(courses).splitlines()[2:]]
    assert rows == [
        ["16 samples", "2", "40.0", "+20.0", "20.0", "+10.0 |"],
        ["16 samples", "2", "90.0", "+70.0", "45.0", "+35.0 |"],
        ["2 seconds of steps", "2", "40.0", "+20.0", "20.0", "+10.0 |"],
        # Between its first and second evaluation, at a quarter of the way.
        ["2 seconds of steps", "1", "60.0", "+40.0", "30.0", "+20.0 |"],
    ]
    assert "no learning curves" in equal_table({})


def test_many_arms_are_told_apart() -> None:
    course = [Point(0, 0.0, 0.0, 0.2, 0.1), Point(1, 8.0, 1.0, 0.3, 0.2)]
    drawn = curves_plot({f"arm {at}": {0: course, 1: course} for at in range(18)})
    names = ElementTree.fromstring(drawn).findall(".//{http://www.w3.org/2000/svg}path[@stroke-dasharray]")
    samples = [mark for mark in drawn.split("<path ") if "h22" in mark.partition("/>")[0]]
    styles = {mark.partition('fill="none"')[2].partition("/>")[0] for mark in samples}
    assert (len(samples), len(styles), len(names)) == (18, 18, 10)
    assert drawn.count("<polyline") == 2 * 18, "seeds are left out"


def of_turns(stage: str, temperature: float, *passed: int) -> dict[str, Any]:
    """An evaluation of one problem with ten samples, of which so many pass after each turn."""

    def after(count: int) -> dict[str, Any]:
        rate = {"1": count / 10}
        return {"compile": rate, "exec": rate, "pass": rate, "counts": {"A": [10, count, count, count]}}

    row = {"stage": stage, "split": "test", "step": 0, "decoding": {"temperature": temperature, "n": 10}}
    row |= {"outcomes": {}, "intervals": {}, **after(passed[-1])}
    return row | ({"turns": [after(count) for count in passed]} if len(passed) > 1 else {})


def test_of_answers_in_turns_the_first_is_compared_and_the_last_told(tmp_path: Path) -> None:
    runs = {
        "base": [of_turns("before", 0.8, 4)],
        "one": [of_turns("before", 0.8, 4), of_turns("after", 0.8, 6)],
        "turns": [of_turns("before", 0.8, 4, 5), of_turns("during", 0.8, 5, 8), of_turns("after", 0.8, 7, 9)],
    }
    for name, rows in runs.items():
        folder = tmp_path / "seed-0" / name
        folder.mkdir(parents=True)
        (folder / "evaluation.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "recipe.toml").write_text("seed = 0\n")
    gains = {one.grounding: one.of_seeds("pass") for one in read_gains(tmp_path, ["one", "turns"])}
    assert gains == {"one": pytest.approx([0.2]), "turns": pytest.approx([0.3])}
    told = "| `turns` | T = 0.8, 10 samples | 40.0 | 50.0 | 70.0 | 90.0 |"
    assert turns_table(tmp_path, ["one", "turns"]).splitlines()[2:] == [told]
    assert turns_table(tmp_path, ["one"]) == ""


def test_what_changed_is_counted_from_the_programs(work: Path) -> None:
    found = read_programs(work, "rlcf-anchored")
    rows = [
        row
        for seed in (0, 1)
        for row in rows_of(work / f"seed-{seed}" / "rlcf-anchored", "completions.jsonl")
        if row["temperature"] == 0.8
    ]
    for stage, programs in found.items():
        own = [row for row in rows if row["stage"] == stage]
        assert programs.count == len(own) == 2 * 4 * 4, "seeds, problems, samples"
        assert programs.characters == [len(row["completion"]) for row in own]
        codes = Counter(code for row in own for code in {one["code"] for one in row["diagnostics"]})
        assert programs.codes == codes


def test_stubs_count_as_trivial(tmp_path: Path) -> None:
    """`return 0;` and a comment do nothing with x; a sum does."""
    folder = tmp_path / "seed-0" / "arm"
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text("seed = 0\n")
    verdict = Verdict(Outcome.PASSED).to_json()
    common = {"temperature": 0.8, "task_id": "A", "prompt": "class A {\n    static int f(int x) {\n"}
    texts = {"before": ["return x + 1; }}"], "after": ["return 0; }}", "// nothing", "return x + 2; }}"]}
    rows = [
        {**common, **verdict, "stage": stage, "completion": text} for stage in texts for text in texts[stage]
    ]
    (folder / "completions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read_programs(tmp_path, "arm")
    assert (found["before"].trivial, found["after"].trivial) == (0, 2)


def test_the_cost_is_that_of_the_run(work: Path) -> None:
    whole, resumed = cost_of(work / "seed-0" / NAMES[0]), cost_of(work / "seed-0" / NAMES[1])
    assert (whole.completions, whole.run, resumed.run) == (12, 12, 0), "rlcf-anchored runs no tests"
    assert whole.judged == 12 + 2 * (3 + 3 * 4) + 4 + 4 * 4, "rollouts, two evaluations on the way, one after"
    assert whole.cpu_seconds is not None
    assert whole.cpu_seconds > 0
    assert resumed.cpu_seconds is None, "it was killed and went on"


def test_cpu_seconds_are_those_of_children_too() -> None:
    began = cpu_seconds()
    busy = "import time\nwhile time.process_time() < 0.4: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert 0.36 < cpu_seconds() - began < 2


def test_the_page_has_every_section_and_the_paper_beside(work: Path) -> None:
    page = (work / "ablation.md").read_text(encoding="utf-8")
    assert page == write_page(work, NAMES)
    heads = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert heads == [
        "Gains", "Equal samples, equal time", "What changed in the programs", "Cost", "Beside the paper",
    ]  # fmt: skip
    assert "| 60.68 | 71.82 | +11.14 |" in page
    assert "What differs: " in page
    for plotted in ("ablation.svg", "curves.svg"):
        assert ElementTree.parse(work / plotted).getroot().tag.endswith("svg")


def test_what_is_done_is_not_repeated(work: Path, served_judge: str) -> None:
    def stamps() -> dict[Path, int]:
        files = [*work.glob("seed-*/*/metrics.jsonl"), *work.glob("seed-*/*/temperatures.jsonl")]
        return {path: path.stat().st_mtime_ns for path in files}

    before = stamps()
    assert go(work.parents[1], *ARGUMENTS, "--engine", served_judge).returncode == 0
    assert stamps() == before


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
        (("few.toml", "--groundings", "rlcf", "--more-seeds", "2:rlcf"), "at least 3 seeds"),
        (("few.toml", "--groundings", "rlcf", "--more-seeds", "5:sft"), "arms of rlcf"),
        (("--groundings", "rlcf"), "recipe comes first"),
    ],
)
def test_bad_arguments_are_refused(work: Path, arguments: tuple[str, ...], words: str) -> None:
    done = go(work.parents[1], "ablate", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
