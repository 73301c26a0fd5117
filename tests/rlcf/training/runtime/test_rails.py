"""Rails: each alarm fires beyond its limit, and only there, also after a resume; nothing else is changed."""

from __future__ import annotations

import logging
import math
import random

import pytest

from rlcf.training.runtime.rails import (
    ALARMS,
    ALWAYS_STOP,
    FINITE,
    Alarm,
    Limits,
    Rails,
    TrainingStopped,
    act,
)

GOOD = {
    "reward": 0.4, "compile": 0.9, "exec": 0.9, "pass": 0.5, "judge_errors": 0.0, "rollouts": 512.0,
    "truncated": 0.02, "distinct": 0.9, "kl": 3.0, "approx_kl": 0.002, "entropy": 0.6, "clip_fraction": 0.1,
    "explained_variance": -0.2, "policy_loss": -0.01, "value_loss": 0.2, "gradient_norm": 0.4,
    "skipped_updates": 0.0, "sign_trivial": 0.01, "sign_comment_only": 0.0, "sign_copied": 0.5,
    "sign_hard_coded": 0.0, "well_scored": 300.0,
}  # fmt: skip


def names(alarms: list[Alarm]) -> list[str]:
    return [alarm.name for alarm in alarms]


def after(*rows: dict[str, float], limits: Limits | None = None) -> list[str]:
    """The alarms of the last row."""
    rails = Rails(limits or Limits())
    return [names(rails.check(step, GOOD | row)) for step, row in enumerate(rows, 1)][-1]


def random_row(rng: random.Random) -> dict[str, float]:
    odd = [0.0, 1.0, -1.0, 1e9, math.nan, math.inf, -math.inf]
    row = {
        name: value if rng.random() < 0.7 else rng.choice([*odd, value * 3]) for name, value in GOOD.items()
    }
    return {name: value for name, value in row.items() if rng.random() < 0.9}


def test_good_rows_raise_no_alarm() -> None:
    assert after(*[{}] * 20) == []
    assert Rails().check(1, {}) == []


@pytest.mark.parametrize("name", FINITE)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_named(name: str, value: float) -> None:
    alarms = Rails().check(7, GOOD | {name: value})
    assert alarms[0].name == "not_finite"
    assert f"step 7: {name} = {value}" in alarms[0].message


@pytest.mark.parametrize(
    ("row", "alarm"),
    [
        ({"skipped_updates": 1.0}, "not_finite"),
        ({"kl": 30.1}, "kl"),
        ({"kl": -1.1}, "kl"),
        ({"judge_errors": 26.0}, "judge_failing"),
        ({"sign_trivial": 0.31}, "hack_trivial"),
        ({"sign_comment_only": 0.31}, "hack_comment_only"),
        ({"sign_hard_coded": 1.0}, "hack_hard_coded"),
    ],
)
def test_an_alarm_beyond_its_limit(row: dict[str, float], alarm: str) -> None:
    assert after(row) == [alarm]


@pytest.mark.parametrize(
    "row",
    [
        {"kl": 30.0},
        {"kl": -1.0},
        {"judge_errors": 25.0},
        {"sign_trivial": 0.3},
        {"sign_trivial": 1.0, "well_scored": 7.0},
        {"sign_copied": 0.79},
        {"truncated": 1.0},
        {"explained_variance": -9.0},
    ],
)
def test_none_at_its_limit(row: dict[str, float]) -> None:
    assert after({}, row) == []


def test_entropy_is_compared_with_the_first_step() -> None:
    assert after({"entropy": 2.0}, {"entropy": 0.2}) == []
    assert after({"entropy": 2.0}, {"entropy": 0.19}) == ["entropy_collapse"]
    assert after({"entropy": 0.01}, {"entropy": 0.01}) == [], "low is no collapse if it was low before"
    assert after({"entropy": math.nan}, {"entropy": 2.0}, {"entropy": 0.1}) == ["entropy_collapse"]
    assert after({"entropy": 0.0}, {"entropy": 0.0}) == []


def test_copies_are_compared_with_the_first_step() -> None:
    assert after({"sign_copied": 0.9}) == []
    assert after({"sign_copied": 0.0}, {"sign_copied": 0.31}) == ["hack_copied"]
    assert after({"sign_copied": 0.6}, {"sign_copied": 0.89}) == []
    few = {"sign_copied": 0.0, "well_scored": 7.0}
    assert after(few, {"sign_copied": 0.6}) == [], "few answers make no share to compare with"


def test_truncation_must_last() -> None:
    cut, whole = {"truncated": 0.6}, {"truncated": 0.5}
    assert after(cut, cut) == []
    assert after(cut, cut, cut) == ["truncation"]
    assert after(cut, cut, whole, cut, cut) == []
    assert after(cut, limits=Limits(truncated_steps=1)) == ["truncation"]


@pytest.mark.parametrize("seed", range(40))
def test_a_resumed_run_alarms_like_one_that_never_stopped(seed: int) -> None:
    rng = random.Random(seed)
    rows = [random_row(rng) for _ in range(12)]
    whole = Rails()
    expected = [whole.check(step, row) for step, row in enumerate(rows)]
    cut = rng.randrange(len(rows))
    first, second = Rails(), Rails()
    seen = [first.check(step, row) for step, row in enumerate(rows[:cut])]
    second.load(first.state())
    seen += [second.check(step, row) for step, row in enumerate(rows[cut:], cut)]
    assert seen == expected
    assert all(math.isfinite(number) for number in whole.state().values()), (
        "it goes into a checkpoint as JSON"
    )
    for alarms in seen:
        assert [name for name in ALARMS if name in names(alarms)] == names(alarms), (
            "each once, in their order"
        )


@pytest.mark.parametrize("seed", range(40))
def test_checking_changes_no_row_and_looser_limits_alarm_less(seed: int) -> None:
    rng = random.Random(seed)
    tight = Rails(Limits(1.0, -0.5, 0.5, 0.1, 1, 0.01, 0.05, 1.0))
    loose = Rails(Limits(1e12, -math.inf, 0.0, 1e12, 1, math.inf, 1e12, 1.0))
    for step in range(12):
        row = random_row(rng)
        before = dict(row)
        usual, few = names(tight.check(step, row)), names(loose.check(step, row))
        assert set(few) <= set(usual)
        assert str(row) == str(before)


def test_messages_say_what_was_seen_the_limit_and_what_to_do() -> None:
    (alarm,) = Rails().check(3, GOOD | {"judge_errors": 100.0})
    assert "100 of 512" in alarm.message
    assert "5%" in alarm.message
    assert "rlcf doctor" in alarm.message


def test_the_run_stops_or_goes_on_as_the_recipe_says(caplog: pytest.LogCaptureFixture) -> None:
    alarms = Rails().check(1, GOOD | {"kl": 99.0, "sign_trivial": 0.9})
    with caplog.at_level(logging.WARNING, "rlcf"):
        act(alarms, stop_on=())
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["kl", "hack_trivial"]
    with pytest.raises(TrainingStopped, match="hack_trivial: step 1: 90% of") as stopped:
        act(alarms, stop_on=["hack_trivial"])
    assert names(list(stopped.value.alarms)) == ["hack_trivial"]
    act([], stop_on=ALARMS)


def test_a_failing_judge_always_stops() -> None:
    assert {"judge_failing"} == ALWAYS_STOP
    with pytest.raises(TrainingStopped, match="judge_failing"):
        act(Rails().check(1, GOOD | {"judge_errors": 300.0}), stop_on=())
