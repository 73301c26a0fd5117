"""`rlcf bench --turns`: models here and behind a server, killed and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rlcf import load_problems, read_answers
from rlcf.cli import main
from rlcf.evaluation.generation.prompting import Exchange, Prompting
from tests.rlcf.evaluation.generation.conftest import Models, Processes, free_port, lines, until
from tests.rlcf.evaluation.generation.test_endpoint import KEY, asked, served

FIELDS = ("task_id", "sample", "turn", "completion", "finish_reason", "outcome", "diagnostics", "cases")


def bench(model: Path, models: Models, *more: str | Path) -> list[str]:
    what = ["bench", str(model), "--problems", str(models.problems), "--engine", "local"]
    return [*what, "--k", "1", "--max-new-tokens", "16", *map(str, more)]


def told(row: dict[str, Any]) -> list[Any]:
    """What is the same in every run."""
    return [[one.get(field) for field in FIELDS] + [one.get("feedback")] for one in (*row["turns"], row)]


def test_what_fails_is_asked_again_and_one_turn_is_as_ever(
    models: Models, tmp_path: Path, capsys: pytest.CaptureFixture[str], complaint: Callable[..., str]
) -> None:
    once, twice = tmp_path / "once.jsonl", tmp_path / "twice.jsonl"
    two = ("--n", "2", "--turns", "2", "--out", twice)
    assert main(bench(models.base, models, "--n", "2", "--out", once)) == 0
    assert "turn" not in capsys.readouterr().out
    settings = lines(tmp_path / "once.jsonl.journal")[0]["settings"]
    assert {"turns", "shows", "example_cases"}.isdisjoint(settings), "older journals go on"
    assert {"turn", "turns"}.isdisjoint({name for row in lines(once) for name in row})
    assert main(bench(models.base, models, *two)) == 0
    said = capsys.readouterr().out
    assert "k = 1    after turn 1           after turn 2\n" in said
    assert "\nasked    24                     24\n" in said
    assert "after turn 1 the model had been shown javac's first error or a failing case" in said
    rows = lines(twice)
    assert [row["turns"][0]["completion"] for row in rows] == [row["completion"] for row in lines(once)]
    assert len({row["completion"] for row in rows}) > 12
    assert all(row["turns"][0]["completion"] != row["completion"] for row in rows), "drawn anew"
    assert all(row["turns"][0]["feedback"] for row in rows)
    answers = read_answers(twice, load_problems(str(models.problems)))
    assert [answer.completion for answer in answers] == [row["completion"] for row in rows]

    assert main(bench(models.base, models, *two, "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["resumed"], found["samples"]) == (24, 24)
    first, second = found["turns"]
    assert (first["turn"], first["asked"], second["turn"], second["asked"]) == (1, 24, 2, 24)
    assert second["pass"] == found["pass"]
    assert second["outcomes"] == found["outcomes"]
    compiled = sum(row["turns"][0]["compiled"] for row in rows)
    assert first["compile"]["1"] == pytest.approx(compiled / 24, abs=1e-6)
    assert "turns: 2 there, null now" in complaint(*bench(models.base, models, "--n", "2", "--out", twice))
    other = complaint(*bench(models.base, models, *two, "--shows", "compiler"))
    assert 'shows: "both" there, "compiler" now' in other
    assert "field 'turns'" in complaint(*bench(models.base, models, "--turns", "0"))
    assert "field 'turns'" in complaint(*bench(models.base, models, "--turns", "2", "--refine", "1"))


def test_a_killed_run_of_turns_ends_as_if_it_had_never_been(
    processes: Processes, models: Models, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By chat template, killed in its second turn."""
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    turns = ("--n", "1", "--turns", "2", "--shows", "compiler")
    assert main(bench(models.chat, models, *turns, "--out", whole, "--json")) == 0
    undisturbed = json.loads(capsys.readouterr().out)
    client = processes.start(main, bench(models.chat, models, *turns, "--batch", "3", "--out", out))
    until(lambda: sum(row["turn"] == 2 for row in lines(out)) >= 3, client)
    client.kill()
    kept = lines(out)
    assert 3 <= sum(row["turn"] == 2 for row in kept) < 12
    assert main(bench(models.chat, models, *turns, "--out", out, "--json")) == 0
    resumed = json.loads(capsys.readouterr().out)
    assert resumed["resumed"] == 12
    for name in ("samples", "outcomes", "compile", "exec", "pass", "failures", "per_problem", "note"):
        assert resumed[name] == undisturbed[name], name
    assert [told(row) for row in lines(out)] == [told(row) for row in lines(whole)]
    judged = {(row["task_id"], row["sample"]): row["wall_ms"] for row in kept if row["turn"] == 2}
    again = {(row["task_id"], row["sample"]): row["wall_ms"] for row in lines(out)}
    assert judged.items() <= again.items(), "not judged twice"


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_a_server_is_asked_in_the_same_words(
    processes: Processes, models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    port, log, out = free_port(), tmp_path / "log", tmp_path / "out.jsonl"
    served(processes, models, port, log)
    assert main(asked(models, port, out, "--api", api, "--turns", "2", "--no-expected-values")) == 0
    rows, requests = lines(out), [json.loads(line) for line in log.read_text().splitlines()]
    assert len(rows) == 12
    assert len(requests) == 24
    for problem, row in zip(load_problems(str(models.problems)), rows, strict=True):
        (first,) = row["turns"]
        said = (Exchange(first["completion"], first["feedback"]),)
        prompting = Prompting()
        if api == "chat":
            assert prompting.messages(problem) in requests
            assert prompting.messages(problem, said) in requests
        else:
            assert prompting.text(problem) in requests
            assert prompting.text(problem, said) in requests
        assert first["usage"]["completion_tokens"] > 0
        assert "expected:" not in first["feedback"]
