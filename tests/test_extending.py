"""Adding a thing takes what docs/architecture.md says: its examples are run as they stand there.

The objective has no example there; tests/rlcf/training/objectives/test_objectives.py trains with its own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.step_modules import SMALL
from javabox import Judge, Outcome, Verdict
from javabox.engines import jvm
from javabox.engines.jdk import find_jdk
from rlcf.experiments.ablation import arm
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import GROUNDINGS, load_grounding
from rlcf.machine import Machine
from rlcf.methods import METHODS
from rlcf.policy.generate import BACKENDS, Decoding, make_backend
from rlcf.problems import load_problems
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, override
from rlcf.training.data import MADE, load_data
from rlcf.training.run import train
from tests.rlcf.policy.models import small_model

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


def example(section: str, language: str) -> str:
    """The first block of code in a section of the page."""
    text = re.split(rf"^### {section}$", PAGE, flags=re.MULTILINE)[1]
    return re.split(rf"^```{language}\n", text, flags=re.MULTILINE)[1].split("\n```")[0]


def run(section: str) -> dict[str, Any]:
    """The names that a section's Python defines."""
    names: dict[str, Any] = {}
    exec(example(section, "python"), names)
    return names


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file with the page's problem."""
    row = json.loads(example("A data set", "json"))
    path = tmp_path / "my.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


def test_a_data_set_is_a_file(mine: Path, judge: Judge) -> None:
    (problem,) = load_problems(str(mine))
    assert problem.reference is not None
    reference, stub = judge.grade(
        [problem.job(problem.reference), problem.job("        return x;\n    }\n}\n")]
    )
    assert (reference.outcome, stub.outcome) == (Outcome.PASSED, Outcome.FAILED)


def test_a_reward_is_a_function(mine: Path, judge: Judge) -> None:
    shorter = run("A reward")["shorter"]
    (problem,) = load_problems(str(mine))
    completions = [
        str(problem.reference),
        "        return x + x; // and so on\n    }\n}\n",
        "        return x;\n    }\n}\n",
    ]
    verdicts = judge.grade([problem.job(completion) for completion in completions])
    answers = [Answer(problem, c, v) for c, v in zip(completions, verdicts, strict=True)]
    unknown = Answer(problem, completions[0], Verdict(Outcome.JUDGE_ERROR))
    short, long, wrong, nothing = (signal.score for signal in shorter([*answers, unknown]))
    assert short > long > wrong == 0
    assert nothing is None


def trained(recipe: Recipe, folder: Path, judge: Judge) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The completions of a run of one step, and the step's metrics."""
    train(recipe, folder, judge, Machine(rails="warn"))
    rows, metrics = (
        [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("completions.jsonl", "metrics.jsonl")
    )
    return rows, metrics[-1]


def test_a_data_set_is_made_by_a_function(
    tmp_path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlcf.training.data.MADE", dict(MADE))
    run("A made data set")
    recipe = load_recipe("quickstart", SMALL | {"data.problems": "sums", "objective.grounding": "tests"})
    data = load_data(recipe, judge, references=False)
    assert (len(data.train), len(data.evaluation)) == (30, 2)
    verdicts = judge.grade([one.job(str(one.reference)) for one in (*data.train, *data.evaluation)])
    assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}
    rows, _ = trained(recipe, tmp_path / "run", judge)
    asked = {row["task_id"] for row in rows if row["stage"] == "rollout"}
    assert len(asked) == 2
    assert asked <= {one.task_id for one in data.train}
    measured = {row["task_id"] for row in rows if row["stage"] != "rollout"}
    assert measured == {one.task_id for one in data.evaluation}


@pytest.fixture
def shorter(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Answer]], list[Signal]]:
    """The page's reward, which has the page's name in the table."""
    names = run("A reward")
    monkeypatch.setitem(GROUNDINGS, "shorter", GROUNDINGS["tests"])  # what is restored afterwards
    exec(example("A named reward", "python"), names)
    function: Callable[[list[Answer]], list[Signal]] = names["shorter"]
    return function


