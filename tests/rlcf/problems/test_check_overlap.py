"""`rlcf data check` and `rlcf data overlap` on problems and texts made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlcf.cli import main
from rlcf.problems.overlap import Text, overlap, read_texts

PROMPT = "class Add {\n    static int add(int a, int b) {\n"
CASE = {"name": "0", "code": "int x = Add.add(1, 2);", "value": "x", "expected": "3"}


def row(name: str, reference: str | None, **more: Any) -> dict[str, Any]:
    fields = {"task_id": name, "prompt": PROMPT, "entry_point": "add", "cases": [CASE]}
    return {**fields, "canonical_solution": reference, **more}


ROWS = [
    (row("good", "return a + b; } }"), "passed", "fails", "nothing"),
    (row("typo", "\nreturn a + c; } }"), "compile_error", "fails",
     "line 2 of the reference: cannot find symbol"),
    (row("minus", "return a - b; } }"), "failed", "fails", "cases 0"),
    (row("throws", "return a / 0; } }"), "runtime_error", "fails", "cases 0 java.lang.ArithmeticException"),
    (row("weak", "return a * b; } }", cases=[{**CASE, "code": "int x = Add.add(0, 2);", "expected": "0"}]),
     "passed", "PASSES", "return 0; passes"),
    (row("tests", "return a + b; } }", cases=[{**CASE, "code": "int x = Add.sum(1);"}]),
     "compile_error", "fails", "prompt or tests: cannot find symbol"),
    (row("expects", "return a + b; } }", cases=[{**CASE, "expected": "three"}]),
     "-", "-", "the tests are broken"),
    (row("none", None), "none", "fails", "there is no reference"),
]  # fmt: skip


def test_check_prints_a_row_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(fields) + "\n" for fields, *_ in ROWS))
    assert main(["data", "check", str(path), "--engine", "local"]) == 1
    _, *lines, last = capsys.readouterr().out.splitlines()
    assert last == "1 of 8 problems are sound"
    for line, (fields, reference, stub, fault) in zip(lines, ROWS, strict=True):
        name, cases, found, stubbed, *_ = line.split()
        assert (name, cases, found, stubbed) == (fields["task_id"], "1", reference, stub)
        assert fault in line
    path.write_text(json.dumps(ROWS[0][0]))
    assert main(["data", "check", str(path), "--engine", "local"]) == 0


A = [
    Text("a/1", "Return the sum of 3 and 4 given numbers.", "return x + y;"),
    Text("a/2", "Reverse the words of a text one by one, keep the spaces between them as they are.", ""),
    Text("a/3", "", 'return "yes";'),
]
B = {
    "same": Text("b", "return the SUM of 3   and 4 given numbers .", "return sum(x, y);"),
    "solution": Text("b", "Something else.", "return x+y;"),
    "numbers": Text("b", "Return the sum of 5 and 60 given numbers.", ""),
    "strings": Text("b", "", 'return "no";'),
    "part": Text("b", "Please reverse the words of a text one by one, keep the spaces.", ""),
    "little": Text("b", "Reverse the words of a list of numbers, then add them all up and return that.", ""),
    "new": Text("b", "Count the vowels.", "return 1;"),
}


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("same", {"exact task", "masked task"}),
        ("solution", {"exact solution", "masked solution"}),
        ("numbers", {"masked task"}),
        ("strings", {"masked solution"}),
        ("part", {"n-gram"}),
        ("little", set()),
        ("new", set()),
    ],
)
def test_overlap_has_three_kinds(name: str, kinds: set[str]) -> None:
    assert {find.kind for find in overlap(A, [B[name]], n=5, share=0.6)} == kinds


def test_the_share_of_runs_decides() -> None:
    (find,) = overlap(A, [B["part"]], n=5, share=0.1)
    assert find.first == "a/2"
    # 15 words and signs make 11 runs of five; nine hold neither the first word nor the full stop
    assert find.share == pytest.approx(9 / 11)
    assert list(overlap(A, [B["part"]], n=5, share=0.82)) == []


def test_overlap_of_files_and_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, out = tmp_path / "a.jsonl", tmp_path / "finds.jsonl"
    a.write_text(
        '{"prompt": "class A { /** Add.\\n * > add(1)\\n */ int add(int x) {", "completion": "return 1;"}\n'
    )
    assert read_texts(str(a))[0].task.split() == ["Add."]
    assert main(["data", "overlap", "mbjp:train", "mbjp:train", "--out", str(out)]) == 0
    assert "of the 371 of mbjp:train" in capsys.readouterr().out
    finds = [json.loads(line) for line in out.read_text().splitlines()]
    assert len({find["name"] for find in finds if find["kind"] == "exact task"}) == 371
    assert main(["data", "overlap", str(a), "mbjp:test"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["any", "of", "them", "0"]
    a.write_text('{"other": 1}\n')
    assert main(["data", "overlap", str(a), "mbjp"]) == 2
