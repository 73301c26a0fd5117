"""Problems with more tests than were released: the field `cases` of a problem file, read and written.

    {"task_id": …, "prompt": …, "test": "class Main {…}", "cases": [{"name": "new 0",
     "code": "int result = Add.add(1, 2);", "value": "result", "expected": "3"}, …]}

A case has the fields of `javabox.SuiteCase`; `expected_type` and `tolerance` may be left out. `test` stays as
it was released, and its own cases come first. A field of its own, because mxeval's test program has no
tolerance for one case and compares arrays by identity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, TextIO

from javabox import Suite, SuiteCase
from rlcf.jsonl import Row
from rlcf.problems.problem import Problem
from rlcf.problems.suite import import_lines, mxeval_suite


def released_suite(prompt: str, test: str) -> Suite:
    """The suite of the released test; where there is none, one without cases."""
    return mxeval_suite(prompt, test) if test.strip() else Suite(imports=import_lines(prompt))


def with_cases(suite: Suite, row: Row) -> Suite:
    """`suite` and the cases of the row. Raises BadInput."""
    found = row.fields["cases"]
    if not isinstance(found, list) or not all(isinstance(case, dict) for case in found):
        raise row.bad("must be a list of objects", "cases")
    if found and suite.whole is not None:
        raise row.bad("can't be added: the test can't be taken apart into cases", "cases")
    cases = (*suite.cases, *(_case(fields, row, index) for index, fields in enumerate(found)))
    try:
        return replace(suite, cases=cases)
    except ValueError as error:
        raise row.bad(str(error), "cases") from error


def _case(fields: dict[str, Any], row: Row, index: int) -> SuiteCase:
    required = {"name", "code", "value", "expected"}
    known = required | {"expected_type", "tolerance"}
    if not required <= set(fields) <= known:
        raise row.bad(
            f"number {index} must have {sorted(required)} and may have expected_type, tolerance", "cases"
        )
    if not all(isinstance(value, str) for name, value in fields.items() if name != "tolerance"):
        raise row.bad(f"number {index}: all but tolerance are strings", "cases")
    tolerance = fields.get("tolerance")
    if tolerance is not None and (not isinstance(tolerance, int | float) or isinstance(tolerance, bool)):
        raise row.bad(f"number {index}: tolerance must be a number", "cases")
    return SuiteCase(**fields)


def write_problems(problems: Iterable[Problem], out: TextIO) -> None:
    """Problem lines that `load_problems` reads: what was released, and the cases added since."""
    for problem in problems:
        junit = problem.suite.junit
        released = problem.suite if junit else released_suite(problem.prompt, problem.test)
        row: dict[str, Any] = {
            "task_id": problem.task_id,
            "prompt": problem.prompt,
            "description": problem.description,
            "entry_point": problem.entry_point,
            "canonical_solution": problem.reference,
            "test": problem.test,
            "cases": [asdict(case) for case in problem.suite.cases[len(released.cases) :]],
        }
        own: dict[str, Any] = {
            "time_limit": problem.time_limit,
            "memory_limit": problem.memory_limit,
            "assertions": problem.suite.assertions or None,
            "files": dict(problem.files) or None,
            "junit": junit or None,
        }
        row |= {name: value for name, value in own.items() if value is not None}
        out.write(json.dumps(row) + "\n")
