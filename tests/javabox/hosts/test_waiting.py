"""Programs that sleep, wait for ever or never end hold the others up for their share of the workers, and no more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from javabox import Job, Judge, Limits, Outcome, Suite, SuiteCase

LIMITS = Limits(fuel=125_000_000, wall_seconds=10.0, idle_seconds=2.0)
BLOCKED_LIMITS = replace(LIMITS, idle_seconds=0.5)
"""For those alone that wait for ever: a slow machine must not make one of the others seem to wait."""
LIMIT_SECONDS = 10.0
"""The longest that one program may take: its wall clock's limit."""
IMPORTS = "import java.util.*; import java.util.concurrent.*; import java.util.concurrent.locks.*;\n"


def job(body: str, limits: Limits = LIMITS) -> Job:
    source = f"{IMPORTS}class S {{ static int f(int x) throws Exception {{ {body} }} }}"
    return Job(source, Suite((SuiteCase("two", "int r = S.f(2);", "r", "4"),)), limits)


SLEEPERS = [job(f"Thread.sleep({100_000 + i}); return 2 * x;") for i in range(4)]
BLOCKED = {
    "a lock": "Object a = new Object(); Thread t = new Thread(() -> { synchronized (a) { LockSupport.park(); } });"
    " t.setDaemon(true); t.start(); while (t.getState() != Thread.State.WAITING) Thread.onSpinWait();"
    " synchronized (a) { return 2 * x; }",
    "park": "while (true) LockSupport.park();",
    "an empty queue": "return new LinkedBlockingQueue<Integer>().take();",
    "a latch": "new CountDownLatch(1).await(); return 2 * x;",
}
ENDLESS = [job(f"int i = {i}; while (true) i++;") for i in range(4)]


def quick(start: int) -> list[Job]:
    return [
        job(f"int s = {i}; for (int j = 0; j < 1000; j++) s += j; return 2 * x + s - s;")
        for i in range(start, start + 120)
    ]


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Judge]:
    with Judge("local", workers=2) as judge:
        judge.grade([job(f"/* warm {i} */ return 2 * x;") for i in range(20)])
        yield judge


def test_blocked_programs_are_ended_by_a_limit_of_their_own(two_workers: Judge) -> None:
    verdicts = two_workers.grade([job(body, BLOCKED_LIMITS) for body in BLOCKED.values()])
    assert {name: str(v.outcome) for name, v in zip(BLOCKED, verdicts, strict=True)} == dict.fromkeys(
        BLOCKED, "time_limit"
    )
    # As fast as the limit of what is idle says, and not as the wall clock's.
    assert max(verdict.wall_ms for verdict in verdicts) < 1000 * LIMIT_SECONDS


def test_twelve_programs_that_wait_cost_the_others_their_share(two_workers: Judge) -> None:
    started = time.monotonic()
    assert all(verdict.passed for verdict in two_workers.grade(quick(0)))
    alone = time.monotonic() - started

    others = quick(10_000)
    slow = [job(f"/* beside the quick */ {body}", BLOCKED_LIMITS) for body in BLOCKED.values()]
    mixed = list(others)
    for place, waiting in enumerate([*SLEEPERS, *slow, *ENDLESS]):
        mixed.insert(10 * place, waiting)  # spread over the batch, the first at its head
    quick_ones = set(others)
    started = last = time.monotonic()
    longest = 0.0
    outcomes: dict[Job, Outcome] = {}
    for index, verdict in two_workers.stream(mixed):
        outcomes[mixed[index]] = verdict.outcome
        if mixed[index] in quick_ones:
            longest = max(longest, time.monotonic() - last)
            last = time.monotonic()
    together = time.monotonic() - started

    assert {outcomes[one] for one in others} == {Outcome.PASSED}
    # A sleep moves the program's clock and costs it its limit; nothing waits.
    assert {outcomes[one] for one in [*SLEEPERS, *slow, *ENDLESS]} == {Outcome.TIME_LIMIT}
    assert together <= alone + 12 * LIMIT_SECONDS / 2
    assert longest <= LIMIT_SECONDS, "no quick program's verdict is held up by more than one program's limit"
