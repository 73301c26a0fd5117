"""The best temperature of a policy: chosen on the validation split, measured on the recipe's.

Sampling at one temperature takes a colder policy for a better one, and greedy decoding hides what it knows
beside its first choice. So each policy is also measured where it decodes best, the start as well as the arms,
in one turn. `temperatures.jsonl` in the run's folder has a row each evaluation, in the form of
evaluation.jsonl: of stage `choosing` on validation, of stage `chosen` on the recipe's split. It is there
wholly or not at all.

Not covered: data sets without a validation split, which the log says; temperatures between those tried.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from javabox import AnyJudge
from rlcf.errors import BadInput
from rlcf.evaluation import evaluation_row
from rlcf.experiments.ablation_runs import TEMPERATURES
from rlcf.grounding.table import resolve_grounding
from rlcf.jsonl import read_rows
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, override
from rlcf.training.run import Training, load_into
from rlcf.training.runtime.evaluations import decoded

log = logging.getLogger("rlcf")

TRIED = (0.2, 0.4, 0.6, 0.8, 1.0)


def tune(folder: Path, judge: AnyJudge, machine: Machine | None = None) -> None:
    """Find the best temperature of the policy that the finished run in `folder` was evaluated with, and
    measure it there; nothing where that is done. A run without steps has that of before."""
    if (folder / TEMPERATURES).exists():
        return
    # The validation problems are loaded where something is to be evaluated on them.
    fields = {"evaluation.every": 1, "repair.turns": 1}
    recipe = override(load_recipe(str(folder / "recipe.toml")), fields)
    try:
        training = _training(recipe, folder, judge, machine)
    except BadInput as refused:
        if refused.field != "evaluation.every":
            raise
        log.warning("%s: no best temperature: %s", folder, refused)
        return
    after = [row.fields for row in read_rows(folder / "evaluation.jsonl") if row.fields["stage"] == "after"]
    step = int(after[-1]["step"]) if after else 0
    policy = load_into(training.run.checkpoint(step), training)
    data, n = training.data, recipe.evaluation.samples

    def row(temperature: float, *, chosen: bool) -> dict[str, Any]:
        stage = "chosen" if chosen else "choosing"
        problems = data.evaluation if chosen else data.validation
        split = recipe.evaluation.split if chosen else "validation"
        samples = n if temperature else 1
        found = decoded(policy, training, problems, stage, temperature, samples)
        assert found is not None, "an ablation is one process"
        evaluation = found.evaluations[-1]
        named = evaluation_row(evaluation, stage=stage, split=split, temperature=temperature, n=samples)
        return {**named, "step": step}

    rows = [row(temperature, chosen=False) for temperature in (0.0, *TRIED)]
    best = max(rows[1:], key=pass_rate)
    rows.append(row(best["decoding"]["temperature"], chosen=True))
    aside = folder / f".{TEMPERATURES}.new"
    aside.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    os.replace(aside, folder / TEMPERATURES)


def _training(recipe: Recipe, folder: Path, judge: AnyJudge, machine: Machine | None) -> Training:
    _, entry = resolve_grounding(recipe, None)
    return Training(recipe, folder, judge, entry, machine, None)


def pass_rate(row: Mapping[str, Any]) -> float:
    """pass@1 of an evaluation's row; -1 where the judge failed on everything."""
    rate = row["pass"]["1"]
    return -1.0 if rate is None else float(rate)
