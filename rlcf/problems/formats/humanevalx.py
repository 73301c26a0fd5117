"""Rows of HumanEval-X in Java (Zheng et al. 2023, CodeGeeX): `task_id, prompt, canonical_solution, test`,
and `declaration`, `example_test` and `text`, the description.

The prompt opens an instance method of `class Solution`; the test is a `public class Main` that collects
conditions and throws an AssertionError where one is false. It runs as it is, as a whole suite.

Not covered: `example_test`, which is a part of `test`.
"""

from __future__ import annotations

import re

from javabox import Suite
from rlcf.jsonl import Row
from rlcf.problems.formats.mxeval import entry_point, optional, place
from rlcf.problems.problem import Problem
from rlcf.problems.suite import import_lines


def humanevalx_problem(row: Row) -> Problem:
    """The problem of a row of HumanEval-X. Raises BadInput."""
    prompt, test = row.text("prompt"), row.text("test")
    if not prompt.strip():
        raise row.bad("must not be empty", "prompt")
    if not re.search(r"\bclass\s+Main\b", test):
        raise row.bad("must declare class Main", "test")
    return Problem(
        task_id=row.text("task_id"),
        prompt=prompt,
        suite=Suite(whole=f"{import_lines(prompt)}\n{test}"),
        description=(optional(row, "text") or "").strip(),
        entry_point=entry_point(row, prompt),
        reference=optional(row, "canonical_solution"),
        test=test,
        source=place(row),
    )
