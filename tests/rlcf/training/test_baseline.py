"""What scores are measured against: the best so far, and the greedy completion."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from javabox import Judge, Outcome, Suite
from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import GROUNDINGS, Entry
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.baseline import Baseline, check_advantage, greedy_scores, question
from rlcf.training.rollout import Rollout, RolloutCollector
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.run_folder import RunFolder
from rlcf.training.step import TrainingStep
from tests.rlcf.training.test_step import rollout

PROBLEMS = [
    Problem(f"p{at}", f"class P{at} {{\n    static int f(int x) {{\n" + "int y;\n" * at, Suite())
    for at in range(3)
]


def worth(completion: str) -> float:
    """A score that no two texts are likely to share."""
    return sum(at * ord(letter) for at, letter in enumerate(completion, 1)) % 1009 / 1009


def ground(answers: Sequence[Answer]) -> list[Signal]:
    return [Signal(worth(answer.completion)) for answer in answers]


ENTRY = Entry(lambda *_: ground, runs=False, compares=lambda _: False)


@pytest.fixture
def best(policy: Policy, judge: Judge) -> Baseline:
    return Baseline("best", RolloutCollector(policy, judge, ground, run_tests=False), Parallel())


def baselines(baseline: Baseline, *rollouts: Rollout) -> list[float]:
    """Of a step's rollouts, which are otherwise left as they are."""
    found, numbers = baseline.finish(None, rollouts)
    own = [one.feedback.baseline for one in found]
    assert [replace(one, feedback=replace(one.feedback, baseline=0.0)) for one in found] == list(rollouts)
    assert numbers == {"baseline": pytest.approx(sum(own) / len(found))}
    return own


RIGHT, WRONG = rollout("a", Outcome.PASSED, 1.0), rollout("a", Outcome.FAILED, -0.3)
OTHER, FAILED = rollout("b", Outcome.TIME_LIMIT, -0.6), rollout("a", Outcome.JUDGE_ERROR, None)


def test_the_best_is_that_of_earlier_steps(best: Baseline) -> None:
    assert baselines(best, WRONG, FAILED) == [0.0, 0.0], "no history: nothing is subtracted"
    assert baselines(best, WRONG, RIGHT, WRONG) == [-0.3] * 3, "not yet the best of this step"
    assert baselines(best, RIGHT, WRONG, OTHER) == [1.0, 1.0, 0.0]
    assert baselines(best, WRONG, OTHER) == [1.0, -0.6], "the best stays"
    assert best.state() == {"best": {("a", 5): 1.0, ("b", 5): -0.6}}


def test_a_stage_of_a_curriculum_has_a_best_of_its_own(best: Baseline) -> None:
    problem = replace(RIGHT.answer.problem, prompt=RIGHT.answer.problem.prompt + " f() { return")
    helped = replace(RIGHT, answer=replace(RIGHT.answer, problem=problem))
    assert baselines(best, helped) == [0.0]
    assert baselines(best, WRONG, helped) == [0.0, 1.0]


def test_the_best_goes_on_from_a_checkpoint(best: Baseline) -> None:
    order = [WRONG, OTHER, FAILED, RIGHT, WRONG, OTHER]
    other = Baseline("best", best.collector, best.parallel)
    whole = [baselines(best, one) for one in order]
    begun = Baseline("best", best.collector, best.parallel)
    first = [baselines(begun, one) for one in order[:3]]
    file = io.BytesIO()
    torch.save(begun.state(), file)
    file.seek(0)
    other.load(torch.load(file, weights_only=True))
    assert first + [baselines(other, one) for one in order[3:]] == whole
    assert other.state() == best.state() != begun.state(), "states are copies"


def test_a_greedy_completion_without_verdict_is_worth_the_mean_of_the_others() -> None:
    """Not 0, and not anything that the problem's own rollouts decide."""
    greedy = [replace(one, row=row) for row, one in enumerate((RIGHT, OTHER, FAILED))]
    greedy[0] = replace(greedy[0], answer=replace(RIGHT.answer, problem=PROBLEMS[0]))
    known, numbers = greedy_scores(greedy[::-1])
    assert known == {question(PROBLEMS[0]): 1.0, ("b", 5): -0.6, ("a", 5): pytest.approx(0.2)}
    assert numbers == {"baseline_errors": 1.0}
    assert greedy_scores([FAILED])[0] == {("a", 5): 0.0}


