"""Checks of a recipe before anything is written: fields that exclude each other, and the run to start from.

Single fields are checked where recipes are read (`rlcf.recipes.check_values`); what the problems of a data
set lack is found when they are loaded.
"""

from __future__ import annotations

from pathlib import Path

from rlcf.errors import BadInput
from rlcf.grounding.table import Entry
from rlcf.model_name import fresh_size
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, values_of
from rlcf.training.baseline import BASELINES
from rlcf.training.discriminator.lifecycle import ASKED
from rlcf.training.objectives.ppo_losses import GROUP_ADVANTAGES
from rlcf.training.objectives.table import OBJECTIVES
from rlcf.training.runtime.checkpoint import checkpoint_folder

SHARED = (
    "seed", "data.problems", "data.train_problems", "model.name", "model.chat", "model.system",
    "data.corpus_problems", "data.corpus_noise", "supervised.steps", "supervised.lr",
    "supervised.tokens", "data.corpus", "data.corpus_repairs", "repair.expected_values",
    "repair.example_cases", "repair.feedback_tokens",
)  # fmt: skip
"""Fields in which a run and its `start` must agree: they decide data and pre-training."""


def check_parts(recipe: Recipe, entry: Entry) -> None:
    """Raise BadInput where tables of the recipe do not go together."""
    _check_chat(recipe)
    _check_discriminator(recipe, entry)
    if recipe.rollout.curriculum and not entry.runs:
        message = (
            f"moves as answers pass, and {recipe.objective.grounding!r} runs no tests: choose one that does"
        )
        raise BadInput(message, field="rollout.curriculum")
    name, objective = recipe.objective.name, OBJECTIVES[recipe.objective.name]
    if objective.needs_references and recipe.objective.sft_coef:
        raise BadInput(
            "must be 0: the objective learns nothing but the references", field="objective.sft_coef"
        )
    reads_own = recipe.ppo.advantage == "coderl"
    if recipe.objective.sft_problems and (reads_own or not recipe.objective.sft_coef):
        message = "must be 0 where sft_coef is, and with 'coderl', whose critic reads the step's references"
        raise BadInput(message, field="objective.sft_problems")
    if objective.needs_kl and not recipe.kl.coef:
        raise BadInput(f"must be above 0: it is the beta of {name!r}", field="kl.coef")
    if recipe.rollout.replay_capacity and not objective.replays:
        raise BadInput(
            f"must be 0: {name!r} learns from the step's own rollouts",
            field="rollout.replay_capacity",
        )
    if recipe.rollout.replay_capacity and recipe.ppo.advantage in GROUP_ADVANTAGES:
        message = f"{recipe.ppo.advantage!r} compares completions of one prompt, and replay draws them apart"
        raise BadInput(f"{message}: choose gae, best or greedy", field="ppo.advantage")

    cap = recipe.rollout.importance_cap
    if cap and (cap < 1 or name != "ppo" or recipe.rollout.replay_capacity):
        message = "must be 0, or at least 1 with the objective 'ppo' and no replay buffer"
        raise BadInput(f"{message}: weights are of what the step itself drew", field="rollout.importance_cap")
    check_ahead(recipe)
    check_repair(recipe, entry)
    if recipe.critic.lora_rank and recipe.critic.trunk == "own":
        raise BadInput("must be 0: a trunk of its own is trained whole", field="critic.lora_rank")
    if recipe.rollout.resampling_rounds and (recipe.rollout.curriculum or recipe.rollout.replay_capacity):
        message = "must be 0: a curriculum or a replay buffer decides already what is learnt from"
        raise BadInput(message, field="rollout.resampling_rounds")


def _check_chat(recipe: Recipe) -> None:
    if recipe.model.system and not recipe.model.chat:
        raise BadInput("is a conversation's: set model.chat = true too", field="model.system")
    if recipe.model.chat and fresh_size(recipe.model.name):
        name = recipe.model.name
        message = f"must be false: '{name}' has no chat template; name a model whose tokenizer has one"
        raise BadInput(message, field="model.chat")
    if recipe.model.chat and recipe.rollout.extract == "none":
        message = (
            "must be 'auto' where model.chat is true: a chat model's reply is a text with a program in it"
        )
        raise BadInput(message, field="rollout.extract")


