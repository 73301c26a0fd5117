"""The estimator equals what it estimates; intervals cover; judge errors are no samples."""

from __future__ import annotations

import itertools
import math
import random
import time

import pytest

from javabox import Outcome, Verdict
from rlcf.errors import BadInput
from rlcf.evaluation.metrics import (
    METRICS,
    Running,
    Tally,
    check_k,
    estimate,
    gain,
    mean_intervals,
    pass_at_k,
)


def test_pass_at_k_is_the_share_of_subsets_that_hold_a_right_sample() -> None:
    for n in range(1, 9):
        for c in range(n + 1):
            for k in range(1, n + 1):
                subsets = list(itertools.combinations(range(n), k))
                share = sum(min(subset) < c for subset in subsets) / len(subsets)
                assert pass_at_k(n, c, k) == pytest.approx(share, abs=1e-12), (n, c, k)


def test_pass_at_k_is_exact_where_binomials_overflow_a_float() -> None:
    assert pass_at_k(5000, 3, 2500) == pytest.approx(
        1 - math.comb(4997, 2500) / math.comb(5000, 2500), rel=1e-12
    )


@pytest.mark.parametrize(("n", "c", "k"), [(3, 1, 4), (0, 0, 1), (3, 4, 1), (3, -1, 1), (3, 1, 0)])
def test_undefined_pass_at_k_is_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(n, c, k)


def test_k_above_the_samples_of_one_problem_is_refused_by_its_name() -> None:
    check_k([1, 2], [("A/1", 2), ("A/2", 3)])
    with pytest.raises(BadInput, match=r"A/1 has 2"):
        check_k([1, 3], [("A/1", 2), ("A/2", 3)])
    with pytest.raises(BadInput, match="field 'k'"):
        check_k([], [("A/1", 2)])


def test_rates_nest_and_equal_plain_means_at_k_1() -> None:
    draw = random.Random(1)
    tallies = []
    for _ in range(50):
        compiled = draw.randint(0, 6)
        executed = draw.randint(0, compiled)
        tallies.append(Tally(6, compiled, executed, draw.randint(0, executed)))
    rates = estimate(tallies, [1, 2, 6])
    assert rates["pass"][1].rate == pytest.approx(sum(t.passed for t in tallies) / 300)
    for k in (1, 2, 6):
        assert rates["pass"][k].rate <= rates["exec"][k].rate <= rates["compile"][k].rate
        for name in METRICS:
            assert 0 <= rates[name][k].low <= rates[name][k].rate <= rates[name][k].high <= 1
    for name in METRICS:
        assert rates[name][1].rate <= rates[name][2].rate <= rates[name][6].rate


def test_a_judge_error_is_counted_and_is_no_sample() -> None:
    tally = Tally()
    for outcome in (Outcome.PASSED, Outcome.JUDGE_ERROR, Outcome.COMPILE_ERROR, Outcome.FAILED):
        tally = tally.plus(Verdict(outcome))
    assert tally == Tally(n=3, compiled=2, executed=2, passed=1, judge_errors=1)
    only_errors = Tally().plus(Verdict(Outcome.JUDGE_ERROR))
    assert estimate([tally, only_errors], [1])["pass"][1].rate == pytest.approx(1 / 3)
    none = estimate([only_errors], [1])["pass"][1]
    assert math.isnan(none.rate)
    assert none.percent() == "–"


def test_a_broken_suite_is_counted_and_is_no_sample() -> None:
    tally = Tally().plus(Verdict(Outcome.PASSED)).plus(Verdict(Outcome.SUITE_ERROR))
    assert tally == Tally(n=1, compiled=1, executed=1, passed=1, suite_errors=1)


def test_what_ran_untested_executed_and_did_not_pass() -> None:
    assert Tally().plus(Verdict(Outcome.UNTESTED)) == Tally(n=1, compiled=1, executed=1, passed=0)


@pytest.mark.parametrize("k", [1, 2])
def test_the_running_rates_end_as_the_rates_of_the_table(k: int) -> None:
    """Problems with many samples weigh no more than those with few, from the first verdict on."""
    draw = random.Random(6)
    outcomes = [
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.COMPILE_ERROR,
        Outcome.RUNTIME_ERROR,
        Outcome.UNTESTED,
    ]
    asked = [(f"p{at}", Verdict(draw.choice(outcomes))) for at in range(9) for _ in range(1 + at * k)]
    asked += [("p1", Verdict(Outcome.JUDGE_ERROR)), ("only broken", Verdict(Outcome.SUITE_ERROR))]
    draw.shuffle(asked)
    running, tallies = Running(k), dict[str, Tally]()
    assert running.shown() == {}
    for task_id, verdict in asked:
        running.add(task_id, verdict)
        tallies[task_id] = tallies.get(task_id, Tally()).plus(verdict)
        so_far = estimate(list(tallies.values()), [k])
        shown = running.shown()
        if any(tally.n >= k for tally in tallies.values()):
            assert {name: shown[f"{name}@{k}"] for name in METRICS} == {
                name: f"{so_far[name][k].rate:.1%}" for name in METRICS
            }
    assert shown["judge errors"] == shown["suite errors"] == "1"
    share = sum(verdict.outcome is Outcome.PASSED for _, verdict in asked) / (len(asked) - 2)
    assert shown[f"pass@{k}"] != f"{share:.1%}", "the share of samples is another number"


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    draw = random.Random(2)
    covered = 0
    for trial in range(150):
        column = [float(draw.random() < 0.3) for _ in range(80)]
        (found,) = mean_intervals([column], seed=trial)
        covered += found.low <= 0.3 <= found.high
    assert 0.89 <= covered / 150 <= 0.99


