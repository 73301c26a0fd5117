"""Rows that carry their problem whole, as JSON in the field `problem`: those of `rlcf data export` and of
`rlcf.adapters.rows`. What else stands in such a row is for readers and for other programs.

Not covered: rows of another version of rlcf, which are refused.
"""

from __future__ import annotations

import json
from dataclasses import replace

from rlcf.jsonl import Row
from rlcf.problems import kept
from rlcf.problems.problem import Problem

TESTS = frozenset({"test", "cases", "stdin"})
"""Fields of rows in mxeval's format, in which `problem` may be anything."""


def carries(row: Row) -> bool:
    """Whether a row is one of these."""
    return "problem" in row.fields and not TESTS & row.fields.keys()


def carried_problem(row: Row) -> Problem:
    """The problem that a row carries. Raises BadInput."""
    text = row.text("problem")
    try:
        return replace(kept.problem_of(json.loads(text)), source=f"{row.file}:{row.line}")
    except json.JSONDecodeError as error:
        raise row.bad(f"is no JSON ({error}); rlcf.adapters.rows makes it", "problem") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"is of another version of rlcf ({error!r}); make the rows anew with rlcf.adapters.rows"
        raise row.bad(message, "problem") from error
