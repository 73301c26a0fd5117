"""Problems whose programs read standard input: what rows of contests have in common.

The description is the statement, the prompt is empty: a completion is a whole program. A row's seconds are
those of a clock; as fuel they are doubled, which admits what plain java does in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from javabox import StdinCase
from rlcf.jsonl import Row, kind
from rlcf.problems.limits import LEAST_MB, LONGEST_SECONDS, MOST_MB

FUEL_SECONDS = 2.0
"""Of fuel, for each second of a clock."""
_FRACTION = re.compile(r"(?<![^\s])[+-]?(?:\d+\.\d*|\d*\.\d+|\d+(?:\.\d*)?[eE][+-]?\d+)(?![^\s])")
_SECONDS = re.compile(r"\s*([\d.]+)\s*(?:s|seconds?)?\s*")


class LeftOut(Exception):
    """A row that is well formed and asks for what is not judged; `field` says so."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(reason)
        self.field = field


def case(name: str, stdin: str, output: str) -> StdinCase:
    """A run that should print `output`, white space between words aside; where it has fractions, numbers may
    differ in the seventh digit."""
    compare = "numbers" if _FRACTION.search(output) else "tokens"
    return StdinCase(name=name, stdin=stdin, expected=(output,), compare=compare)  # type: ignore[arg-type]


def paired(inputs: Any, outputs: Any, name: str, row: Row, field: str) -> list[StdinCase]:
    """The cases of a list of inputs and one of outputs, named `name 0`, … Raises BadInput."""
    for found in (inputs, outputs):
        if not isinstance(found, list):
            raise row.bad(f"must hold two arrays, inputs and outputs, not {kind(found)}", field)
    if len(inputs) != len(outputs):
        raise row.bad(f"has {len(inputs)} inputs and {len(outputs)} outputs", field)
    pairs = enumerate(zip(inputs, outputs, strict=True))
    return [case(f"{name} {at}", _text(a, row, field), _text(b, row, field)) for at, (a, b) in pairs]


def _text(value: Any, row: Row, field: str) -> str:
    """A text, which may come as its lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value) + "\n"
    if not isinstance(value, str):
        raise row.bad(f"must hold texts, not {kind(value)}", field)
    return value


def read_json(row: Row, field: str) -> Any:
    """A field that is JSON, as such or as a string of it. Raises BadInput."""
    value = row.fields[field]
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_int=float)  # APPS has whole numbers of more digits than int() reads
    except (ValueError, RecursionError) as broken:
        raise row.bad(f"is no JSON: {broken}", field) from broken


def named(row: Row, fields: Sequence[str]) -> str:
    """The first of the fields that is there, text or number, else the line. Raises BadInput."""
    field = next((field for field in fields if row.fields.get(field) is not None), None)
    if field is None:
        return str(row.line)
    value = row.fields[field]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else row.text(field)


def seconds(row: Row, field: str = "time_limit") -> float | None:
    """A time limit in seconds of fuel; None where the row has none. Raises BadInput."""
    value = row.fields.get(field)
    if (
        isinstance(value, dict)
        and isinstance(value.get("seconds", 0), int)
        and isinstance(value.get("nanos", 0), int)
    ):
        value = value.get("seconds", 0) + value.get("nanos", 0) / 1e9
    elif isinstance(value, str) and (found := _SECONDS.fullmatch(value)) and found.group(1).count(".") < 2:
        value = float(found.group(1))
    if value is None or value == 0:
        return None
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not 0 < value <= LONGEST_SECONDS / FUEL_SECONDS
    ):
        raise row.bad(f"must be seconds, is {value!r}"[:120], field)
    return FUEL_SECONDS * value


def megabytes(row: Row, field: str) -> int | None:
    """A memory limit that is given in bytes, within what a JVM may have; None where the row has none."""
    value = row.fields.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    return min(max(value >> 20, LEAST_MB), MOST_MB)
