"""The judge in what calls it: forks, workers, pickles, callbacks, event loops, cancellation, Ctrl-C.

Whatever a host does, nothing hangs, a copy of a judge says what to do instead, and the judge itself goes on.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import importlib
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from javabox import Job, Judge, JudgeInChild, JudgeUnavailable, Limits, Outcome, Verdict
from javabox.cores import cores, quota
from javabox.engines.opening import Engine
from tests.javabox.programs import program

CHILD_SECONDS = 30.0
UNANSWERED = 77
"""Exit code of a child that found all to be as it should be."""


@pytest.fixture(scope="module")
def own() -> Iterator[Judge]:
    """A judge whose supervisor nobody else may end."""
    with Judge("local", 2) as judge:
        assert judge.grade([program("return 2 * x; // so that it is warm")])[0].passed
        yield judge


def in_child(body: Callable[[], None], leave: Callable[[int], object] = os._exit) -> int:
    """The exit code of a forked child that runs `body`: UNANSWERED where it returns."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            body()
            code = UNANSWERED
        except BaseException as error:
            print(f"in the child: {error!r}", file=sys.stderr)
        finally:
            leave(code)
    end = time.monotonic() + CHILD_SECONDS
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    pytest.fail("the child hangs")


def endless(number: int) -> Job:
    """A program without end that the wall clock ends after a minute, and fuel never."""
    return program(f"while (true); // {number}", fuel=1 << 60, wall_seconds=60.0)


def sum_of(number: int) -> Job:
    return program(f"return 2 * x + {number} - {number};")


# ---- forked children ---------------------------------------------------------------------------------------


def test_a_forked_child_is_refused_and_told_the_way_out(own: Judge) -> None:
    before = own.submit(endless(1))

    def child() -> None:
        calls: list[Callable[[], object]] = [
            lambda: own.grade([sum_of(1)]),
            lambda: own.submit(sum_of(1)),
            lambda: list(own.stream([sum_of(1)])),
            lambda: asyncio.run(own.grade_async([sum_of(1)])),
            lambda: before.result(timeout=10),
            own.stats,
            own.__enter__,
        ]
        for call in calls:
            with pytest.raises(JudgeInChild, match="make one here"):
                call()
        assert own.provenance()["engine"] == "local"
        own.close()
        own.__exit__(None, None, None)

    assert in_child(child) == UNANSWERED
    assert not before.done()
    assert before.cancel()
    assert own.grade([sum_of(2)])[0].passed


def test_a_forked_child_can_have_its_own_judge(own: Judge) -> None:
    def child() -> None:
        with Judge("local", 1) as judge:
            assert judge.grade([sum_of(3)])[0].passed

    assert in_child(child) == UNANSWERED
    assert own.grade([sum_of(4)])[0].passed


@pytest.mark.parametrize("script", ["children_that_leave", "children_beside_threads"])
def test_children_that_leave_in_any_way_harm_nobody(script: str) -> None:
    """In a Python of its own: a child of pytest's that exits would go on with pytest's tests."""
    command = f"from tests.javabox import test_hosts; test_hosts.{script}()"
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=root, capture_output=True, text=True, check=False, timeout=200
    )
    assert (done.stderr, done.stdout) == ("", "nobody was harmed\n")


def children_that_leave(engine: Engine = "local") -> None:
    """The script: children end by sys.exit, after a collection of garbage, by an error, beside jobs in flight."""
    with Judge(engine, 2) as judge:
        channel = judge._channel
        jobs = [program(f"Thread.onSpinWait(); return 2 * x + {i} - {i};") for i in range(40)]
        futures = [judge.submit(job) for job in jobs]
        codes = [in_child(lambda: None, leave=sys.exit if i % 2 else _collect_and_leave) for i in range(8)]
        assert codes == [UNANSWERED] * 8, codes
        outcomes = [future.result(timeout=60).outcome for future in futures]
        assert outcomes == [Outcome.PASSED] * len(jobs), outcomes
        assert judge._channel is channel
        assert judge.stats()["supervisors_replaced"] == 0
    print("nobody was harmed")


def _collect_and_leave(code: int) -> None:
    for judge in [thing for thing in gc.get_objects() if isinstance(thing, Judge)]:
        judge.close()
        judge.__exit__(None, None, None)
    gc.collect()
    sys.exit(code)


