"""How many threads training computes with, and that those that wait sleep."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from rlcf.training.runtime.distributed import Parallel

CORES = len(os.sched_getaffinity(0))


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def threads(parallel: Parallel) -> tuple[int, int, int]:
    """Beside the judge, where it rests, and beside it again."""
    parallel.half_of_the_cores()
    beside = torch.get_num_threads()
    with parallel.all_cores():
        alone = torch.get_num_threads()
    return beside, alone, torch.get_num_threads()


def test_all_cores_are_for_what_nobody_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    half = max(1, CORES // 2)
    assert threads(Parallel()) == (half, CORES, half)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads(Parallel()) == (1, 1, 1)


def test_threads_that_spin_do_not_get_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    half = max(1, CORES // 2)
    assert threads(Parallel()) == (half, half, half)


def test_processes_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    parallel = Parallel()
    parallel.world = 2
    assert threads(parallel) == (max(1, CORES // 4), max(1, CORES // 2), max(1, CORES // 4))


@pytest.mark.parametrize(("first", "waiting"), [("rlcf", "passive"), ("torch, rlcf", "None"), ("os", "None")])
def test_threads_wait_asleep_where_torch_is_loaded_after_rlcf(first: str, waiting: str) -> None:
    code = f"import {first}, os; print(os.environ.get('OMP_WAIT_POLICY'))"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == waiting
