"""What learns in a step, by the recipe's `loop`. All offer the same: prepare, learn, state and load, the
module that they train, and whether they use references."""

from __future__ import annotations

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.recipe import Recipe
from rlcf.training.objectives.ppo import Learner
from rlcf.training.objectives.preference import Preferring
from rlcf.training.objectives.supervised import Supervised
from rlcf.training.runtime.distributed import Parallel

AnyLearner = Learner | Supervised | Preferring

LEARNERS: dict[str, type[Learner] | type[Supervised] | type[Preferring]] = {
    "ppo": Learner,
    "references": Supervised,
    "kept": Supervised,
    "feedback": Supervised,
    "dpo": Preferring,
    "ipo": Preferring,
    "hinge": Preferring,
    "kto": Preferring,
}


def make_learner(policy: Policy, recipe: Recipe, machine: Machine, parallel: Parallel) -> AnyLearner:
    """The learner of the recipe's `loop`."""
    return LEARNERS[recipe.objective.name](policy, recipe, machine, parallel)
