"""A training run from recipe to run folder: supervised training, discriminator, PPO, evaluations.

    with Judge() as judge:
        train(load_recipe("quickstart"), Path("runs/quickstart"), judge)

`checkpoints/step-000000` holds policy and discriminator as PPO found them; another run that names this
folder as its `start` begins there, evaluated already: so two groundings share one pre-training. Not
covered: resuming, several GPUs.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.evaluation import evaluate, evaluation_row
from rlcf.grounding.table import grounding_entry
from rlcf.jsonl import read_rows
from rlcf.policy import Policy, load_policy, tiny_policy
from rlcf.problems import Problem
from rlcf.progress import progress
from rlcf.recipe import Recipe, load_recipe
from rlcf.training.data import Data, load_data
from rlcf.training.pairs import make_discriminator
from rlcf.training.record import RunFolder, checkpoint_folder
from rlcf.training.sft import train_supervised
from rlcf.training.step import PpoStep

log = logging.getLogger("rlcf")

TOKENIZER_ROWS = 4000
"""Rows of the corpus that the tokenizer of `tiny` is trained on."""
SHARED = (
    "seed", "problems", "train_problems", "validation_problems", "test_problems", "model", "corpus_problems",
    "corpus_size", "corpus_noise", "sft_steps", "sft_batch", "sft_lr",
)  # fmt: skip
"""Fields in which a run and its `start` must agree: they decide data and pre-training."""


def train(recipe: Recipe, run_dir: Path, judge: Judge) -> None:
    """Trains by `recipe` and writes the run folder `run_dir`, which must hold no run yet.

    Raises BadInput before anything is written where the recipe can't be followed.
    """
    started = time.monotonic()
    entry = grounding_entry(recipe.grounding)
    compares = entry.compares(recipe.discriminator_weight)
    if recipe.start:
        check_start(recipe)
    # Half of the cores belong to the JVMs; two threads for so small a model are slower than one.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    data = load_data(recipe, judge, compares=compares)
    policy = _policy(recipe, data)
    run = RunFolder(run_dir, recipe)
    if recipe.start:
        _copy_evaluation(recipe, run)
    else:
        for step, loss in enumerate(_pre_train(policy, data, recipe), start=1):
            run.metrics({"step": step, "supervised_loss": loss})
        measure(policy, data, recipe, judge, run, "before", 0)
    discriminator = None
    if compares:
        discriminator = make_discriminator(policy, data.train, recipe, judge, run.checkpoint(0))
    policy.save(run.checkpoint(0))
    if recipe.ppo_steps:
        _ppo(PpoStep(policy, recipe, judge, run, entry, discriminator), data, recipe)
        policy.save(run.checkpoint(recipe.ppo_steps))
        measure(policy, data, recipe, judge, run, "after", recipe.ppo_steps)
    log.info("%s: done in %.0f s", run_dir, time.monotonic() - started)


def measure(
    policy: Policy, data: Data, recipe: Recipe, judge: Judge, run: RunFolder, stage: str, step: int
) -> None:
    """Evaluates greedily and by sampling, with the same random numbers before and after."""

    def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        return policy.sample(
            prompts, temperature=temperature, max_new_tokens=recipe.max_new_tokens, seed=seed
        )

    for temperature, n in ((0.0, 1), (recipe.evaluation_temperature, recipe.evaluation_samples)):
        what = f"{stage}: {'greedy' if temperature == 0 else f'T = {temperature}'}"
        evaluation, answers = evaluate(
            data.evaluation, sample, judge, temperature=temperature, n=n, seed=recipe.seed, what=what
        )
        row = evaluation_row(
            evaluation, stage=stage, split=recipe.evaluation_split, temperature=temperature, n=n
        )
        run.evaluation({**row, "step": step})
        run.completions(stage, step, temperature, ((answer, None) for answer in answers))


def _pre_train(policy: Policy, data: Data, recipe: Recipe) -> list[float]:
    if not recipe.sft_steps:
        return []
    return train_supervised(
        policy,
        data.corpus,
        steps=recipe.sft_steps,
        batch=recipe.sft_batch,
        lr=recipe.sft_lr,
        seed=recipe.seed,
    )


def _ppo(ppo_step: PpoStep, data: Data, recipe: Recipe) -> None:
    prompts = _prompts(data.train, recipe.seed)
    with progress("ppo", total=recipe.ppo_steps) as advance:
        for step in range(recipe.ppo_steps):
            row = ppo_step.take(step, [next(prompts) for _ in range(recipe.prompts_per_step)])
            advance(1, **{name: row[name] for name in ("reward", "compile", "pass") if name in row})


def _prompts(problems: Sequence[Problem], seed: int) -> Iterator[Problem]:
    """All problems in random order, over and over."""
    rng = random.Random(f"prompts {seed}")
    while True:
        yield from rng.sample(list(problems), len(problems))


def check_start(recipe: Recipe) -> None:
    """Raises BadInput where the run that `start` names was made from other data or another model."""
    start = Path(recipe.start)
    if not (checkpoint_folder(start, 0) / "config.json").is_file():
        raise BadInput("is no run folder with a checkpoint of step 0", file=start, field="start")
    theirs = load_recipe(str(start / "recipe.toml"))
    for name in SHARED:
        if getattr(theirs, name) != getattr(recipe, name):
            raise BadInput(
                f"the run was made with {name} = {getattr(theirs, name)!r}, not {getattr(recipe, name)!r}",
                file=start,
                field="start",
            )


def _copy_evaluation(recipe: Recipe, run: RunFolder) -> None:
    """The evaluation before PPO, completions included, is that of `start`."""
    for row in read_rows(Path(recipe.start) / "evaluation.jsonl"):
        if row.fields["stage"] == "before" and row.fields["split"] == recipe.evaluation_split:
            run.evaluation(row.fields)
    for row in read_rows(Path(recipe.start) / "completions.jsonl"):
        if row.fields["stage"] == "before":
            run.completion(row.fields)


def _policy(recipe: Recipe, data: Data) -> Policy:
    if recipe.start:
        return load_policy(checkpoint_folder(Path(recipe.start), 0), lora_rank=recipe.lora_rank)
    if recipe.model == "tiny":
        texts = [text for row in data.corpus[:TOKENIZER_ROWS] for text in row]
        return tiny_policy(texts, recipe.seed, lora_rank=recipe.lora_rank)
    return load_policy(recipe.model, lora_rank=recipe.lora_rank)
