"""lm-evaluation-harness evaluates what `rlcf init lm-eval` writes: its scores are those of `rlcf grade`."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from rlcf.cli import main
from rlcf.problems import load_problems
from tests.hosts.commands import run
from tests.hosts.conftest import Graded, said
from tests.hosts.marks import needs
from tests.hosts.server import serving

pytestmark = needs("lm-eval")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The folder that `rlcf init` writes."""
    folder = tmp_path / "example"
    assert main(["init", "lm-eval", "--folder", str(folder)]) == 0
    return folder


@pytest.mark.usefixtures("killed_judge")
def test_a_hundred_replies_are_scored_as_by_grade(hundred: Graded, example: Path) -> None:
    """Four repeats of 25 problems, asked over HTTP."""
    task = example / "java_mbjp_chat.yaml"
    text = task.read_text().replace("  split: test", "  split: train").replace("repeats: 1", "repeats: 4")
    task.write_text(text)
    asked = {one.problem.task_id for one in hundred.samples}
    chosen = [at for at, one in enumerate(load_problems("mbjp", "train")) if one.task_id in asked]
    with serving(hundred.samples) as server:
        where = f"model=tiny,base_url={server.url}/chat/completions,num_concurrent=4"
        words = ["lm-eval", "run", "--model", "local-chat-completions", "--model_args", where]
        words += ["--tasks", "java_mbjp_chat", "--apply_chat_template", "--include_path", "."]
        words += [
            "--samples",
            json.dumps({"java_mbjp_chat": chosen}),
            "--log_samples",
            "--output_path",
            "out",
        ]
        run([*words, "--confirm_run_unsafe_code"], example, OPENAI_API_KEY="none")
    (logged,) = (example / "out").rglob("samples_*.jsonl")
    rows = [json.loads(line) for line in logged.read_text().splitlines()]
    found = {
        (row["doc"]["task_id"], said(text)): ast.literal_eval(one)["reward"]
        for row in rows
        for text, one in zip(row["resps"][0], row["filtered_resps"][0], strict=True)
    }
    assert found == hundred.by_text("pass")
    (told,) = (example / "out").rglob("results_*.json")
    rate = json.loads(told.read_text())["results"]["java_mbjp_chat"]["passed,judged"]
    assert rate == pytest.approx(sum(hundred.scores["pass"]) / 100)


def test_the_example_runs(example: Path) -> None:
    words = ["lm-eval", "run", "--model", "dummy", "--tasks", "java_mbjp", "--include_path", "."]
    told = run([*words, "--limit", "6", "--confirm_run_unsafe_code"], example)
    (row,) = (line for line in told.splitlines() if "|compiled" in line)
    assert [cell.strip() for cell in row.split("|")][7] == "0"
