"""Rows in mxeval's format, and in what it is here extended by.

`task_id, prompt, test`, and where there are any `entry_point` (else the method that the prompt leaves open),
`description` and `canonical_solution`, which becomes the reference. `cases` are tests beside those of `test`
(see `cases.py`), which may then be left out. `time_limit` (seconds of fuel) and `memory_limit` (MB) hold for
the suite of their row; `assertions: true` turns `assert` on in the program's own code, as for harnesses that
run `java -ea` (in the code of tests it always is). `files`, an object of paths and texts, are source files
beside every program; with `junit: true` the test is one or more JUnit 4 or 5 test classes. Where it says
`compile_only: true` there are no tests: what compiles counts as passed. `stdin` are runs of a whole program,
in the place of prompt and test. `suffix` is Java that follows every completion, `stop_tokens` are strings
that end one. MBJP is split by MBPP's ids (the ids are the same): 1-10 prompt,
11-510 test, 511-600 validation, 601-974 train. All others are test, unless a field `split` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from javabox import Job, Suite
from rlcf.javasource.signature import open_method
from rlcf.javasource.types import Uncovered
from rlcf.jsonl import Row
from rlcf.problems.cases import released_suite, stdin_suite, with_cases
from rlcf.problems.limits import memory_limit_fault, time_limit_fault
from rlcf.problems.problem import Problem

MBPP_SPLITS = {"prompt": (1, 10), "test": (11, 510), "validation": (511, 600), "train": (601, 974)}
"""First and last MBPP id of each split (Austin et al. 2021)."""
SPLITS = ("prompt", "train", "validation", "test", "sft", "rl")
"""What `split` may be in a file."""


def mxeval_problem(row: Row) -> Problem:
    """The problem of a row in the mxeval format. Raises BadInput."""
    reads = "stdin" in row.fields
    task_id = row.text("task_id")
    prompt = (optional(row, "prompt") or "") if reads else row.text("prompt")
    compiled = flag(row, "compile_only")
    untested = reads or compiled or "cases" in row.fields
    test = (optional(row, "test") or "") if untested else row.text("test")
    for field, value, may in (
        ("task_id", task_id, False),
        ("prompt", prompt, reads),
        ("test", test, reads or compiled or row.fields.get("cases")),
    ):
        if not value.strip() and not may:
            raise row.bad("must not be empty", field)
    return Problem(
        task_id=task_id,
        prompt=prompt,
        suite=_suite(row, prompt, test),
        description=optional(row, "description") or "",
        entry_point=entry_point(row, prompt) if prompt else "",
        reference=optional(row, "canonical_solution"),
        split=split_of(row, task_id),
        test=test,
        files=_files(row),
        suffix=optional(row, "suffix") or "",
        stop_tokens=stop_tokens(row),
        time_limit=_limit(row, "time_limit", time_limit_fault),
        memory_limit=_limit(row, "memory_limit", memory_limit_fault),
        source=place(row),
    )


def _suite(row: Row, prompt: str, test: str) -> Suite:
    if "stdin" in row.fields:
        if test.strip() or row.fields.get("cases"):
            raise row.bad("can't stand beside test or cases", "stdin")
        suite = stdin_suite(row)
    elif flag(row, "junit"):
        return Suite(whole=test, junit=True, assertions=flag(row, "assertions"))
    else:
        suite = released_suite(prompt, test)
    if suite.whole is not None and not re.search(r"\bclass\s+Main\b", test):
        raise row.bad("must declare class Main", "test")
    if "cases" in row.fields and not suite.stdin:
        suite = with_cases(suite, row)
    return replace(suite, assertions=flag(row, "assertions"))


def flag(row: Row, field: str) -> bool:
    """A field that is true or false; False where the row has none. Raises BadInput."""
    value = row.fields.get(field)
    if value is not None and not isinstance(value, bool):
        raise row.bad("must be true or false", field)
    return bool(value)


def _files(row: Row) -> tuple[tuple[str, str], ...]:
    """The program's other source files. Raises BadInput."""
    files = row.fields.get("files", {})
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise row.bad("must be an object of paths and texts", "files")
    try:
        return Job("", files=tuple(files.items())).files
    except ValueError as error:
        raise row.bad(str(error), "files") from error


def place(row: Row) -> str:
    """Where a row was read, `file:line`."""
    return f"{row.file}:{row.line}"


def optional(row: Row, field: str) -> str | None:
    """A string that may be missing or null. Raises BadInput."""
    return None if row.fields.get(field) is None else row.text(field)


def entry_point(row: Row, prompt: str) -> str:
    """The name of the method that is asked for: the row's, else the prompt's. Raises BadInput."""
    if "entry_point" in row.fields:
        return row.text("entry_point")
    try:
        return open_method(prompt).name
    except Uncovered as error:
        raise row.bad(
            f"is missing (there are {row.named()}), and the prompt has {error}", "entry_point"
        ) from error


def stop_tokens(row: Row) -> tuple[str, ...]:
    """The strings that end a completion. Raises BadInput."""
    found = row.fields.get("stop_tokens")
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        raise row.bad("must be a list of strings", "stop_tokens")
    return tuple(found)


def _limit(row: Row, field: str, fault: Callable[[object], str]) -> Any:
    """A limit, or None where the row has none. Raises BadInput."""
    value = row.fields.get(field)
    if value is not None and (wrong := fault(value)):
        raise row.bad(wrong, field)
    return value


def split_of(row: Row, task_id: str) -> str:
    """The split of a row: its own, else that of MBPP's problem, else test. Raises BadInput."""
    if "split" in row.fields:
        if (given := row.text("split")) not in SPLITS:
            raise row.bad(f"must be one of {', '.join(SPLITS)}, not {given[:80]!r}", "split")
        return given
    data_set, _, number = task_id.partition("/")
    if data_set == "MBJP" and number.isascii() and number.isdigit():
        for split, (first, last) in MBPP_SPLITS.items():
            if first <= int(number) <= last:
                return split
    return "test"
