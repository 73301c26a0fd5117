"""Rows with files beside the program, and rows whose test is a JUnit class."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from rlcf.errors import BadInput
from rlcf.problems import load_problems
from rlcf.problems.cases import write_problems

ROW = {
    "task_id": "T/1",
    "prompt": "class Add {\n    static int add(int x) {\n",
    "test": "class AddTest { @org.junit.Test public void adds() { assert Add.add(1) == 2; } }",
    "entry_point": "add",
    "files": {"util/One.java": "package util; public class One { public static final int ONE = 1; }"},
    "junit": True,
}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "problems.jsonl"
    path.write_text(json.dumps(ROW | changes) + "\n")
    return path


def test_they_are_in_the_job_and_survive_being_written(tmp_path: Path) -> None:
    (problem,) = load_problems(str(written(tmp_path)))
    job = problem.job("return x + util.One.ONE; } }")
    assert job.suite.junit
    assert job.suite.whole == ROW["test"]
    assert job.files == (("util/One.java", ROW["files"]["util/One.java"]),)  # type: ignore[index]
    out = io.StringIO()
    write_problems([problem], out)
    again = tmp_path / "again.jsonl"
    again.write_text(out.getvalue())
    assert load_problems(str(again)) == [problem]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("files", []),
        ("files", {"A.java": 1}),
        ("files", {"../A.java": ""}),
        ("files", {"A.txt": ""}),
        ("junit", "yes"),
        ("assertions", 1),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, field: str, value: object) -> None:
    with pytest.raises(BadInput) as error:
        load_problems(str(written(tmp_path, **{field: value})))
    assert error.value.field == field
