"""Evaluating a policy, here one that looks its answers up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from javabox import Judge, Limits, Outcome
from rlcf import BadInput, Problem, load_problems
from rlcf.evaluation import evaluate
from tests.rlcf.conftest import SmallSet


@pytest.fixture(scope="module")
def problems(small_set: SmallSet) -> list[Problem]:
    return load_problems(str(small_set.path))


def test_every_problem_is_asked_n_times_and_judged_on_its_own_answers(
    judge: Judge, problems: list[Problem]
) -> None:
    reference = {problem.prompt: problem.reference or "" for problem in problems}
    asked: list[tuple[int, float, int]] = []

    def right_at_every_other(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        asked.append((len(prompts), temperature, seed))
        return [reference[p] if at % 2 else "?" for at, p in enumerate(prompts)]

    evaluation, answers = evaluate(
        problems, right_at_every_other, judge, temperature=0.8, n=4, ks=(1, 4), seed=10, batch=8
    )
    assert [answer.problem.task_id for answer in answers] == [p.task_id for p in problems for _ in range(4)]
    assert evaluation.rates["pass"][1].rate == evaluation.rates["compile"][1].rate == 0.5
    assert evaluation.rates["pass"][4].rate == 1.0
    assert evaluation.counts() == {problem.task_id: [4, 2, 2, 2] for problem in problems}
    assert [size for size, _, _ in asked] == [8, 4]
    assert {temperature for _, temperature, _ in asked} == {0.8}
    assert len({seed for _, _, seed in asked}) == 2, "batches must not repeat each other's draws"
    for at, answer in enumerate(answers):
        assert answer.verdict.outcome is (Outcome.PASSED if at % 2 else Outcome.COMPILE_ERROR)


@pytest.mark.parametrize(
    ("temperature", "n", "ks", "field"),
    [
        (0.0, 2, (1,), "n"),
        (0.8, 0, (1,), "n"),
        (0.8, 2, (3,), "k"),
        (-0.1, 1, (1,), "temperature"),
        (float("nan"), 1, (1,), "temperature"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_generated(
    temperature: float, n: int, ks: tuple[int, ...], field: str, judge: Judge, problems: list[Problem]
) -> None:
    def never(_prompts: Sequence[str], _temperature: float, _seed: int) -> list[str]:
        raise AssertionError("nothing must be generated")

    with pytest.raises(BadInput, match=f"field '{field}'"):
        evaluate(problems, never, judge, temperature=temperature, n=n, ks=ks)


def test_limits_that_are_given_hold_for_problems_without_limits_of_their_own(
    judge: Judge, problems: list[Problem], small_set: SmallSet
) -> None:
    """A loop of some 10^8 instructions, for a problem that allows a second and for one that says nothing."""
    slow = "        for (int i = 0; i < 30_000_000; i++) { if (i == -1) { return 1; } }\n" + small_set.right
    asked = [problems[0], replace(problems[0], task_id="own", time_limit=1.0)]
    for limits, outcomes in (
        (Limits(fuel=10_000_000), [Outcome.TIME_LIMIT, Outcome.PASSED]),
        (None, [Outcome.PASSED, Outcome.PASSED]),
    ):
        evaluation, answers = evaluate(
            asked, lambda prompts, *_: [slow] * len(prompts), judge, temperature=0.0, limits=limits
        )
        assert [answer.verdict.outcome for answer in answers] == outcomes
        assert evaluation.provenance["time_limit"] == ([0.005, 1.0] if limits else [1.0, 4.0])
