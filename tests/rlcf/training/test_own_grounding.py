"""A user's own grounding trains, from Python and by `file.py:function`, resumes, and is told its mistakes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from javabox import Judge, Verdict
from rlcf import Answer, BadInput, Compare, Recipe, Signal, at_the_end, load_recipe, needs, override, total
from rlcf.cli import main
from rlcf.grounding.own import checked, recorded_name
from rlcf.grounding.signal import needs_of
from rlcf.grounding.table import grounding_entry
from rlcf.machine import Machine
from rlcf.problems import load_problems
from rlcf.recipes import to_toml
from rlcf.training.run import resume, train
from tests.rlcf.training.conftest import SmallWorld

pytestmark = pytest.mark.usefixtures("one_thread")

MACHINE = Machine(rails="warn", checkpoint_every=1, keep=9)
MINE = '''
"""A user's file."""
from __future__ import annotations
from dataclasses import dataclass
from rlcf import Signal, needs
from beside import WORTH

@dataclass
class Weights:
    passed: float = WORTH

WEIGHTS = Weights()

class Rewards:
    @staticmethod
    def brief(answers):
        return [Signal(WEIGHTS.passed * a.verdict.pass_fraction - len(a.completion) / 100) for a in answers]

@needs(tests=False)
def compiles(answers):
    assert all(not a.verdict.cases for a in answers), "only compiled"
    return [Signal(1.0 if a.verdict.compiled else -1.0, parts={"mine": 1.0}) for a in answers]

def forgets(answers):
    return [Signal(1.0)] * (len(answers) - 1)

