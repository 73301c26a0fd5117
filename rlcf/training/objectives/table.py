"""The objectives by their names in recipes: the one table from name to constructor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rlcf.grounding.leti import GOOD
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.recipe import Recipe
from rlcf.training.objectives.objective import Objective
from rlcf.training.objectives.ppo import PpoObjective
from rlcf.training.objectives.preference import (
    PairPreference,
    Preference,
    PreferenceObjective,
    SinglePreference,
)
from rlcf.training.objectives.supervised import (
    Selection,
    SupervisedObjective,
    select_best,
    select_references,
    select_with_feedback,
)
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.trained_policy import TrainedPolicy

Constructor = Callable[[Policy, Recipe, Machine, Parallel], Objective]


@dataclass(frozen=True, slots=True)
class ObjectiveEntry:
    """An objective by name, and what its recipe must give it."""

    make: Constructor
    needs_references: bool = False
    """Whether it learns nothing but references; then a supervised loss on them beside it is refused."""
    needs_kl: bool = False
    """Whether `kl.coef` is its beta, which must be above 0."""
    replays: bool = False
    """Whether it can learn from rollouts of earlier steps."""
    one_turn: str = ""
    """Why it can't learn from answers in turns; empty where it can."""


def _supervised(select: Selection, prefix: str = "") -> Constructor:
    def make(policy: Policy, recipe: Recipe, machine: Machine, parallel: Parallel) -> Objective:
        return SupervisedObjective(TrainedPolicy(policy, recipe, machine, parallel), select, prefix)

    return make


def _kept(policy: Policy, recipe: Recipe, machine: Machine, parallel: Parallel) -> Objective:
    make = _supervised(select_best(recipe.discriminator.kept))
    return make(policy, recipe, machine, parallel)


def _preference(preference: Callable[[float], Preference], one_turn: str = "") -> ObjectiveEntry:
    """`preference` is made from beta."""

    def make(policy: Policy, recipe: Recipe, machine: Machine, parallel: Parallel) -> Objective:
        trained = TrainedPolicy(policy, recipe, machine, parallel, with_reference=True)
        return PreferenceObjective(trained, preference(recipe.kl.coef))

    return ObjectiveEntry(make, needs_kl=True, one_turn=one_turn)


PAIRS = "a pair is two answers to one prompt, and each program is told something of its own"


OBJECTIVES: dict[str, ObjectiveEntry] = {
    "ppo": ObjectiveEntry(PpoObjective, replays=True),
    "references": ObjectiveEntry(
        _supervised(select_references),
        needs_references=True,
        one_turn="it learns nothing of what is answered",
    ),
    "kept": ObjectiveEntry(_kept),
    "feedback": ObjectiveEntry(_supervised(select_with_feedback, prefix=GOOD)),
    "dpo": _preference(partial(PairPreference, shape="dpo"), PAIRS),
    "ipo": _preference(partial(PairPreference, shape="ipo"), PAIRS),
    "hinge": _preference(partial(PairPreference, shape="hinge"), PAIRS),
    "kto": _preference(SinglePreference),
}
"""By the recipe's `objective.name`."""
