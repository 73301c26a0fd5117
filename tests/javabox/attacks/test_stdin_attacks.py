"""No program that is judged by what it prints passes without the right output, or changes what the next one gets."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from javabox import Job, Judge, Limits, Outcome, StdinCase, Suite, Verdict
from javabox.engines import local
from tests.javabox.attacks.attacks_on_stdin import (
    ATTACKS_ON_STDIN,
    CHECKER,
    FORGING,
    HONEST,
    ON_CHECKERS,
    STATE,
    program,
)
from tests.javabox.attacks.corpus import MARK

GROUND = local.best_floor()
JUDGES = 3
LIMITS = Limits(fuel=200_000_000, wall_seconds=4.0, idle_seconds=1.0, memory_mb=128)
SOONER = {
    # Only the clock ends these in the strict lane, where the judge asks again: half a second each time.
    name: dataclasses.replace(LIMITS, wall_seconds=0.5)
    for name in ("a hook that never ends", "output without end")
} | {
    name: dataclasses.replace(LIMITS, fuel=50_000_000)
    for name in (
        "a thread that never ends, after the answer",
        "a hook that never ends, after the answer",
        "reading without end",
        "lines without end",
        "errors without end",
    )
}
"""Limits of endless ones that are no weaker for them."""
GONE_SECONDS = 10.0
"""For what a program has left to be gone."""
TWICE = Suite(
    stdin=(StdinCase("two", "2\n", ("4\n",), "numbers"), StdinCase("three", "3\n", ("6\n",), "numbers"))
)
CHECKED = Suite(stdin=tuple(StdinCase(str(n), f"{n}\n", (), "checker", checker=CHECKER) for n in (2, 3)))
TELLING = Suite(stdin=(*TWICE.stdin, StdinCase("what it finds", "0\n")))


@dataclass
class Siege:
    """What came of the attacks."""

    attacks: dict[str, list[Verdict]]
    """A verdict a lane that takes it."""
    changed: list[str]
    """Attacks after which an honest program had another verdict."""
    moved: int
    """Honest programs that the strict lane judged in the place of the warm one."""
    left: list[str]


@pytest.fixture(scope="module")
def siege() -> Siege:
    """Through judges of one worker, an honest program after each; those of the warm lane in the other one too."""
    if GROUND.floor == "none":
        pytest.skip(f"no isolation here: {GROUND.reason}")
    shares = [list(ATTACKS_ON_STDIN)[at::JUDGES] for at in range(JUDGES)]
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(JUDGES) as pool:
        patch.setattr("javabox.supervisor.SILENCE_SLACK_SECONDS", 5.0)
        found = list(pool.map(besiege, shares))  # beside each other, as many wait for a limit
    attacks = {name: verdicts for one in found for name, verdicts in one.attacks.items()}
    end = time.monotonic() + GONE_SECONDS
    while (left := strays()) and time.monotonic() < end:
        time.sleep(0.1)
    changed, moved = [name for one in found for name in one.changed], sum(one.moved for one in found)
    return Siege(attacks, changed, moved, left)


def besiege(names: list[str]) -> Siege:
    first = attack("auto", names)
    second = attack("strict", [name for name, found in first.attacks.items() if found[0].lane == "warm"])
    attacks = {name: found + second.attacks.get(name, []) for name, found in first.attacks.items()}
    return Siege(attacks, first.changed + second.changed, first.moved + second.moved, [])


def attack(lane: str, names: list[str]) -> Siege:
    jobs = []
    for number, name in enumerate(names):
        suite = CHECKED if name in ON_CHECKERS else TWICE
        jobs.append(Job(program(ATTACKS_ON_STDIN[name]), suite, SOONER.get(name, LIMITS)))
        jobs.append(honest(number, list(HONEST)[number % 2]))
    with Judge(engine="local", workers=1, lane=lane) as judge:  # type: ignore[arg-type]
        before = {name: judge.grade([honest(999, name)])[0] for name in HONEST}
        assert all(verdict.passed for verdict in before.values())
        if lane == "auto":
            assert [verdict.lane for verdict in before.values()] == list(HONEST)
        verdicts = judge.grade(jobs)
    others = [before[list(HONEST)[number % 2]] for number in range(len(names))]
    untold = {"wall_ms": 0.0, "lane": ""}  # an attack may end the warm JVM of the program beside it
    pairs = list(zip(names, others, verdicts[1::2], strict=True))
    changed = [
        name
        for name, other, after in pairs
        if dataclasses.replace(after, **untold) != dataclasses.replace(other, **untold)  # type: ignore[arg-type]
    ]
    moved = sum(after.lane != other.lane for _, other, after in pairs)
    attacks = {name: [verdict] for name, verdict in zip(names, verdicts[::2], strict=True)}
    return Siege(attacks, changed, moved, [])


def honest(number: int, name: str) -> Job:
    """Numbered, so that each is judged, and of one length, so that all verdicts are alike."""
    return Job(program(f"/* {number:3} */ {HONEST[name]}"), TELLING, LIMITS)


def strays() -> list[str]:
    """Command lines of processes that an attack wants to outlive it."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # gone
    return [line for line in lines if f"sleep 60.{MARK}" in line]


NO_VERDICT = (Outcome.JUDGE_ERROR, Outcome.SUITE_ERROR, Outcome.COMPILE_ERROR)


def test_there_are_enough() -> None:
    assert len(ATTACKS_ON_STDIN) >= 40


@pytest.mark.parametrize("name", ATTACKS_ON_STDIN)
def test_no_attack_passes(siege: Siege, name: str) -> None:
    for verdict in siege.attacks[name]:
        assert verdict.outcome not in (Outcome.PASSED, *NO_VERDICT)


@pytest.mark.parametrize("name", [*STATE, *FORGING, *ON_CHECKERS])
def test_no_run_passes(siege: Siege, name: str) -> None:
    for verdict in siege.attacks[name]:
        assert [case.name for case in verdict.cases if case.outcome is Outcome.PASSED] == []


def test_no_attack_changes_the_verdict_of_the_next_program(siege: Siege) -> None:
    assert siege.changed == []
    assert siege.moved <= 3


def test_no_attack_leaves_a_process(siege: Siege) -> None:
    assert siege.left == []