def test_a_reward_has_a_name(
    tmp_path: Path, mine: Path, judge: Judge, shorter: Callable[[list[Answer]], list[Signal]]
) -> None:
    (problem,) = load_problems(str(mine))
    (verdict,) = judge.grade([problem.job(str(problem.reference))])
    answers = [Answer(problem, str(problem.reference), verdict)]
    assert load_grounding("shorter")(answers) == shorter(answers)
    assert shorter(answers)[0].score != load_grounding("tests")(answers)[0].score
    _, metrics = trained(
        load_recipe("quickstart", SMALL | {"objective.grounding": "shorter"}), tmp_path / "run", judge
    )
    assert metrics["part_shorter"] == metrics["reward"]


def test_a_method_is_lines_of_a_recipe(
    tmp_path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch, shorter: Callable[..., list[Signal]]
) -> None:
    assert GROUNDINGS["shorter"].make(None, 0.0) is shorter
    monkeypatch.setitem(METHODS, "shorter-group", {})  # what is restored afterwards
    run("A method")
    file = tmp_path / "mine.toml"
    file.write_text('method = "shorter-group"\n', encoding="utf-8")
    recipe = load_recipe(str(file), SMALL)
    assert (recipe.objective.grounding, recipe.ppo.advantage) == ("shorter", "group")
    assert recipe.kl.coef == 0.01 != Recipe().kl.coef
    assert arm(override(Recipe(), SMALL), "shorter-group") == recipe
    _, metrics = trained(recipe, tmp_path / "run", judge)
    assert "part_shorter" in metrics
    assert load_recipe(str(tmp_path / "run/recipe.toml")) == recipe


def test_a_backend_is_two_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlcf.policy.generate.BACKENDS", dict(BACKENDS))
    run("A generation backend")
    backend = make_backend("echo")
    decoding = Decoding(temperature=1.0, max_new_tokens=4, stop_ids=frozenset({0}), pad_id=0)
    found = backend.generate(small_model("llama"), [[1, 2], [3]], [0, 0], decoding)
    assert [one.ids for one in found] == [[1, 2], [3]]


def test_a_limit_is_a_field_at_both_ends_and_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "javabox", tmp_path / "javabox")
    for name, lines in changes(example("A limit", "diff")):
        file = next(tmp_path.glob(f"**/{name}"))
        assert file.suffix == ".py" or "judge" in file.parent.relative_to(tmp_path / "javabox/java").parts
        change(file, lines)
    whole = str(jvm.build(find_jdk()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", ASKED, whole], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["compile_error", "javabox.compiler.limit", "passed"], done.stderr


ASKED = """
import sys
from javabox.engines import jvm
same = [f"{sys.argv[1]}/{name}" for name in ("program.jar", "image")]  # of the sources that were not changed
jvm.build_commands = lambda home, sources, folder: [
    ["cp", "-r", *same, str(folder)],
    *jvm.jar_commands(home, sources, folder)[2:4],
    ["rm", "-r", str(folder / "judge")],
]
jvm.archive_command = lambda _: ["true"]  # archives only make it start sooner
jvm.judge_archive_command = lambda _home, _folder: ["true"]
from javabox import Job, Judge, Limits, Suite
source = "class Main { public static void main(String[] args) { if (args.length > 0) throw new Error(); } }"
jobs = [Job(source, Suite(whole=""), limits) for limits in (Limits(source_chars=20), Limits())]
with Judge("local", workers=1, audit=0.0) as judge:
    refused, passed = judge.grade(jobs)
print(refused.outcome, refused.diagnostics[0].code, passed.outcome)
"""


def changes(diff: str) -> list[tuple[str, list[str]]]:
    """The lines below each file's name."""
    parts = re.split(r"^--- (.+)\n", diff, flags=re.MULTILINE)[1:]
    return [(name, text.splitlines()) for name, text in zip(parts[::2], parts[1::2], strict=True)]


def change(file: Path, lines: list[str]) -> None:
    """Replaces the lines of each hunk that are there by those that shall be; each must be there once."""
    text = file.read_text(encoding="utf-8")
    hunks: list[list[str]] = []
    for line in lines:
        if not hunks or (line[0] != "+" and hunks[-1][-1][0] == "+"):
            hunks.append([])
        hunks[-1].append(line)
    for one in hunks:
        old, new = ("".join(line[1:] + "\n" for line in one if line[0] != sign) for sign in "+-")
        assert text.count(old) == 1, f"{file.name} has {text.count(old)} times: {old}"
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
