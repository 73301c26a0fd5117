"""Rows of LiveCodeBench (Jain et al. 2024): `question_id, question_content, public_test_cases` and
`private_test_cases`.

Test cases are JSON, `[{"input", "output", "testtype"}]`. The private ones come as base64 of zlib of a pickle
of that JSON. Nothing is unpickled, as that runs what the file says: its instructions are read, and where
they are anything but one string that stands there as such the field is refused. Left out are rows whose test
type is `functional`, which ask for a Python method.
"""

from __future__ import annotations

import base64
import json
import pickletools
import zlib
from typing import Any

from javabox import StdinCase, Suite
from rlcf.jsonl import Row, kind
from rlcf.problems.formats.mxeval import place
from rlcf.problems.formats.stdin import LeftOut, case, read_json
from rlcf.problems.problem import Problem

LARGEST = 1 << 30
"""Bytes of unpacked test cases: those of a problem are tens of megabytes at most."""
TEXT = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
AROUND = frozenset({"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP"})
"""What stands around a string in a pickle of nothing else."""


def livecodebench_problem(row: Row) -> Problem:
    """The problem of a row of LiveCodeBench. Raises BadInput, LeftOut."""
    cases = _cases(read_json(row, "public_test_cases"), "public", row)
    if row.fields.get("private_test_cases"):
        cases += _cases(_private(row), "private", row)
    if not cases:
        raise LeftOut("has no tests", "public_test_cases")
    title = row.text("question_title") + "\n\n" if row.fields.get("question_title") else ""
    return Problem(
        task_id=row.text("question_id" if "question_id" in row.fields else "task_id"),
        prompt="",
        suite=Suite(stdin=tuple(cases)),
        description=(title + row.text("question_content")).strip(),
        source=place(row),
    )


def _cases(found: Any, name: str, row: Row) -> list[StdinCase]:
    field = f"{name}_test_cases"
    if not isinstance(found, list):
        raise row.bad(f"must be an array of tests, not {kind(found)}", field)
    cases = []
    for at, test in enumerate(found):
        if not isinstance(test, dict) or not all(
            isinstance(test.get(one), str) for one in ("input", "output")
        ):
            raise row.bad(f"number {at} must be an object with the strings input and output", field)
        if test.get("testtype", "stdin") != "stdin":
            raise LeftOut(f"asks for a Python method (testtype {test['testtype']!r})", field)
        cases.append(case(f"{name} {at}", test["input"], test["output"]))
    return cases


def _private(row: Row) -> Any:
    """The private test cases, JSON or a pickled string of it. Raises BadInput."""
    value = row.fields["private_test_cases"]
    if not isinstance(value, str) or value.lstrip()[:1] == "[":
        return read_json(row, "private_test_cases")
    try:
        unpacking = zlib.decompressobj()
        pickled = unpacking.decompress(base64.b64decode(value, validate=True), LARGEST)
        if unpacking.unconsumed_tail:
            raise ValueError(f"more than {LARGEST >> 20} MB")
        return json.loads(_only_string(pickled))
    except (ValueError, zlib.error, RecursionError) as broken:
        raise row.bad(
            f"is neither JSON nor base64 of zlib of a pickled string of it ({broken}), and nothing is"
            " unpickled: write it as JSON",
            "private_test_cases",
        ) from broken


def _only_string(pickled: bytes) -> str:
    """The string that a pickle of a string holds; it is read, not run. Raises ValueError."""
    texts = []
    for code, argument, _ in pickletools.genops(pickled):
        if code.name in TEXT:
            texts.append(argument)
        elif code.name not in AROUND:
            raise ValueError(f"the pickle holds {code.name}")
    if len(texts) != 1:
        raise ValueError(f"the pickle holds {len(texts)} strings")
    return str(texts[0])
