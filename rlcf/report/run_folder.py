"""Reads a run folder: what `rlcf train` wrote, checked line by line, ready to be shown.

A run that was interrupted is a run: files that a later stage would have written may be missing, and a last
line that was cut short is left out. Anything else that is malformed is an error with its file and line.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.evaluation.metrics import METRICS, Tally

Row = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A run folder's contents; completions stay on disk (`completion_rows`), there may be gigabytes."""

    folder: Path
    recipe: Row
    recipe_text: str
    metrics: Sequence[Row]
    evaluations: Sequence[Row]


def read_run(folder: Path) -> Run:
    """Raises BadInput where the folder is no run, or a file in it is malformed."""
    if not folder.is_dir():
        raise BadInput("no such run folder", file=folder)
    recipe = folder / "recipe.toml"
    try:
        text = recipe.read_text(encoding="utf-8")
        fields = tomllib.loads(text)
    except FileNotFoundError as error:
        raise BadInput("is not a run folder: recipe.toml is missing", file=folder) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"is not readable TOML ({error})", file=recipe) from error
    evaluations = list(_rows(folder / "evaluation.jsonl"))
    for number, row in enumerate(evaluations, start=1):
        _check_evaluation(row, folder / "evaluation.jsonl", number)
    return Run(folder, fields, text, list(_rows(folder / "metrics.jsonl")), evaluations)


def completion_rows(run: Run) -> Iterator[Row]:
    """The rows of completions.jsonl, one at a time."""
    return _rows(run.folder / "completions.jsonl")


def tallies(row: Row) -> dict[str, Tally]:
    """The counts of an evaluation's row, by task_id."""
    return {task_id: Tally(*counts) for task_id, counts in row["counts"].items()}


def _rows(path: Path) -> Iterator[Row]:
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                if not line.endswith(b"\n"):
                    return  # the run was ended while it wrote this line
                raise BadInput(f"is not JSON ({error})", file=path, line=number) from error
            if not isinstance(row, dict):
                raise BadInput("must be a JSON object", file=path, line=number)
            yield row


def _check_evaluation(row: Row, path: Path, number: int) -> None:
    for field, kind in (("stage", str), ("split", str), ("decoding", dict), ("outcomes", dict), ("counts", dict)):
        if not isinstance(row.get(field), kind):
            raise BadInput("is missing or of the wrong type", file=path, line=number, field=field)
    for field in ("temperature", "n"):
        if not isinstance(row["decoding"].get(field), (int, float)):
            raise BadInput("is missing or no number", file=path, line=number, field=f"decoding.{field}")
    for name in METRICS:
        interval = row.get("intervals", {}).get(name, {}).get("1")
        if not isinstance(row.get(name), dict) or "1" not in row[name] or not isinstance(interval, list):
            raise BadInput("has no rate with an interval at k = 1", file=path, line=number, field=name)
