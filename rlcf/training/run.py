"""A training run from recipe to run folder: supervised training, discriminator, PPO, evaluations.

    train(load_recipe("quickstart"), "runs/quickstart")
    resume("runs/quickstart")                               # after it was killed: as if it had never stopped
    train(load_recipe("quickstart"), "runs/mine", grounding=my_grounding)

`checkpoints/step-000000` holds policy and discriminator as PPO found them; another run that names this
folder as its `start` begins there, evaluated already: so two groundings share one pre-training. A run that
was killed before this checkpoint begins again. With several processes (`accelerate launch`) every one calls
`train`, with a judge of its own.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path

import torch
from accelerate.utils import set_seed

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.evaluation import evaluate, evaluation_row
from rlcf.grounding.signal import Signal
from rlcf.grounding.table import Entry, check_needs, resolve_grounding
from rlcf.jsonl import read_rows
from rlcf.machine import Machine
from rlcf.policy import Policy, load_policy, tiny_policy
from rlcf.policy.generate import stable_seed
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.recipes import check_values, load_recipe, values_of
from rlcf.training.baseline import check_advantage
from rlcf.training.data import load_data
from rlcf.training.discriminator.lifecycle import asked_model, make_discriminator, new_discriminator
from rlcf.training.discriminator.model import Discriminator
from rlcf.training.objectives.ppo import AGAINST_GROUP
from rlcf.training.objectives.preference import Preferring
from rlcf.training.objectives.table import LEARNERS
from rlcf.training.pretrain import train_supervised
from rlcf.training.rollout import EVALUATION_LIMITS
from rlcf.training.runtime.checkpoint import DISCRIMINATOR, checkpoint_folder, steps_saved, write_checkpoint
from rlcf.training.runtime.console import check_trackers
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.run_folder import RunFolder
from rlcf.training.step import PpoStep
from rlcf.training.trainer import PpoLoop

log = logging.getLogger("rlcf")

TOKENIZER_ROWS = 4000
"""Rows of the corpus that the tokenizer of `tiny` is trained on."""
EVALUATION_TEMPERATURE = 0.8
EVALUATION_BATCH = 256
"""Completions generated together."""
SHARED = (
    "seed", "data.problems", "data.train_problems", "model.name", "data.corpus_problems", "data.corpus_noise",
    "supervised.steps", "supervised.lr",
)  # fmt: skip
"""Fields in which a run and its `start` must agree: they decide data and pre-training."""


class Training:
    """What a run is made of; every stage reads it."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        judge: Judge,
        entry: Entry,
        machine: Machine | None,
        parallel: Parallel | None,
    ) -> None:
        """`entry`: the grounding's. Raises BadInput where the recipe can't be followed."""
        self.recipe, self.judge = recipe, judge
        self.machine, self.parallel = machine or Machine(), parallel or Parallel()
        self.run = RunFolder(folder, writes=self.parallel.main, expected_values=self.machine.expected_values)
        self.entry = entry
        check_advantage(recipe, self.entry)
        self.compares = self.entry.compares(recipe.discriminator.weight)
        check_parts(recipe, self.entry)
        check_trackers(self.machine.tracker_names)
        if recipe.start:
            check_start(recipe)
        # Everything here draws from generators of its own; a model's code might not.
        set_seed(recipe.seed)
        # Before anything is written: the name may be that of no model.
        self.asked = asked_model(recipe, self.parallel.device, self.machine.dtype) if self.compares else None
        self.trains_discriminator = self.compares and self.asked is None
        # Half of the cores belong to the JVMs; two threads for so small a model are slower than one.
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // (2 * self.parallel.world)))
        references = self.compares or recipe.objective.sft_coef > 0 or "reference" in self.entry.needs
        references = references or recipe.rollout.curriculum or recipe.objective.name == "references"
        # A process after the other: the first one builds what the others then read.
        for turn in range(self.parallel.world):
            if turn == self.parallel.rank:
                self.data = load_data(recipe, judge, references=references)
            self.parallel.wait()
        check_needs(recipe.objective.grounding, entry, self.data.train, recipe.discriminator.weight)


