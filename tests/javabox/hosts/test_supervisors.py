"""Several supervisors of one judge: the same verdicts, tests compiled once, one lost and the others go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from javabox import Job, Judge, SuiteCase
from javabox.engines.jvm import Settings
from javabox.engines.local import LocalChannel
from javabox.posts import WORKERS_EACH, Post, Posts
from javabox.supervisor import Task
from tests.javabox.processes import wait_until
from tests.javabox.programs import DOUBLE, program

SUITES = [
    replace(DOUBLE, cases=(*DOUBLE.cases, SuiteCase(f"more {i}", f"Object r = S.f({i});", "r", str(2 * i))))
    for i in range(4, 16)
]


@pytest.fixture(scope="module")
def four() -> Iterator[Judge]:
    with Judge("local", workers=2 * WORKERS_EACH, audit=0.0) as judge:
        yield judge


def supervisors(judge: Judge) -> list[int | None]:
    """Their processes, in order; None for one that is not there."""
    found = [post.supervisor for post in judge._dispatcher._posts]
    channels = [None if one is None else one.line.channel for one in found]
    assert all(channel is None or isinstance(channel, LocalChannel) for channel in channels)
    return [channel._process.pid if isinstance(channel, LocalChannel) else None for channel in channels]


def jobs(count: int, first: int = 0) -> list[Job]:
    """A few suites, many programs; every third is wrong."""
    return [
        program(f"return {3 if i % 3 == 0 else 2} * x; // {first + i}", SUITES[i % len(SUITES)])
        for i in range(count)
    ]


def test_the_second_comes_when_programs_queue() -> None:
    with Judge("local", workers=2 * WORKERS_EACH) as judge:
        assert judge.grade(jobs(1))[0].outcome == "failed"
        assert supervisors(judge)[1] is None
        judge.grade(jobs(24, 100))
        assert wait_until(lambda: None not in supervisors(judge))


def test_verdicts_are_those_of_one(four: Judge) -> None:
    asked = jobs(24)
    four.grade(asked)
    assert wait_until(lambda: None not in supervisors(four))
    again = jobs(48, 1000)
    found = four.grade(again)
    assert [v.outcome for v in found] == ["failed" if i % 3 == 0 else "passed" for i in range(48)]
    with Judge("local", workers=WORKERS_EACH) as one:
        told = one.grade(again)
    assert [replace(v, wall_ms=0.0) for v in found] == [replace(v, wall_ms=0.0) for v in told]


def test_tests_that_one_has_compiled_stay_with_it(four: Judge) -> None:
    four.grade(jobs(24, 2000))
    before = four.stats()["tests_reused"]
    for job in jobs(60, 3000):  # one at a time: nobody takes over what another one has in its queue
        four.grade([job])
    assert four.stats()["tests_reused"] - before >= 60 - len(SUITES)


def test_one_that_is_lost_costs_its_own_jobs_a_retry_and_no_others(four: Judge) -> None:
    four.grade(jobs(24, 4000))
    assert wait_until(lambda: None not in supervisors(four))
    before, (first, second) = four.stats(), supervisors(four)
    assert first is not None
    futures = [four.submit(job) for job in jobs(120, 5000)]
    futures[20].result()
    os.killpg(first, signal.SIGKILL)
    assert [f.result().outcome for f in futures] == ["failed" if i % 3 == 0 else "passed" for i in range(120)]
    assert four.stats()["supervisors_replaced"] == before["supervisors_replaced"] + 1
    assert four.stats()["asked_again"] - before["asked_again"] <= 3 * WORKERS_EACH + 2
    assert supervisors(four)[1] == second
    assert wait_until(lambda: None not in supervisors(four))


# ---- who gets which job ------------------------------------------------------------------------------------


def posts(workers: int) -> Posts:
    return Posts(Settings(workers, warm=True, determinism=True, audit=0.0))


@pytest.mark.parametrize(("workers", "shares"), [(1, [1]), (2, [2]), (3, [3]), (5, [3, 2]), (16, [2] * 8)])
def test_workers_are_dealt_out(workers: int, shares: list[int]) -> None:
    assert [post.settings.workers for post in posts(workers)] == shares


def test_who_has_nothing_to_do_takes_from_the_longest_queue() -> None:
    all_posts = posts(6)
    a, b, c = all_posts
    b.queue.extend(map(Task, jobs(2)))
    c.queue.extend(map(Task, jobs(3, 10)))
    youngest = c.queue[-1]
    assert all_posts.next_for(a) is youngest
    oldest = b.queue[0]
    assert all_posts.next_for(b) is oldest
    assert all_posts.wanted(a)
    while all_posts.next_for(a):
        pass
    assert [len(post.queue) for post in all_posts] == [0, 0, 0]
    assert all_posts.wanted(a)
    assert not all_posts.wanted(b)


def test_jobs_of_one_that_can_not_be_started_are_the_others() -> None:
    all_posts = posts(4)
    homes: dict[int, Post] = {i: all_posts.home(suite) for i, suite in enumerate(SUITES)}
    assert len(set(map(id, homes.values()))) == 2
    lost, left = all_posts
    lost.queue.extend(map(Task, jobs(5)))
    assert all_posts.give_up(lost)
    assert (list(all_posts), len(left.queue)) == ([left], 5)
    assert not all_posts.give_up(left)
