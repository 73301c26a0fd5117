"""verifiers evaluates the taskset that `rlcf init verifiers` writes: rewards are those of `rlcf grade`."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlcf.cli import main
from tests.hosts.commands import run
from tests.hosts.conftest import Graded, said
from tests.hosts.marks import needs
from tests.hosts.server import serving

pytestmark = needs("verifiers")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package that `rlcf init` writes, installed."""
    folder = tmp_path_factory.mktemp("verifiers") / "example"
    assert main(["init", "verifiers", "--folder", str(folder)]) == 0
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "install", "--no-deps", "-e", "."], cwd=folder, check=True)
    yield folder
    subprocess.run([*pip, "uninstall", "-y", "java-mbjp"], check=True)


@pytest.fixture(scope="module")
def traces(hundred: Graded, example: Path) -> list[dict[str, Any]]:
    """What `vf-eval` writes of four rollouts of two tasks, asked over HTTP."""
    ids = sorted({one.problem.task_id for one in hundred.samples})[:2]
    with serving(hundred.samples) as server:
        words = [
            "vf-eval",
            "java_mbjp",
            "-m",
            "tiny",
            "--client.base-url",
            server.url,
            "-r",
            "4",
            "--no-push",
        ]
        words += ["--env.agent.harness.id", "null", "--env.agent.runtime.type", "subprocess"]
        words += ["--env.taskset.task.grounding", "tests", "--client.api-key-var", "NO_KEY"]
        run([*words, "--select.include.ids", json.dumps(ids)], example, NO_KEY="none", NO_COLOR="1")
    (written,) = (example / "outputs").glob("**/traces.jsonl")
    episodes = map(json.loads, written.read_text().splitlines())
    return [trace for episode in episodes for trace in episode["traces"]]


def test_vf_eval_rewards_as_grade(hundred: Graded, traces: list[dict[str, Any]]) -> None:
    expected = hundred.by_text("tests")
    found = {
        (trace["task"]["data"]["id"], said(trace["nodes"][-1]["message"]["content"])): trace["rewards"][
            "java"
        ]
        for trace in traces
    }
    assert len(found) == 8
    assert {key: reward["score"] for key, reward in found.items()} == {key: expected[key] for key in found}
    assert all(trace["metrics"]["judged"] == 1.0 for trace in traces)


@pytest.mark.usefixtures("killed_judge")
def test_a_hundred_replies_are_scored_as_by_grade(hundred: Graded, traces: list[dict[str, Any]]) -> None:
    """By the host's own `Task.score`, of traces like those of `vf-eval`."""
    import verifiers.v1 as vf

    from rlcf.adapters.verifiers import JavaConfig, JavaTaskConfig, JavaTaskset

    config = JavaConfig(task=JavaTaskConfig(grounding="tests"))
    tasks = {task.data.id: task for task in JavaTaskset(config)}

    async def scored() -> list[float]:
        found = []
        for one in hundred.samples:
            wire = copy.deepcopy(traces[0]) | {"rewards": {}, "metrics": {}}
            wire["nodes"][-1]["message"]["content"] = one.text
            trace = vf.WireTrace.model_validate(wire)
            found.append((tasks[one.problem.task_id].score(trace), trace))
        await asyncio.gather(*(score for score, _ in found))
        return [trace.rewards["java"].score for _, trace in found]

    assert asyncio.run(scored()) == hundred.scores["tests"]


def test_the_references_pass(example: Path) -> None:
    words = ["vf-validate", "java_mbjp", "--only-gold", "--runtime.type", "subprocess", "-n", "3"]
    told = run(words, example, NO_COLOR="1")
    assert json.loads(told[told.index("{") :])["outcomes"]["valid"] == 3


def test_a_task_can_be_copied_and_sent(hundred: Graded) -> None:
    from rlcf.adapters.verifiers import JavaConfig, JavaTaskset

    task = next(iter(JavaTaskset(JavaConfig())))
    for copied in (copy.deepcopy(task), pickle.loads(pickle.dumps(task))):
        assert copied.data == task.data
    assert "System.out" not in task.data.prompt
    assert task.data.id == hundred.samples[0].problem.task_id
