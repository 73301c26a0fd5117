"""What benchmarks/mathqa.py counts: arms that are recipes, and programs that are right by coincidence."""

from __future__ import annotations

import re

import pytest

from benchmarks.mathqa import ARMS, coincidences
from javabox import Judge
from rlcf.grounding.signal import Answer
from rlcf.problems import load_problems
from rlcf.problems.mathqa import build, read_questions, training_file
from rlcf.recipes import load_recipe, override


@pytest.mark.parametrize("arm", ARMS)
def test_arms_are_the_recipe_but_for_fields_that_it_has(arm: str) -> None:
    recipe = load_recipe("mathqa")
    assert (override(recipe, ARMS[arm]) == recipe) == (arm == "rl")


@pytest.mark.usefixtures("data_dir")
def test_a_constant_is_right_by_coincidence_and_a_formula_is_not(judge: Judge) -> None:
    questions = read_questions(training_file("dev"))[:12]
    problems = build([], questions, load_problems("mathqa", "test"), judge, named=True).problems
    named = [one for one in problems if re.search(r"\bn\d", str(one.reference))]
    assert len(named) >= 8
    for write, share in (
        (lambda one: str(one.reference), 0.0),
        (lambda one: f"        return {one.suite.cases[0].expected};\n    }}\n}}", 1.0),
    ):
        jobs = [one.job(write(one)) for one in named]
        answers = [
            Answer(one, write(one), verdict) for one, verdict in zip(named, judge.grade(jobs), strict=True)
        ]
        assert all(answer.verdict.passed for answer in answers)
        found = coincidences(answers, judge)
        assert (found["coincidence"], found["answers"]) == (share, len(named))
