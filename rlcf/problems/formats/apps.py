"""Rows of APPS (Hendrycks et al. 2021) and of sets in its format, as TACO: `question, input_output`.

`input_output` is JSON with `inputs` and `outputs`. Left out are rows with `fn_name`, which ask for a Python
function, and those without tests. References are Python, and so none.
"""

from __future__ import annotations

from javabox import Suite
from rlcf.jsonl import Row, kind
from rlcf.problems.formats.mxeval import place, split_of
from rlcf.problems.formats.stdin import LeftOut, named, paired, read_json, seconds
from rlcf.problems.problem import Problem


def apps_problem(row: Row) -> Problem:
    """The problem of a row of APPS. Raises BadInput, LeftOut."""
    if row.fields["input_output"] in ("", None):
        raise LeftOut("has no tests", "input_output")
    tests = read_json(row, "input_output")
    if not isinstance(tests, dict):
        raise row.bad(f"must be an object, not {kind(tests)}", "input_output")
    if tests.get("fn_name"):
        raise LeftOut(
            f"asks for the Python function {str(tests['fn_name'])[:80]!r} (fn_name)", "input_output"
        )
    cases = paired(tests.get("inputs"), tests.get("outputs"), "test", row, "input_output")
    if not cases:
        raise LeftOut("has no tests", "input_output")
    task_id = named(row, ("task_id", "problem_id", "id", "name"))
    return Problem(
        task_id=task_id,
        prompt="",
        suite=Suite(stdin=tuple(cases)),
        description=row.text("question").strip(),
        split=split_of(row, task_id),
        time_limit=seconds(row),
        source=place(row),
    )