def train(
    recipe: Recipe,
    folder: Path | str,
    judge: Judge | None = None,
    machine: Machine | None = None,
    parallel: Parallel | None = None,
    *,
    grounding: Callable[..., list[Signal]] | None = None,
) -> None:
    """Trains by `recipe` and writes the run folder, which must hold no run yet.

    `judge`: None makes one, and ends it. `machine`: how it runs here, which changes nothing that is learnt.
    `grounding`: what an answer is worth, any function `list[Answer] -> list[Signal]`, in the place of the
    recipe's; `needs` declares what it needs. The run's recipe.toml names it by its file, where it has one.

    Raises BadInput before anything is written where the recipe can't be followed, and later where the
    grounding returns what is no list of signals; JudgeUnavailable where no judge can be started;
    TrainingStopped where the rails stopped it.

    >>> train(load_recipe("my.toml", {"seed": 1}), "runs/mine", grounding=my_grounding)
    >>> load_recipe("runs/mine/recipe.toml").seed
    1
    """
    check_values(recipe)
    recipe, entry = resolve_grounding(recipe, grounding)
    folder, parallel = Path(folder), parallel or Parallel()
    with _judge_or_own(judge, parallel) as judge:
        training = Training(recipe, folder, judge, entry, machine, parallel)
        policy = _first_policy(training)
        if training.parallel.from_main(training.run.taken):
            raise BadInput("holds a run already; name another folder, or resume it", file=folder)
        training.run.begin(recipe, training.machine)
        _whole_run(training, policy)


def resume(
    folder: Path | str,
    judge: Judge | None = None,
    machine: Machine | None = None,
    parallel: Parallel | None = None,
    *,
    grounding: Callable[..., list[Signal]] | None = None,
) -> None:
    """Goes on with the run in `folder` from its last checkpoint: the rows and weights are those of a run
    that was never stopped.

    `judge` as for `train`. `grounding`: the function that the run was trained with, where recipe.toml can't
    name it by a file, or where that file is no longer there.

    Raises BadInput where there is no run, or where its grounding must be passed.

    >>> resume("runs/mine", grounding=my_grounding)
    """
    folder, parallel = Path(folder), parallel or Parallel()
    if not (folder / "recipe.toml").is_file():
        raise BadInput("holds no run: recipe.toml is missing", file=folder, field="resume")
    recipe = load_recipe(str(folder / "recipe.toml"))
    _, entry = resolve_grounding(recipe, grounding)
    with _judge_or_own(judge, parallel) as judge:
        training = Training(recipe, folder, judge, entry, machine, parallel)
        training.parallel.wait()
        saved = steps_saved(folder)
        training.run.resume(saved[-1] if saved else None)
        training.parallel.wait()
        if saved:
            _ppo(training, saved[-1])
        else:
            _whole_run(training, _first_policy(training))


