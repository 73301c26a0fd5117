"""inspect_ai evaluates: its log has the scores of `rlcf grade`, under asyncio and trio; the example runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlcf.adapters import carried
from rlcf.cli import main
from rlcf.evaluation.generation.prompting import request
from tests.hosts.commands import run
from tests.hosts.conftest import Graded, said
from tests.hosts.marks import needs
from tests.hosts.server import serving

pytestmark = needs("inspect_ai")


@pytest.mark.usefixtures("killed_judge")
def test_a_hundred_replies_are_scored_as_by_grade(hundred: Graded, tmp_path: Path) -> None:
    """Four epochs of 25 problems, asked over HTTP."""
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import get_model
    from inspect_ai.solver import generate

    from rlcf.adapters.inspect_ai import java

    problems = {one.problem.task_id: one.problem for one in hundred.samples}
    data = [Sample(id=task_id, input=request(one)) for task_id, one in problems.items()]
    task = Task(dataset=MemoryDataset(data), solver=generate(), scorer=java("mbjp", "tests"))
    with serving(hundred.samples) as server:
        model = get_model("openai-api/local/tiny", base_url=server.url, api_key="none")
        (log,) = eval(task, model=model, epochs=4, log_dir=str(tmp_path), display="none")
    assert log.status == "success", log.error
    expected = hundred.by_text("tests")
    found = {(str(s.id), said(s.output.completion)): s.scores["java"].value["reward"] for s in log.samples}
    assert found == expected
    (rates,) = (one for one in log.results.scores if one.name == "reward")
    assert rates.metrics["mean"].value == pytest.approx(sum(hundred.scores["tests"]) / 100)


def test_broken_tests_leave_a_sample_unscored(hundred: Graded, tmp_path: Path) -> None:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import get_model

    from rlcf.adapters.inspect_ai import java

    row = {"task_id": "A/1", "prompt": "class A {\n    static int f(int x) {\n", "entry_point": "f"}
    case = {"name": "one", "code": "int r = A.f(1);", "value": "r", "expected": "no_such_name"}
    bad = row | {"cases": [case]}
    sound = carried(hundred.samples[0].problem)
    data = [
        Sample(id=number, input="?", metadata={"problem": text})
        for number, text in enumerate([sound, json.dumps(bad)], start=1)
    ]
    with serving([]) as server:
        model = get_model("openai-api/local/tiny", base_url=server.url, api_key="none")
        task = Task(dataset=MemoryDataset(data), scorer=java(grounding="pass"))
        (log,) = eval(task, model=model, log_dir=str(tmp_path), display="none")
    assert log.status == "success", log.error
    scored, unscored = (sample.scores["java"] for sample in log.samples)
    assert scored.value["reward"] == 0.0
    assert unscored.value != unscored.value, unscored
    assert {(one.scored_samples, one.unscored_samples) for one in log.results.scores} == {(1, 1)}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_example_runs(backend: str, hundred: Graded, tmp_path: Path) -> None:
    folder = tmp_path / "example"
    assert main(["init", "inspect_ai", "--folder", str(folder)]) == 0
    rights = [one for one in hundred.samples if one.form == "chat"]
    with serving(rights) as server:
        words = ["inspect", "eval", "java_mbjp.py", "-T", "split=train", "--limit", "3", "--display", "plain"]
        where = {"LOCAL_BASE_URL": server.url, "LOCAL_API_KEY": "none"}
        run([*words, "--model", "openai-api/local/tiny"], folder, INSPECT_ASYNC_BACKEND=backend, **where)
    (log,) = (folder / "logs").glob("*.eval")
    told = json.loads(run(["inspect", "log", "dump", str(log)], folder))
    (rate,) = (one for one in told["results"]["scores"] if one["name"] == "passed")
    assert (told["status"], rate["metrics"]["mean"]["value"]) == ("success", 1.0)