def _check_discriminator(recipe: Recipe, entry: Entry) -> None:
    own = recipe.discriminator
    if own.kind == "likelihood" and own.model != "policy":
        raise BadInput("must be 'policy': likelihood is the policy's own", field="discriminator.model")
    if own.model.startswith(ASKED) and own.kind != "pairwise":
        message = f"must be 'pairwise': {own.model!r} is asked which of two programs is the reference"
        raise BadInput(message, field="discriminator.kind")
    if own.kept == 1:
        return
    if not 0 < own.kept < 1:
        raise BadInput("must be a share, above 0 and at most 1", field="discriminator.kept")
    if recipe.objective.name != "kept" or not entry.compares(own.weight):
        message = "must be 1 but with the objective 'kept' and a grounding that asks the discriminator"
        raise BadInput(f"{message}, such as 'rlcf'", field="discriminator.kept")


def check_ahead(recipe: Recipe) -> None:
    """Raises BadInput where completions that are generated ahead would not be those that the step asks."""
    own = recipe.rollout
    if not own.ahead:
        return
    others = {
        "rollout.importance_cap": not own.importance_cap,
        "rollout.curriculum": own.curriculum,
        "rollout.resampling_rounds": own.resampling_rounds > 0,
        "ppo.advantage": recipe.ppo.advantage == "greedy",
    }
    wrong = [name for name, is_so in others.items() if is_so]
    if wrong:
        message = (
            "needs an importance_cap, and no curriculum, resampling or greedy baseline, which ask the present"
        )
        raise BadInput(f"{message} policy: mind {', '.join(wrong)}", field="rollout.ahead")


def check_repair(recipe: Recipe, entry: Entry) -> None:
    """Raises BadInput where answers in turns go with something that knows of one turn alone."""
    own, name = recipe.repair, recipe.objective.name
    if own.turns < 1:
        raise BadInput("must be at least 1", field="repair.turns")
    if own.turns == 1:
        return
    if OBJECTIVES[name].one_turn:
        raise BadInput(
            f"must be 1 with the objective {name!r}: {OBJECTIVES[name].one_turn}", field="repair.turns"
        )
    if own.shows == "case" and not entry.runs:
        message = f"{recipe.objective.grounding!r} runs no tests, so there is no failing case to show"
        raise BadInput(f"{message}: choose compiler, or both", field="repair.shows")
    others = {
        "rollout.ahead": recipe.rollout.ahead,
        "rollout.curriculum": recipe.rollout.curriculum,
        "rollout.replay_capacity": recipe.rollout.replay_capacity > 0,
        "rollout.resampling_rounds": recipe.rollout.resampling_rounds > 0,
        "ppo.advantage": name == "ppo" and recipe.ppo.advantage in BASELINES,
    }
    wrong = [other for other, is_so in others.items() if is_so]
    if wrong:
        message = "must be 1 where one prompt a problem is taken for granted"
        raise BadInput(f"{message}: mind {', '.join(wrong)}", field="repair.turns")


def check_start(recipe: Recipe) -> None:
    """Raise BadInput where the run that `start` names was made from other data or another model."""
    start = Path(recipe.start)
    if not (checkpoint_folder(start, 0) / "config.json").is_file():
        raise BadInput("is no run folder with a checkpoint of step 0", file=start, field="start")
    theirs = load_recipe(str(start / "recipe.toml"))
    made, asked = values_of(theirs), values_of(recipe)
    for name in SHARED:
        if made[name] != asked[name]:
            raise BadInput(
                f"the run was made with {name} = {made[name]!r}, not {asked[name]!r}",
                file=start,
                field="start",
            )


def needs_references(recipe: Recipe, entry: Entry) -> bool:
    """Whether every training problem must have a reference that compiles; `entry` is of the grounding."""
    return (
        entry.compares(recipe.discriminator.weight)
        or "reference" in entry.needs
        or (recipe.objective.sft_coef > 0 and not recipe.objective.sft_problems)
        or OBJECTIVES[recipe.objective.name].needs_references
        or recipe.rollout.curriculum
    )
