"""What is asked again alone: it stops no other program, is blamed as ever, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from javabox import Job, Judge, Outcome
from javabox.engines.local import LocalChannel
from javabox.protocol.sealed import Line
from javabox.supervisor import Supervisor, Task
from tests.javabox.programs import program


@pytest.fixture
def own_judge() -> Iterator[Judge]:
    with Judge("local", workers=2) as judge:
        assert judge.grade([program("return 2 * x; // so that it is warm")])[0].passed
        yield judge


def signalled(number: int, wait_ms: int = 1) -> Job:
    """A program that a signal ends after a while, its own doing, which can't be told from another program's."""
    waits = f"synchronized (S.class) {{ S.class.wait({wait_ms}); }}"
    ends = 'new ProcessBuilder("sh", "-c", "kill -9 0").start().waitFor();'
    return program(f"try {{ {waits} {ends} }} catch (Exception e) {{ }} return 0; // {number}")


def quick(number: int) -> Job:
    return program(f"return 2 * x; // beside the quarantine {number}")


def supervisor_in_quarantine(judge: Judge) -> int | None:
    supervisor = judge._dispatcher._quarantine.supervisor
    if supervisor is None:
        return None
    channel = supervisor.line.channel
    assert isinstance(channel, LocalChannel)
    return channel._process.pid


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.05)
    return condition()


def test_what_is_asked_again_stops_no_other_program(own_judge: Judge) -> None:
    doubted = [own_judge.submit(signalled(i, wait_ms)) for i, wait_ms in enumerate((1, 1, 500))]
    assert wait_until(lambda: own_judge.stats()["asked_again"] >= 3)
    asked = time.monotonic()
    verdicts = own_judge.grade([quick(i) for i in range(20)])
    took = time.monotonic() - asked
    assert all(verdict.passed for verdict in verdicts)
    assert not all(future.done() for future in doubted)
    assert took < 4.0
    for future in doubted:
        verdict = future.result(timeout=60)
        assert (verdict.outcome, verdict.deterministic) == (Outcome.PREMATURE_EXIT, False)
    assert own_judge.stats()["asked_again"] == 9  # three times each


def test_who_brings_supervisors_down_alone_is_blamed_and_nobody_else(own_judge: Judge) -> None:
    suspect = own_judge.submit(program("while (true); // suspect", fuel=1 << 60, wall_seconds=60.0))
    time.sleep(0.5)
    first = own_judge._channel
    assert isinstance(first, LocalChannel)
    os.killpg(first._process.pid, signal.SIGKILL)
    killed: set[int] = set()
    beside = 0
    while not suspect.done():
        pid = supervisor_in_quarantine(own_judge)
        if pid is not None and pid not in killed:
            killed.add(pid)
            time.sleep(0.2)  # so that it has the job
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        assert own_judge.grade([quick(1000 + beside)])[0].passed
        beside += 1
        time.sleep(0.05)
    verdict = suspect.result()
    assert (verdict.outcome, verdict.deterministic) == (Outcome.PREMATURE_EXIT, False)
    assert [case.outcome for case in verdict.cases] == [Outcome.PREMATURE_EXIT] * 2
    assert len(killed) == 3
    assert own_judge.stats()["supervisors_replaced"] == 1


def test_quarantine_ends_when_it_is_no_longer_needed(
    own_judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("javabox.dispatch.QUARANTINE_SECONDS", 0.5)
    monkeypatch.setattr("javabox.dispatch.LOOK_SECONDS", 0.3)
    assert supervisor_in_quarantine(own_judge) is None
    future = own_judge.submit(signalled(10))
    assert wait_until(lambda: supervisor_in_quarantine(own_judge) is not None)
    pid = supervisor_in_quarantine(own_judge)
    assert future.result(timeout=60).outcome is Outcome.PREMATURE_EXIT
    assert wait_until(lambda: not os.path.exists(f"/proc/{pid}"))
    assert supervisor_in_quarantine(own_judge) is None
    # The next one finds it open again.
    assert own_judge.grade([signalled(11)])[0].outcome is Outcome.PREMATURE_EXIT


class Quiet:
    """A channel to nobody: what is written is forgotten, and nothing ever comes."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def write(self, data: bytes) -> None: ...

    def read(self, n: int) -> bytes:
        os.read(self._read, n)
        raise EOFError

    def close(self) -> None:
        os.write(self._write, b"end")

    def let_go(self) -> None: ...

    def stderr_tail(self) -> str:
        return ""


def test_answers_to_others_do_not_hide_a_job_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("javabox.supervisor.SILENCE_SLACK_SECONDS", 0.3)
    supervisor = Supervisor(Line(Quiet()), 2, lambda *_: None)
    supervisor.send(0, Task(program("// hangs", wall_seconds=0.5, compile_seconds=0.2)))
    looks = []
    for job_id in range(1, 13):
        supervisor.send(job_id, Task(program(f"// {job_id}", wall_seconds=0.5, compile_seconds=0.2)))
        time.sleep(0.1)
        assert supervisor.take(job_id) is not None
        looks.append(supervisor.silent())
    supervisor.close()
    assert looks[:8] == [False] * 8
    assert looks[-1]


def test_a_job_that_waits_behind_others_is_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("javabox.supervisor.SILENCE_SLACK_SECONDS", 0.25)
    supervisor = Supervisor(Line(Quiet()), 1, lambda *_: None)
    for job_id in range(4):
        supervisor.send(job_id, Task(program(f"// {job_id}", wall_seconds=0.25, compile_seconds=0.1)))
    looks = []
    for job_id in range(4):
        time.sleep(0.25)
        looks.append(supervisor.silent())
        supervisor.take(job_id)
    supervisor.close()
    assert looks == [False] * 4


def test_a_job_that_was_overtaken_waits_for_the_others_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("javabox.supervisor.SILENCE_SLACK_SECONDS", 0.2)
    supervisor = Supervisor(Line(Quiet()), 1, lambda *_: None)
    for job_id, wall_seconds in enumerate((0.1, 1.0)):
        supervisor.send(job_id, Task(program(f"// {job_id}", wall_seconds=wall_seconds, compile_seconds=0.1)))
    looks = [supervisor.silent()]
    time.sleep(0.6)
    looks.append(supervisor.silent())
    supervisor.take(1)
    looks.append(supervisor.silent())
    time.sleep(0.9)
    looks.append(supervisor.silent())
    supervisor.close()
    assert looks == [False, False, False, True]
