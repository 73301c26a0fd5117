"""Rows of contests become problems whose programs read standard input; nothing in them is run to be read."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from javabox import Judge
from rlcf import BadInput, load_problems
from rlcf.problems.cases import write_problems
from rlcf.problems.check import check
from rlcf.problems.problem import Problem

Load = Callable[..., list[Problem]]

SUM = (
    "import java.util.*;\npublic class Main {\n    public static void main(String[] args) {\n"
    "        Scanner in = new Scanner(System.in);\n"
    "        System.out.println(in.nextLong() + in.nextLong());\n    }\n}\n"
)
PRODUCT = SUM.replace("in.nextLong() + in", "in.nextLong() * in")


def apps(**changes: object) -> dict[str, Any]:
    tests = {"inputs": ["1 2\n", ["3", "4"]], "outputs": ["3\n", ["7"]]}
    fields = {
        "problem_id": 7,
        "question": "Add two numbers.\n",
        "solutions": '["print(1)"]',
        "starter_code": "",
    }
    return {**fields, "difficulty": "interview", "input_output": json.dumps(tests), **changes}


def codecontests(**changes: object) -> dict[str, Any]:
    return {
        "name": "1_A. Sum",
        "description": "Add two numbers.",
        "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
        "private_tests": {"input": [], "output": []},
        "generated_tests": {"input": ["2 2\n", "5 -5\n"], "output": ["4\n", "0\n"]},
        "solutions": {"language": [2, 4, 4], "solution": ["int main() {}", SUM, PRODUCT]},
        "time_limit": {"seconds": 1, "nanos": 500000000},
        "memory_limit_bytes": 256000000,
        "input_file": "",
        "output_file": "",
        **changes,
    }


PRIVATE = [
    {"input": "2 2\n", "output": "4", "testtype": "stdin"},
    {"input": "0 5", "output": "5", "testtype": "stdin"},
]


def packed(value: object, protocol: int = 4) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value, protocol=protocol))).decode()


def livecodebench(**changes: object) -> dict[str, Any]:
    return {
        "question_title": "Sum",
        "question_content": "Add two numbers.",
        "platform": "atcoder",
        "question_id": "abc301_a",
        "starter_code": "",
        "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]),
        "private_test_cases": packed(json.dumps(PRIVATE)),
        "metadata": "{}",
        **changes,
    }


OWN = {
    "task_id": "Own/1",
    "description": "Add two numbers.",
    "canonical_solution": SUM,
    "stdin": [
        {"stdin": "1 2\n", "expected": ["3\n", "three"], "compare": "exact"},
        {"name": "b", "stdin": "2 2\n", "expected": ["4"]},
    ],
}


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(*rows: dict[str, Any]) -> list[Problem]:
        path = tmp_path / "problems.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return load_problems(str(path))

    return loaded


ROWS: dict[str, tuple[dict[str, Any], str, list[str], float | None]] = {
    "apps": (apps(), "7", ["test 0", "test 1"], None),
    "taco": (apps(problem_id=None, name="T", time_limit="2.0 seconds"), "T", ["test 0", "test 1"], 4.0),
    "codecontests": (codecontests(), "1_A. Sum", ["public 0", "generated 0", "generated 1"], 3.0),
    "livecodebench": (livecodebench(), "abc301_a", ["public 0", "private 0", "private 1"], None),
    "livecodebench in plain": (
        livecodebench(private_test_cases=json.dumps(PRIVATE)),
        "abc301_a",
        ["public 0", "private 0", "private 1"],
        None,
    ),
    "livecodebench without": (livecodebench(private_test_cases=""), "abc301_a", ["public 0"], None),
    "ours": (OWN, "Own/1", ["0", "b"], None),
}


@pytest.mark.parametrize("form", ROWS)
def test_programs_are_judged_by_what_they_print(form: str, load: Load, judge: Judge) -> None:
    row, task_id, names, time_limit = ROWS[form]
    (problem,) = load(row)
    assert (problem.task_id, list(problem.suite.names), problem.time_limit) == (task_id, names, time_limit)
    assert (problem.prompt, problem.description.split("\n")[-1]) == ("", "Add two numbers.")
    right, wrong = judge.grade([problem.job(SUM), problem.job(PRODUCT)])
    assert right.passed, right
    assert str(wrong.outcome) == "failed", wrong


def test_references_and_stubs_are_checked(load: Load, judge: Judge) -> None:
    problems = load(
        codecontests(), codecontests(name="2", solutions=[{"language": "JAVA", "solution": PRODUCT}]), apps()
    )
    assert [problem.reference for problem in problems] == [SUM, PRODUCT, None]
    assert problems[0].memory_limit == 244
    found = list(check(problems, judge))
    assert [(one.reference, one.stub) for one in found] == [
        ("passed", "fails"),
        ("failed", "fails"),
        ("none", "fails"),
    ]
    zero = codecontests(public_tests={"input": ["x"], "output": ["0"]}, generated_tests=None)
    (one,) = check(load(zero), judge)
    assert one.stub.endswith("passes"), one


def test_fractions_may_be_near_and_whole_numbers_may_not(load: Load, judge: Judge) -> None:
    outputs = {
        "0.3333333": "0.33333334",
        "1000000007": "1000000006",
        "1e3 5": "1000.0 5",
        "3": "3.0",
        "a  b\n": "a b",
    }
    for wanted, printed in outputs.items():
        (problem,) = load(
            codecontests(public_tests={"input": [""], "output": [wanted]}, generated_tests=None)
        )
        printing = f'System.out.print("{printed}");'
        program = f"class Main {{ public static void main(String[] args) {{ {printing} }} }}"
        (verdict,) = judge.grade([problem.job(program)])
        assert verdict.passed == (wanted not in ("1000000007", "3")), wanted


class Mischief:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return (Path.write_text, (Path("ran"), "x"))  # type: ignore[return-value]


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_pickled_string_is_read_in_every_protocol(protocol: int, load: Load) -> None:
    (problem,) = load(livecodebench(private_test_cases=packed(json.dumps(PRIVATE), protocol)))
    assert len(problem.suite.stdin) == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (packed(Mischief()), "the pickle holds"),
        (packed([json.dumps(PRIVATE), Mischief()]), "the pickle holds"),
        (packed(PRIVATE), "the pickle holds EMPTY_LIST"),
        (packed("[1"), "neither JSON"),
        (packed("x" * 3)[:-8] + "AAAA", "neither JSON"),
        ("no base64!", "neither JSON"),
        (base64.b64encode(b"no zlib").decode(), "neither JSON"),
        ("[1", "is no JSON"),
        ("[1]", "number 0 must be an object"),
    ],
)
def test_nothing_is_unpickled(
    value: str, message: str, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=message) as caught:
        load(livecodebench(private_test_cases=value))
    assert (caught.value.field, caught.value.line) == ("private_test_cases", 1)
    assert not (tmp_path / "ran").exists()


FUNCTION = json.dumps({"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]})
LEFT_OUT: dict[str, tuple[dict[str, Any], str]] = {
    "fn_name": (apps(input_output=FUNCTION), "field 'input_output': asks for the Python function 'add'"),
    "long numbers": (
        apps(input_output='{"fn_name": "f", "inputs": [[' + "9" * 5000 + ']], "outputs": [[1]]}'),
        "asks for the Python function 'f'",
    ),
    "no tests": (apps(input_output=""), "field 'input_output': has no tests"),
    "no cases": (apps(input_output='{"inputs": [], "outputs": []}'), "has no tests"),
    "files": (codecontests(input_file="sum.in"), "field 'input_file': is about the file 'sum.in'"),
    "functional": (
        livecodebench(public_test_cases='[{"input": "1", "output": "1", "testtype": "functional"}]'),
        "field 'public_test_cases': asks for a Python method .testtype 'functional'",
    ),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_asks_for_something_else_is_left_out_and_said(
    case: str, load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    row, message = LEFT_OUT[case]
    with pytest.raises(BadInput, match=message):
        load(row)
    with caplog.at_level("WARNING", "rlcf"):
        (problem,) = load(row, apps(problem_id=8))
    assert problem.task_id == "8"
    assert "1 of 2 problems are left out; the first, of line 1, " in caplog.text


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (apps(input_output="{"), "field 'input_output': is no JSON"),
        (apps(input_output="[]"), "field 'input_output': must be an object, not an array"),
        (apps(input_output={"inputs": ["1"], "outputs": []}), "has 1 inputs and 0 outputs"),
        (apps(input_output={"inputs": ["1"]}), "must hold two arrays, inputs and outputs, not null"),
        (apps(input_output={"inputs": [1], "outputs": ["1"]}), "must hold texts, not a number"),
        (apps(question=1), "field 'question': must be a string"),
        (codecontests(public_tests=[]), "field 'public_tests': must be an object with input and output"),
        (codecontests(solutions={"language": [4], "solution": []}), "field 'solutions': must hold as many"),
        (codecontests(time_limit="soon"), "field 'time_limit': must be seconds"),
        (codecontests(time_limit={"seconds": -1}), "field 'time_limit': must be seconds"),
        ({**OWN, "stdin": []}, "field 'stdin': must be a list of objects, and not empty"),
        ({**OWN, "stdin": [{"stdin": "", "input": ""}]}, "number 0 has 'input'; known are name, stdin"),
        ({**OWN, "stdin": [{"expected": ["1"]}]}, "number 0 must have the string stdin"),
        ({**OWN, "stdin": [{"stdin": "", "expected": "1"}]}, "number 0: expected must not be a string"),
        ({**OWN, "stdin": [{"stdin": "", "compare": "near"}]}, "compare is one of"),
        (
            {**OWN, "stdin": [{"stdin": "", "name": "a"}, {"stdin": "", "name": "a"}]},
            "case names must differ",
        ),
        ({**OWN, "test": "class Main {}"}, "field 'stdin': can't stand beside test or cases"),
    ],
)
def test_a_broken_row_is_named(row: dict[str, Any], message: str, load: Load) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        load(row)
    assert "\n" not in str(caught.value)


def test_what_was_read_is_written_as_problems_of_ours(load: Load, tmp_path: Path) -> None:
    problems = load(apps(), codecontests(), livecodebench(), OWN)
    out = tmp_path / "out.jsonl"
    with out.open("w") as lines:
        write_problems(problems, lines)
    assert load_problems(str(out)) == problems
