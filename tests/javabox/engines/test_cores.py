"""How many processors the judge takes for its own: by affinity, or without it, and never more than a quota allows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from javabox.cores import cores, quota


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


def test_a_quota_of_the_kernels_is_heeded() -> None:
    group = Path(f"/sys/fs/cgroup/cpu/javabox-test-{os.getpid()}")
    try:
        group.mkdir()
    except OSError:  # only root may, where there are groups of version 1: then what the kernel has is read
        assert 1 <= cores() <= len(os.sched_getaffinity(0))
        return
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
