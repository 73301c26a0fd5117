"""Reads a run folder: what `rlcf train` wrote, checked line by line, ready to be shown.

A run that was interrupted is a run: files that a later stage would have written may be missing, and a last
line that was cut short is left out. Anything else that is malformed is an error with its file and line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.evaluation.metrics import Tally
from rlcf.jsonl import Row, read_rows
from rlcf.recipes import dotted


@dataclass(frozen=True)
class Run:
    """A run folder's contents; completions stay on disk (`completion_rows`), there may be gigabytes."""

    folder: Path
    recipe: Mapping[str, Any]
    """Its fields by dotted name."""
    recipe_text: str
    metrics: Sequence[Mapping[str, Any]]
    evaluations: Sequence[Mapping[str, Any]]


def read_run(folder: Path) -> Run:
    """Raises BadInput where the folder is no run, or a file in it is malformed."""
    if not folder.is_dir():
        raise BadInput("no such run folder", file=folder)
    recipe = folder / "recipe.toml"
    try:
        text = recipe.read_text(encoding="utf-8")
        fields = dotted(tomllib.loads(text))
    except FileNotFoundError as error:
        raise BadInput("is not a run folder: recipe.toml is missing", file=folder) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"is not readable TOML ({error})", file=recipe) from error
    metrics = [row.fields for row in _rows(folder / "metrics.jsonl")]
    return Run(folder, fields, text, metrics, [_checked(row) for row in _rows(folder / "evaluation.jsonl")])


def completion_rows(run: Run) -> Iterator[dict[str, Any]]:
    """The rows of completions.jsonl, one at a time."""
    return (row.fields for row in _rows(run.folder / "completions.jsonl"))


def tallies(row: Mapping[str, Any]) -> dict[str, Tally]:
    """The counts of an evaluation's row, by task_id."""
    return {task_id: Tally(*counts) for task_id, counts in row["counts"].items()}


def _rows(path: Path) -> Iterator[Row]:
    return read_rows(path, cut_short=True) if path.exists() else iter(())


def _checked(row: Row) -> dict[str, Any]:
    """An evaluation's fields. Raises BadInput where `evaluation_row` can't have written them."""
    kinds = {
        "stage": str,
        "split": str,
        "decoding": dict,
        "outcomes": dict,
        "counts": dict,
        "intervals": dict,
    }
    for field, kind in kinds.items():
        if not isinstance(row.fields.get(field), kind):
            raise row.bad("is missing or of the wrong type", field)
    for field in ("temperature", "n"):
        if not isinstance(row.fields["decoding"].get(field), int | float):
            raise row.bad("is missing or no number", f"decoding.{field}")
    for task_id, counts in row.fields["counts"].items():
        if not isinstance(counts, list) or len(counts) != 4 or not all(isinstance(c, int) for c in counts):
            raise row.bad(f"of {task_id[:80]!r} must be four whole numbers", "counts")
    return row.fields
