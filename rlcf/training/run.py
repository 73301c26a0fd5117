"""A training run from recipe to run folder: supervised training, discriminator, objective, evaluations.

    train(load_recipe("quickstart"), "runs/quickstart")
    resume("runs/quickstart")                               # after it was killed: as if it had never stopped
    train(load_recipe("quickstart"), "runs/mine", grounding=my_grounding)

`checkpoints/step-000000` holds policy and discriminator as the first step found them; another run that names
this folder as its `start` begins there, evaluated already: so two groundings share one pre-training. A run
that was killed before this checkpoint begins again. With several processes (`accelerate launch`) every one
calls `train`, with a judge of its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

import torch
from accelerate.utils import set_seed

from javabox import AnyJudge, Judge, SharedJudge
from rlcf.errors import BadInput
from rlcf.evaluation.generation.prompting import commented
from rlcf.grounding.signal import Signal
from rlcf.grounding.table import Entry, check_needs, resolve_grounding
from rlcf.jsonl import read_rows
from rlcf.machine import Machine
from rlcf.model_name import fresh_size
from rlcf.policy import Policy, load_policy, tiny_policy
from rlcf.policy.generate import Backend, make_backend
from rlcf.recipe import Recipe
from rlcf.recipes import check_values, load_recipe
from rlcf.training.baseline import check_advantage
from rlcf.training.check import check_parts, check_start, needs_references
from rlcf.training.data import load_data
from rlcf.training.discriminator.lifecycle import discriminator_of, llm_judge_of, make_discriminator
from rlcf.training.discriminator.model import Discriminator
from rlcf.training.pretrain import train_supervised
from rlcf.training.prompts import PromptFormat
from rlcf.training.runtime.checkpoint import DISCRIMINATOR, checkpoint_folder, steps_saved, write_checkpoint
from rlcf.training.runtime.console import check_trackers
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.evaluations import measure, validation_pass
from rlcf.training.runtime.run_folder import RunFolder
from rlcf.training.step import TrainingStep
from rlcf.training.trainer import Prompts, Trainer

log = logging.getLogger("rlcf")

TOKENIZER_ROWS = 4000
"""Rows of the corpus that the tokenizer of a model made on the spot is trained on."""


class Training:
    """The parts of a run; every stage reads it."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        judge: AnyJudge,
        entry: Entry,
        machine: Machine | None,
        parallel: Parallel | None,
    ) -> None:
        """`entry`: the grounding's. Raises BadInput where the recipe can't be followed."""
        self.recipe, self.judge, self.form = recipe, judge, PromptFormat.of(recipe)
        self.machine, self.parallel = machine or Machine(), parallel or Parallel()
        own = self.machine
        # One for all policies of a run: an engine takes a share of the memory, and keeps it.
        self.backend: str | Backend = (
            "auto" if own.backend == "auto" and not own.endpoint else make_backend(own.backend, own.endpoint)
        )
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
        self.asked = llm_judge_of(recipe, self.parallel.device, self.machine.dtype) if self.compares else None
        self.trains_discriminator = self.compares and self.asked is None
        self.parallel.half_of_the_cores()
        references = needs_references(recipe, self.entry)
        # A process after the other: the first one builds what the others then read.
        for turn in range(self.parallel.world):
            if turn == self.parallel.rank:
                self.data = load_data(recipe, judge, references=references)
            self.parallel.wait()
        check_needs(recipe.objective.grounding, entry, self.data.train, recipe.discriminator.weight)


