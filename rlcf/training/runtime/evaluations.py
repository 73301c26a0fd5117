"""The evaluations of a run: greedy and sampled, before, during and after, in as many turns as the recipe has.

A sample counts with its last program; with several turns a row of evaluation.jsonl has `turns` too, the rates
after each. The first turn's answers are those of an evaluation of one turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from javabox import AnyJudge
from rlcf.environment.repairs import Repaired, benchmark_in_turns, turns_json
from rlcf.evaluation import Evaluation, evaluation_row
from rlcf.evaluation.generation import Ask, Completion
from rlcf.evaluation.generation.asked import Deliver
from rlcf.policy import Policy
from rlcf.policy.generate import stable_seed
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.training.data import Data
from rlcf.training.prompts import PromptFormat
from rlcf.training.rollout import EVALUATION_LIMITS
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.run_folder import RunFolder

TEMPERATURE = 0.8
BATCH = 256
"""Completions generated together."""


class Evaluated(Protocol):
    """What an evaluation needs of a training."""

    recipe: Recipe
    run: RunFolder
    parallel: Parallel
    form: PromptFormat
    judge: AnyJudge
    data: Data


def measure(policy: Policy, training: Evaluated, stage: str, step: int) -> list[Evaluation]:
    """Evaluate greedily and by sampling, with the same random numbers each time: on the recipe's split, or
    `during` training on the validation split. Every process generates its share; the first one judges, and
    the others return nothing."""
    recipe, run = training.recipe, training.run
    split = "validation" if stage == "during" else recipe.evaluation.split
    problems = training.data.validation if stage == "during" else training.data.evaluation
    found = []
    for temperature, n in ((0.0, 1), (TEMPERATURE, recipe.evaluation.samples)):
        repaired = decoded(policy, training, problems, stage, temperature, n)
        if repaired is None:
            continue
        evaluation = repaired.evaluations[-1]
        row = evaluation_row(evaluation, stage=stage, split=split, temperature=temperature, n=n)
        if recipe.repair.turns > 1:
            row["turns"] = [
                turn | {"counts": one.counts()}
                for turn, one in zip(
                    turns_json(repaired.evaluations, repaired.asked), repaired.evaluations, strict=True
                )
            ]
        run.evaluation({**row, "step": step})
        told = [{"turn": ask.turn} if ask.turn > 1 else {} for ask in repaired.asks]
        lines = ((answer, None, more) for answer, more in zip(repaired.answers, told, strict=True))
        run.completions(stage, step, temperature, lines)
        found.append(evaluation)
    return found


def decoded(
    policy: Policy,
    training: Evaluated,
    problems: Sequence[Problem],
    stage: str,
    temperature: float,
    n: int,
) -> Repaired | None:
    """Evaluate on `problems` at one temperature, and write nothing; None of processes but the first."""
    writer, turns = Writer(policy, training, temperature), training.recipe.repair.turns
    if not training.parallel.main:
        writer.follow()
        return None
    try:
        return benchmark_in_turns(
            problems,
            n,
            writer,
            training.judge,
            training.form.setting,
            # With two turns, also what two samples that know nothing of each other pass.
            ks=sorted({1, min(turns, n), n}),
            line=_no_line,
            limits=EVALUATION_LIMITS,
            what=f"{stage}: {'greedy' if temperature == 0 else f'T = {temperature}'}",
        )
    finally:
        writer.end()


def validation_pass(policy: Policy, training: Evaluated, step: int) -> float:
    """Measure the pass rate on the validation split, the mean of greedy and sampled decoding: sampling alone
    takes a colder policy for a better one."""
    rates = [one.rates["pass"][1].rate for one in measure(policy, training, "during", step)]
    return training.parallel.from_main(sum(rates) / len(rates) if rates else 0.0)


class Writer:
    """The policy, answering for all processes: the first one is asked, and tells the others."""

    def __init__(self, policy: Policy, training: Evaluated, temperature: float) -> None:
        self.policy, self.temperature = policy, temperature
        self.form, self.recipe, self.parallel = training.form, training.recipe, training.parallel

    def __call__(self, asks: Sequence[Ask], deliver: Deliver) -> None:
        """Answer every ask, BATCH together."""
        turn = asks[0].turn
        seed = self.recipe.seed if turn == 1 else stable_seed("turn", self.recipe.seed, turn)
        for first in range(0, len(asks), BATCH):
            part = asks[first : first + BATCH]
            texts = self._sample([self._text(ask) for ask in part], seed + first)
            for ask, text in zip(part, texts, strict=True):
                deliver.completion(ask, Completion(text))

    def follow(self) -> None:
        """Generate this process's share until the first one has ended."""
        while (given := self.parallel.from_main(None)) is not None:
            self._share(*given)

    def end(self) -> None:
        """Let the others go."""
        self.parallel.from_main(None)

    def _text(self, ask: Ask) -> str:
        told = [self.form.cut(self.policy, one) for one in ask.exchanges]
        return self.form.text(self.policy, ask.problem, exchanges=told)

    def _sample(self, prompts: Sequence[str], seed: int) -> list[str]:
        self.parallel.from_main((prompts, seed))
        return self._share(prompts, seed)

    def _share(self, prompts: Sequence[str], seed: int) -> list[str]:
        """Generate this process's share; returns all answers."""
        own = range(self.parallel.rank, len(prompts), self.parallel.world)
        ids = [self.form.encode(self.policy, prompts[row]) for row in own]
        seeds = [stable_seed(seed, row) for row in own]
        longest = self.recipe.rollout.max_new_tokens
        sampled = self.policy.sample_tokens(ids, self.temperature, longest, seeds)
        texts = [(row, self.policy.decode(one.ids)) for row, one in zip(own, sampled, strict=True)]
        return [text for _, text in sorted(self.parallel.gather(texts))]


def _no_line(*_: object) -> bytes:
    """Nothing is kept of an evaluation on its way: one that was ended begins again."""
    return b""
