"""A recipe: every number behind a training run, in one flat frozen dataclass and one TOML file.

The docstring of a field is its `--help`. All lengths are in steps and samples, never in seconds, so that
the same recipe gives the same run. `load_recipe` takes a path or the name of a recipe that is shipped in
`recipes/`; what is unknown or ill-typed is named with file, line and field.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from rlcf.errors import BadInput
from rlcf.methods import METHODS

SHIPPED = Path(__file__).parent / "recipes"

CHOICES = {
    "evaluation_split": ("validation", "test"),
    "advantage": ("gae", "group", "leave-one-out", "best", "greedy", "coderl"),
    "loop": ("ppo", "references", "kept", "feedback", "dpo", "ipo", "hinge", "kto"),
    "kl_form": ("reward", "k2", "k3"),
}
"""What fields that take one of a few words can be."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is learnt, from what, how."""

    seed: int = 0
    """Decides data, initial weights, batches and samples: the same seed gives the same run."""
    start: str = ""
    """Run folder whose policy and discriminator before PPO are taken over; then nothing is pre-trained."""

    problems: str = "atomic"
    """Problems by name (`atomic`, `composed-both`, `mbjp`, `mathqa`) or an mxeval file."""
    train_problems: int = 4500
    """Problems trained on, at most; `atomic` makes as many."""
    evaluation: tuple[int, int] = (350, 4)
    """Problems evaluated before and after, at most, and completions of each in the sampled evaluation, at
    T = 0.8; there is a greedy one too."""
    evaluation_split: str = "test"
    """Split evaluated before and after: `test`, or `validation` while settings are chosen."""

    model: str = "tiny"
    """`tiny` (made on the spot), a model folder or a hub id; causal or encoder-decoder."""
    lora_rank: int = 0
    """Rank of the policy's LoRA adapters; 0 trains all weights."""
    critic_rank: int = 0
    """Rank of the critic's own LoRA adapters on the same base; 0 reads the policy's states, detached."""

    corpus_problems: int = 3000
    """Training problems that the corpus is made from; PPO learns on the others, which it has not seen.
    0: both on all. Problems divided into `sft` and `rl` (mathqa's) stay so; then 0 is all of `sft`."""
    corpus_noise: float = 0.35
    """Share of the corpus rows whose body is corrupted."""
    sft_steps: int = 700
    """Steps of supervised training before PPO, 64 rows each; 0 leaves it out."""
    sft_lr: float = 2e-3
    """Largest learning rate of supervised training."""

    discriminator: str = "policy"
    """Encoder of the discriminator: `policy` (a copy of the policy's trunk), `random` (that trunk, fresh
    weights), a folder or a hub id. Or `judge:MODEL`, a folder or hub id: a causal model that is asked which
    program is the reference, and never trained."""
    discriminator_training: tuple[int, int] = (1024, 100)
    """Completions sampled for its first pairs (those that do not compile are dropped), and steps of its first
    training."""
    discriminator_lr: float = 3e-4
    """Its learning rate, falling to 0 over each training."""
    discriminator_refresh: int = 5
    """PPO steps between refreshes on on-policy pairs; 0 freezes it. Its accuracy, a judge's too, is measured
    on them."""

    grounding: str = "rlcf+tests"
    """What a completion is worth: `rlcf` (compiler, discriminator), `rlcf+tests`, `rlcf-ast`, `tests`,
    `partial`, `compiler`, `rltf`, `rltf-coarse`, `rltf-fine`, `rltf-adaptive`, `ppocoder`,
    `ppocoder+tests`, `stepcoder`, `stepcoder-unmasked`; `rlcf-plain` and `compiler-plain` have -1 at the end,
    not on the token of the compile error."""
    discriminator_weight: float = 0.2
    """Factor of the discriminator's value in the score of `rlcf+tests`; `rlcf` takes it as it is."""

    loop: str = "ppo"
    """What a step learns. `ppo`; supervised: the `references` of its problems, its completions that are
    `kept` (they pass; where the grounding runs no tests, they compile), or all of them behind textual
    `feedback` (LeTI); preferences for what passes: `dpo`, `ipo` and `hinge` from pairs, `kto` from each
    completion. Advantages, critic and clipping are PPO's alone."""
    curriculum: bool = False
    """Ask first with most of the reference in the prompt (StepCoder); it is moved out as answers pass."""
    replay: tuple[int, int] = (0, 0)
    """Rollouts kept (first in, first out, no program twice; 0: none), and how many are drawn from them each
    step to learn from (0: as many as it samples): RLTF's online buffer."""
    ppo_steps: int = 30
    """Rollout batches."""
    prompts_per_step: int = 128
    """Problems in a rollout batch."""
    samples_per_prompt: int = 4
    """Completions of each: the group of the critic-free advantages."""
    minibatches: int = 4
    """Optimiser steps an epoch over a rollout batch."""
    epochs: int = 1
    """Passes over a rollout batch."""
    temperature: float = 0.7
    """Of the rollouts; log-probabilities in PPO are those at this temperature."""
    max_new_tokens: int = 80
    """Longest completion, in tokens, in training and evaluation."""
    policy_lr: float = 6e-5
    """Learning rate of the policy in PPO, falling to 0."""
    critic: tuple[float, int] = (2e-3, 1)
    """Learning rate of the critic, falling to 0, and first PPO steps in which it alone learns."""

    advantage: str = "gae"
    """`gae` (a critic), `group` (score against mean and spread of its prompt's completions),
    `leave-one-out` (against the mean of the others), `best` (against the problem's best so far), `greedy`
    (against the greedy completion) or `coderl` (that, times its critic's weights)."""
    gae_lambda: tuple[float, float] = (0.95, 0.95)
    """Lambda of the advantages and of the critic's targets; gamma is 1."""
    kl: float = 0.02
    """Coefficient of the KL to the reference policy; 0 needs no reference. The beta of preferences."""
    kl_form: str = "reward"
    """Where the KL counts: `reward` (k1, a token), or in the loss as `k2` or `k3` (k3 with k2's gradient)."""
    kl_target: float = 0.0
    """Nats a completion that `kl` is adapted to hold; 0 keeps `kl` fixed."""
    clip: tuple[float, float, float] = (0.2, 0.2, 0.0)
    """Range of the ratio below and above 1, and the dual clip's bound where the advantage is
    negative (0: none)."""
    target_kl: float = 0.0
    """An epoch ends early once a minibatch's KL to the rollout policy exceeds this; 0 never."""
    entropy: float = 0.0
    """Coefficient of the entropy bonus."""
    anchor: float = 0.0
    """Coefficient of a supervised loss on the references of the step's problems."""


