"""What a recipe learns from and is measured on: problems in three splits, and the corpus."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from javabox import AnyJudge, Suite
from rlcf.environment.corpus import Repair, repair_rows
from rlcf.errors import BadInput
from rlcf.jsonl import read_rows
from rlcf.model_name import fresh_size
from rlcf.problems import Problem, atomic, composed, load_problems, many_ways
from rlcf.problems.jdk.build import CORPUS
from rlcf.problems.load import BUILT, built_path
from rlcf.recipe import Recipe
from rlcf.training.prompts import PromptFormat, stated
from rlcf.training.rollout import LIMITS

log = logging.getLogger("rlcf")

ATOMIC_SEED = 0
"""Problems that are made, atomic ones and others, are one data set, the same for every seed of a recipe."""
ATOMIC_VALIDATION, ATOMIC_TEST = 200, 350
"""Their problems, of which a recipe may use fewer."""
CORPUS_ROWS = 20_000
"""Rows of the corpus that are made of the problems."""
LONGEST_ROW = 2_400
"""Characters of a row of a corpus file: they fit the context of a model that is made on the spot."""


@dataclass(frozen=True, slots=True)
class Data:
    """The problems of a run."""

    train: Sequence[Problem]
    """Problems that the objective and the discriminator learn on."""
    evaluation: Sequence[Problem]
    """Of the split that the recipe evaluates."""
    validation: Sequence[Problem]
    """What evaluations during training are on; empty without them."""
    corpus: Sequence[tuple[Problem, str]]
    """Problems with completions for supervised training; of problems with alternatives these."""
    solved: Sequence[Problem] = ()
    """Problems that the corpus is made from, with references that compile."""
    repairs: Sequence[Repair] = ()
    """Further rows of the corpus: wrong answers, what is told of them, and what is right."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a recipe's problems come from."""

    train: Sequence[Problem]
    rl: Sequence[Problem]
    """Made for the objective alone."""
    held_out: Callable[[str], Sequence[Problem]]
    """The problems of a split; raises BadInput where there are none."""


def load_data(recipe: Recipe, judge: AnyJudge, *, references: bool) -> Data:
    """Load the data of a recipe. Problems without a reference that compiles are left out, with a note, where
    `references` are needed, for a corpus too. Raises BadInput."""
    if recipe.data.corpus_noise > 1:
        raise BadInput("must be a share, at most 1", field="data.corpus_noise")
    made = MADE.get(recipe.data.problems)
    source = made(recipe, judge) if made else _named(recipe)
    fresh, anchored = fresh_size(recipe.model.name) is not None, recipe.objective.sft_problems > 0
    needs_corpus = recipe.supervised.steps > 0 or fresh or anchored
    train = list(source.train)
    random.Random(f"train {recipe.seed}").shuffle(train)
    if {problem.split for problem in train} > {"sft"}:
        for_corpus, for_ppo = _own_parts(recipe, train)
        for_corpus = compiling_references(for_corpus, judge) if needs_corpus else []
        for_ppo = compiling_references(for_ppo, judge) if references else for_ppo
        if not for_ppo:
            raise BadInput(
                "the problems withheld for RL (split 'rl') have no references, which this recipe needs: take "
                "another grounding, and sft_coef = 0",
                field="data.problems",
            )
    else:
        # References of made problems have been run already: the expected values come from them.
        if (needs_corpus or references) and made is None:
            asked, train = len(train), compiling_references(train, judge)
            if not train:
                raise BadInput(
                    f"none of {asked} training problems has a reference that compiles; the recipe needs them",
                    field="data.problems",
                )
        for_corpus, for_ppo = train, train
        if needs_corpus and recipe.data.corpus_problems:
            for_corpus, for_ppo = train[: recipe.data.corpus_problems], train[recipe.data.corpus_problems :]
    for_ppo = list(source.rl) or for_ppo
    if not for_ppo:
        raise BadInput(
            f"{len(train)} usable training problems, and the corpus takes {recipe.data.corpus_problems} of"
            " them: none is left for the objective",
            field="data.corpus_problems",
        )
    corpus: list[tuple[Problem, str]] = []
    repairs: list[Repair] = []
    if needs_corpus:
        rows = atomic.corpus(for_corpus, CORPUS_ROWS, recipe.data.corpus_noise, recipe.seed)
        asked_with = {problem.prompt: problem for problem in for_corpus}
        corpus = [(asked_with[prompt], completion) for prompt, completion in rows]
        corpus += further_rows(recipe.data.corpus)
        repairs = _repairs(recipe, for_corpus, judge)
    if recipe.data.rl_problems and not source.rl:
        log.info(
            "nothing makes further problems of %s: those that there are, are asked", recipe.data.problems
        )
    most = recipe.evaluation.problems
    validation = _validation(source)[:most] if recipe.evaluation.every else ()
    solved = for_corpus if needs_corpus else ()
    return Data(for_ppo, source.held_out(recipe.evaluation.split)[:most], validation, corpus, solved, repairs)


