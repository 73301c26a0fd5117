"""Rows of a corpus in which a wrong program is corrected."""

from __future__ import annotations

import pytest

from javabox import Judge, Suite, SuiteCase
from rlcf.environment import Setting
from rlcf.environment.corpus import repair_rows
from rlcf.environment.feedback import NO_PROGRAM, SENTENCES
from rlcf.evaluation.generation.prompting import Prompting
from rlcf.problems import Problem

PROBLEMS = [
    Problem(
        task_id=f"plus {number}",
        prompt=f"class A {{\n    // add {number}\n    static int f(int x) {{\n",
        suite=Suite(tuple(SuiteCase(str(x), f"int r = A.f({x});", "r", str(x + number)) for x in (1, 2))),
        reference=f"        int y = x + {number};\n        return y;\n    }}\n}}\n",
    )
    for number in (2, 3, 4)
]


def test_each_row_is_wrong_told_and_right(judge: Judge) -> None:
    rows = repair_rows(PROBLEMS, 40, judge, Setting(), seed=0)
    assert len(rows) == 40
    wrong = judge.grade([problem.job(said.reply) for problem, said, _ in rows])
    assert not any(verdict.passed for verdict in wrong)
    assert all(completion == problem.reference for problem, _, completion in rows)
    for (_, said, _), verdict in zip(rows, wrong, strict=True):
        assert said.feedback.startswith((SENTENCES[verdict.outcome], NO_PROGRAM))
    assert {problem.task_id for problem, _, _ in rows} == {problem.task_id for problem in PROBLEMS}


def test_a_program_is_shown_in_every_way(judge: Judge) -> None:
    """With javac's error and without, with the case and without: one model is asked in each of these ways."""
    rows = repair_rows(PROBLEMS, 60, judge, Setting(), seed=0)
    told = {
        (verdict.compiled, "\n" in said.feedback)
        for (problem, said, _) in rows
        for verdict in judge.grade([problem.job(said.reply)])
    }
    assert told == {(True, True), (True, False), (False, True), (False, False)}


def test_the_same_seed_gives_the_same_rows(judge: Judge) -> None:
    rows = [repair_rows(PROBLEMS, 9, judge, Setting(), seed=seed) for seed in (0, 0, 1)]
    texts = [[Prompting().text(problem, [said]) for problem, said, _ in some] for some in rows]
    assert texts[0] == texts[1] != texts[2]


def test_what_is_hidden_is_not_told(judge: Judge) -> None:
    rows = repair_rows(PROBLEMS, 30, judge, Setting(expected_values=False), seed=0)
    assert any("got: " in said.feedback for _, said, _ in rows)
    assert not any("expected: " in said.feedback for _, said, _ in rows)


def test_problems_without_references_have_no_repairs(judge: Judge) -> None:
    unsolved = [Problem("none", PROBLEMS[0].prompt, PROBLEMS[0].suite)]
    assert repair_rows(unsolved, 0, judge, Setting(), seed=0) == []
    with pytest.raises(ValueError, match="no slip"):
        repair_rows(unsolved, 3, judge, Setting(), seed=0)
