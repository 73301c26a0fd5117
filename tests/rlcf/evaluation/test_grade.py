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
    assert row["intervals"]["pass"]["1"] == [0.5, 0.5]
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
    assert row["parts"]["template-disjoint"]["intervals"]["compile"] == {"1": [0.0, 0.0]}
    assert "parts" not in grade(_samples(problem, ["?"]), judge, [1], None).to_json()
