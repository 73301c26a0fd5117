"""What a step makes of judged rollouts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from javabox import Case, Judge, Outcome, Suite, Verdict
from rlcf.grounding.rlcf import compiler
from rlcf.grounding.signal import Answer, Signal, Span
from rlcf.grounding.table import Entry, grounding_entry
from rlcf.grounding.values import outcome_class
from rlcf.javasource.bodies import start_points
from rlcf.machine import Machine
from rlcf.policy import Policy, load_policy
from rlcf.policy.generate import Sampled
from rlcf.problems import Problem, load_problems
from rlcf.problems.curriculum import WINDOW
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.objectives.ppo import PpoObjective
from rlcf.training.rollout import Feedback, Rollout, feedback_of
from rlcf.training.runtime.rails import TrainingStopped
from rlcf.training.runtime.rollout_metrics import rollout_metrics
from rlcf.training.runtime.run_folder import RunFolder
from rlcf.training.step import TrainingStep, untied
from tests.rlcf.training.conftest import SmallWorld


def rollout(task_id: str, outcome: Outcome, score: float | None, tokens: int = 2) -> Rollout:
    cases = () if outcome in (Outcome.COMPILE_ERROR, Outcome.JUDGE_ERROR) else (Case("0", outcome),)
    answer = Answer(Problem(task_id, "int f", Suite()), f"{outcome} {score}", Verdict(outcome, cases))
    return Rollout(
        0,
        [1],
        Sampled([2] * tokens, True, [0.0] * tokens),
        answer,
        Signal(score, None, {"tests": score or 0.0}),
        Feedback(score, tokens - 1, (0.0,) * tokens, None, outcome_class(answer.verdict), group=0),
        answer,
    )


ROLLOUTS = [
    rollout("a", Outcome.PASSED, 1.0),
    rollout("a", Outcome.COMPILE_ERROR, -1.0),
    rollout("b", Outcome.FAILED, 0.2, tokens=5),
    rollout("a", Outcome.JUDGE_ERROR, None),
    rollout("a", Outcome.RUNTIME_ERROR, -0.6),
]


def test_judge_errors_are_part_of_no_rate() -> None:
    row = rollout_metrics(ROLLOUTS)
    assert row["judge_errors"] == 1
    assert (row["compile"], row["exec"], row["pass"]) == (0.75, 0.5, 0.25)
    assert row["reward"] == pytest.approx((1 - 1 + 0.2 - 0.6) / 4)
    assert row["part_tests"] == pytest.approx(row["reward"])
    assert row["response_tokens"] == pytest.approx(13 / 5)
    assert (row["rollouts"], row["well_scored"]) == (5, 2)


def test_broken_suites_are_counted_apart_and_are_part_of_no_rate() -> None:
    row = rollout_metrics([*ROLLOUTS, rollout("c", Outcome.SUITE_ERROR, None)])
    assert (row["judge_errors"], row["suite_errors"], row["rollouts"]) == (1, 1, 6)
    assert (row["compile"], row["exec"], row["pass"]) == (0.75, 0.5, 0.25)


def test_spans_and_stretches_become_tokens(policy: Policy) -> None:
    text = "        int y = x * x;\n        return ü - 2;\n"
    ids = policy.encode_completion(text)
    ends = [len(policy.decode(ids[: n + 1])) for n in range(len(ids))]
    starts = [0, *ends[:-1]]
    start, end = text.index("return"), len(text)
    inside = [starts[n] < end and ends[n] > start for n in range(len(ids))]
    signal = Signal(1.0, spans=(Span(start, end, -0.3), Span(3, 3, 9.0)), loss_spans=((start, end), (0, 0)))
    answer = Answer(Problem("t", "", Suite()), text, Verdict(Outcome.FAILED))
    feedback = feedback_of(policy, ids, signal, outcome_class(answer.verdict), group=3)
    alpha = min(10, len(ids) / sum(inside))
    assert list(feedback.token_credits) == pytest.approx([-0.3 * alpha * token for token in inside])
    assert feedback.loss_mask == (*inside[:-1], True), "the end is always learnt"
    assert (feedback.score, feedback.outcome_class, feedback.group) == (1.0, 2, 3)
    assert feedback.reward_position == len(ids) - 1
    short = Signal(1.0, reward_position=start, spans=(Span(0, 1, 1.0),))
    feedback = feedback_of(policy, ids, short, None, group=0)
    assert max(feedback.token_credits) == min(10, len(ids))
    assert feedback.loss_mask is None
    assert feedback.reward_position == inside.index(True)


def grounding_that_fails(every: int) -> Entry:
    """A compiler grounding that has no score for one answer in `every`, as where a judge's JVM is lost."""

    def ground(answers: Sequence[Answer]) -> list[Signal]:
        signals = compiler(answers)
        return [Signal(None) if at % every == 0 else signal for at, signal in enumerate(signals)]

    return Entry(lambda *_: ground, runs=False, compares=lambda _: False)