def train(
    recipe: Recipe,
    folder: Path | str,
    judge: AnyJudge | None = None,
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
        with ExitStack() as marks:
            _first_checkpoint(training, _begun(training, marks))
            _run_objective(training, 0)


def resume(
    folder: Path | str,
    judge: AnyJudge | None = None,
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
        with training.run.writing():
            saved = steps_saved(folder)
            training.run.resume(saved[-1] if saved else None)
            training.parallel.wait()
            if not saved:
                _first_checkpoint(training, _first_policy(training))
            _run_objective(training, saved[-1] if saved else 0)


def _judge_or_own(judge: AnyJudge | None, parallel: Parallel) -> AbstractContextManager[AnyJudge]:
    """`judge`, or a new one that ends with the context. Several processes of a machine share one."""
    if judge is not None:
        return nullcontext(judge)
    return Judge() if parallel.world == 1 else SharedJudge()


def _begun(training: Training, marks: ExitStack) -> Policy:
    """Begin the run folder, marked as being written while `marks` lasts, and return the policy before
    supervised training. What is refused leaves no folder."""
    policy = _first_policy(training)
    if training.parallel.from_main(training.run.taken):
        raise BadInput("holds a run already; name another folder, or resume it", file=training.run.folder)
    training.run.begin(training.recipe, training.machine)
    marks.enter_context(training.run.writing())
    return policy


def _first_checkpoint(training: Training, policy: Policy) -> None:
    """Write the checkpoint of step 0: `policy` after supervised training, and the first discriminator.

    No more than the folder is left of either. Callers hold no reference to `policy`: beside the one that is
    loaded to learn it would take its memory to the end of the run."""
    recipe, run, parallel = training.recipe, training.run, training.parallel
    if recipe.start and load_recipe(str(Path(recipe.start) / "recipe.toml")).repair == recipe.repair:
        _copy_evaluation(recipe, run)
    else:
        policy = policy if recipe.start else _pre_train(policy, training)
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


def _run_objective(training: Training, step: int) -> None:
    """Take the steps from the checkpoint of `step` to the end, and evaluate after them."""
    started, recipe, run = time.monotonic(), training.recipe, training.run
    if recipe.objective.steps:
        policy, best = _take_steps(training, step)
        if best != recipe.objective.steps:
            policy = load_into(run.checkpoint(best), training)
        measure(policy, training, "after", best)
    if training.parallel.main:
        log.info("%s: done in %.0f s", run.folder, time.monotonic() - started)


def _take_steps(training: Training, step: int) -> tuple[Policy, int]:
    """Take the steps from the checkpoint of `step` to the end; returns the policy after the last one, and the
    step of the best checkpoint: the last, where nothing is evaluated in between."""
    recipe, run = training.recipe, training.run
    policy = load_into(run.checkpoint(0), training)
    discriminator = discriminator_of(policy, recipe) if training.trains_discriminator else None
    if discriminator is not None:
        path = run.checkpoint(step) / DISCRIMINATOR
        discriminator.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    training_step = TrainingStep(
        policy, recipe, training.judge, run, training.entry, training.asked or discriminator,
        training.machine, training.parallel, solved=training.data.solved,
    )  # fmt: skip
    evaluates = recipe.evaluation.every > 0
    with Trainer(
        training_step,
        Prompts(training.data.train, recipe.seed),
        (lambda step: validation_pass(policy, training, step)) if evaluates else None,
    ) as trainer:
        if step:
            trainer.load(step)
        trainer.go(step)
    return policy, int(trainer.best["step"]) if evaluates else recipe.objective.steps


def _pre_train(policy: Policy, training: Training) -> Policy:
    recipe = training.recipe
    if not recipe.supervised.steps:
        return policy
    data, form = training.data, training.form
    asked = {id(problem): problem for problem, _ in data.corpus}
    texts = {number: form.text(policy, problem) for number, problem in asked.items()}
    rows = [(texts[id(problem)], form.reply(problem, completion)) for problem, completion in data.corpus]
    rows += [
        (form.text(policy, problem, exchanges=[form.cut(policy, said)]), form.reply(problem, completion))
        for problem, said, completion in data.repairs
    ]
    policy, losses = train_supervised(
        policy,
        rows,
        steps=recipe.supervised.steps,
        lr=recipe.supervised.lr,
        seed=recipe.seed,
        tokens=recipe.supervised.tokens,
        machine=training.machine,
        parallel=training.parallel,
        form=training.form,
    )
    for step, loss in enumerate(losses, start=1):
        training.run.metrics({"step": step, "supervised_loss": loss})
    return policy


def _copy_evaluation(recipe: Recipe, run: RunFolder) -> None:
    """Copy the evaluation before the objective from `start`, completions included."""
    for row in read_rows(Path(recipe.start) / "evaluation.jsonl"):
        if row.fields["stage"] == "before" and row.fields["split"] == recipe.evaluation.split:
            run.evaluation(row.fields)
    for row in read_rows(Path(recipe.start) / "completions.jsonl"):
        if row.fields["stage"] == "before":
            run.completion(row.fields)


def _first_policy(training: Training) -> Policy:
    """Load or make the policy before supervised training; raises BadInput where there is none."""
    recipe = training.recipe
    if recipe.start:
        return load_into(checkpoint_folder(Path(recipe.start), 0), training)
    if size := fresh_size(recipe.model.name):
        rows = training.data.corpus[:TOKENIZER_ROWS]
        texts = [text for problem, completion in rows for text in (problem.prompt, completion)]
        texts += [commented(said.feedback) for _, said, _ in training.data.repairs[:TOKENIZER_ROWS]]
        return tiny_policy(
            texts,
            recipe.seed,
            lora_rank=recipe.model.lora_rank,
            size=size,
            device=training.parallel.device,
            dtype=training.machine.dtype,
        )
    return load_into(recipe.model.name, training)


def load_into(model: str | Path, training: Training) -> Policy:
    """Load a policy, as a run has it."""
    policy = load_policy(
        model,
        lora_rank=training.recipe.model.lora_rank,
        device=training.parallel.device,
        dtype=training.machine.dtype,
        backend=training.backend,
        seed=training.recipe.seed,
    )
    training.form.check(policy)
    return policy
