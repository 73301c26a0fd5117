"""The estimator equals what it estimates; intervals cover; judge errors are no samples."""

from __future__ import annotations

import itertools
import math
import random
import time

import pytest

from javabox import Outcome, Verdict
from rlcf.errors import BadInput
from rlcf.evaluation.metrics import METRICS, Tally, check_k, estimate, gain, mean_intervals, pass_at_k


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
    assert math.isnan(estimate([only_errors], [1])["pass"][1].rate)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    draw = random.Random(2)
    covered = 0
    for trial in range(150):
        column = [float(draw.random() < 0.3) for _ in range(80)]
        (found,) = mean_intervals([column], seed=trial)
        covered += found.low <= 0.3 <= found.high
    assert 0.89 <= covered / 150 <= 0.99


def test_interval_has_the_width_of_the_normal_approximation() -> None:
    draw = random.Random(3)
    column = [draw.gauss(0.0, 0.2) for _ in range(1000)]
    column = [max(-1.0, min(1.0, value)) for value in column]
    (found,) = mean_intervals([column])
    mean = math.fsum(column) / 1000
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in column) / 1000) / math.sqrt(1000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=0.1)
    assert found.low < found.rate < found.high


def test_columns_do_not_touch_each_other_and_a_seed_gives_the_same_interval() -> None:
    draw = random.Random(4)
    columns = [[draw.uniform(-1, 1) for _ in range(60)] for _ in range(4)]
    together = mean_intervals(columns, seed=7)
    alone = [mean_intervals([column], seed=7)[0] for column in columns]
    for a, b in zip(together, alone, strict=True):
        assert (a.rate, a.low, a.high) == pytest.approx((b.rate, b.low, b.high), abs=1e-9)
    assert together == mean_intervals(columns, seed=7)
    assert together != mean_intervals(columns, seed=8)


def test_problems_that_all_agree_give_a_point() -> None:
    rates = estimate([Tally(4, 4, 4, 0)] * 20, [1])
    assert (rates["compile"][1].low, rates["compile"][1].high) == (1.0, 1.0)
    assert (rates["pass"][1].low, rates["pass"][1].high) == (0.0, 0.0)


def test_a_gain_is_paired_by_problem() -> None:
    draw = random.Random(5)
    before = [Tally(10, 10, 10, draw.randint(0, 9)) for _ in range(200)]
    after = [Tally(10, 10, 10, tally.passed + 1) for tally in before]
    found = gain(before, after, 1)["pass"]
    assert (found.rate, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert gain(before, before, 1)["compile"].rate == 0.0


def test_intervals_of_two_thousand_problems_take_about_a_second() -> None:
    tallies = [Tally(1, 1, 1, at % 2) for at in range(2000)]
    started = time.process_time()
    estimate(tallies, [1])
    assert time.process_time() - started < 3.0
