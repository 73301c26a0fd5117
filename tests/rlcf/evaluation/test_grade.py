"""Grading: results in the order of the input, whole lines, every kind of completion judged."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from javabox import Judge
from rlcf import Problem, load_problems
from rlcf.evaluation.grade import grade
from rlcf.evaluation.samples import Sample
from rlcf.evaluation.summary import evaluation_row
from tests.rlcf.conftest import SmallSet


@pytest.fixture(scope="module")
def problem(small_set: SmallSet) -> Problem:
    return load_problems(str(small_set.path))[0]


def _samples(problem: Problem, completions: list[str]) -> list[Sample]:
    rows = [{"task_id": problem.task_id, "completion": c, "at": i} for i, c in enumerate(completions)]
    return [Sample(problem, row["completion"], row) for row in rows]


def test_results_follow_the_input_and_hold_its_fields_and_the_verdict(
    judge: Judge, problem: Problem, small_set: SmallSet
) -> None:
    slow = (
        "        for (long i = 0; i < 1L << 31; i++) { if (i == -1) { return 1; } }\n        "
        + small_set.right
    )
    completions = [slow, small_set.wrong_type, small_set.right, "", small_set.right + " "]
    out = io.BytesIO()
    evaluation = grade(_samples(problem, completions), judge, [1, 5], out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["completion"] for row in rows] == completions
    assert [row["at"] for row in rows] == list(range(5))
    assert [row["outcome"] for row in rows[1:]] == ["compile_error", "passed", "compile_error", "passed"]
    assert list(rows[0])[:4] == ["task_id", "completion", "at", "outcome"]
    assert rows[1]["diagnostics"][0]["line"] == 1
    assert evaluation.samples == 5
    assert sum(evaluation.outcomes.values()) == 5
    assert evaluation.rates["compile"][1].rate == pytest.approx(3 / 5)
    assert evaluation.rates["pass"][5].rate == 1.0


def test_whatever_a_model_can_emit_is_judged(judge: Judge, problem: Problem) -> None:
    completions = ["\0", "\ud800", "\udfff\ud800", "/*" + "x" * 10_000_000, "\\u000a}", "é𝄞\u2028\r"]
    out = io.BytesIO()
    evaluation = grade(_samples(problem, completions), judge, [1], out)
    assert evaluation.outcomes == {"compile_error": len(completions)}
    assert [json.loads(line)["completion"] for line in out.getvalue().splitlines()] == completions


def test_a_field_named_like_one_of_the_verdict_gives_way(judge: Judge, problem: Problem) -> None:
    row = {"outcome": "passed", "task_id": problem.task_id, "completion": "?", "lane": "left"}
    out = io.BytesIO()
    grade([Sample(problem, "?", row)], judge, [1], out)
    written = json.loads(out.getvalue())
    assert written["outcome"] == "compile_error"
    assert list(written)[:3] == ["task_id", "completion", "outcome"]


def test_an_evaluation_is_a_row_of_plain_json(
    judge: Judge, problem: Problem, small_set: SmallSet, tmp_path: Path
) -> None:
    evaluation = grade(_samples(problem, [small_set.right, "?"]), judge, [1, 2], None)
    row = evaluation_row(evaluation, stage="before", split="test", temperature=0.8, n=2)
    (tmp_path / "evaluation.jsonl").write_text(json.dumps(row))
    assert row["pass"] == {"1": 0.5, "2": 1.0}
    assert row["intervals"]["pass"]["1"] == [0.0125, 0.9875], "of one problem next to nothing is known"
    assert row["provenance"]["isolation"] == judge.isolation
    assert (row["provenance"]["time_limit"], row["provenance"]["assertions"]) == (4.0, False)
    assert row["counts"] == {problem.task_id: [2, 1, 1, 1]}
    assert row["decoding"] == {"temperature": 0.8, "n": 2}
    assert row["judge_errors"] == 0


def test_a_part_of_the_problems_has_rates_of_its_own(
    judge: Judge, problem: Problem, small_set: SmallSet
) -> None:
    named = replace(problem, task_id="named", part="template-disjoint")
    samples = _samples(problem, [small_set.right]) + _samples(named, ["?"])
    evaluation = grade(samples, judge, [1], None)
    row = evaluation.to_json()
    assert row["pass"] == {"1": 0.5}
    assert set(row["parts"]) == {"template-disjoint"}
    assert row["parts"]["template-disjoint"]["problems"] == 1
    assert row["parts"]["template-disjoint"]["pass"] == {"1": 0.0}
    assert row["parts"]["template-disjoint"]["intervals"]["compile"] == {"1": [0.0, 0.975]}
    assert "parts" not in grade(_samples(problem, ["?"]), judge, [1], None).to_json()


def test_every_line_says_by_what_and_under_which_terms(
    judge: Judge, problem: Problem, small_set: SmallSet
) -> None:
    quick = replace(problem, time_limit=0.5, memory_limit=64)
    asserting = replace(problem, suite=replace(problem.suite, assertions=True))
    samples = [s for one in (problem, quick, asserting) for s in _samples(one, [small_set.right])]
    out = io.BytesIO()
    evaluation = grade(samples, judge, [1], out)
    found = [json.loads(line)["provenance"] for line in out.getvalue().splitlines()]
    assert all(one["jdk"] == judge.jdk and one["engine"] == "local" and one["judge"] for one in found)
    terms = [(one["time_limit"], one["memory_limit"], one["assertions"]) for one in found]
    assert terms == [(4.0, 256, False), (0.5, 64, False), (4.0, 256, True)]
    assert evaluation.provenance["time_limit"] == [0.5, 4.0]
    assert evaluation.provenance["assertions"] == [False, True]


def test_a_time_limit_is_fuel(judge: Judge, problem: Problem, small_set: SmallSet) -> None:
    """A loop of some 10^8 instructions: a twentieth of a second is too little, the default is not."""
    slow = "        for (int i = 0; i < 30_000_000; i++) { if (i == -1) { return 1; } }\n" + small_set.right
    few = replace(problem, time_limit=0.05)
    out = io.BytesIO()
    grade(_samples(problem, [slow]) + _samples(few, [slow]), judge, [1], out)
    assert [json.loads(line)["outcome"] for line in out.getvalue().splitlines()] == ["passed", "time_limit"]


def test_a_broken_suite_is_named_once_and_stops_nothing(
    judge: Judge, problem: Problem, small_set: SmallSet, caplog: pytest.LogCaptureFixture
) -> None:
    case = replace(problem.suite.cases[0], expected="noSuchName")
    suite = replace(problem.suite, cases=(case,))
    broken = replace(problem, task_id="broken", suite=suite, source="mine.jsonl:7")
    right = small_set.right
    samples = [*_samples(problem, [right]), *_samples(broken, [right, right]), *_samples(problem, [right])]
    out = io.BytesIO()
    evaluation = grade(samples, judge, [1], out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["outcome"] for row in rows] == ["passed", "suite_error", "suite_error", "passed"]
    assert "noSuchName" in rows[1]["detail"]
    assert rows[1]["passed"] is None
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("mine.jsonl:7: broken: the suite is broken: ")
    assert "noSuchName" in said
    assert "\n" not in said
    row = evaluation.to_json()
    assert (row["suite_errors"], row["judge_errors"], row["pass"]) == (2, 0, {"1": 1.0})
    assert row["outcomes"] == {"passed": 2, "suite_error": 2}
