"""Rows of CodeContests (Li et al. 2022, AlphaCode): `name, description` and `public_tests, private_tests,
generated_tests`, each with `input` and `output`.

All tests are asked, the public ones first. The reference is the first solution in Java. `time_limit` is
seconds or `{seconds, nanos}`, `memory_limit_bytes` becomes the heap. Left out are rows that read or write
files, and those without tests.
"""

from __future__ import annotations

from typing import Any

from javabox import Suite
from rlcf.jsonl import Row, kind
from rlcf.problems.formats.mxeval import place, split_of
from rlcf.problems.formats.stdin import LeftOut, megabytes, named, paired, seconds
from rlcf.problems.problem import Problem

TESTS = ("public_tests", "private_tests", "generated_tests")
JAVA = (4, "JAVA", "Java", "java")
"""How a solution's language says that it is Java; 4 is the number of the data set's enumeration."""


def codecontests_problem(row: Row) -> Problem:
    """The problem of a row of CodeContests. Raises BadInput, LeftOut."""
    for field in ("input_file", "output_file"):
        if row.fields.get(field):
            raise LeftOut(f"is about the file {str(row.fields[field])[:80]!r}", field)
    cases = []
    for field in TESTS:
        found = row.fields.get(field)
        if found is None:
            continue
        if not isinstance(found, dict):
            raise row.bad(f"must be an object with input and output, not {kind(found)}", field)
        cases += paired(found.get("input"), found.get("output"), field.removesuffix("_tests"), row, field)
    if not cases:
        raise LeftOut("has no tests", "public_tests")
    task_id = named(row, ("task_id", "name"))
    return Problem(
        task_id=task_id,
        prompt="",
        suite=Suite(stdin=tuple(cases)),
        description=row.text("description").strip(),
        reference=_in_java(row),
        split=split_of(row, task_id),
        time_limit=seconds(row),
        memory_limit=megabytes(row, "memory_limit_bytes"),
        source=place(row),
    )


def _in_java(row: Row) -> str | None:
    found: Any = row.fields.get("solutions")
    if isinstance(found, dict):
        languages, texts = found.get("language"), found.get("solution")
        if not isinstance(languages, list) or not isinstance(texts, list) or len(languages) != len(texts):
            raise row.bad("must hold as many of language as of solution", "solutions")
        found = [{"language": a, "solution": b} for a, b in zip(languages, texts, strict=True)]
    if not isinstance(found, list):
        return None
    written = (one.get("solution") for one in found if isinstance(one, dict) and one.get("language") in JAVA)
    return next((text for text in written if isinstance(text, str)), None)