def children_beside_threads() -> None:
    """The script: forks at any moment. Whatever the judge's threads hold just then, no child waits for it."""
    stop = threading.Event()
    failed: list[Verdict] = []

    def keep_asking(judge: Judge, number: int) -> None:
        while not stop.is_set():
            number += 1
            verdict = judge.grade([program(f"return 2 * x; // asked beside forks {number}")])[0]
            failed.extend([] if verdict.passed else [verdict])

    with Judge("local", 2) as judge:

        def refused() -> None:
            with pytest.raises(JudgeInChild):
                judge.grade([sum_of(5)])
            judge.close()

        threads = [threading.Thread(target=keep_asking, args=(judge, 10_000 * i)) for i in range(2)]
        for thread in threads:
            thread.start()
        codes = [in_child(refused, leave=sys.exit) for _ in range(30)]
        stop.set()
        for thread in threads:
            thread.join(CHILD_SECONDS)
        assert not any(thread.is_alive() for thread in threads)
        assert codes == [UNANSWERED] * 30, codes
        assert not failed, failed
        assert judge.stats()["supervisors_replaced"] == 0
    print("nobody was harmed")


def test_a_child_that_lives_on_does_not_keep_the_supervisor_of_a_killed_parent() -> None:
    script = (
        "import os, sys, time\n"
        "from javabox import Judge\n"
        "judge = Judge('local', 1)\n"
        "child = os.fork()\n"
        "if child == 0: time.sleep(60)\n"
        "print(judge._channel._process.pid, child, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    first, child = map(int, parent.stdout.readline().split())
    parent.kill()
    parent.wait()
    try:
        assert wait_until(lambda: not alive(first))
        assert alive(child)
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def test_a_fork_of_multiprocessing_is_refused(own: Judge) -> None:
    with multiprocessing.get_context("fork").Pool(2, initializer=_remember, initargs=(own,)) as pool:
        for refused in pool.map(_grade_remembered, range(4)):
            assert refused.startswith("JudgeInChild: this judge belongs to the process that forked this one")
    assert own.grade([sum_of(6)])[0].passed


_remembered: list[Judge] = []


def _remember(judge: Judge) -> None:
    _remembered[:] = [judge]


def _grade_remembered(number: int) -> str:
    try:
        return str(_remembered[0].grade([sum_of(number)])[0].outcome)
    except JudgeInChild as error:
        return f"JudgeInChild: {error}"


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_worker_of_a_data_loader_is_refused(own: Judge) -> None:
    from torch.utils.data import DataLoader

    class Rewards:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> bool | None:
            return own.grade([sum_of(index)])[0].passed

    loader = DataLoader(Rewards(), num_workers=2, multiprocessing_context="fork")
    with pytest.raises(JudgeInChild, match="worker_init_fn"):
        list(loader)
    inline = DataLoader(Rewards(), batch_size=None)
    assert list(inline) == [True] * 4


def test_datasets_map_says_what_to_do(own: Judge) -> None:
    from datasets import Dataset

    rows = Dataset.from_dict({"number": list(range(4))})
    _remembered[:] = [own]
    # The function itself goes by name, and finds the judge of its parent.
    said = rows.map(_reward, num_proc=2)["said"]
    assert all(text.startswith("JudgeInChild") for text in said)
    # One that holds a judge goes by value, and a judge does not.
    with pytest.raises(TypeError, match="can't be pickled"):
        rows.map(lambda row: {"passed": own.grade([sum_of(row["number"])])[0].passed}, num_proc=2)
    assert own.grade([sum_of(7)])[0].passed


def _reward(row: dict[str, int]) -> dict[str, str]:
    return {"said": _grade_remembered(row["number"])}


# ---- copies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pickle", "cloudpickle", "dill", "deepcopy", "copy"])
def test_a_judge_is_not_copied(own: Judge, name: str) -> None:
    if name in ("copy", "deepcopy"):
        duplicate: Callable[[object], object] = getattr(copy, name)
    else:
        duplicate = importlib.import_module(name).dumps
    for thing in (own,) if name == "copy" else (own, {"judge": own}, [own.grade]):
        with pytest.raises(TypeError, match="make one where it is used, at the first use in each worker"):
            duplicate(thing)


def test_jobs_verdicts_and_refusals_are_copied(own: Judge) -> None:
    verdict = own.grade([sum_of(8)])[0]
    assert pickle.loads(pickle.dumps((sum_of(8), verdict))) == (sum_of(8), verdict)
    refusal = pickle.loads(pickle.dumps(JudgeInChild()))
    assert (type(refusal), str(refusal)) == (JudgeInChild, str(JudgeInChild()))
    assert isinstance(refusal, JudgeUnavailable)


def test_a_spawned_process_makes_its_own(own: Judge) -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1) as pool:
        assert pool.map(_grade_at_first_use, range(3)) == [True] * 3
    with pytest.raises(TypeError, match="can't be pickled"):
        spawn.Process(target=_grade_remembered, args=(own,)).start()


