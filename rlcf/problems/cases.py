"""Tests of problem files of our own: the fields `cases` and `stdin`, read and written.

    {"task_id": …, "prompt": …, "test": "class Main {…}", "cases": [{"name": "new 0",
     "code": "int result = Add.add(1, 2);", "value": "result", "expected": "3"}, …]}

`cases` are tests beside those that were released. A case has the fields of `javabox.SuiteCase`;
`expected_type` and `tolerance` may be left out. `test` stays as it was released, and its own cases come
first. A field of its own, because mxeval's test program has no tolerance for one case and compares arrays by
identity.

    {"task_id": …, "description": …, "stdin": [{"name": "1", "stdin": "1 2\\n", "expected": ["3\\n"]}, …]}

`stdin` are runs of a whole program, each with the fields of `javabox.StdinCase`, all but `stdin` and
`expected` optional; there is no prompt and no `test` then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, TextIO

from javabox import StdinCase, Suite, SuiteCase
from rlcf.errors import BadInput
from rlcf.jsonl import Row, kind
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


def _test_program(problem: Problem) -> str:
    """The class Main of its tests; empty where they are cases that no such class has."""
    if problem.suite.whole is not None:
        return problem.suite.whole.removeprefix(import_lines(problem.prompt)).removeprefix("\n")
    return "" if problem.suffix else problem.test


def stdin_suite(row: Row) -> Suite:
    """The suite of the row's `stdin`. Raises BadInput."""
    found = row.fields["stdin"]
    if not isinstance(found, list) or not found or not all(isinstance(case, dict) for case in found):
        raise row.bad("must be a list of objects, and not empty", "stdin")
    try:
        return Suite(stdin=tuple(_stdin_case(fields, row, index) for index, fields in enumerate(found)))
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise row.bad(str(error), "stdin") from error


def _stdin_case(fields: dict[str, Any], row: Row, index: int) -> StdinCase:
    known = {
        "name": str,
        "stdin": str,
        "expected": list,
        "compare": str,
        "checker": str,
        "tolerance": float | int,
    }
    for name, value in fields.items():
        if name not in known:
            raise row.bad(f"number {index} has {name!r}; known are {', '.join(known)}", "stdin")
        if not isinstance(value, known[name]) or isinstance(value, bool):
            raise row.bad(f"number {index}: {name} must not be {kind(value)}", "stdin")
    expected = fields.get("expected", [])
    if "stdin" not in fields or not all(isinstance(one, str) for one in expected):
        raise row.bad(f"number {index} must have the string stdin, and strings in expected", "stdin")
    return StdinCase(**{"name": str(index), **fields, "expected": tuple(expected)})


def write_problems(problems: Iterable[Problem], out: TextIO) -> None:
    """Problem lines that `load_problems` reads: what was released, and the cases added since."""
    for problem in problems:
        junit = problem.suite.junit
        test = problem.test if junit else _test_program(problem)
        released = problem.suite if junit else released_suite(problem.prompt, test)
        row: dict[str, Any] = {
            "task_id": problem.task_id,
            "prompt": problem.prompt,
            "description": problem.description,
            "entry_point": problem.entry_point,
            "canonical_solution": problem.reference,
            "test": test,
            "cases": [asdict(case) for case in problem.suite.cases[len(released.cases) :]],
        }
        if problem.suite.stdin:
            del row["test"], row["cases"]
            row["stdin"] = [
                {name: value for name, value in asdict(case).items() if value is not None}
                for case in problem.suite.stdin
            ]
        own: dict[str, Any] = {
            "time_limit": problem.time_limit,
            "memory_limit": problem.memory_limit,
            "assertions": problem.suite.assertions or None,
            "files": dict(problem.files) or None,
            "junit": junit or None,
            "suffix": problem.suffix or None,
            "stop_tokens": problem.stop_tokens or None,
        }
        row |= {name: value for name, value in own.items() if value is not None}
        out.write(json.dumps(row) + "\n")