def _repairs(recipe: Recipe, problems: Sequence[Problem], judge: AnyJudge) -> list[Repair]:
    """Make the share of the corpus that is repairs, told as the recipe tells."""
    form = PromptFormat.of(recipe)
    count = round(CORPUS_ROWS * recipe.data.corpus_repairs)
    return repair_rows(
        problems, count, judge, form.setting, seed=recipe.seed, limits=LIMITS, reply=form.reply
    )


def further_rows(name: str) -> list[tuple[Problem, str]]:
    """The rows of a corpus file with `prompt` and `completion`, `jdk` for the one that is built; none of an
    empty name, and none longer than LONGEST_ROW. Raises BadInput."""
    if not name:
        return []
    path = built_path(name).with_name(CORPUS) if name in BUILT else Path(name)
    if not path.is_file():
        raise BadInput("no such corpus, neither a file nor one that `rlcf data build` makes", file=path)
    found = []
    for row in read_rows(path):
        prompt, completion = row.text("prompt"), row.text("completion")
        if len(prompt) + len(completion) <= LONGEST_ROW:
            found.append((Problem(f"corpus/{row.line}", prompt, Suite()), completion))
    return found


def _validation(source: Source) -> Sequence[Problem]:
    try:
        return source.held_out("validation")
    except BadInput as refused:
        message = f"{refused}; 0 evaluates before and after training alone"
        raise BadInput(message, field="evaluation.every") from refused


def _own_parts(recipe: Recipe, train: Sequence[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Split problems by their own division: for the corpus (`sft`, at most `corpus_problems`) and for the
    objective."""
    for_corpus = [problem for problem in train if problem.split == "sft"]
    for_ppo = [problem for problem in train if problem.split != "sft"]
    return for_corpus[: recipe.data.corpus_problems or None], for_ppo


def compiling_references(problems: Sequence[Problem], judge: AnyJudge) -> list[Problem]:
    """Filter the problems whose reference exists and compiles (docs/methods.md#rlcf); the log says how many
    do not."""
    known = [problem for problem in problems if problem.reference is not None]
    verdicts = judge.grade([problem.job(str(problem.reference), compile_only=True) for problem in known])
    kept = [problem for problem, verdict in zip(known, verdicts, strict=True) if verdict.compiled]
    if len(kept) < len(problems):
        log.warning(
            "%d of %d training problems have no reference that compiles and are left out",
            len(problems) - len(kept),
            len(problems),
        )
    return kept


def _generated(recipe: Recipe, judge: AnyJudge) -> Source:
    build = atomic.build if recipe.data.problems == "atomic" else many_ways.build
    data = build(
        ATOMIC_SEED,
        judge,
        train=recipe.data.train_problems,
        rl=recipe.data.rl_problems,
        validation=ATOMIC_VALIDATION,
        test=ATOMIC_TEST,
    )
    return Source(data.train, data.rl, {"validation": data.validation, "test": data.test}.__getitem__)


def _composed(recipe: Recipe, judge: AnyJudge) -> Source:
    data = composed.build(ATOMIC_SEED, judge)
    train = list(composed.TRAINING[recipe.data.problems](data))[: recipe.data.train_problems]

    def held_out(split: str) -> Sequence[Problem]:
        if recipe.evaluation.every and split == "validation":
            raise BadInput("the composed sets have no validation split", field="evaluation.every")
        return composed.measured(data)

    return Source(train, (), held_out)


def _named(recipe: Recipe) -> Source:
    train = load_problems(recipe.data.problems, "train")[: recipe.data.train_problems]

    def held_out(split: str) -> Sequence[Problem]:
        return list(map(stated, load_problems(recipe.data.problems, split)[: recipe.evaluation.problems]))

    return Source(list(map(stated, train)), (), held_out)


MADE: Mapping[str, Callable[[Recipe, AnyJudge], Source]] = {
    "atomic": _generated,
    "many-ways": _generated,
    **dict.fromkeys(composed.TRAINING, _composed),
}
"""Problems that are made on the spot, by name."""
