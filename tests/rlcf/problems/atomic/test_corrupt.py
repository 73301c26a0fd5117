"""Corrupted references: always changed, some no longer compile, some compute something else."""

import random

import pytest

from javabox import Judge, Outcome
from rlcf.javasource.tokens import texts
from rlcf.problems import Problem
from rlcf.problems.atomic import build, corpus, corrupt


@pytest.fixture(scope="module")
def problems(judge: Judge) -> tuple[Problem, ...]:
    """A third of the usual ones, half of them atoms alone."""
    return build(0, judge, train=1500, validation=0, test=0).train


def test_a_corrupted_body_has_other_tokens(problems: tuple[Problem, ...]) -> None:
    rng = random.Random(0)
    for problem in problems:
        assert problem.reference is not None
        assert texts(corrupt(problem.reference, rng)) != texts(problem.reference)


@pytest.mark.parametrize("text", ["}", "x", ";", "return x", "\n\n}\n}\n"])
def test_the_shortest_bodies_can_be_corrupted(text: str) -> None:
    for seed in range(50):
        assert texts(corrupt(text, random.Random(seed))) != texts(text)


def test_nothing_can_not_be_corrupted() -> None:
    with pytest.raises(ValueError, match="nothing to corrupt"):
        corrupt(" \n// only a comment\n", random.Random(0))


def test_corruptions_are_of_both_kinds(judge: Judge, problems: tuple[Problem, ...]) -> None:
    """Half to three quarters do not compile; nearly all of the others do not pass."""
    rng = random.Random(0)
    sample = rng.sample(problems, 200)
    verdicts = judge.grade([problem.job(corrupt(problem.reference or "", rng)) for problem in sample])
    outcomes = [verdict.outcome for verdict in verdicts]
    assert 0.5 < outcomes.count(Outcome.COMPILE_ERROR) / len(outcomes) < 0.75
    assert outcomes.count(Outcome.PASSED) / len(outcomes) < 0.08


def test_a_corpus_has_its_size_and_its_share_of_noise(problems: tuple[Problem, ...]) -> None:
    references = {problem.prompt: set[str | None]() for problem in problems}
    for problem in problems:
        references[problem.prompt].add(problem.reference)
    rows = corpus(problems, size=10_000, noise=0.35, seed=0)
    assert len(rows) == 10_000
    assert sum(completion not in references[prompt] for prompt, completion in rows) == 3_500
    assert {prompt for prompt, _ in rows} == set(references)


def test_a_corpus_without_noise_is_the_references(problems: tuple[Problem, ...]) -> None:
    rows = corpus(problems, size=len(problems), noise=0.0, seed=0)
    assert sorted(rows) == sorted((problem.prompt, problem.reference or "") for problem in problems)


def test_a_corpus_is_decided_by_its_seed(problems: tuple[Problem, ...]) -> None:
    assert corpus(problems, 500, 0.5, seed=1) == corpus(problems, 500, 0.5, seed=1)
    assert corpus(problems, 500, 0.5, seed=1) != corpus(problems, 500, 0.5, seed=2)
