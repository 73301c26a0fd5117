"""What travels between a shared judge and those who ask it arrives as it was sent."""

from __future__ import annotations

import pickle
from dataclasses import fields, is_dataclass
from typing import Any

from javabox import Job, Judge, JudgeUnavailable, Limits, Suite, SuiteCase
from javabox.job import StdinCase
from javabox.shared.sending import RECORDS, STATS, pickled

SUITE = Suite(
    (SuiteCase("a", "int r = A.f(1);", "r", "2"), SuiteCase("b", "int r = A.f(0);", "r", "5 / A.f(0)"))
)
PRINTS = Suite(stdin=(StdinCase("1", "2 3\n", ("5",)),))
MAIN = "class Main { public static void main(String[] a) { System.out.println(%s); } }"
JOBS = [
    Job("class A { static int f(int x) { return 2 * x; } }", SUITE, coverage=True),
    Job("class A { static int f(int x) { return 2 / x; } }", SUITE, Limits.of(1.0, 128), completion_start=10),
    Job("class A { static int f(int x) { return y; } }", SUITE, declared=("A",)),
    Job("class A { B b; }", files=(("B.java", "class B { int x = z; }"),)),
    Job("class A { static int f(int x) { while (true) { x++; } } }", SUITE, Limits(fuel=10**6)),
    Job('class A { String s = "\ud800\0"; }'),
    Job(MAIN % "5", PRINTS),
    Job(MAIN % "1 / 0", PRINTS),
]


def _records(thing: Any) -> set[type[Any]]:
    """Types of the records in it."""
    if isinstance(thing, (list, tuple)):
        return set().union(*map(_records, thing))
    if is_dataclass(thing) and not isinstance(thing, type):
        return {type(thing)}.union(*(_records(getattr(thing, one.name)) for one in fields(thing)))
    return set()


def test_jobs_and_verdicts_arrive_as_they_were(judge: Judge) -> None:
    verdicts = judge.grade(JOBS)
    items: list[tuple[int, Any]] = [*enumerate(JOBS), *enumerate(verdicts), (1, None), (2, STATS)]
    assert pickle.loads(pickled(items)) == items
    assert _records(items) == set(RECORDS)


def test_what_has_no_way_of_its_own_is_sent_too() -> None:
    error = JudgeUnavailable("gone", "start it")
    ((_, found),) = pickle.loads(pickled([(0, error)]))
    assert (type(found), found.args) == (JudgeUnavailable, error.args)
