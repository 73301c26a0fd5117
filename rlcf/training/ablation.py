"""Groundings side by side under one budget: the same problems, prompts, tokens and steps, seed by seed.

    OUT/seed-0/base/         pre-training, discriminator, evaluation; no PPO
    OUT/seed-0/rlcf+tests/   PPO from seed-0/base with that grounding
    OUT/seed-0/compiler/     …

A run that is finished is read and not repeated, one that was stopped goes on; so an ablation that was
killed is started again by the same command. What the runs say is told by `rlcf.report.ablation`.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from javabox import Judge
from rlcf.grounding.table import GROUNDINGS, grounding_entry
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.training.run import resume, train

log = logging.getLogger("rlcf")

BASE = "base"
DONE = "done"
"""A file of a run that ended."""


def ablate(
    recipe: Recipe,
    groundings: Sequence[str],
    seeds: Sequence[int],
    out: Path,
    judge: Judge,
    machine: Machine | None = None,
) -> None:
    """Runs what is not there yet. Raises BadInput where a grounding is unknown, before anything runs."""
    compare = any(grounding_entry(name).compares(recipe.discriminator_weight) for name in groundings)
    for seed in seeds:
        folder = out / f"seed-{seed}"
        own = dataclasses.replace(recipe, seed=seed)
        # A grounding that asks a discriminator makes one for all; `base` itself learns nothing from it.
        first = next((name for name in GROUNDINGS if _compares(name, own) == compare), groundings[0])
        _run(dataclasses.replace(own, grounding=first, ppo_steps=0), folder / BASE, judge, machine)
        for name in groundings:
            _run(
                dataclasses.replace(own, grounding=name, start=str(folder / BASE)),
                folder / name,
                judge,
                machine,
            )


def _compares(name: str, recipe: Recipe) -> bool:
    return GROUNDINGS[name].compares(recipe.discriminator_weight)


def _run(recipe: Recipe, folder: Path, judge: Judge, machine: Machine | None) -> None:
    if (folder / DONE).exists():
        return
    began = time.monotonic()
    if (folder / "recipe.toml").exists():
        resume(folder, judge, machine)
    else:
        train(recipe, folder, judge, machine)
    (folder / DONE).touch()
    log.info("%s: %.0f s", folder, time.monotonic() - began)