def test_intervals_cover_a_rate_near_one_too() -> None:
    """Of 50 problems, each right with 98 %, all are right one time in three: to the bootstrap a certainty."""
    draw, covered = random.Random(8), 0
    for trial in range(150):
        (found,) = mean_intervals([[float(draw.random() < 0.98) for _ in range(50)]], seed=trial)
        covered += found.low <= 0.98 <= found.high
    assert covered / 150 >= 0.93


def test_interval_has_the_width_of_the_normal_approximation() -> None:
    draw = random.Random(3)
    column = [draw.gauss(0.0, 0.2) for _ in range(1000)]
    column = [max(-1.0, min(1.0, value)) for value in column]
    (found,) = mean_intervals([column], bounds=(-1.0, 1.0))
    mean = math.fsum(column) / 1000
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in column) / 1000) / math.sqrt(1000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=0.1)
    assert found.low < found.rate < found.high


def test_columns_do_not_touch_each_other_and_a_seed_gives_the_same_interval() -> None:
    draw = random.Random(4)
    columns = [[draw.uniform(-1, 1) for _ in range(60)] for _ in range(4)]
    bounds = (-1.0, 1.0)
    together = mean_intervals(columns, seed=7, bounds=bounds)
    alone = [mean_intervals([column], seed=7, bounds=bounds)[0] for column in columns]
    for a, b in zip(together, alone, strict=True):
        assert (a.rate, a.low, a.high) == pytest.approx((b.rate, b.low, b.high), abs=1e-9)
    assert together == mean_intervals(columns, seed=7, bounds=bounds)
    assert together != mean_intervals(columns, seed=8, bounds=bounds)


def test_five_of_five_is_no_certainty_and_a_thousand_is_nearly_one() -> None:
    """Where all agree the interval is Clopper and Pearson's: 0.025^(1/n) to 1, and mirrored."""
    lows = []
    for n in (1, 2, 5, 20, 100, 1000):
        rates = estimate([Tally(4, 4, 4, 0)] * n, [1])
        right, wrong = rates["compile"][1], rates["pass"][1]
        assert (right.rate, right.high, wrong.rate, wrong.low) == (1.0, 1.0, 0.0, 0.0)
        assert right.low == pytest.approx(0.025 ** (1 / n))
        assert wrong.high == pytest.approx(1 - right.low)
        lows.append(right.low)
    assert lows == sorted(lows)
    assert lows[2] == pytest.approx(0.478, abs=1e-3)
    assert lows[-1] > 0.996


@pytest.mark.parametrize("n", [5, 20, 100])
def test_one_more_right_answer_moves_an_interval_by_little(n: int) -> None:
    """By two problems at most, also where the last one agrees; and half a problem less is between."""
    found = [mean_intervals([[1.0] * right + [0.0] * (n - right)])[0] for right in range(n + 1)]
    for fewer, more in itertools.pairwise(found):
        assert 0 <= more.low - fewer.low <= 2.01 / n
        assert 0 <= more.high - fewer.high <= 2.01 / n
    (nearly,) = mean_intervals([[1.0] * (n - 1) + [0.5]])
    assert found[-2].low <= nearly.low <= found[-1].low


def test_where_problems_differ_the_interval_is_the_bootstraps() -> None:
    """Bounds so tight that nothing unseen fits between leave it as it is."""
    column = [float(at % 3 == 0) for at in range(90)]
    tight = sum(column) / 90
    assert mean_intervals([column]) == mean_intervals([column], bounds=(tight, tight))


def test_a_gain_is_paired_by_problem() -> None:
    draw = random.Random(5)
    before = [Tally(10, 10, 10, draw.randint(0, 9)) for _ in range(200)]
    after = [Tally(10, 10, 10, tally.passed + 1) for tally in before]
    found = gain(before, after, 1)["pass"]
    assert found.rate == pytest.approx(0.1)
    assert 0.07 < found.low < 0.1 < found.high < 0.12, "how far each problem is from the others plays no part"
    assert gain(before, before, 1)["compile"].rate == 0.0


def test_that_nothing_changed_in_five_problems_is_no_proof() -> None:
    small = gain([Tally(1, 1, 1, 1)] * 5, [Tally(1, 1, 1, 1)] * 5, 1)["pass"]
    assert (small.rate, small.low, small.high) == pytest.approx((0.0, -0.522, 0.522), abs=1e-3)
    large = gain([Tally(1, 1, 1, 1)] * 2000, [Tally(1, 1, 1, 1)] * 2000, 1)["pass"]
    assert -0.002 < large.low < 0 < large.high < 0.002


def test_intervals_of_two_thousand_problems_take_about_a_second() -> None:
    tallies = [Tally(1, 1, 1, at % 2) for at in range(2000)]
    started = time.process_time()
    estimate(tallies, [1])
    assert time.process_time() - started < 3.0
