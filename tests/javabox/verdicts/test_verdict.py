"""Verdicts as JSON: what is written is read back whole, whatever the outcome."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from javabox import Job, Judge, Outcome, Suite, Verdict
from tests.javabox.programs import DOUBLE, PROMPT, program, returning

WAITS = "Object o = new Object(); synchronized (o) { o.wait(); } return 1;"
THROWS = PROMPT.replace("f(int x)", "f(int x) throws Exception")
MAIN = "class Main { public static void main(String[] a) { %s } }"


def jobs() -> dict[Outcome, Job]:
    """A program for every outcome that a program can bring about."""
    return {
        Outcome.PASSED: program("return 2 * x;"),
        Outcome.FAILED: program('return "\\ud800\\n" + x;'),
        Outcome.UNTESTED: program("return 2 * x;", Suite(whole=MAIN % "S.f(2);")),
        Outcome.COMPILE_ERROR: program("int a = 1;\n        return b;"),
        Outcome.RUNTIME_ERROR: program('throw new IllegalStateException("\\ud800");'),
        Outcome.TIME_LIMIT: program("while (true);", fuel=1_000_000),
        Outcome.MEMORY_LIMIT: program("return new byte[1 << 30].length;"),
        Outcome.OUTPUT_LIMIT: program(
            'while (true) System.out.println("x".repeat(1000));', output_bytes=1000
        ),
        Outcome.PREMATURE_EXIT: program("System.exit(0); return 4;"),
        Outcome.SUITE_ERROR: returning("1", "no_such_name"),
    }


@pytest.fixture(scope="module")
def verdicts(judge: Judge) -> dict[Outcome, Verdict]:
    asked = jobs()
    found = dict(zip(asked, judge.grade(asked.values()), strict=True))
    assert {outcome: verdict.outcome for outcome, verdict in found.items()} == {one: one for one in asked}
    # The judge can't be made to fail at will: a verdict as javabox/dispatch.py gives it.
    failed = Verdict(Outcome.JUDGE_ERROR, deterministic=False, detail="no supervisor: it ended")
    return found | {Outcome.JUDGE_ERROR: failed}


@pytest.mark.parametrize("outcome", Outcome)
def test_a_verdict_comes_back_from_json(verdicts: dict[Outcome, Verdict], outcome: Outcome) -> None:
    verdict = verdicts[outcome]
    text = json.dumps(verdict.to_json())
    assert Verdict.from_json(json.loads(text)) == verdict
    assert Verdict.from_json({"task_id": "1", "completion": "x", **json.loads(text)}) == verdict


def test_covered_lines_and_values_come_back(judge: Judge) -> None:
    (verdict,) = judge.grade([replace(program("if (x > 2)\n    return 0;\nreturn 2 * x;"), coverage=True)])
    assert verdict.lines
    assert any(case.value for case in verdict.cases)
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


def test_without_expected_values_nothing_says_what_a_right_answer_is(judge: Judge) -> None:
    assert DOUBLE.cases[0].expected == "4"
    right, wrong = judge.grade([program("return 2 * x;"), program("return x == 2 ? 4 : 0;")])
    for verdict in (right, wrong):
        told = json.dumps(verdict.to_json(expected_values=False)["cases"])
        assert '"4"' not in told
        assert '"6"' not in told


@pytest.mark.parametrize(
    ("change", "named"),
    [({"fuel": ...}, "fuel"), ({"outcome": "won"}, "won"), ({"diagnostics": [{"code": "c"}]}, "position")],
)
def test_what_is_no_verdict_is_named(change: dict[str, object], named: str) -> None:
    row = Verdict(Outcome.PASSED).to_json() | change
    with pytest.raises(ValueError, match=named):
        Verdict.from_json({name: value for name, value in row.items() if value is not ...})
