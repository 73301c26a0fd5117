"""Made completions that stand against references: they compile, differ, and are what they are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from javabox import Judge
from rlcf.problems import Problem, atomic
from rlcf.problems.synthesis.stubs import stubs
from rlcf.training.discriminator.negatives import compiling_stubs, made_pairs, others_bodies, signature


@pytest.fixture(scope="module")
def problems(judge: Judge) -> list[Problem]:
    return list(atomic.build(0, judge).validation[:40])


def test_they_compile_and_differ_from_their_reference(problems: list[Problem], judge: Judge) -> None:
    pairs = made_pairs(problems, judge, seed=0)
    by_prompt = {problem.prompt: problem for problem in problems}
    assert {pair.prompt for pair in pairs} == set(by_prompt)
    assert all(pair.reference == by_prompt[pair.prompt].reference for pair in pairs)
    assert all(pair.reference.split() != pair.generated.split() for pair in pairs)
    verdicts = judge.grade([by_prompt[pair.prompt].job(pair.generated) for pair in pairs])
    assert all(verdict.compiled for verdict in verdicts)
    assert sum(bool(verdict.passed) for verdict in verdicts) < 0.15 * len(pairs)
    assert made_pairs([*problems, *problems], judge, seed=0) == pairs
    assert made_pairs(problems, judge, seed=1) != pairs


def test_all_three_ways_are_taken(problems: list[Problem], judge: Judge) -> None:
    pairs = made_pairs(problems, judge, seed=0)
    by_prompt = {problem.prompt: problem for problem in problems}
    references = {str(problem.reference) for problem in problems}
    constant = [pair for pair in pairs if pair.generated in stubs(by_prompt[pair.prompt])]
    others = [pair for pair in pairs if pair.generated in references]
    assert len(constant) == len(problems), "a stub of each"
    assert len(others) > 5
    assert len(pairs) - len(constant) - len(others) > 10, "slips"


def test_a_slip_is_made_in_what_is_right(problems: list[Problem], judge: Judge) -> None:
    many = [
        replace(p, alternatives=(f"{p.reference} // again", f"{p.reference} // and again")) for p in problems
    ]
    right = {pair.reference for pair in made_pairs(many, judge, seed=0)}
    assert len(right - {str(problem.reference) for problem in problems}) > 3


def test_others_bodies_are_of_one_signature(problems: list[Problem]) -> None:
    found = others_bodies(problems)
    by_reference = {str(problem.reference): problem for problem in problems}
    assert any(found.values())
    for problem in problems:
        assert str(problem.reference) not in found[problem.task_id]
        assert all(signature(by_reference[t]) == signature(problem) for t in found[problem.task_id])


def test_methods_that_cant_be_read_have_stubs_alone(problems: list[Problem], judge: Judge) -> None:
    loose = [
        replace(problem, prompt="class A { int x;\n", reference="}\n", task_id=problem.task_id + "!")
        for problem in problems[:2]
    ]
    assert others_bodies(loose) == {problem.task_id: [] for problem in loose}
    assert set(compiling_stubs(loose, judge)) == {problem.task_id for problem in loose}
