"""Groundings and methods side by side under one budget: the same problems, prompts, tokens and steps, seed by
seed.

    OUT/seed-0/base/         pre-training, discriminator, evaluation; no PPO
    OUT/seed-0/rlcf+tests/   PPO from seed-0/base with that grounding
    OUT/seed-0/coderl/       …

A run that is finished is read and not repeated, one that was stopped goes on; so an ablation that was
killed is started again by the same command. What the runs say is told by `rlcf.experiments.ablation_tables`.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from javabox import AnyJudge
from rlcf.errors import BadInput
from rlcf.grounding.table import GROUNDINGS
from rlcf.machine import Machine
from rlcf.methods import METHODS
from rlcf.recipe import Recipe
from rlcf.recipes import apply_method, override
from rlcf.training.run import resume, train

log = logging.getLogger("rlcf")

BASE = "base"
DONE = "done"
"""A file of a run that ended."""


def arm(recipe: Recipe, name: str) -> Recipe:
    """The recipe with the grounding or by the method called `name`; BadInput lists the known names."""
    if name in METHODS:
        return apply_method(recipe, name)
    if name not in GROUNDINGS:
        known = f"groundings {', '.join(GROUNDINGS)}; methods {', '.join(METHODS)}"
        raise BadInput(f"unknown grounding or method {name!r}; known: {known}", field="groundings")
    return override(recipe, {"objective.grounding": name})


def ablate(
    recipe: Recipe,
    names: Sequence[str],
    seeds: Sequence[int],
    out: Path,
    judge: AnyJudge,
    machine: Machine | None = None,
) -> None:
    """Runs what is not there yet. Raises BadInput where a name is unknown, before anything runs."""
    arms = [arm(recipe, name) for name in names]
    compare = any(map(_compares, arms))
    # A grounding that asks a discriminator makes one for all; `base` itself learns nothing from it.
    grounding = next(one.objective.grounding for one in arms if _compares(one) == compare)
    for seed in seeds:
        folder = out / f"seed-{seed}"
        own = dataclasses.replace(recipe, seed=seed)
        first = override(own, {"objective.grounding": grounding})
        finish(override(first, {"objective.steps": 0}), folder / BASE, judge, machine)
        for name in names:
            of_base = dataclasses.replace(arm(own, name), start=str(folder / BASE))
            finish(of_base, folder / name, judge, machine)


def _compares(recipe: Recipe) -> bool:
    return GROUNDINGS[recipe.objective.grounding].compares(recipe.discriminator.weight)


def finish(recipe: Recipe, folder: Path, judge: AnyJudge, machine: Machine | None) -> None:
    """Trains by `recipe` into `folder`, goes on where that was stopped, does nothing where it is done."""
    if (folder / DONE).exists():
        return
    began = time.monotonic()
    if (folder / "recipe.toml").exists():
        resume(folder, judge, machine)
    else:
        train(recipe, folder, judge, machine)
    (folder / DONE).touch()
    log.info("%s: %.0f s", folder, time.monotonic() - began)
