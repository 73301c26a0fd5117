"""OpenEnv serves the environment that `rlcf init openenv` writes: sessions of two turns at the same time."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rlcf.cli import main
from rlcf.problems import load_problems
from tests.hosts.commands import run
from tests.hosts.conftest import Graded
from tests.hosts.marks import needs

pytestmark = needs("openenv")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `rlcf init` writes."""
    folder = tmp_path_factory.mktemp("openenv") / "example"
    assert main(["init", "openenv", "--folder", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def url(example: Path) -> Iterator[str]:
    """The example's server, as uvicorn runs it."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "uvicorn", "server.app:app", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(words, cwd=example) as server:
        address = f"http://127.0.0.1:{port}"
        while server.poll() is None:
            try:
                urllib.request.urlopen(f"{address}/health")
                break
            except urllib.error.URLError:
                time.sleep(0.2)
        yield address
        server.terminate()


def client(url: str) -> Any:
    from openenv.core.generic_client import GenericEnvClient

    return GenericEnvClient(base_url=url, connect_timeout_s=300.0, message_timeout_s=300.0).sync()


def indices() -> dict[str, int]:
    return {one.task_id: at for at, one in enumerate(load_problems("mbjp", "train"))}


@pytest.mark.usefixtures("killed_judge")
def test_a_hundred_replies_are_scored_as_by_grade(hundred: Graded, url: str) -> None:
    at = indices()

    def reward(number: int) -> float:
        one = hundred.samples[number]
        with client(url) as env:
            env.reset(split="train", index=at[one.problem.task_id])
            told = env.step({"reply": one.text})
            assert told.observation["outcome"]
            return float(told.reward)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(reward, range(100)))
    assert found == hundred.scores["partial"]


def test_twelve_sessions_of_two_turns(hundred: Graded, url: str) -> None:
    """Each is told of its own program, and paid for the second."""
    at = indices()
    rights = [one for one in hundred.samples if one.form == "chat"][:12]

    def session(number: int) -> list[Any]:
        one = rights[number]
        with client(url) as env:
            asked = env.reset(split="train", index=at[one.problem.task_id])
            first = env.step({"reply": f"        return wrong{number};\n    }}\n}}"})
            second = env.step({"reply": one.text})
            return [asked, first, second, env.state()]

    with ThreadPoolExecutor(12) as pool:
        for number, (asked, first, second, state) in enumerate(pool.map(session, range(12))):
            assert rights[number].problem.entry_point in asked.observation["text"]
            assert (first.reward, first.done, first.observation["outcome"]) == (0.0, False, "compile_error")
            assert f"wrong{number}" in first.observation["text"]
            assert (second.reward, second.done, second.observation["outcome"]) == (1.0, True, "passed")
            assert state["step_count"] == 2


def test_tasks_are_offered(url: str) -> None:
    def got(path: str) -> Any:
        with urllib.request.urlopen(f"{url}/java_mbjp/{path}") as reply:
            return json.load(reply)

    described = got("splits")
    assert "train" in json.dumps(described)


def test_the_example_runs(url: str, example: Path) -> None:
    told = run([sys.executable, "episode.py", "--url", url, "--index", "1"], example).splitlines()
    assert told[-1].startswith("1.0 | True | passed")


def test_openenv_validates_it(example: Path) -> None:
    assert "Verdict: PASS" in run(["openenv", "validate", ".", "--level", "static"], example)