def step_with(
    entry: Entry,
    small_world: SmallWorld,
    judge: Judge,
    folder: Path,
    rails: Literal["stop", "warn"],
    fields: Mapping[str, Any] | None = None,
) -> TrainingStep:
    recipe = override(
        Recipe(),
        {
            "objective.steps": 2,
            "objective.minibatches": 2,
            "rollout.samples_per_prompt": 8,
            "rollout.max_new_tokens": 24,
            **(fields or {}),
        },
    )
    policy = load_policy(small_world.model)
    run, machine = RunFolder(folder), Machine(rails=rails)
    run.begin(recipe, machine)
    solved = load_problems(str(small_world.problems), "train")
    return TrainingStep(policy, recipe, judge, run, entry, None, machine, solved=solved)


@pytest.mark.parametrize("rails", ["stop", "warn"])
def test_many_infrastructure_failures_always_end_the_run(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, rails: Literal["stop", "warn"]
) -> None:
    problems = load_problems(str(small_world.problems), "train")[:3]
    with (
        step_with(grounding_that_fails(4), small_world, judge, tmp_path, rails) as step,
        pytest.raises(TrainingStopped, match=r"judge_failing.*6 of 24"),
    ):
        step.take(0, problems)


def test_a_few_are_masked_and_counted(small_world: SmallWorld, judge: Judge, tmp_path: Path) -> None:
    problems = load_problems(str(small_world.problems), "train")[:3]
    with step_with(grounding_that_fails(24), small_world, judge, tmp_path, "stop") as step:
        row, rollouts = step.take(0, problems)
    assert (row["rollouts"], row["judge_errors"]) == (24, 1)
    judged = [rollout.signal.score for rollout in rollouts if rollout.signal.score is not None]
    assert row["reward"] == pytest.approx(sum(judged) / 23)
    lines = (tmp_path / "completions.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(json.loads(line)["score"] is None for line in lines) == 1


def test_with_no_verdict_at_all_there_is_a_reason(
    small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    problems = load_problems(str(small_world.problems), "train")[:1]
    with (
        step_with(grounding_that_fails(1), small_world, judge, tmp_path, "warn") as step,
        pytest.raises(TrainingStopped, match=r"judge_failing.*every rollout"),
    ):
        step.take(0, problems)


def test_the_time_of_a_step_is_split_without_rest(
    small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    problems = load_problems(str(small_world.problems), "train")[:3]
    with step_with(grounding_that_fails(99), small_world, judge, tmp_path, "warn") as step:
        row, rollouts = step.take(0, problems)
        parameters = sum(parameter.numel() for parameter in step.policy.model.parameters())
    prompts = {one.feedback.group: len(one.prompt_ids) for one in rollouts}
    tokens = sum(prompts.values()) + sum(len(one.sampled.ids) for one in rollouts)
    teraflop = parameters * tokens / 1e12
    written = sum(len(one.sampled.ids) for one in rollouts)
    rate = 2 * teraflop * row["generated_tokens_per_second"] / written
    assert row["generate_tflop_per_second"] == pytest.approx(rate)
    assert written / row["generated_tokens_per_second"] <= row["seconds_generate"]
    assert row["update_tflop_per_second"] == pytest.approx(6 * teraflop / row["seconds_update"])
    assert "update_mfu" not in row, "nobody knows what this processor can do"
    parts = ("generate", "logps", "judge_exposed", "update", "refresh")
    assert sum(row.get(f"seconds_{name}", 0.0) for name in parts) <= row["seconds"]
    assert row["seconds_generate"] > 0
    assert row["tokens_per_second"] == pytest.approx(row["response_tokens"] * 24 / row["seconds"])


def test_first_visits_are_told_apart(small_world: SmallWorld, judge: Judge, tmp_path: Path) -> None:
    problems = load_problems(str(small_world.problems), "train")[:4]
    with step_with(grounding_entry("tests"), small_world, judge, tmp_path, "warn") as step:
        first, _ = step.take(0, problems[:2])
        second, rollouts = step.take(1, problems[1:3])
        again, _ = step.take(2, problems[:2])
        assert step.state()["visited"] == sorted(problem.task_id for problem in problems[:3])
    assert (first["first_visits"], first["first_pass"]) == (1.0, first["pass"])
    assert second["first_visits"] == 0.5
    new = [one for one in rollouts if one.answer.problem.task_id == problems[2].task_id]
    assert second["first_pass"] == sum(bool(one.answer.verdict.passed) for one in new) / 8
    assert again["first_visits"] == 0
    assert "first_pass" not in again


def test_prompts_that_tie_give_way_to_others(small_world: SmallWorld, judge: Judge, tmp_path: Path) -> None:
    """One completion a prompt always ties: the rounds run out, and all that was sampled is counted."""
    problems = load_problems(str(small_world.problems), "train")
    drawn: list[int] = []

    def more(count: int) -> Sequence[Problem]:
        drawn.append(count)
        first = 4 + sum(drawn[:-1])
        return problems[first : first + count]

    fields = {
        "rollout.prompts_per_step": 2,
        "rollout.resampling_rounds": 2,
        "ppo.advantage": "leave-one-out",
        "kl.coef": 0.0,
    }
    entry = grounding_entry("pass")
    with step_with(
        entry, small_world, judge, tmp_path, "warn", fields | {"rollout.samples_per_prompt": 1}
    ) as step:
        row, rollouts = step.take(0, problems[:2], more)
    assert drawn == [2, 2]
    assert row["rollouts"] == len(rollouts) == 6
    assert row["learnt_rollouts"] == 6, "where every group ties, nothing is dropped"
    assert [one.row for one in rollouts] == [*range(6)]
    assert [one.feedback.group for one in rollouts] == [*range(6)]
    assert len((tmp_path / "completions.jsonl").read_text(encoding="utf-8").splitlines()) == 6

    drawn.clear()
    fields |= {"rollout.prompts_per_step": 4, "rollout.samples_per_prompt": 2}
    with step_with(entry, small_world, judge, tmp_path / "groups", "warn", fields) as step:
        row, rollouts = step.take(0, problems[:4], more)
    learnt = untied(rollouts)
    assert 0 < len(learnt) < len(rollouts), "some tie and some do not"
    assert row["learnt_rollouts"] == len(learnt)
    mixed = {one.answer.problem.task_id for one in learnt}
    for task_id in {one.answer.problem.task_id for one in rollouts}:
        passed = [bool(o.answer.verdict.passed) for o in rollouts if o.answer.problem.task_id == task_id]
        assert (task_id in mixed) == (0 < sum(passed) < len(passed))
    assert drawn[0] == 4 - len(mixed & {problem.task_id for problem in problems[:4]})


def test_a_curriculum_asks_from_start_points_that_move(
    small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    plain = load_problems(str(small_world.problems), "train")[0]
    reference = "        int y = 0;\n        if (x > 9) {\n            y = x;\n        }\n" + str(
        plain.reference
    )
    problem = replace(plain, reference=reference)
    points = start_points(reference)
    assert len(points) == 2, "the branch and the whole"
    entry = grounding_entry("tests")
    with step_with(entry, small_world, judge, tmp_path, "warn", {"rollout.curriculum": True}) as step:
        row, rollouts = step.take(0, [problem])
        assert {r.answer.problem.prompt for r in rollouts} == {problem.prompt + reference[: points[0]]}
        assert row["asked_whole"] == float(points[0] == 0)
        known = step.curriculum
        assert known is not None
        told = known.state()[problem.task_id]["passed"]
        assert told == [bool(r.answer.verdict.passed) for r in rollouts], "every answer counts"
        for _ in range(WINDOW):
            known.seen(problem.task_id, passed=True)
        row, rollouts = step.take(1, [problem])
        assert {r.answer.problem.prompt for r in rollouts} == {problem.prompt}
        assert row["asked_whole"] == 1
        saved = step.state()["curriculum"]
        assert saved[problem.task_id]["stage"] == 1


def test_a_buffer_gives_old_rollouts_to_learn_from(
    small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    problems = load_problems(str(small_world.problems), "train")[:4]
    entry = grounding_entry("tests")
    with step_with(
        entry,
        small_world,
        judge,
        tmp_path,
        "warn",
        {"rollout.replay_capacity": 64, "rollout.replay_drawn": 12},
    ) as step:
        learnt: list[list[list[int]]] = []
        objective = step.objective
        assert isinstance(objective, PpoObjective)
        experience = objective.experience

        def watched(prompts: Any, completions: Any, number: int) -> Any:
            learnt.append([[*p, *c] for p, c in zip(prompts, completions, strict=True)])
            return experience(prompts, completions, number)

        objective.experience = watched  # type: ignore[method-assign]
        rows = [step.take(at, problems[2 * at : 2 * at + 2]) for at in range(2)]
    first = [[*r.prompt_ids, *r.sampled.ids] for r in rows[0][1]]
    second = [[*r.prompt_ids, *r.sampled.ids] for r in rows[1][1]]
    assert [len(one) for one in learnt] == [min(12, len({*map(tuple, first)})), 12]
    assert all(one in first for one in learnt[0])
    old = [one in first for one in learnt[1]]
    assert any(old), "of the first step"
    assert not all(old), "of the second"
    assert all(one in first + second for one in learnt[1])


def test_the_anchor_is_on_problems_of_the_corpus_others_each_step(
    small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    asked = load_problems(str(small_world.problems), "train")[:1]
    fields = {"objective.sft_coef": 0.5, "objective.sft_problems": 3, "critic.warmup_steps": 0}
    drawn = []
    for run in ("one", "other"):
        entry = grounding_entry("compiler")
        with step_with(entry, small_world, judge, tmp_path / run, "warn", fields) as step:
            row, rollouts = step.take(0, asked)
            drawn.append([[one.task_id for one in step._anchors(rollouts, at)] for at in range(4)])
        assert row["anchor_loss"] > 0
    assert drawn[0] == drawn[1], "the same in another run"
    assert all(len(set(ids)) == 3 for ids in drawn[0])
    assert len({tuple(ids) for ids in drawn[0]}) > 1, "others in another step"
