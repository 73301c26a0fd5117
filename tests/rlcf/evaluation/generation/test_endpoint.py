"""An endpoint that fails in every way is asked until it answers, once a completion; no key leaks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rlcf.cli import main
from rlcf.errors import BadInput
from rlcf.evaluation.generation.requests import completion_of, completion_url, failure
from tests.rlcf.evaluation.generation import server
from tests.rlcf.evaluation.generation.conftest import Models, Processes, free_port, lines, until
from tests.rlcf.processes import Running

KEY = "sk-secret-0123456789"
SLOWLY = 0.02
"""Seconds that an answer takes longer where somebody is to be killed between two."""
FIELDS = ("task_id", "sample", "completion", "finish_reason", "outcome", "diagnostics", "cases")


def served(processes: Processes, models: Models, port: int, log: Path, pause: float = 0.0) -> Running:
    running = processes.start(server.run, models.chat, port, log, KEY, pause)
    until(lambda: running.out.read_text() == "ready\n", running)
    return running


def asked(models: Models, port: int, out: Path, *more: str) -> list[str]:
    url = f"http://127.0.0.1:{port}/v1"
    what = ["bench", "--endpoint", url, "--model", "tiny", "--problems", str(models.problems)]
    how = ["--n", "1", "--temperature", "0", "--k", "1", "--max-new-tokens", "24", "--key-variable", "MY_KEY"]
    return [*what, *how, "--engine", "local", "--concurrency", "4", "--out", str(out), *more]


def test_both_are_killed_and_every_sample_is_there_once(
    processes: Processes,
    models: Models,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    port, log, out = free_port(), tmp_path / "log", tmp_path / "out.jsonl"
    serving = served(processes, models, port, log, SLOWLY)
    whole = asked(models, port, tmp_path / "whole.jsonl", "--json")
    assert main(whole) == 0
    undisturbed = json.loads(capsys.readouterr().out)
    log.unlink()

    def arrived() -> list[dict[str, object]]:
        return lines(tmp_path / "out.jsonl.journal")[1:]

    client = processes.start(server.impatient, asked(models, port, out), MY_KEY=KEY)
    until(lambda: len(arrived()) >= 3, client)
    client.kill()
    kept = {str(row["task_id"]) for row in arrived()}
    answered = len(log.read_text().splitlines())
    assert 3 <= len(kept) < 12
    with out.open("ab") as file:
        file.write(b'{"task_id": "MBJP/1')  # as a kill in the middle of a line leaves it

    client = processes.start(server.impatient, asked(models, port, out), MY_KEY=KEY)
    until(lambda: len(arrived()) >= len(kept) + 2, client)
    serving.kill()
    served(processes, models, port, log, SLOWLY)
    code, told, complaint = client.wait(120), client.out.read_text(), client.err.read_text()
    assert code == 0, complaint
    assert "resumed" not in told or "run before" in told

    prompts = log.read_text().splitlines()
    assert len(prompts) - answered <= 12 - len(kept) + 4, "only those in flight at the kill are asked again"
    assert [[row[f] for f in FIELDS] for row in lines(out)] == [
        [row[f] for f in FIELDS] for row in lines(tmp_path / "whole.jsonl")
    ]
    assert [row["usage"]["completion_tokens"] > 0 for row in lines(out)] == [True] * 12
    assert main(asked(models, port, out, "--json")) == 0
    resumed = json.loads(capsys.readouterr().out)
    assert resumed["resumed"] == 12
    for name in ("samples", "outcomes", "compile", "exec", "pass", "intervals", "failures", "per_problem"):
        assert resumed[name] == undisturbed[name], name
    assert len(log.read_text().splitlines()) == len(prompts), "a whole run asks nothing"
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir()) + (told + complaint).encode()
    assert KEY.encode() not in written


def test_a_continuation_is_that_of_the_model_itself(
    processes: Processes, models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Greedy, through a server and without: cut at the same stop strings."""
    monkeypatch.setenv("MY_KEY", KEY)
    port = free_port()
    served(processes, models, port, tmp_path / "log")
    stop = ("--stop", "x", "--stop", "\n\n")
    assert main(asked(models, port, tmp_path / "a.jsonl", "--api", "completions", *stop)) == 0
    local = ["bench", str(models.base), "--problems", str(models.problems), "--engine", "local"]
    how = ["--n", "1", "--temperature", "0", "--k", "1", "--max-new-tokens", "24"]
    assert main([*local, *how, *stop, "--out", str(tmp_path / "b.jsonl")]) == 0
    there, here = lines(tmp_path / "a.jsonl"), lines(tmp_path / "b.jsonl")
    assert [row["completion"] for row in there] == [row["completion"] for row in here]
    assert len({row["completion"] for row in here}) > 3
    assert {row["finish_reason"] for row in here} <= {"length", "stop_string", "closed"}
    assert main(asked(models, port, tmp_path / "newer.jsonl", "--system", "newer names")) == 0
    assert len(lines(tmp_path / "newer.jsonl")) == 12


def test_what_is_refused_ends_it_and_tells_no_key(
    processes: Processes,
    models: Models,
    tmp_path: Path,
    complaint: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", wrong := "sk-other-9876543210")
    port = free_port()
    served(processes, models, port, tmp_path / "log")
    said = complaint(*asked(models, port, tmp_path / "out.jsonl"))
    assert "401: Incorrect API key provided: ***" in said
    assert "is the key right?" in said
    assert wrong not in said + (tmp_path / "out.jsonl.journal").read_text()
    monkeypatch.setenv("MY_KEY", KEY)
    other = [word if word != "tiny" else "big" for word in asked(models, port, tmp_path / "b.jsonl")]
    assert "404: The model big does not exist" in complaint(*other)
    gone = asked(models, free_port(), tmp_path / "c.jsonl", "--patience", "0.2")
    assert "no answer for" in complaint(*gone)
    monkeypatch.setenv("MY_KEY", f"{KEY}\n\x07")
    assert KEY not in complaint(*asked(models, port, tmp_path / "d.jsonl"))
    monkeypatch.delenv("MY_KEY")
    assert "MY_KEY" in complaint(*asked(models, port, tmp_path / "d.jsonl"))


def test_addresses_and_answers() -> None:
    for given in (
        "http://h:1/v1",
        "http://h:1/v1/",
        "http://h:1/v1/completions",
        "http://h:1/v1/chat/completions",
    ):
        assert completion_url(given, "chat") == "http://h:1/v1/chat/completions"
        assert completion_url(given, "completions") == "http://h:1/v1/completions"
    for bad in ("h:1", "ftp://h/v1", "http://user:word@h/v1", "http://h/v1?key=1", "localhost"):
        with pytest.raises(BadInput, match="field 'endpoint'"):
            completion_url(bad, "chat")
    assert completion_of({"choices": [{"message": {"content": None}, "finish_reason": "length"}]}).text == ""
    thought = {"message": {"content": "x", "reasoning_content": "hm"}}
    assert completion_of({"choices": [thought], "usage": None}).more == {"reasoning_content": "hm"}
    for bad in ({}, {"choices": []}, [], "x", {"choices": [{"finish_reason": "stop"}]}):
        with pytest.raises(BadInput, match="holds no completion"):
            completion_of(bad)
    assert failure(400, '{"error": {"message": "too\\nlong"}}') == "400: too long"
    assert failure(422, '{"detail": [{"loc": ["body"]}]}').startswith("422: ")
    assert failure(502, "<html>") == "502: <html>"
    assert os.environ.get("MY_KEY") is None
