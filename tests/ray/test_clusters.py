"""Clusters: what can't be had is refused in words, pools are found by name, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.processes import descendants
from tests.javabox.processes import alive, wait_until
from tests.ray.rays import needs_ray
from tests.rlcf.conftest import SmallSet, small_set

__all__ = ["small_set"]

pytestmark = needs_ray

ASKS = """
import json, os, pickle, sys
from javabox.cluster import RayJudge
from tests.javabox.programs import sum_of
settings = json.loads(sys.argv[1])
copies = settings.pop("copies", 1)
judge = RayJudge(**settings)
for _ in range(copies - 1):
    judge = pickle.loads(pickle.dumps(judge))
verdicts = judge.grade([sum_of(number) for number in range(int(sys.argv[2]), int(sys.argv[2]) + 30)])
said = {"passed": sum(bool(v.passed) for v in verdicts), "pids": sorted(a.pid for a in judge._pool.actors)}
print(json.dumps(said), flush=True)
if sys.stdin.readline():
    judge.close()
"""


def asks(settings: dict[str, object], first: int, **variables: str) -> subprocess.Popen[str]:
    """A process with a judge of these settings, which says what it found and ends with its standard input."""
    return subprocess.Popen(
        [sys.executable, "-c", ASKS, json.dumps(settings), str(first)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )


def folders() -> set[str]:
    return {path.name for path in Path("/tmp").glob("javabox-ray-*")}


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """A cluster of one machine with two CPUs, as `ray start` makes it; the variables that lead to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path("/tmp") / f"javabox-ray-test-{os.getpid()}"  # a socket's path is short
    folder.mkdir(mode=0o700)
    ray = str(Path(sys.executable).with_name("ray"))
    command = [ray, "start", "--head", "--block", "--num-cpus=2", "--include-dashboard=false"]
    command += ["--disable-usage-stats", f"--port={port}", f"--temp-dir={folder / 'ray'}"]
    command += ["--object-store-memory=100000000"]
    # On the loopback alone, and with a token.
    variables = {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": "7" * 64,
    }
    env = {**os.environ, **variables}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert wait_until(lambda: (folder / "ray" / "ray_current_cluster").exists(), 120)
            yield {**variables, "RAY_ADDRESS": f"127.0.0.1:{port}"}
        finally:
            below = descendants(process.pid)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
            assert wait_until(lambda: not any(map(alive, below)), 60)
            subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_a_pool_is_found_by_name_and_outlives_who_asked(cluster: dict[str, str]) -> None:
    settings: dict[str, object] = {"workers": 1, "pool": "rewards"}
    first = asks(settings, 0, **cluster)
    assert first.stdout is not None
    told = json.loads(first.stdout.readline())
    assert told["passed"] == 30
    assert len(told["pids"]) == 2
    second = asks({**settings, "copies": 2}, 1000, **cluster)
    assert second.stdout is not None
    assert json.loads(second.stdout.readline()) == told, "the same actors, also for one that was pickled"
    first.communicate("end\n", timeout=60)
    second.kill()
    second.communicate()
    assert all(map(alive, told["pids"])), "they stay for others"
    third = asks(settings, 2000, **cluster)
    out, _ = third.communicate("end\n", timeout=120)
    assert json.loads(out) == told
    ends = "from javabox.cluster import end_pool; print(end_pool('rewards'), end_pool('others'))"
    env = {**os.environ, **cluster}
    done = subprocess.run([sys.executable, "-c", ends], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "0"]
    assert wait_until(lambda: not any(map(alive, told["pids"])), 60)


def test_what_cannot_be_had_is_refused_in_words(cluster: dict[str, str]) -> None:
    for settings, variables, words in (
        ({"workers": 64}, cluster, "no machine of the Ray cluster has 64 CPUs free"),
        ({"jdk": "/nowhere"}, cluster, "a judge can't be started on the Ray cluster: "),
        ({}, {**cluster, "RAY_ADDRESS": "127.0.0.1:1"}, "no Ray answers at RAY_ADDRESS=127.0.0.1:1"),
    ):
        with asks(settings, 0, **variables) as process:  # type: ignore[arg-type]
            _, error = process.communicate(timeout=180)
        assert process.returncode == 1
        said = error.splitlines()[-1]
        assert said.startswith("javabox.errors.JudgeUnavailable: ")
        assert words in said


def test_the_command_grades_on_ray_and_leaves_nothing(small_set: SmallSet, tmp_path: Path) -> None:
    before = folders()
    samples = tmp_path / "s.jsonl"
    samples.write_text(small_set.sample(small_set.right) + small_set.sample("?"))
    command = [sys.executable, "-m", "rlcf", "grade", str(samples), "--problems", str(small_set.path)]
    with subprocess.Popen(
        [*command, "--engine", "ray", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        below: set[int] = set()
        while process.poll() is None:
            below |= set(descendants(process.pid))
            time.sleep(0.2)
        out, error = process.communicate()
    assert process.returncode == 0, error
    found = json.loads(out)
    assert found["outcomes"] == {"passed": 1, "compile_error": 1}
    assert found["judge"]["judged"] == 2
    assert found["judge"]["actors_lost"] == 0
    assert len(below) > 4
    assert wait_until(lambda: not any(map(alive, below)), 30)
    assert folders() == before
    assert not (Path.home() / ".ray").exists(), "no token is written down"


def test_a_driver_that_is_killed_leaves_no_process() -> None:
    before = folders()
    process = asks({"workers": 1}, 0)
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    below = descendants(process.pid)
    assert set(told["pids"]) <= set(below)
    process.kill()
    process.communicate()
    assert wait_until(lambda: not any(map(alive, below)), 240), [
        Path(f"/proc/{one}/cmdline").read_bytes() for one in below if alive(one)
    ]
    for left in folders() - before:  # nobody is left to delete it
        subprocess.run(["rm", "-rf", f"/tmp/{left}"], check=True)