def greedy_worth(policy: Policy) -> dict[str, float]:
    texts = policy.sample([p.prompt for p in PROBLEMS], temperature=0.0, max_new_tokens=12, seed=5)
    return {problem.task_id: worth(text) for problem, text in zip(PROBLEMS, texts, strict=True)}


@pytest.mark.parametrize("advantage", ["greedy", "coderl"])
def test_a_step_is_against_the_greedy_completions_of_its_policy(
    policy: Policy, judge: Judge, tmp_path: Path, advantage: str
) -> None:
    """One for each distinct problem, whatever the number of rollouts; after the update it is another."""
    recipe = override(
        Recipe(),
        {
            "ppo.advantage": advantage,
            "rollout.samples_per_prompt": 2,
            "rollout.max_new_tokens": 12,
            "objective.steps": 9,
            "objective.lr": 1e-2,
            "critic.lr": 0.1,
            "critic.warmup_steps": 0,
        },
    )
    run, machine = RunFolder(tmp_path), Machine(rails="warn")
    run.begin(recipe, machine)
    with TrainingStep(policy, recipe, judge, run, ENTRY, None, machine) as step:
        for number in range(2):
            expected = greedy_worth(policy)
            row, rollouts = step.take(number, [*PROBLEMS, PROBLEMS[0]])
            found = [one.feedback.baseline for one in rollouts]
            assert found == [expected[one.answer.problem.task_id] for one in rollouts]
            assert len(rollouts) == 8
            assert row["baseline"] == pytest.approx(sum(found) / 8)
            assert row["baseline_errors"] == 0
            assert row["seconds_baseline"] > 0
            assert ("class_loss" in row) == (advantage == "coderl")
    assert greedy_worth(policy) != expected, "it learns at all"


def test_shares_of_several_processes_are_those_of_one(policy: Policy, judge: Judge) -> None:
    scores = []
    for world in (1, 2, 5):
        found: list[Rollout] = []
        for rank in range(world):
            with RolloutCollector(
                policy, judge, ground, run_tests=False, rank=rank, world=world
            ) as collector:
                greedy = Baseline("greedy", collector, Parallel()).begin(PROBLEMS, 12)
                assert greedy is not None
                found += collector.finish(greedy)[0]
        scores.append(greedy_scores(found))
    assert scores[0] == scores[1] == scores[2]
    assert set(scores[0][0].values()) == set(greedy_worth(policy).values())


@pytest.mark.parametrize("advantage", ["gae", "group", "leave-one-out"])
def test_other_advantages_have_no_baseline(
    policy: Policy, judge: Judge, tmp_path: Path, advantage: str
) -> None:
    recipe = override(Recipe(), {"ppo.advantage": advantage, "rollout.max_new_tokens": 12})
    run, machine = RunFolder(tmp_path), Machine(rails="warn")
    run.begin(recipe, machine)
    with TrainingStep(policy, recipe, judge, run, ENTRY, None, machine) as step:
        row, rollouts = step.take(0, PROBLEMS)
        assert step.state()["baseline"] == {}
    assert [one.feedback.baseline for one in rollouts] == [0.0] * len(rollouts)
    assert not {"baseline", "baseline_errors", "seconds_baseline"} & row.keys()


def test_classes_need_tests_that_are_run() -> None:
    for name, entry in GROUNDINGS.items():
        recipe = override(Recipe(), {"objective.grounding": name, "ppo.advantage": "coderl"})
        check_advantage(override(recipe, {"ppo.advantage": "greedy"}), entry)
        check_advantage(override(recipe, {"objective.steps": 0}), entry)
        if entry.runs:
            check_advantage(recipe, entry)
        else:
            with pytest.raises(BadInput, match=f"field 'ppo.advantage'.*{name}"):
                check_advantage(recipe, entry)
