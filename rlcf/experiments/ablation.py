"""Groundings and methods side by side under one budget: the same problems, prompts, tokens and steps, seed by
seed.

    OUT/seed-0/base/         pre-training, discriminator, evaluation; no PPO
    OUT/seed-0/rlcf+tests/   PPO from seed-0/base with that grounding
    OUT/seed-0/coderl/       …
    OUT/recipes/coderl.toml  what the arm is, every field

Each run is evaluated greedily and at T = .8 as any other, and then at its best temperature
(`rlcf.experiments.temperatures`). An arm may have more seeds than the others. A run that is finished is read
and not repeated, one that was stopped goes on: an ablation that was killed is started again by the same
command, on another day too, and one with more arms or seeds adds them. What the runs say is told by
`rlcf.experiments.ablation_page`.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from javabox import AnyJudge
from rlcf.errors import BadInput
from rlcf.experiments.ablation_runs import BASE, DONE, RECIPES
from rlcf.experiments.cost import cpu_seconds
from rlcf.experiments.temperatures import tune
from rlcf.grounding.table import GROUNDINGS
from rlcf.machine import Machine
from rlcf.methods import METHODS
from rlcf.recipe import Recipe
from rlcf.recipes import apply_method, override, to_toml
from rlcf.training.run import resume, train

log = logging.getLogger("rlcf")


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
    more_seeds: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """Runs what is not there yet; the arms in `more_seeds` have these seeds in the place of `seeds`. Raises
    BadInput where a name is unknown, before anything runs."""
    arms = [arm(recipe, name) for name in names]
    of_arms = {name: (more_seeds or {}).get(name, seeds) for name in names}
    _write_recipes(dict(zip(names, arms, strict=True)), out / RECIPES)
    compare = any(map(_compares, arms))
    # A grounding that asks a discriminator makes one for all; `base` itself learns nothing from it.
    grounding = next(one.objective.grounding for one in arms if _compares(one) == compare)
    for seed in sorted({seed for own in of_arms.values() for seed in own}):
        folder = out / f"seed-{seed}"
        own = dataclasses.replace(recipe, seed=seed)
        first = override(own, {"objective.grounding": grounding})
        finish(override(first, {"objective.steps": 0}), folder / BASE, judge, machine)
        tune(folder / BASE, judge, machine)
        for name in (name for name in names if seed in of_arms[name]):
            of_base = dataclasses.replace(arm(own, name), start=str(folder / BASE))
            finish(of_base, folder / name, judge, machine)
            tune(folder / name, judge, machine)


def _write_recipes(arms: Mapping[str, Recipe], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, recipe in arms.items():
        (folder / f"{name}.toml").write_text(to_toml(recipe), encoding="utf-8")


def _compares(recipe: Recipe) -> bool:
    return GROUNDINGS[recipe.objective.grounding].compares(recipe.discriminator.weight)


def finish(recipe: Recipe, folder: Path, judge: AnyJudge, machine: Machine | None) -> None:
    """Trains by `recipe` into `folder`, goes on where that was stopped, does nothing where it is done."""
    if (folder / DONE).exists():
        return
    began, spent = time.monotonic(), cpu_seconds()
    resumed = (folder / "recipe.toml").exists()
    if resumed:
        resume(folder, judge, machine)
    else:
        train(recipe, folder, judge, machine)
    cost = {} if resumed else {"cpu_seconds": cpu_seconds() - spent}
    (folder / DONE).write_text(json.dumps(cost) + "\n", encoding="utf-8")
    log.info("%s: %.0f s", folder, time.monotonic() - began)
