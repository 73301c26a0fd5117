"""Supervised training against RL on atomic and composed functions: the study of arXiv 2406.10305, in small.

    base           pre-training on a noisy corpus: atoms alone, and chains that no other set has
    sft-atom       supervised from base: every atom alone
    sft-composed   supervised from base: Composite A
    sft-few        supervised from base: every atom alone, and a handful of Composite A
    sft-both       supervised from base: every atom alone, and Composite A
    sft-both-sft   sft-both, supervised once more on the same
    sft-both-rl    sft-both, then RL from tests on the same prompts
    base-rl        base, then RL from tests on the same prompts

The first supervised stage is short, as in the paper, where a model that can write already is tuned: long
enough to show the form, too short to know the set by heart. After it one budget: a second stage, supervised
or RL, and RL from the base learn from the same number of completions, written ones (64 a step) or their own
(prompts x samples a step). So SFT takes more steps of the optimiser than RL. RL is the quickstart's: a
clipped policy gradient against the mean of a prompt's other completions, and the likelihood of what passes.
Learning rates are the quickstart's, half of it for supervised stages: nothing was tuned on these sets. Every
arm is a recipe of its own and a run folder OUT/seed-N/ARM, which `rlcf train` could have made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.problems.composed import MEASURED
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, override

BASE = "base"
SFT_BATCH = 64
"""Rows of a supervised step (training/pretrain.py)."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to a policy."""

    name: str
    start: str
    """The arm whose policy it goes on from; "" is from nothing."""
    problems: str
    rl: bool = False


ARMS = (
    Arm(BASE, "", "composed-pretrain"),
    Arm("sft-atom", BASE, "composed-atom"),
    Arm("sft-composed", BASE, "composed-a"),
    Arm("sft-few", BASE, "composed-few"),
    Arm("sft-both", BASE, "composed-both"),
    Arm("sft-both-sft", "sft-both", "composed-both"),
    Arm("sft-both-rl", "sft-both", "composed-both", rl=True),
    Arm("base-rl", BASE, "composed-both", rl=True),
)
"""In the order in which they run: an arm after the one it starts from."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much each arm learns from, and how much it is asked."""

    pretrain_steps: int = 500
    sft_steps: int = 32
    """Of the first supervised stage."""
    rl_steps: int = 24
    prompts_per_step: int = 128
    samples_per_prompt: int = 4
    problems_per_set: int = 120
    """Of each of the five sets that a policy is measured on."""
    max_new_tokens: int = 96

    @property
    def second_steps(self) -> int:
        """Supervised steps that learn from as many completions as RL does."""
        return self.rl_steps * self.prompts_per_step * self.samples_per_prompt // SFT_BATCH


QUICK = Budget(
    pretrain_steps=8, sft_steps=4, rl_steps=2, prompts_per_step=8, problems_per_set=4, max_new_tokens=32
)
"""Shows that it runs; its numbers say nothing."""


def recipe_of(arm: Arm, budget: Budget, seed: int, seed_folder: Path) -> Recipe:
    """What an arm is trained by; `seed_folder` holds the runs of its seed."""
    supervised = {"": budget.pretrain_steps, BASE: budget.sft_steps}.get(arm.start, budget.second_steps)
    return override(
        Recipe(),
        {
            "seed": seed,
            "data.problems": arm.problems,
            "evaluation.problems": budget.problems_per_set * len(MEASURED),
            "evaluation.samples": 4,
            "model.name": str(seed_folder / arm.start / "checkpoints" / "step-000000")
            if arm.start
            else "tiny",
            "data.corpus_problems": 0,
            "data.corpus_noise": 0.0 if arm.start else 0.35,
            "supervised.steps": 0 if arm.rl else supervised,
            "supervised.lr": 1e-3 if arm.start else 2e-3,
            "objective.grounding": "pass",
            "objective.steps": budget.rl_steps if arm.rl else 0,
            "ppo.advantage": "leave-one-out",
            "ppo.negative_weight": 0.2,
            "ppo.own_passes_coef": 1.0,
            "kl.coef": 0.0,
            "rollout.prompts_per_step": budget.prompts_per_step,
            "rollout.samples_per_prompt": budget.samples_per_prompt,
            "rollout.temperature": 0.8,
            "objective.lr": 2e-4,
            "rollout.max_new_tokens": budget.max_new_tokens,
        },
    )


def study(budget: Budget, seeds: Sequence[int], out: Path, finish: Callable[[Recipe, Path], None]) -> None:
    """Has `finish` train what is not done yet, arm after arm, seed after seed.

    Raises BadInput, before anything runs, where a folder holds a run of another budget.
    """
    runs = [
        (recipe_of(arm, budget, seed, out / f"seed-{seed}"), out / f"seed-{seed}" / arm.name)
        for seed in seeds
        for arm in ARMS
    ]
    for recipe, folder in runs:
        found = folder / "recipe.toml"
        if found.exists() and load_recipe(str(found)) != recipe:
            raise BadInput("was made by another recipe; name another folder with --out", file=folder)
    for recipe, folder in runs:
        finish(recipe, folder)