def load_recipe(name_or_path: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe in a TOML file or of a shipped name, with `overrides` in place of its fields.

    A line `method = NAME` stands for the lines that `rlcf.methods` has of that name. Raises BadInput naming
    file, line and field.
    """
    path = Path(name_or_path)
    if not path.is_file():
        path = SHIPPED / f"{name_or_path}.toml"
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml"))) or "none"
        raise BadInput(f"no such recipe; shipped recipes: {shipped}", file=name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else None
        raise BadInput(f"not TOML: {error}", file=path, line=line) from error
    recipe = Recipe(**_checked(_expanded(table, path, text), path, text))
    return dataclasses.replace(recipe, **_checked(dict(overrides or {}), None, ""))


def apply_method(recipe: Recipe, name: str) -> Recipe:
    """The recipe with the lines of the method called `name`; BadInput lists the known names."""
    return dataclasses.replace(recipe, **_method(name))


def check_choices(recipe: Recipe) -> None:
    """Raises BadInput where a field of a few words has another; files and overrides are checked already."""
    for name in CHOICES:
        if message := _choice(name, getattr(recipe, name)):
            raise BadInput(message, field=name)


def to_toml(recipe: Recipe) -> str:
    """Every field of the recipe; `load_recipe` reads it back."""
    rows = [(field.name, getattr(recipe, field.name)) for field in dataclasses.fields(recipe)]
    # JSON's text and numbers are TOML's too, and these are all that a recipe holds.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in rows)


def _expanded(table: Mapping[str, Any], path: Path, text: str) -> dict[str, Any]:
    """A line `method = NAME` replaced by the lines it stands for."""
    if "method" not in table:
        return dict(table)
    own = {name: value for name, value in table.items() if name != "method"}
    lines = _method(table["method"], file=path, line=_line(text, "method"))
    for name in lines:
        if name in own:
            message = f"the method {table['method']!r} sets it: leave out this line, or the method's"
            raise BadInput(message, file=path, line=_line(text, name), field=name)
    return {**own, **lines}


def _method(name: str, **where: Any) -> Mapping[str, Any]:
    if name not in METHODS:
        raise BadInput(f"unknown method {name!r}; known: {', '.join(METHODS)}", field="method", **where)
    return METHODS[name]


def _checked(table: Mapping[str, Any], path: Path | None, text: str) -> dict[str, Any]:
    types = get_type_hints(Recipe)
    checked = {}
    for name, value in table.items():
        line = _line(text, name)
        if name not in types:
            raise BadInput("no recipe has this field", file=path, line=line, field=name)
        value, message = _converted(value, types[name])
        message = message or _choice(name, value)
        if message:
            raise BadInput(message, file=path, line=line, field=name)
        checked[name] = value
    return checked


def _choice(name: str, value: Any) -> str:
    """What is wrong with the value of a field that takes one of a few words."""
    words = CHOICES.get(name, (value,))
    return "" if value in words else f"must be one of {', '.join(words)}, not {value!r}"


def _converted(value: Any, wanted: Any) -> tuple[Any, str]:
    """The value as the field's type has it, and what is wrong with it."""
    if get_origin(wanted) is tuple:
        kinds = get_args(wanted)
        if not isinstance(value, list | tuple) or len(value) != len(kinds):
            return value, f"must be a list of {len(kinds)} numbers, not {value!r}"
        found = [_converted(one, kind) for one, kind in zip(value, kinds, strict=True)]
        return tuple(one for one, _ in found), next((message for _, message in found if message), "")
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        return value, f"must be {wanted.__name__}, not {type(value).__name__} ({value!r})"
    if isinstance(value, int | float) and not 0 <= value < float("inf"):
        return value, f"must not be negative or infinite, but is {value!r}"
    return value, ""


def _line(text: str, name: str) -> int | None:
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*[.=]", line) or line.strip() == f"[{name}]":
            return number
    return None