number = 3
'''


def reward(answers: Sequence[Answer]) -> list[Signal]:
    return [Signal(answer.verdict.pass_fraction, parts={"share": 1.0}) for answer in answers]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "beside.py").write_text("WORTH = 2.0\n")
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


@pytest.fixture(scope="module")
def recipe(small_world: SmallWorld) -> Recipe:
    values: dict[str, Any] = {
        "data.problems": str(small_world.problems), "model.name": str(small_world.model),
        "data.train_problems": 12, "data.corpus_problems": 0, "supervised.steps": 0,
        "objective.steps": 2, "objective.minibatches": 2, "rollout.prompts_per_step": 4,
        "rollout.samples_per_prompt": 2, "rollout.max_new_tokens": 40, "discriminator.samples": 16,
        "discriminator.steps": 2, "evaluation.problems": 2, "evaluation.samples": 1,
    }  # fmt: skip
    return override(Recipe(), values)


def rows(run: Path, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (run / name).read_text(encoding="utf-8").splitlines()]
    return [{k: v for k, v in row.items() if "second" not in k and k != "wall_ms"} for row in found]


def stopped_after_a_step(run: Path, copy: Path) -> Path:
    """A copy of a run of two steps as it was when it had written the checkpoint of the first."""
    shutil.copytree(run, copy)
    shutil.rmtree(copy / "checkpoints" / "step-000002")
    return copy


def test_from_the_command_line_it_trains_and_resumes_from_elsewhere(
    recipe: Recipe, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text(to_toml(recipe))
    own = ("--engine", "local", "--rails", "warn", "--checkpoint-every", "1", "--keep", "9")
    assert main(["train", "my.toml", "--grounding", "mine.py:compiles", "--run", "cli", *own]) == 0
    run = tmp_path / "runs" / "cli"
    assert load_recipe(str(run / "recipe.toml")).objective.grounding == f"{file.resolve()}:compiles"
    rollouts = [row for row in rows(run, "completions.jsonl") if row["stage"] == "rollout"]
    assert {row["score"] for row in rollouts} <= {1.0, -1.0}
    assert all(row["parts"] == {"mine": 1.0} for row in rollouts)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    again = stopped_after_a_step(run, tmp_path / "again")
    assert main(["train", "--resume", str(again), *own]) == 0
    assert rows(again) == rows(run)


def test_a_recipe_names_it(recipe: Recipe, file: Path, tmp_path: Path, judge: Judge) -> None:
    named = override(recipe, {"objective.grounding": f"{file}:Rewards.brief", "objective.steps": 1})
    train(named, tmp_path / "run", judge, MACHINE)
    for row in rows(tmp_path / "run", "completions.jsonl"):
        if row["stage"] == "rollout":
            cases = row["cases"]
            share = sum(case["outcome"] == "passed" for case in cases) / max(1, len(cases))
            assert row["score"] == pytest.approx(2.0 * share - len(row["completion"]) / 100)


def test_a_function_of_a_file_resumes_without_being_passed(
    recipe: Recipe, tmp_path: Path, judge: Judge
) -> None:
    train(recipe, str(tmp_path / "run"), judge, MACHINE, grounding=reward)
    assert load_recipe(str(tmp_path / "run/recipe.toml")).objective.grounding == f"{__file__}:reward"
    again = stopped_after_a_step(tmp_path / "run", tmp_path / "again")
    resume(str(again), judge, MACHINE)
    assert rows(again) == rows(tmp_path / "run")


def test_a_function_that_no_file_has_must_be_passed_again(
    recipe: Recipe, tmp_path: Path, judge: Judge
) -> None:
    made = total(reward, at_the_end(reward))
    train(recipe, tmp_path / "run", judge, MACHINE, grounding=made)
    again = stopped_after_a_step(tmp_path / "run", tmp_path / "again")
    with pytest.raises(BadInput, match=re.escape("resume(…, grounding=function)")):
        resume(again, judge, MACHINE)
    resume(again, judge, MACHINE, grounding=made)
    assert rows(again) == rows(tmp_path / "run")


def test_what_it_needs_is_asked_for(recipe: Recipe, tmp_path: Path, judge: Judge) -> None:
    seen: list[Verdict] = []
    values: list[float] = []

    @needs("coverage", "reference", discriminator=True)
    def asks(answers: Sequence[Answer], compare: Compare) -> list[Signal]:
        seen.extend(answer.verdict for answer in answers)
        prompts = [answer.problem.prompt for answer in answers]
        references = [str(answer.problem.reference) for answer in answers]
        found = compare(prompts, [answer.completion for answer in answers], references)
        values.extend(found)
        return [Signal(value) for value in found]

    train(override(recipe, {"objective.steps": 1}), tmp_path / "run", judge, MACHINE, grounding=asks)
    assert any(verdict.lines for verdict in seen)
    assert len(values) == len(seen) == 8
    assert all(-1 < value < 1 for value in values)
    assert (tmp_path / "run/checkpoints/step-000000/discriminator.pt").exists()
    declared = needs_of(total(asks, reward))
    assert (declared.problems, declared.tests, declared.discriminator) == (
        {"coverage", "reference"},
        True,
        True,
    )


def test_problems_that_lack_what_it_needs_are_refused(
    recipe: Recipe, small_world: SmallWorld, tmp_path: Path, judge: Judge
) -> None:
    bare = tmp_path / "bare.jsonl"
    lines = [json.loads(line) for line in small_world.problems.read_text().splitlines()]
    bare.write_text("".join(json.dumps(row | {"canonical_solution": None}) + "\n" for row in lines))
    asks = needs("reference")(lambda answers: reward(answers))
    with pytest.raises(BadInput, match="reference"):
        train(
            override(recipe, {"data.problems": str(bare)}), tmp_path / "run", judge, MACHINE, grounding=asks
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "mine.py:nothing",
            "mine.py: field 'objective.grounding': has no function 'nothing'.* compiles, forgets",
        ),
        ("mine.py:number", "'number' is no function but of type int"),
        ("nowhere.py:f", "nowhere.py: .*no such file"),
        ("mine.py", "must be path/to/file.py:function, not 'mine.py'"),
        ("broken.py:f", "broken.py:2: .*ModuleNotFoundError.*no_such_module"),
        ("syntax.py:f", "syntax.py:1: .*SyntaxError"),
        ("luck", "unknown grounding 'luck'; known: rlcf, .*path/to/file.py:function"),
    ],
)
def test_a_grounding_that_is_not_there_is_refused(
    file: Path, name: str, words: str, recipe: Recipe, complaint: Callable[..., str]
) -> None:
    file.with_name("broken.py").write_text("\nimport no_such_module\n")
    file.with_name("syntax.py").write_text("def f(:\n")
    file.with_name("my.toml").write_text(to_toml(recipe))
    said = complaint("train", "my.toml", "--grounding", name, "--engine", "local")
    assert re.search(words, said), said


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "returned NoneType, not a list"),
        ([], "returned 0 signals for 1 answers"),
        ([0.5], "item 0 is of type float, not a Signal"),
        ([Signal(float("nan"))], "the score nan"),
        ([Signal("1")], r"the score '1' \(str\)"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_return_is_named(returned: Any, words: str, judge: Judge, small_world: SmallWorld) -> None:
    problem = load_problems(str(small_world.problems))[0]
    answer = Answer(problem, "", judge.grade([problem.job("")])[0])
    with pytest.raises(BadInput, match=words) as error:
        checked(lambda _: returned, "mine.py:f")([answer])
    assert (str(error.value.file), error.value.field) == ("mine.py", "f")
    assert error.value.line is not None


def test_a_wrong_return_ends_the_training(file: Path, recipe: Recipe, tmp_path: Path, judge: Judge) -> None:
    named = override(recipe, {"objective.grounding": f"{file}:forgets"})
    line = MINE.splitlines().index("def forgets(answers):") + 1
    with pytest.raises(BadInput, match=f"mine.py:{line}: field 'forgets': .* 7 signals for 8 answers"):
        train(named, tmp_path / "run", judge, MACHINE)


def test_names_that_are_recorded_are_found_again(file: Path) -> None:
    assert recorded_name(reward) == f"{__file__}:reward"
    assert recorded_name(lambda answers: reward(answers)).startswith("<")
    entry = grounding_entry(f"{file}:compiles")
    assert not entry.runs
    assert not entry.compares(1.0)
    with pytest.raises(ValueError, match="known: reference, cases, coverage"):
        needs("luck")
    with pytest.raises(ValueError, match="running the tests"):
        needs("coverage", tests=False)
