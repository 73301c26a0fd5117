"""What a step makes of judged rollouts."""

from __future__ import annotations

import pytest

from javabox import Case, Outcome, Suite, Verdict
from rlcf.grounding.signal import Answer, Signal
from rlcf.policy.generate import Sampled
from rlcf.problems import Problem
from rlcf.training.rollout import Rollout
from rlcf.training.step import rollout_statistics


def rollout(task_id: str, outcome: Outcome, score: float | None, tokens: int = 2) -> Rollout:
    cases = () if outcome in (Outcome.COMPILE_ERROR, Outcome.JUDGE_ERROR) else (Case("0", outcome),)
    answer = Answer(Problem(task_id, "int f", Suite()), f"{outcome} {score}", Verdict(outcome, cases))
    return Rollout(
        0,
        [1],
        Sampled([2] * tokens, True, [0.0] * tokens),
        answer,
        Signal(score, None, {"tests": score or 0.0}),
    )


ROLLOUTS = [
    rollout("a", Outcome.PASSED, 1.0),
    rollout("a", Outcome.COMPILE_ERROR, -1.0),
    rollout("b", Outcome.FAILED, 0.2, tokens=5),
    rollout("a", Outcome.JUDGE_ERROR, None),
    rollout("a", Outcome.RUNTIME_ERROR, -0.6),
]


def test_judge_errors_are_part_of_no_rate() -> None:
    row = rollout_statistics(ROLLOUTS)
    assert row["judge_errors"] == 1
    assert (row["compile"], row["exec"], row["pass"]) == (0.75, 0.5, 0.25)
    assert row["reward"] == pytest.approx((1 - 1 + 0.2 - 0.6) / 4)
    assert row["part_tests"] == pytest.approx(row["reward"])
    assert row["response_tokens"] == pytest.approx(13 / 5)
    assert (row["rollouts"], row["well_scored"]) == (5, 2)
