"""The runs of a folder in one table: how far each is, what it was paid for, what it passes before and after.

Columns of the recipe are those in which the runs differ. Rates are those of the decoding with the most
samples, the gain is paired by problem, with its 95 % interval; the spread between seeds is not in it. Not
covered: runs below a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.files import is_written
from rlcf.report.before_after import Change, changes
from rlcf.report.run_folder import Run, read_run

SHOWN_ALWAYS = ("objective.grounding", "seed")
LONGEST = 28
"""Characters of a recipe's value."""
MOST_FIELDS = 8

Summary = dict[str, Any]
"""`run`, `state`, `step`, `steps`, `reward`, `before`, `after`, `gain`, and `recipe`, its fields."""


def runs_below(folder: Path) -> list[Run]:
    """The runs in a folder, by name. Raises BadInput where there is none, or one is malformed."""
    if not folder.is_dir():
        raise BadInput("no such folder", file=folder)
    found = sorted(path.parent for path in folder.glob("*/recipe.toml"))
    if not found:
        raise BadInput("holds no runs", file=folder)
    return [read_run(path) for path in found]


def summary(run: Run) -> Summary:
    """What the table says of one run; None where it was not measured."""
    steps = [row for row in run.metrics if "reward" in row]
    of = [row for row in run.evaluations if row["stage"] == "after"]
    state = "trains" if is_written(run.folder) else "done" if of else "stopped"
    change = _shown(changes(run))
    return {
        "run": run.folder.name,
        "state": state,
        "step": steps[-1]["step"] if steps else 0,
        "steps": run.recipe.get("objective.steps"),
        "reward": steps[-1]["reward"] if steps else None,
        "before": change.before.rate if change else None,
        "after": change.after.rate if change and change.after else None,
        "gain": None
        if not change or not change.gain
        else [change.gain.rate, change.gain.low, change.gain.high],
        "recipe": dict(run.recipe),
    }


def differing(found: Sequence[Summary]) -> list[str]:
    """The fields of the recipes that are not the same in all, and those that are shown always."""
    names = dict.fromkeys(name for one in found for name in one["recipe"])
    unlike = [name for name in names if len({str(one["recipe"].get(name)) for one in found}) > 1]
    return list(dict.fromkeys([*SHOWN_ALWAYS, *unlike]))[: MOST_FIELDS + len(SHOWN_ALWAYS)]


def cells(one: Summary, fields: Sequence[str]) -> list[str]:
    """The row of a run, as text."""
    gain = one["gain"]
    told = "-" if gain is None else f"{100 * gain[0]:+.1f} [{100 * gain[1]:+.1f}, {100 * gain[2]:+.1f}]"
    return [
        one["run"],
        one["state"],
        f"{one['step']}/{one['steps']}",
        "-" if one["reward"] is None else f"{one['reward']:+.3f}",
        _percent(one["before"]),
        _percent(one["after"]),
        told,
        *(_value(one["recipe"], name) for name in fields),
    ]


HEAD = ("run", "state", "step", "reward", "pass", "after", "gain in points")


def _shown(found: Sequence[Change]) -> Change | None:
    """pass of the last decoding, which is the sampled one."""
    return next((one for one in reversed(found) if one.metric == "pass"), None)


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.1f} %"


def _value(recipe: Mapping[str, Any], name: str) -> str:
    text = str(recipe.get(name, "-"))
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"
