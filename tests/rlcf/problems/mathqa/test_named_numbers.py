"""MathQA-Java asked by the names of its numbers: the same problems and tests, references that copy none."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.problems import Problem, load_problems
from rlcf.problems.load import built_path
from rlcf.problems.mathqa import build, read_questions, training_file, write
from rlcf.problems.mathqa.questions import numbers, numbers_named

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture(scope="module")
def asked() -> list[Problem]:
    return load_problems("mathqa-named", "test")


def test_numbers_are_named_as_formulas_count_them() -> None:
    assert numbers_named("1,200 of -3 . 5km at 2 %") == "n0 of n1 . n2km at n3 %"
    assert numbers("1,200 of -3 . 5km at 2 %") == [1200.0, -3.0, 5.0, 2.0]


def test_the_released_problems_keep_their_tests_and_parts(asked: list[Problem]) -> None:
    released = load_problems("mathqa", "test")
    assert [(one.task_id, one.suite, one.part) for one in asked] == [
        (one.task_id, one.suite, one.part) for one in released
    ]
    for problem in asked:
        declaration, _, javadoc = problem.prompt.partition("/**")
        declared = re.findall(r"n\d+ = ([^,;]+)[,;]", declaration)
        assert [float(number) for number in declared] == numbers(problem.description)
        assert numbers_named(problem.description) in javadoc
        assert not re.search(r"(?<![a-z\d])\d", javadoc)


def test_references_compute_with_names_and_pass(judge: Judge, tmp_path: Path) -> None:
    questions = random.Random(0).sample(read_questions(training_file("train")), 80)
    dev, test = read_questions(training_file("dev"))[:5], load_problems("mathqa", "test")
    built = build(questions, dev, test, judge, named=True, sft_share=1.0)
    assert len(built.train.passed) >= 79
    for problem in built.problems:
        body = str(problem.reference)
        used = {int(place) for place in re.findall(r"\bn(\d+)\b", body)}
        assert used <= set(range(len(numbers(problem.description))))
    assert sum("n0" in str(problem.reference) for problem in built.problems) >= 70
    write(built, tmp_path / "named.jsonl")
    assert load_problems(str(tmp_path / "named.jsonl"), "sft") == [
        problem for problem in built.problems if problem.split == "sft"
    ]


def test_splits_that_are_not_built_say_how(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert built_path("mathqa-named") != built_path("mathqa")
    with pytest.raises(BadInput, match="rlcf data build mathqa-named"):
        load_problems("mathqa-named", "sft")
