"""Copies of a judge, by fork or by pickle: none hangs, none harms, each says what to do instead."""

from __future__ import annotations

import asyncio
import copy
import importlib
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from javabox import Judge, JudgeInChild, JudgeUnavailable
from tests.javabox.processes import UNANSWERED, alive, in_child, wait_until
from tests.javabox.programs import endless, program, sum_of


@pytest.fixture(scope="module")
def own() -> Iterator[Judge]:
    """A judge whose supervisor nobody else may end."""
    with Judge("local", 2) as judge:
        assert judge.grade([program("return 2 * x; // so that it is warm")])[0].passed
        yield judge


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
    command = f"from tests.javabox.hosts import leaving; leaving.{script}()"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=root, capture_output=True, text=True, check=False, timeout=200
    )
    assert (done.stderr, done.stdout) == ("", "nobody was harmed\n")


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
