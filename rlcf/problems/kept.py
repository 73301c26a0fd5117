"""Made problems, kept: they are made once and read from the user's cache after that.

The file's name is a hash of what decides its content: the arguments, the sources of the generator, and the
fields that a problem has.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from javabox import StdinCase, Suite, SuiteCase
from rlcf.files import write_lines
from rlcf.problems.fetch import cache_folder
from rlcf.problems.problem import Problem

log = logging.getLogger("rlcf")


def kept(
    name: str, arguments: Any, sources: Sequence[Path], make: Callable[[], Sequence[Problem]]
) -> Sequence[Problem]:
    """What `make` gives, from the cache where it was made before from the same `arguments` (plain JSON) by
    the same `sources`, files whose bytes count."""
    parts = [field.name for part in (Problem, Suite, SuiteCase, StdinCase) for field in fields(part)]
    digest = hashlib.sha256(json.dumps([arguments, parts]).encode())
    for source in sources:
        digest.update(source.read_bytes())
    path = cache_folder() / name / f"{digest.hexdigest()[:24]}.jsonl"
    if path.is_file():
        return _read(path)
    problems = make()
    try:
        write_lines(path, map(line, problems))
    except OSError as error:
        log.warning("the %s problems can't be kept, the next run makes them anew: %s", name, error)
    return problems


def line(problem: Problem) -> str:
    """A problem as a line of the file."""
    return json.dumps(problem, default=_fields) + "\n"


def _fields(part: Any) -> dict[str, Any]:
    """The fields of a part of a problem; `asdict` would copy all that is in them too, for twice the time."""
    return {field.name: getattr(part, field.name) for field in fields(part)}


@lru_cache(maxsize=2)
def _read(path: Path) -> tuple[Problem, ...]:
    """The problems of a file, whose name says what it holds; each training of a study asks for them."""
    with path.open(encoding="utf-8") as lines:
        return tuple(problem_of(json.loads(row)) for row in lines)


def problem_of(row: dict[str, Any]) -> Problem:
    """The problem that `line` wrote, equal to it but for its source. Raises KeyError, TypeError, ValueError
    or AttributeError for what `line` never writes."""
    row = dict(row)
    suite = dict(row.pop("suite"))
    cases = tuple(SuiteCase(**case) for case in suite.pop("cases"))
    runs = tuple(StdinCase(**case | {"expected": tuple(case["expected"])}) for case in suite.pop("stdin"))
    row["stop_tokens"], row["alternatives"] = tuple(row["stop_tokens"]), tuple(row["alternatives"])
    row["files"] = tuple((path, text) for path, text in row["files"])
    row["declared"] = None if row["declared"] is None else tuple(row["declared"])
    return Problem(suite=Suite(cases=cases, stdin=runs, **suite), **row)
