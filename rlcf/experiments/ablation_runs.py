"""The runs of an ablation as they lie on disk; for its tables and plots.

    OUT/seed-0/base/   OUT/seed-0/ARM/   OUT/seed-1/…   OUT/recipes/ARM.toml

An arm may have runs of more seeds than another. Not covered: writing them (`rlcf.experiments.ablation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.jsonl import read_rows

BASE = "base"
DONE = "done"
"""A file of a run that ended, with the CPU seconds that it took where it was never stopped."""
RECIPES = "recipes"
TEMPERATURES = "temperatures.jsonl"
"""A file of a run: its policy's evaluations at each temperature, the last at the chosen one."""


def seed_of(folder: Path) -> int:
    """The seed of a folder seed-N."""
    return int(folder.name.removeprefix("seed-"))


def runs_of(out: Path, arms: Sequence[str]) -> list[tuple[Path, str]]:
    """The folder of each seed with each arm that it has, by arm. Raises BadInput where an arm has none."""
    seeds = sorted(out.glob("seed-*"), key=seed_of)
    if not seeds:
        raise BadInput("holds no runs of an ablation", file=out)
    for name in arms:
        if not any((folder / name).is_dir() for folder in seeds):
            raise BadInput("has not begun yet", file=seeds[0] / name)
    return [(folder, name) for name in arms for folder in seeds if (folder / name).is_dir()]


def tuned_rows(folder: Path) -> list[Mapping[str, Any]]:
    """The rows of a run's TEMPERATURES; none where it has none."""
    path = folder / TEMPERATURES
    return [row.fields for row in read_rows(path)] if path.exists() else []


def first_turn(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """An evaluation as it was after the first turn: what arms of one turn and of several have in common."""
    return {**row, **row["turns"][0]} if row.get("turns") else row
