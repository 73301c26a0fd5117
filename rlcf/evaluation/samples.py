"""Reads samples: JSONL, plain or .gz or `-` for standard input, one object a line.

`task_id` names the problem and `completion` is what a model wrote after its prompt; any other field is
carried through. A completion may hold anything a model can emit (NUL, lone surrogates, megabytes).
Everything is read and checked before anything is judged, so that bad input leaves nothing half-written;
the price is that all samples are in memory at once.
"""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.problems.problem import Problem

_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion of one problem."""

    problem: Problem
    completion: str
    row: Mapping[str, Any]
    """The line as it was read, every field."""


def read_samples(source: str, problems: Sequence[Problem], problem_set: str) -> list[Sample]:
    """The samples of `source`, a path or `-`. Raises BadInput naming file, line and field.

    `problem_set` is how the user named `problems`, for the message about a task_id that is not among them.
    """
    by_id = {problem.task_id: problem for problem in problems}
    name = "stdin" if source == "-" else source
    samples = []
    for number, line in _lines(source, name):
        row = _parse(line, name, number)
        for field in ("task_id", "completion"):
            if field not in row:
                raise BadInput("is missing", file=name, line=number, field=field)
            if not isinstance(row[field], str):
                raise BadInput(
                    f"must be a string, is {_kind(row[field])}", file=name, line=number, field=field
                )
        if row["task_id"] not in by_id:
            raise BadInput(
                f"{row['task_id'][:80]!r} is not one of the {len(by_id)} problems of {problem_set}",
                file=name,
                line=number,
                field="task_id",
            )
        samples.append(Sample(by_id[row["task_id"]], row["completion"], row))
    if not samples:
        raise BadInput("holds no samples", file=name)
    return samples


def _lines(source: str, name: str) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, numbered from 1."""
    try:
        with _open(source) as stream:
            for number, line in enumerate(stream, start=1):
                line = line.removeprefix(_UTF8_BOM) if number == 1 else line
                if line.strip():
                    yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise BadInput(f"is not a whole gzip file ({broken})", file=name) from broken
    except OSError as unreadable:
        raise BadInput(f"can't be read ({unreadable.strerror or unreadable})", file=name) from unreadable


def _open(source: str) -> Any:
    if source == "-":
        return open(sys.stdin.fileno(), "rb", closefd=False)
    return gzip.open(source, "rb") if source.endswith(".gz") else Path(source).open("rb")


def _parse(line: bytes, name: str, number: int) -> dict[str, Any]:
    try:
        # surrogatepass: some writers emit lone surrogates as raw bytes rather than as \\ud800
        row = json.loads(line.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as broken:
        raise BadInput(f"is not UTF-8 (byte {broken.start})", file=name, line=number) from broken
    except (ValueError, RecursionError) as broken:
        raise BadInput(f"is not JSON ({broken})", file=name, line=number) from broken
    if not isinstance(row, dict):
        raise BadInput(f"must be a JSON object, is {_kind(row)}", file=name, line=number)
    return row


def _kind(value: object) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return "null" if value is None else kinds.get(type(value), "an object")
