"""Where the discriminator's pairs come from, and its life during a run.

Only pairs where both sides compile reach it, so that it can't merely find compile errors
(docs/methods.md#discriminator), and only pairs that differ in more than their white space. The first pairs
are sampled from the pre-trained policy, and made beside that where the recipe says so; later ones are the
policy's own rollouts. A tenth of the problems is held out to measure accuracy, with all of their pairs. A
language model that is asked (`judge:MODEL`) learns nothing: it is neither trained nor saved.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from javabox import AnyJudge
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.values import Compare
from rlcf.policy import Policy
from rlcf.policy.generate import stable_seed
from rlcf.policy.llm_judge import PairwiseLLMJudge, load_llm_judge
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, values_of
from rlcf.training.discriminator.kinds import new_discriminator
from rlcf.training.discriminator.model import Discriminator, Pair, accuracy, train_discriminator
from rlcf.training.discriminator.negatives import made_pairs
from rlcf.training.prompts import PromptFormat
from rlcf.training.rollout import RolloutCollector
from rlcf.training.runtime.checkpoint import DISCRIMINATOR, checkpoint_folder
from rlcf.training.runtime.distributed import Parallel

log = logging.getLogger("rlcf")

NO_SIGNAL = Signal(None)

ASKED = "judge:"
"""Before the name of a model that is asked."""
TEMPERATURE = 1.0
"""Of the first samples: hotter than the rollouts, which mostly equal the reference or do not compile."""
MAKING = (
    "rollout.extract",
    *(f"discriminator.{name}" for name in ("kind", "model", "samples", "made", "steps", "lr")),
)
"""Fields that decide the first discriminator."""
BATCH = 64
"""Pairs a step."""
REFRESH_STEPS = 5
"""Batches of a refresh."""
HELD_OUT = 10
"""One problem in so many is held out."""


class RefreshedDiscriminator:
    """The discriminator during a run, or the model that is asked in its place, or neither.

    Every few steps it is trained on the answers since the last refresh; its accuracy is measured on them
    before it sees them, also that of a model that is asked and never learns."""

    def __init__(
        self, model: Discriminator | PairwiseLLMJudge | None, recipe: Recipe, parallel: Parallel
    ) -> None:
        self._recipe, self._parallel = recipe, parallel
        self.compare: Compare | None = None if model is None else model.compare
        # A model that is asked has nothing to train or to save.
        self._trained = model if isinstance(model, Discriminator) else None
        self._pairs: list[Pair] = []
        """Pairs that wait for the next refresh."""

    def refresh(self, step: int, answers: Iterable[Answer]) -> dict[str, float]:
        """Take in the answers of 0-based `step`, and refresh where it is due; returns metrics."""
        every = self._recipe.discriminator.refresh_every
        if self.compare is None or not every:
            return {}
        self._pairs += pairs_of(answers)
        if (step + 1) % every or not self._pairs:
            return {}
        pairs, self._pairs = self._pairs, []
        metrics = {"discriminator_accuracy": accuracy(self.compare, pairs, step)}
        if self._trained is None or self._trained.loss is None:
            return metrics
        # Every rank does the same work on the same pairs; the first one's result counts.
        with self._parallel.all_cores():
            losses = train_discriminator(
                self._trained,
                pairs,
                steps=REFRESH_STEPS,
                batch=BATCH,
                lr=self._recipe.discriminator.lr,
                seed=stable_seed("refresh", self._recipe.seed, step),
            )
        self._parallel.same(self._trained.parameters())
        return metrics | {"discriminator_loss": sum(losses) / max(1, len(losses))}

    def state(self) -> list[tuple[str, str, str]]:
        """Return the pairs that wait; the weights have a file of their own."""
        return [(pair.prompt, pair.reference, pair.generated) for pair in self._pairs]

    def load(self, state: Sequence[tuple[str, str, str]]) -> None:
        """Restore what `state` returned."""
        self._pairs = [Pair(*pair) for pair in state]

    def save(self, folder: Path) -> None:
        """Write the weights into the checkpoint `folder`, where there are any that learn."""
        if self._trained is not None:
            torch.save(self._trained.state_dict(), folder / DISCRIMINATOR)


def pairs_of(answers: Iterable[Answer]) -> list[Pair]:
    """Collect the distinct pairs of reference and answer that both compile and differ."""
    pairs = [
        Pair(answer.problem.prompt, answer.problem.reference, answer.completion)
        for answer in answers
        if answer.verdict.compiled
        and answer.problem.reference is not None
        and answer.completion.split() != answer.problem.reference.split()
    ]
    return list(dict.fromkeys(pairs))


def make_discriminator(
    policy: Policy,
    problems: Sequence[Problem],
    recipe: Recipe,
    judge: AnyJudge,
    parallel: Parallel | None = None,
) -> Discriminator:
    """Make the first discriminator: load that of the recipe's `start` if it was made alike, or train one on
    samples of `policy`."""
    parallel = parallel or Parallel()
    discriminator = discriminator_of(policy, recipe)
    known = checkpoint_folder(Path(recipe.start), 0) / DISCRIMINATOR
    if discriminator.loss is None:
        return discriminator
    if recipe.start and known.is_file() and _same_discriminator(recipe):
        discriminator.load_state_dict(torch.load(known, weights_only=True))
    else:
        first_training(
            discriminator, first_pairs(policy, problems, recipe, judge, parallel), recipe, parallel
        )
    return discriminator


def llm_judge_of(recipe: Recipe, device: torch.device, dtype: str) -> PairwiseLLMJudge | None:
    """Load the model that the recipe asks instead of training a discriminator, if it does; see
    `load_llm_judge`."""
    if not recipe.discriminator.model.startswith(ASKED):
        return None
    return load_llm_judge(recipe.discriminator.model.removeprefix(ASKED), device, dtype)


def discriminator_of(policy: Policy, recipe: Recipe) -> Discriminator:
    """Make the discriminator of a recipe, which has learnt nothing yet."""
    return new_discriminator(policy, recipe.discriminator.kind, recipe.discriminator.model, recipe.seed)


def _same_discriminator(recipe: Recipe) -> bool:
    """Whether the run that `start` names made its first discriminator as this recipe would."""
    theirs = load_recipe(str(Path(recipe.start) / "recipe.toml"))
    made, wanted = values_of(theirs), values_of(recipe)
    return all(made[name] == wanted[name] for name in MAKING)


def first_pairs(
    policy: Policy, problems: Sequence[Problem], recipe: Recipe, judge: AnyJudge, parallel: Parallel
) -> list[Pair]:
    """Collect the pairs that a discriminator first learns from: samples of `policy`, and what is made."""
    pairs = _sampled_pairs(policy, problems, recipe, judge, parallel) if recipe.discriminator.samples else []
    count = min(recipe.discriminator.made, len(problems))
    chosen = random.Random(f"made pairs {recipe.seed}").sample(problems, count)
    return list(dict.fromkeys([*pairs, *made_pairs(chosen, judge, recipe.seed)]))


def _sampled_pairs(
    policy: Policy, problems: Sequence[Problem], recipe: Recipe, judge: AnyJudge, parallel: Parallel
) -> list[Pair]:
    rng = random.Random(f"discriminator problems {recipe.seed}")
    with RolloutCollector(
        policy,
        judge,
        lambda answers: [NO_SIGNAL] * len(answers),
        run_tests=False,
        form=PromptFormat.of(recipe),
        rank=parallel.rank,
        world=parallel.world,
    ) as collector:
        pending = collector.begin(
            [rng.choice(problems) for _ in range(recipe.discriminator.samples)],
            temperature=TEMPERATURE,
            max_new_tokens=recipe.rollout.max_new_tokens,
            seed=stable_seed("discriminator", recipe.seed),
        )
        rollouts = parallel.gather(collector.finish(pending)[0])
    return pairs_of(rollout.program for rollout in sorted(rollouts, key=lambda rollout: rollout.row))


def first_training(
    discriminator: Discriminator, pairs: Sequence[Pair], recipe: Recipe, parallel: Parallel
) -> None:
    """Train on `pairs`, and say how many of held-out problems' pairs are told apart."""
    used, held_out = hold_out(pairs, recipe.seed)
    if not used:
        log.warning("discriminator: nothing compiles that could stand against a reference")
        return
    with parallel.all_cores():
        train_discriminator(
            discriminator,
            used,
            steps=recipe.discriminator.steps,
            batch=BATCH,
            lr=recipe.discriminator.lr,
            seed=recipe.seed,
        )
    parallel.same(discriminator.parameters())
    log.info(
        "discriminator: %d pairs, accuracy %.3f on %d pairs of held-out problems",
        len(used),
        accuracy(discriminator.compare, held_out, recipe.seed),
        len(held_out),
    )


def hold_out(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """Divide pairs into those to learn from and those of a tenth of the problems, which are held out whole: a
    reference that was learnt is known by heart. Problems are told apart by their prompts."""
    prompts = list(dict.fromkeys(pair.prompt for pair in pairs))
    random.Random(f"held out {seed}").shuffle(prompts)
    # One problem alone is learnt from.
    held = set(prompts[HELD_OUT - 1 :: HELD_OUT] or prompts[1:2])
    return [pair for pair in pairs if pair.prompt not in held], [
        pair for pair in pairs if pair.prompt in held
    ]