def _judge_or_own(judge: Judge | None, parallel: Parallel) -> AbstractContextManager[Judge]:
    """`judge`, or a new one that ends with the context. Every process has one of its own, and they share the
    cores."""
    if judge is not None:
        return nullcontext(judge)
    share = None if parallel.world == 1 else max(1, (os.cpu_count() or 1) // parallel.world)
    return Judge(workers=share)


def _whole_run(training: Training, policy: Policy) -> None:
    recipe, run, parallel = training.recipe, training.run, training.parallel
    if recipe.start:
        _copy_evaluation(recipe, run)
    else:
        policy = _pre_train(policy, training)
        measure(policy, training, "before", 0)
    discriminator: Discriminator | None = None
    if training.trains_discriminator:
        discriminator = make_discriminator(policy, training.data.train, recipe, training.judge, parallel)

    def write(aside: Path) -> None:
        policy.save(aside)
        if discriminator is not None:
            torch.save(discriminator.state_dict(), aside / DISCRIMINATOR)

    if parallel.main:
        write_checkpoint(run.checkpoint(0), write)
    parallel.wait()
    _ppo(training, 0)


def _ppo(training: Training, step: int) -> None:
    """PPO from the checkpoint of `step` to the end, and the evaluation after it."""
    started, recipe, run = time.monotonic(), training.recipe, training.run
    if recipe.objective.steps:
        policy = _load(run.checkpoint(0), training)
        discriminator = new_discriminator(policy, recipe) if training.trains_discriminator else None
        if discriminator is not None:
            found = torch.load(run.checkpoint(step) / DISCRIMINATOR, weights_only=True, map_location="cpu")
            discriminator.load_state_dict(found)
        ppo_step = PpoStep(
            policy, recipe, training.judge, run, training.entry, training.asked or discriminator,
            training.machine, training.parallel,
        )  # fmt: skip
        with PpoLoop(ppo_step) as loop:
            if step:
                loop.load(step)
            prompts = _prompts(training.data.train, recipe.seed)
            loop.go(step, islice(prompts, step * recipe.rollout.prompts_per_step, None))
        measure(policy, training, "after", recipe.objective.steps)
    if training.parallel.main:
        log.info("%s: done in %.0f s", run.folder, time.monotonic() - started)


def measure(policy: Policy, training: Training, stage: str, step: int) -> None:
    """Evaluates greedily and by sampling, with the same random numbers before and after. Every process
    generates its share; the first one judges."""
    recipe, run, parallel = training.recipe, training.run, training.parallel

    def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        own = range(parallel.rank, len(prompts), parallel.world)
        ids = [policy.encode_prompt(prompts[row]) for row in own]
        seeds = [stable_seed(seed, row) for row in own]
        sampled = policy.sample_tokens(ids, temperature, recipe.rollout.max_new_tokens, seeds)
        texts = [(row, policy.decode(one.ids)) for row, one in zip(own, sampled, strict=True)]
        return [text for _, text in sorted(parallel.gather(texts))]

    for temperature, n in ((0.0, 1), (EVALUATION_TEMPERATURE, recipe.evaluation.samples)):
        if not parallel.main:
            asked = [problem.prompt for problem in training.data.evaluation for _ in range(n)]
            for first in range(0, len(asked), EVALUATION_BATCH):
                sample(asked[first : first + EVALUATION_BATCH], temperature, recipe.seed + first)
            continue
        what = f"{stage}: {'greedy' if temperature == 0 else f'T = {temperature}'}"
        evaluation, answers = evaluate(
            training.data.evaluation,
            sample,
            training.judge,
            temperature=temperature,
            n=n,
            seed=recipe.seed,
            batch=EVALUATION_BATCH,
            what=what,
            limits=EVALUATION_LIMITS,
        )
        row = evaluation_row(
            evaluation, stage=stage, split=recipe.evaluation.split, temperature=temperature, n=n
        )
        run.evaluation({**row, "step": step})
        run.completions(stage, step, temperature, ((answer, None, {}) for answer in answers))


def _pre_train(policy: Policy, training: Training) -> Policy:
    recipe = training.recipe
    if not recipe.supervised.steps:
        return policy
    policy, losses = train_supervised(
        policy,
        training.data.corpus,
        steps=recipe.supervised.steps,
        lr=recipe.supervised.lr,
        seed=recipe.seed,
        machine=training.machine,
        parallel=training.parallel,
    )
    for step, loss in enumerate(losses, start=1):
        training.run.metrics({"step": step, "supervised_loss": loss})
    return policy


def _prompts(problems: Sequence[Problem], seed: int) -> Iterator[Problem]:
    """All problems in random order, over and over."""
    rng = random.Random(f"prompts {seed}")
    while True:
        yield from rng.sample(list(problems), len(problems))


def check_parts(recipe: Recipe, entry: Entry) -> None:
    """Raises BadInput where parts of the loop do not go together."""
    if recipe.rollout.curriculum and not entry.runs:
        message = (
            f"moves as answers pass, and {recipe.objective.grounding!r} runs no tests: choose one that does"
        )
        raise BadInput(message, field="rollout.curriculum")
    if recipe.objective.name == "references" and recipe.objective.sft_coef:
        raise BadInput(
            "must be 0: the objective learns nothing but the references", field="objective.sft_coef"
        )
    if LEARNERS[recipe.objective.name] is Preferring and not recipe.kl.coef:
        raise BadInput(f"must be above 0: it is the beta of {recipe.objective.name!r}", field="kl.coef")
    if recipe.rollout.replay_capacity and recipe.objective.name != "ppo":
        raise BadInput(
            f"must be 0: {recipe.objective.name!r} learns from the step's own rollouts",
            field="rollout.replay_capacity",
        )
    if recipe.rollout.replay_capacity and recipe.ppo.advantage in AGAINST_GROUP:
        message = f"{recipe.ppo.advantage!r} compares completions of one prompt, and replay draws them apart"
        raise BadInput(f"{message}: choose gae, best or greedy", field="ppo.advantage")


def check_start(recipe: Recipe) -> None:
    """Raises BadInput where the run that `start` names was made from other data or another model."""
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


def _copy_evaluation(recipe: Recipe, run: RunFolder) -> None:
    """The evaluation before PPO, completions included, is that of `start`."""
    for row in read_rows(Path(recipe.start) / "evaluation.jsonl"):
        if row.fields["stage"] == "before" and row.fields["split"] == recipe.evaluation.split:
            run.evaluation(row.fields)
    for row in read_rows(Path(recipe.start) / "completions.jsonl"):
        if row.fields["stage"] == "before":
            run.completion(row.fields)


def _first_policy(training: Training) -> Policy:
    """The policy before supervised training; raises BadInput where there is none."""
    recipe = training.recipe
    if recipe.start:
        return _load(checkpoint_folder(Path(recipe.start), 0), training)
    if recipe.model.name == "tiny":
        texts = [text for row in training.data.corpus[:TOKENIZER_ROWS] for text in row]
        return tiny_policy(texts, recipe.seed, lora_rank=recipe.model.lora_rank)
    return _load(recipe.model.name, training)


def _load(model: str | Path, training: Training) -> Policy:
    return load_policy(
        model,
        lora_rank=training.recipe.model.lora_rank,
        device=training.parallel.device,
        dtype=training.machine.dtype,
        backend=training.machine.backend,
        seed=training.recipe.seed,
    )
