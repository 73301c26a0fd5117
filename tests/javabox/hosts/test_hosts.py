"""The judge in what calls it: event loops, callbacks, threads, cancellation, Ctrl-C, and hosts that drop it.

Copies by fork and by pickle are test_forks.py's.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from javabox import Job, Judge, JudgeUnavailable, Limits, Verdict
from tests.javabox.processes import CHILD_SECONDS, children_of, wait_until
from tests.javabox.programs import endless, program, sum_of


@pytest.fixture(scope="module")
def own() -> Iterator[Judge]:
    """A judge whose supervisor nobody else may end."""
    with Judge("local", 2) as judge:
        assert judge.grade([program("return 2 * x; // so that it is warm")])[0].passed
        yield judge


# ---- the end of a judge ------------------------------------------------------------------------------------


def test_a_judge_that_is_dropped_is_freed(own: Judge) -> None:  # noqa: ARG001  (it stays)
    gc.collect()
    before = set(threading.enumerate()), children_of(os.getpid())
    threads, children = set[threading.Thread](), set[int]()
    for i in range(3):
        judge = Judge("local", 1)
        assert judge.grade([sum_of(100 + i)])[0].passed
        threads |= set(threading.enumerate()) - before[0]
        children |= children_of(os.getpid()) - before[1]
        assert len(children) > i
        del judge
    assert len(threads) >= 3
    assert wait_until(lambda: not threads & set(threading.enumerate()))
    assert wait_until(lambda: not children & children_of(os.getpid()))


def test_a_judge_that_is_dropped_gives_what_was_asked_before(own: Judge) -> None:  # noqa: ARG001
    future = Judge("local", 1).submit(sum_of(9))
    gc.collect()
    assert future.result(timeout=CHILD_SECONDS).passed


def test_a_judge_dropped_in_a_cycle_on_another_thread_is_freed() -> None:
    children = children_of(os.getpid())

    def make() -> None:
        ring: dict[str, object] = {"judge": Judge("local", 1)}
        ring["ring"] = ring
        del ring
        gc.collect()

    thread = threading.Thread(target=make)
    thread.start()
    thread.join(CHILD_SECONDS)
    assert not thread.is_alive()
    assert wait_until(lambda: not children_of(os.getpid()) - children)


def test_a_closed_judge_says_so() -> None:
    judge = Judge("local", 1)
    judge.close()
    judge.close()
    with pytest.raises(JudgeUnavailable, match="make a new one"):
        judge.grade([sum_of(10)])


# ---- cancelled and interrupted -----------------------------------------------------------------------------


def test_cancelled_programs_delay_nobody(own: Judge) -> None:
    futures = [own.submit(endless(1000 + i)) for i in range(60)]
    time.sleep(0.4)  # so that some of them run
    assert all(future.cancel() for future in futures)
    asked = time.monotonic()
    assert own.grade([sum_of(11)])[0].passed
    assert time.monotonic() - asked < 1.5
    assert own.stats()["supervisors_replaced"] == 0


def test_a_program_that_another_waits_for_is_not_ended(own: Judge) -> None:
    job = program(
        "int s = 0; for (int i = 0; i < 200_000_000; i++) s += i; return 2 * x + s - s;",
        fuel=1 << 40,
        wall_seconds=60.0,
    )
    first, second = own.submit(job), own.submit(job)
    time.sleep(0.2)
    assert first.cancel()
    assert second.result(timeout=60).passed


def test_a_cancelled_program_can_be_asked_again(own: Judge) -> None:
    slow = program(
        "int s = 0; for (int i = 0; i < 200_000_001; i++) s += i; return 2 * x + s - s;",
        fuel=1 << 40,
        wall_seconds=60.0,
    )
    first = own.submit(slow)
    time.sleep(0.3)
    assert first.cancel()
    assert own.grade([slow])[0].passed


@pytest.mark.parametrize("call", ["grade", "stream"])
def test_ctrl_c_ends_what_runs(own: Judge, call: str) -> None:
    jobs = [endless(2000 + i) for i in range(10)]
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            own.grade(jobs) if call == "grade" else list(own.stream(jobs))
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, previous)
    asked = time.monotonic()
    assert own.grade([sum_of(12)])[0].passed
    assert time.monotonic() - asked < 1.5


def test_a_stream_that_is_left_ends_the_rest(own: Judge) -> None:
    for _, verdict in own.stream([sum_of(13), *(endless(3000 + i) for i in range(10))]):
        assert verdict.passed
        break
    asked = time.monotonic()
    assert own.grade([sum_of(14)])[0].passed
    assert time.monotonic() - asked < 1.5


def test_who_came_first_is_not_overtaken_by_what_compiles_sooner(own: Judge) -> None:
    """It ran after four of those without end, a minute or more later."""
    methods = (f"int m{i}(int a, List<Integer> b) {{ b.add(a); return b.get(0) + {i}; }}" for i in range(333))
    first = program(f"class Long {{ {' '.join(methods)} }} return 2 * x;")
    asked = time.monotonic()
    for index, verdict in own.stream([first, *(endless(5000 + i) for i in range(10))]):
        assert (index, verdict.passed) == (0, True)
        break
    assert time.monotonic() - asked < 15


def test_a_place_is_lent_as_soon_as_one_is_free(own: Judge) -> None:
    """Both were lent when the endless ones became slow, and nobody asked again when the others had ended."""
    parked = "while (true) java.util.concurrent.locks.LockSupport.park(); //"
    asked = [own.submit(program(f"{parked} {i}", idle_seconds=3.0, wall_seconds=60.0)) for i in range(2)]
    time.sleep(1.6)  # they are slow since a second, and end after three
    asked += [own.submit(endless(6000 + i)) for i in range(2)]
    assert own.submit(sum_of(16)).result(timeout=30).passed
    for future in asked:
        future.cancel()


# ---- event loops and callbacks -----------------------------------------------------------------------------


def test_jobs_are_awaited(own: Judge) -> None:
    async def run() -> list[list[Verdict]]:
        batches = [[program(f"return 2 * x; // awaited {i} {j}") for j in range(5)] for i in range(4)]
        return await asyncio.gather(*map(own.grade_async, batches))

    assert [[verdict.passed for verdict in batch] for batch in asyncio.run(run())] == [[True] * 5] * 4


def test_a_timeout_of_the_event_loop_ends_the_programs(own: Judge) -> None:
    async def run() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(own.grade_async([endless(4000 + i) for i in range(10)]), 0.5)
        asked = time.monotonic()
        assert (await own.grade_async([sum_of(15)]))[0].passed
        return time.monotonic() - asked

    assert asyncio.run(run()) < 1.5


def test_a_callback_may_judge(own: Judge) -> None:
    """As deep as it likes, and while others wait behind it."""
    done: Future[list[bool | None]] = Future()

    def deeper(level: int) -> list[bool | None]:
        passed: Future[list[bool | None]] = Future()

        def judge_again(future: Future[Verdict]) -> None:
            own_verdict = future.result().passed
            below = deeper(level - 1) if level else []
            passed.set_result([own_verdict, *below, own.grade([sum_of(400 + level)])[0].passed])

        own.submit(sum_of(300 + level)).add_done_callback(judge_again)
        return passed.result(timeout=CHILD_SECONDS)

    thread = threading.Thread(target=lambda: done.set_result(deeper(3)), daemon=True)
    thread.start()
    assert done.result(timeout=CHILD_SECONDS) == [True] * 8


def test_a_callback_may_close_the_judge_and_may_fail() -> None:
    judge = Judge("local", 1)
    closed = threading.Event()

    def close(_: Future[Verdict]) -> None:
        judge.close()
        closed.set()
        raise SystemExit(3)

    judge.submit(sum_of(16)).add_done_callback(close)
    assert closed.wait(CHILD_SECONDS)
    with pytest.raises(JudgeUnavailable):
        judge.submit(sum_of(17))


def test_many_threads_may_ask(own: Judge) -> None:
    passed: list[bool | None] = []

    def ask(number: int) -> None:
        jobs = [program(f"return 2 * x; // of a thread {number} {i}") for i in range(10)]
        passed.extend(verdict.passed for verdict in own.grade(jobs))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert passed == [True] * 160


# ---- what is no job ----------------------------------------------------------------------------------------


def test_what_is_no_job_is_a_type_error(own: Judge) -> None:
    for wrong in ("class A { }", b"class A { }", sum_of(1), None, 3):
        with pytest.raises(TypeError, match="several jobs are wanted"):
            own.grade(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="several jobs are wanted"):
            list(own.stream(wrong))  # type: ignore[arg-type]
    asked = own.stats()["asked"]
    with pytest.raises(TypeError, match="item 1 is not a job: an object of type str"):
        own.grade([sum_of(1), "class A { }"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="type NoneType"):
        own.submit(None)  # type: ignore[arg-type]
    assert own.stats()["asked"] == asked
    # What is wrong inside a job is told to who asked for it, and to nobody else.
    for broken in (Job(3), Job("class A { }", limits=Limits(fuel=1 << 80))):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="types of its fields"):
            own.submit(broken).result(timeout=CHILD_SECONDS)
    assert own.grade(sum_of(500 + i) for i in range(3))[2].passed
    assert own.grade([]) == list(own.stream([])) == []


def test_an_interrupted_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the supervisor starts, at several moments: nobody else knows of its folder yet."""
    Judge("local", workers=1).close()  # the JVM side is built, and what isolates is known
    folder = tmp_path / "temporary"
    folder.mkdir()
    for above in (folder, *folder.parents[:3]):
        above.chmod(0o755)  # programs may have another user
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    # Whoever starts the tests in the background starts them deaf to Ctrl-C.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupted = 0
    for seconds in (0.005, 0.02, 0.05, 0.1):
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
        try:
            _started_beside(timer)
        except KeyboardInterrupt:
            interrupted += 1
        assert wait_until(lambda: not list(folder.iterdir()))
    signal.signal(signal.SIGINT, heard)
    # Once, in a container, one was not seen, whatever took it; in 2,388 tries outside none was lost.
    assert interrupted >= 3


def _started_beside(timer: threading.Timer) -> None:
    timer.start()
    Judge("local", workers=1).close()
    timer.join()  # where the start was quicker
