"""One judge for many processes: found or started once, lost without loss, ended when unused; nobody else's."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import multiprocessing.forkserver
import os
import pickle
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import CancelledError
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from javabox import Job, Judge, JudgeInChild, JudgeUnavailable, Outcome, SharedJudge
from javabox.shared.place import make_key, place
from tests.javabox.hosts.asking import ask_endlessly, grade_in_worker
from tests.javabox.processes import UNANSWERED, alive, children_of, in_child, shared_judges, wait_until
from tests.javabox.programs import endless, program, sum_of

LINGER = 1.0
SHORT = 0.3
"""Where a handle is connected from the first to the last: nobody comes in between, and its end is waited for."""
ROOT = Path(__file__).parents[3]


@pytest.fixture
def meeting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of this test's own; no judge is left there."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "javabox"
    yield folder
    assert nobody_is_left(folder)


def nobody_is_left(folder: Path) -> bool:
    return wait_until(lambda: not shared_judges(folder) and not folder.exists())


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place with a judge that is there before, between and after the tests that meet it."""
    runtime = tmp_path_factory.mktemp("lasting")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        judge = shared()
        assert judge.grade([sum_of(0)])[0].passed
    yield runtime
    judge.close()
    assert nobody_is_left(runtime / "javabox")


@pytest.fixture
def met(lasting: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The place of the judge that lasts, which is the only one there and goes on."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(lasting))
    folder = lasting / "javabox"
    before = shared_judges(folder)
    assert len(before) == 1
    yield folder
    assert shared_judges(folder) == before


def shared(**settings: object) -> SharedJudge:
    return SharedJudge(**{"engine": "local", "workers": 2, "linger": LINGER} | settings)  # type: ignore[arg-type]


# ---- one judge ---------------------------------------------------------------------------------------------


def test_nothing_is_started_before_it_is_used(meeting: Path) -> None:
    copied = copy.deepcopy(pickle.loads(pickle.dumps(shared())))
    copied.close()
    assert not meeting.exists()


@pytest.fixture
def own_forkserver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fork server with this test's environment: a process has one, which keeps that of its start, and
    other tests' (tests/rlcf/processes.py) takes five seconds to start again."""
    own = multiprocessing.forkserver.ForkServer()
    monkeypatch.setattr("multiprocessing.forkserver.connect_to_new_process", own.connect_to_new_process)
    yield
    own._stop()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("own_forkserver")
def test_copies_by_pickle_fork_and_spawn_have_one_judge(meeting: Path) -> None:
    judge = shared(linger=SHORT)
    assert grade_in_worker(judge, 0) == ([True] * 4, 4)
    (server,) = shared_judges(meeting)
    assert grade_in_worker(copy.deepcopy(pickle.loads(pickle.dumps(judge))), 10) == ([True] * 4, 8)
    asked = 8
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            rows = pool.starmap(grade_in_worker, [(judge, 100), (judge, 200)])
        assert [passed for passed, _ in rows] == [[True] * 4] * 2
        asked += 8
        assert judge.stats()["asked"] == asked
    assert shared_judges(meeting) == [server]
    assert server not in children_of(os.getpid())  # it outlives who started it
    # Known by all once one of them has asked.
    assert judge.stats()["cached"] == 16
    judge.close()


def test_processes_that_come_at_once_start_one(meeting: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        rows = pool.starmap(grade_in_worker, [(shared(), 10 * i) for i in range(4)])
        assert len(shared_judges(meeting)) == 1
    assert [passed for passed, _ in rows] == [[True] * 4] * 4
    assert max(asked for _, asked in rows) == 16


@pytest.mark.usefixtures("met")
def test_verdicts_and_provenance_are_those_of_a_judge() -> None:
    jobs = [
        program("return 2 * x;"),
        program("return x;"),
        program("return y;"),
        program("throw new IllegalStateException();"),
        program("while (true);", fuel=1_000_000),
        program('return "\0\ud800";'),
    ]
    with shared() as judge, Judge("local", 2) as own:
        streamed = dict(judge.stream(jobs))
        assert [streamed[i].outcome for i in range(len(jobs))] == [v.outcome for v in own.grade(jobs)]
        assert [v.cases for v in judge.grade(jobs)] == [v.cases for v in own.grade(jobs)]
        assert asyncio.run(judge.grade_async(jobs)) == judge.grade(jobs)
        assert judge.provenance() == own.provenance()
        assert (judge.engine_name, judge.isolation, judge.jdk, judge.workers) == (
            *(own.engine_name, own.isolation, own.jdk),
            2,
        )
        with pytest.raises(TypeError, match="not a job: an object of type str"):
            judge.submit("class A {}")  # type: ignore[arg-type]


def test_other_settings_are_another_judge(meeting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with shared(linger=SHORT) as judge, shared(linger=SHORT, lane="strict", workers=1) as strict:
        assert judge.grade([sum_of(1)])[0].lane == "warm"
        assert strict.grade([sum_of(1)])[0].lane == "strict"
        assert len(shared_judges(meeting)) == 2
        # and so is that of an environment that names another JDK
        monkeypatch.setenv("JAVA_HOME", str(meeting))
        with shared(linger=SHORT) as third:
            assert third.provenance() == judge.provenance()
            assert len(shared_judges(meeting)) == 3


# ---- forks, losses, ends -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("met")
def test_a_forked_child_asks_for_itself_and_its_parent_goes_on() -> None:
    judge = shared()
    running = judge.submit(endless(1))
    assert judge.grade([sum_of(301)])[0].passed

    def child() -> None:
        with pytest.raises(JudgeInChild, match="ask again here"):
            running.result(timeout=10)
        assert judge.grade([sum_of(302)])[0].passed
        judge.close()

    assert in_child(child) == UNANSWERED
    assert not running.done()
    assert judge.grade([sum_of(303)])[0].passed
    assert running.cancel()
    judge.close()


def test_a_judge_that_is_killed_costs_no_verdict(meeting: Path) -> None:
    judge = shared(linger=SHORT)
    futures = [judge.submit(sum_of(i)) for i in range(60)]
    assert futures[0].result().passed
    (first,) = shared_judges(meeting)
    os.kill(first, signal.SIGKILL)
    assert [future.result(timeout=60).passed for future in futures] == [True] * 60
    (second,) = shared_judges(meeting)
    assert second != first
    # and one that is lost while nobody waits is started again by the next who asks
    os.kill(second, signal.SIGKILL)
    assert wait_until(lambda: not alive(second))
    assert judge.grade([sum_of(-1)])[0].passed
    judge.close()


@pytest.mark.usefixtures("met")
def test_what_is_cancelled_or_asked_by_the_dead_is_ended() -> None:
    judge = shared()
    asked = judge.stats()["asked"]
    cancelled = judge.submit(endless(1))
    assert judge.grade([sum_of(310)])[0].passed
    assert cancelled.cancel()
    with pytest.raises(CancelledError):
        cancelled.result()
    worker = multiprocessing.get_context("spawn").Process(target=ask_endlessly, args=(judge,))
    worker.start()
    assert wait_until(lambda: judge.stats()["asked"] >= asked + 4, 30)
    worker.kill()
    worker.join()
    # Both workers are free again.
    assert all(
        future.result(timeout=20).passed for future in [judge.submit(sum_of(320 + i)) for i in range(8)]
    )
    judge.close()


@pytest.mark.usefixtures("met")
def test_a_callback_may_wait_for_another_verdict() -> None:
    judge = shared()
    jobs, waited = [sum_of(330 + i) for i in range(6)], []
    futures = [judge.submit(job) for job in jobs]
    for i, future in enumerate(futures):
        future.add_done_callback(lambda _, i=i: waited.append(futures[i - 1].result(timeout=20).passed))
    assert wait_until(lambda: len(waited) == len(jobs), 60)
    assert waited == [True] * len(jobs)
    judge.close()


@pytest.mark.usefixtures("met")
def test_closing_ends_what_was_asked_for_and_the_next_use_connects_again() -> None:
    judge, other = shared(), shared()
    running, others = judge.submit(endless(1)), other.submit(endless(2))
    judge.close()
    assert running.cancelled()
    assert not others.done()
    other.close()
    assert judge.grade([sum_of(340)])[0].passed
    judge.close()


def test_it_ends_when_unused_and_leaves_nothing(meeting: Path) -> None:
    judge = shared(linger=SHORT)
    judge.grade([sum_of(1)])
    (server,) = shared_judges(meeting)
    below = children_of(server)
    assert below
    del judge  # as good as closed
    assert wait_until(lambda: not alive(server))
    assert wait_until(lambda: not any(map(alive, below)))
    assert not meeting.exists()


def test_a_term_signal_ends_it_with_all_it_started(meeting: Path) -> None:
    judge = shared()
    judge.grade([sum_of(1)])
    (server,) = shared_judges(meeting)
    below = children_of(server)
    judge.close()
    os.kill(server, signal.SIGTERM)
    assert wait_until(lambda: not alive(server) and not any(map(alive, below)))


# ---- nobody else's -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("meeting")
def test_why_there_is_no_judge_is_said(tmp_path: Path) -> None:
    with pytest.raises(JudgeUnavailable) as own:
        Judge("local", jdk=tmp_path)
    with pytest.raises(JudgeUnavailable) as told:
        shared(jdk=tmp_path).grade([sum_of(1)])
    assert str(told.value) == str(own.value)


def test_who_does_not_have_the_key_is_not_read(met: Path, tmp_path: Path) -> None:
    """Though it runs as this user, and has come to connect."""
    judge = shared()
    judge.grade([sum_of(350)])
    (socket,) = met.glob("*.key")
    with Client(str(socket.with_suffix("")), family="AF_UNIX") as stranger:
        sent = [b"q" * 32, b"p" * 32, pickle.dumps(Planted(tmp_path / "planted"))]
        # In one piece: by the time that it is refused all of it is there to be read.
        os.write(stranger.fileno(), b"".join(struct.pack("!i", len(part)) + part for part in sent))
        answers = [stranger.recv_bytes(), stranger.recv_bytes()]
        assert [len(answer) for answer in answers] == [32, 32]  # its question, and its own proof
        with pytest.raises((EOFError, OSError)):
            stranger.recv_bytes()
    assert not (tmp_path / "planted").exists()
    assert judge.grade([sum_of(351)])[0].passed
    judge.close()


class Planted:
    """Makes a file where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._file,)


def test_a_judge_without_the_key_is_not_asked(meeting: Path) -> None:
    """A socket that somebody else has put there is replaced."""
    judge = shared()
    judge.grade([sum_of(1)])
    (key,) = meeting.glob("*.key")
    make_key(key)
    (first,) = shared_judges(meeting)
    judge.close()
    assert judge.grade([sum_of(2)])[0].passed
    assert [pid for pid in shared_judges(meeting) if pid != first]
    judge.close()


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    for name in ("javabox", f"javabox.{os.getuid()}"):
        (tmp_path / name).mkdir(mode=0o755)
    with pytest.raises(JudgeUnavailable, match=r"that you alone can enter.*XDG_RUNTIME_DIR"):
        shared().submit(sum_of(1))


@pytest.mark.skipif(os.getuid() != 0, reason="becomes other users")
def test_two_users_of_one_machine_do_not_meet() -> None:
    program = (
        "import os, sys; from javabox.shared import place; place._code(); os.setuid(int(sys.argv[1]));"
        "print(place.place({}).socket.parent)"
    )
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        Path(temporary).chmod(0o777)
        command = [sys.executable, "-c", program]
        environment = {"PATH": os.environ["PATH"], "TMPDIR": temporary}
        folders = {
            subprocess.check_output([*command, user], text=True, cwd=ROOT, env=environment).strip()
            for user in ("1000", "1001")
        }
        assert len(folders) == 2
        assert {Path(folder).stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_place_is_that_of_these_settings(meeting: Path) -> None:
    assert place({"workers": 1}) == place({"workers": 1})
    assert place({"workers": 1}) != place({"workers": 2})
    assert not list(meeting.iterdir())
    meeting.rmdir()


@pytest.mark.usefixtures("met")
def test_jobs_of_any_text_cross() -> None:
    with shared() as judge:
        verdict = judge.grade([Job('class A { String s = "\ud800\0\U0001f600"; }')])[0]
        assert verdict.outcome is Outcome.PASSED
