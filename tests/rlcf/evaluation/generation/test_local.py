"""`rlcf bench` with a model here: killed and gone on with, by text and by chat template, with examples."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rlcf import BadInput, load_problems
from rlcf.cli import main
from rlcf.evaluation.generation.prompting import INSTRUCTION, PROGRAM, Prompting, load_examples
from rlcf.model_name import check_model_name
from tests.rlcf.evaluation.generation.conftest import ROOT, Models, Processes, lines, until

FIELDS = ("task_id", "sample", "completion", "finish_reason", "tokens", "outcome", "diagnostics", "cases")


def bench(model: Path, models: Models, *more: str | Path) -> list[str]:
    what = ["bench", str(model), "--problems", str(models.problems), "--engine", "local"]
    return [*what, "--max-new-tokens", "60", "--k", "1,3", *map(str, more)]


def test_a_killed_run_ends_as_if_it_had_never_been(
    processes: Processes, models: Models, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By sampling, in other batches: an answer is its problem's, its number's and its seed's."""
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    assert main(bench(models.base, models, "--n", "2", "--out", whole, "--json")) == 0
    undisturbed = json.loads(capsys.readouterr().out)
    client = processes.start(main, bench(models.base, models, "--n", "2", "--batch", "2", "--out", out))
    until(lambda: len(lines(out)) >= 4, client)
    client.kill()
    judged = {(row["task_id"], row["sample"]): row for row in lines(out)}
    assert 4 <= len(judged) < 24
    assert main(bench(models.base, models, "--n", "2", "--batch", "16", "--out", out, "--json")) == 0
    resumed = json.loads(capsys.readouterr().out)
    assert resumed["resumed"] == len(judged)
    for name in ("samples", "outcomes", "compile", "exec", "pass", "intervals", "failures", "per_problem"):
        assert resumed[name] == undisturbed[name], name
    rows = lines(out)
    assert [[row[f] for f in FIELDS] for row in rows] == [[row[f] for f in FIELDS] for row in lines(whole)]
    again = [row for row in rows if (row["task_id"], row["sample"]) in judged]
    assert [row["wall_ms"] for row in again] == [
        judged[row["task_id"], row["sample"]]["wall_ms"] for row in again
    ], "not judged twice"


def test_a_chat_model_is_asked_by_its_template(
    models: Models,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    complaint: Callable[..., str],
) -> None:
    greedy = ("--n", "1", "--temperature", "0", "--k", "1", "--per-problem")
    said = {}
    for chat in ("auto", "off"):
        out = tmp_path / f"{chat}.jsonl"
        assert main(bench(models.chat, models, *greedy, "--chat", chat, "--out", out)) == 0
        told = capsys.readouterr().out
        assert ("asked by the chat template" in caplog.text) == (chat == "auto")
        caplog.clear()
        assert "javac: compiler.err." in told
        for row in lines(out):
            assert f"\n{row['task_id']} " in told
        said[chat] = [row["completion"] for row in lines(out)]
    assert said["auto"] != said["off"]
    assert "no chat template" in complaint(*bench(models.base, models, *greedy, "--chat", "on"))
    bad = ("--chat", "off", "--system", "be brief")
    assert "field 'chat'" in complaint(*bench(models.chat, models, *greedy, *bad))
    assert "field 'template_args'" in complaint(*bench(models.chat, models, "--template-args", "{"))


def test_a_mistyped_folder_is_refused_before_a_model_or_the_network(models: Models) -> None:
    """In a process in which transformers and every connection are errors."""
    program = (
        "import sys, socket; sys.modules['transformers'] = None\n"
        "def no(*_): raise AssertionError('a connection')\n"
        "socket.socket.connect = socket.getaddrinfo = no\n"
        "from rlcf.cli import main\n"
        "asked = [main(['bench', name, '--problems', 'mbjp']) for name in sys.argv[1:]]\n"
        "sys.exit(asked.count(2) != len(asked))"
    )
    names = [
        "./modle",
        "tests/modle",
        "/nowhere",
        "runs/a/b",
        "tests",
        "my model",
        "a//b",
        "~/m",
        "a..b",
        "a\\b",
    ]
    command = [sys.executable, "-c", program, *names]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("field 'model'") == len(names)
    for name in (str(models.base), "owner/name-1.5B", "gpt2"):
        check_model_name(name)


def test_what_a_model_reads(models: Models) -> None:
    problem, *others = load_problems(str(models.problems))
    examples = tuple(others[:2])
    assert Prompting().text(problem) == problem.prompt
    text = Prompting(examples).text(problem)
    assert text.endswith(problem.prompt)
    assert text.index(str(examples[0].reference).strip()) < text.index(examples[1].prompt)
    messages = Prompting(examples, "be brief").messages(problem)
    assert [one["role"] for one in messages] == ["system", *["user", "assistant"] * 2, "user"]
    assert messages[-1]["content"] == f"{INSTRUCTION}\n\n```java\n{problem.prompt.rstrip()}\n```"
    assert str(examples[0].reference).strip() in messages[2]["content"]

    whole = replace(problem, prompt="", description="Print a*/b.")
    assert Prompting().text(whole) == "/*\nPrint a* /b.\n*/\n"
    assert Prompting().messages(whole)[0]["content"] == f"{PROGRAM}\n\nPrint a*/b."
    asked = load_problems("mbjp", "test")
    shots = load_examples(3, "mbjp", None, asked)
    assert [one.split for one in shots] == ["prompt"] * 3
    assert all(one.reference for one in shots)
    assert load_examples(0, "mbjp", None, asked) == ()
    with pytest.raises(BadInput, match="asked too"):
        load_examples(2, "mbjp", str(models.problems), others)
    with pytest.raises(BadInput, match="--shots-from"):
        load_examples(1, "humaneval-java", None, asked)
    with pytest.raises(BadInput, match="99 are wanted"):
        load_examples(99, "mbjp", str(models.problems), asked[50:])
