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
from typing import Any, get_type_hints

from rlcf.errors import BadInput

SHIPPED = Path(__file__).parent.parent / "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is learnt, from what, how."""

    seed: int = 0
    """Decides data, initial weights, batches and samples: the same seed gives the same run."""
    start: str = ""
    """Run folder whose policy and discriminator before PPO are taken over; then nothing is pre-trained."""

    problems: str = "atomic"
    """Problems by name (`atomic`, `mbjp`) or an mxeval file."""
    train_problems: int = 4500
    """Problems trained on, at most; `atomic` makes as many."""
    validation_problems: int = 200
    """Problems of the validation split, at most."""
    test_problems: int = 350
    """Problems of the test split, at most."""

    model: str = "tiny"
    """`tiny` (made on the spot), a model folder or a hub id."""
    lora_rank: int = 0
    """Rank of the LoRA adapters; 0 trains all weights."""

    corpus_problems: int = 3000
    """Training problems that the corpus is made from; PPO learns on the others, which it has not seen.
    0: both on all."""
    corpus_size: int = 20_000
    """Rows of the corpus for supervised training."""
    corpus_noise: float = 0.35
    """Share of the corpus rows whose body is corrupted."""
    sft_steps: int = 700
    """Steps of supervised training before PPO; 0 leaves it out."""
    sft_batch: int = 64
    """Rows a step."""
    sft_lr: float = 2e-3
    """Largest learning rate of supervised training."""

    discriminator: str = "policy"
    """Encoder of the discriminator: `policy` (a copy of the policy's trunk), a folder or a hub id."""
    discriminator_pairs: int = 1024
    """Completions sampled for its first pairs; those that do not compile are dropped."""
    discriminator_steps: int = 100
    """Steps of its first training."""
    discriminator_lr: float = 3e-4
    """Its learning rate, falling to 0 over each training."""
    discriminator_refresh: int = 5
    """PPO steps between refreshes on on-policy pairs; 0 freezes it."""
    discriminator_refresh_steps: int = 5
    """Steps of a refresh."""

    grounding: str = "rlcf+tests"
    """What a completion is worth: `rlcf` (compiler, discriminator), `rlcf+tests`, `tests` or `compiler`."""
    discriminator_weight: float = 0.2
    """Factor of the discriminator's value in the score of `rlcf+tests`; `rlcf` takes it as it is."""

    ppo_steps: int = 30
    """Rollout batches."""
    prompts_per_step: int = 128
    """Problems in a rollout batch."""
    samples_per_prompt: int = 4
    """Completions of each."""
    minibatches: int = 4
    """Optimiser steps an epoch over a rollout batch."""
    epochs: int = 1
    """Passes over a rollout batch."""
    tokens_per_microbatch: int = 8192
    """Padded tokens in one forward pass; changes memory and speed, not the result."""
    temperature: float = 0.7
    """Of the rollouts; log-probabilities in PPO are those at this temperature."""
    max_new_tokens: int = 80
    """Longest completion, in tokens, in training and evaluation."""
    policy_lr: float = 6e-5
    """Learning rate of the policy in PPO."""
    critic_lr: float = 2e-3
    """Learning rate of the critic."""
    critic_warmup: int = 1
    """First PPO steps in which only the critic learns."""
    kl: float = 0.02
    """Reward lost per nat of log-ratio to the reference policy."""
    clip: float = 0.2
    """Range of ratio and value around the old ones."""
    gae_lambda: float = 0.95
    """Lambda of generalised advantage estimation; gamma is 1."""
    grad_clip: float = 0.5
    """Largest gradient norm in PPO."""

    evaluation_split: str = "test"
    """Split evaluated before and after: `test`, or `validation` while settings are chosen."""
    evaluation_temperature: float = 0.8
    """Of the sampled evaluation; there is a greedy one too."""
    evaluation_samples: int = 4
    """Completions a problem in the sampled evaluation."""


def load_recipe(name_or_path: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe in a TOML file or of a shipped name, with `overrides` in place of its fields.

    Raises BadInput naming file, line and field.
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
    recipe = Recipe(**_checked(table, path, text))
    return dataclasses.replace(recipe, **_checked(dict(overrides or {}), None, ""))


def to_toml(recipe: Recipe) -> str:
    """Every field of the recipe; `load_recipe` reads it back."""
    rows = [(field.name, getattr(recipe, field.name)) for field in dataclasses.fields(recipe)]
    # JSON's text and numbers are TOML's too, and these are all that a recipe holds.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in rows)


def _checked(table: Mapping[str, Any], path: Path | None, text: str) -> dict[str, Any]:
    types = get_type_hints(Recipe)
    checked = {}
    for name, value in table.items():
        line = _line(text, name)
        if name not in types:
            raise BadInput("no recipe has this field", file=path, line=line, field=name)
        wanted = types[name]
        if wanted is float and type(value) is int:
            value = float(value)
        message = ""
        if type(value) is not wanted:
            message = f"must be {wanted.__name__}, not {type(value).__name__} ({value!r})"
        elif isinstance(value, int | float) and not 0 <= value < float("inf"):
            message = f"must not be negative or infinite, but is {value!r}"
        if message:
            raise BadInput(message, file=path, line=line, field=name)
        checked[name] = value
    return checked


def _line(text: str, name: str) -> int | None:
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*[.=]", line) or line.strip() == f"[{name}]":
            return number
    return None