def _grade_at_first_use(number: int) -> bool:
    if not _remembered:
        _remembered.append(Judge("local", 1))
    return _remembered[0].grade([sum_of(number)])[0].passed is True


# ---- the end of a judge ------------------------------------------------------------------------------------


def test_a_judge_that_is_dropped_is_freed(own: Judge) -> None:  # noqa: ARG001  (it stays)
    gc.collect()
    threads, children = set(threading.enumerate()), children_of(os.getpid())
    for i in range(5):
        judge = Judge("local", 1)
        assert judge.grade([sum_of(100 + i)])[0].passed
        assert len(children_of(os.getpid()) - children) >= 1
        del judge
    assert wait_until(lambda: not set(threading.enumerate()) - threads)
    assert wait_until(lambda: not children_of(os.getpid()) - children)


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
    time.sleep(1.0)  # so that some of them run
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
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
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


# ---- event loops and callbacks -----------------------------------------------------------------------------


def test_jobs_are_awaited(own: Judge) -> None:
    async def run() -> list[list[Verdict]]:
        batches = [[program(f"return 2 * x; // awaited {i} {j}") for j in range(5)] for i in range(4)]
        return await asyncio.gather(*map(own.grade_async, batches))

    assert [[verdict.passed for verdict in batch] for batch in asyncio.run(run())] == [[True] * 5] * 4


def test_a_timeout_of_the_event_loop_ends_the_programs(own: Judge) -> None:
    async def run() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(own.grade_async([endless(4000 + i) for i in range(10)]), 1.0)
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


# ---- cores -------------------------------------------------------------------------------------------------


def test_cores_are_counted_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_quotas_of_the_group_and_of_those_above_it_are_heeded(tmp_path: Path) -> None:
    inner, outer = tmp_path / "a" / "b", tmp_path / "a"
    inner.mkdir(parents=True)
    assert quota("0::/a/b\n", tmp_path) is None
    (inner / "cpu.max").write_text("max 100000\n")
    assert quota("0::/a/b\n", tmp_path) is None
    (outer / "cpu.max").write_text("150000 100000\n")
    assert quota("0::/a/b\n", tmp_path) == 1.5
    (inner / "cpu.max").write_text("50000 100000\n")
    assert quota("0::/a/b\n", tmp_path) == 0.5
    # In a container the group's path is the host's, and what is mounted is the group itself.
    (tmp_path / "cpu.max").write_text("25000 100000\n")
    assert quota("0::/docker/of/the/host\n", tmp_path) == 0.25


def test_quotas_of_version_1_are_heeded(tmp_path: Path) -> None:
    groups = "5:memory:/m\n4:cpu,cpuacct:/a\n0::/\n"
    folder = tmp_path / "cpu,cpuacct" / "a"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    (folder / "cpu.cfs_quota_us").write_text("-1\n")
    assert quota(groups, tmp_path) is None
    (folder / "cpu.cfs_quota_us").write_text("250000\n")
    assert quota(groups, tmp_path) == 2.5


@pytest.mark.skipif(
    os.geteuid() != 0 or not os.access("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", os.W_OK),
    reason="only root may make a group, here of cgroups 1",
)
def test_a_quota_of_the_kernels_is_heeded() -> None:
    group = Path(f"/sys/fs/cgroup/cpu/javabox-test-{os.getpid()}")
    group.mkdir()
    try:
        (group / "cpu.cfs_quota_us").write_text("100000")
        (group / "cpu.cfs_period_us").write_text("100000")
        script = "import os; open(os.environ['PROCS'], 'w').write('0'); from javabox.cores import cores; print(cores())"
        asked = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PROCS": str(group / "cgroup.procs")},
        )
    finally:
        group.rmdir()
    assert (asked.stdout, asked.stderr) == ("1\n", "")


# ---- processes ---------------------------------------------------------------------------------------------


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.05)
    return condition()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> set[int]:
    """What this process started, by whichever thread."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}
