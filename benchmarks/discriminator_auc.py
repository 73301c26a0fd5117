"""What each kind of discriminator can see: its AUC for references against what is none, and for passing.

    rlcf train quickstart --objective.steps 0 --evaluation.split validation --run base
    python -m benchmarks.discriminator_auc runs/base

Every kind is trained as the run's recipe would train it, on pairs of its training problems, and asked of
problems that it has not seen; a completion's value is g(x, y, reference), so a reference's own is 0.

| column | valued more | valued less |
| --- | --- | --- |
| stubs | references | `return 0;` and the like, where they compile and do not pass |
| others | references | bodies of other problems of the same signature that compile and do not pass |
| unlike | samples that pass | samples that compile and do not; all with other tokens than the reference |
| all | samples that pass | samples that compile and do not |

Samples are the policy's of step 0, at T = 0.8. Names of locals are no other tokens. A kind counts as tried
where it has 0.9 and more in the first two columns. The last two come once more within problems: samples are
compared with others of their problem only. Each area has its bootstrap interval over problems.

Not covered: policies that are asked in a conversation, a discriminator that is refreshed.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from javabox import Judge
from rlcf.evaluation import evaluate
from rlcf.grounding.signal import Answer
from rlcf.grounding.values import Compare
from rlcf.javasource.normalize import digest
from rlcf.policy import Policy, load_policy
from rlcf.policy.llm_judge import load_llm_judge
from rlcf.problems import Problem
from rlcf.problems.synthesis.stubs import stubs
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, override
from rlcf.training.data import load_data
from rlcf.training.discriminator.auc import auc_interval, within_interval
from rlcf.training.discriminator.kinds import KINDS
from rlcf.training.discriminator.lifecycle import discriminator_of, first_pairs, first_training, hold_out
from rlcf.training.discriminator.model import Pair, accuracy
from rlcf.training.discriminator.negatives import others_bodies
from rlcf.training.runtime.checkpoint import checkpoint_folder
from rlcf.training.runtime.distributed import Parallel

TEMPERATURE = 0.8
OTHERS = 4
"""Other problems' bodies of a problem, at most."""
WITHIN = ("unlike", "all")
"""Columns that are also shown within problems."""
POOL = 2000
"""Training problems whose bodies are others'."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """Completions of a problem that should be valued more, and less."""

    problem: Problem
    more: list[str]
    less: list[str]

    def values(self, compare: Compare) -> tuple[list[float], list[float]]:
        """What `compare` says of them against the reference."""
        texts, times = [*self.more, *self.less], len(self.more) + len(self.less)
        found = compare([self.problem.prompt] * times, texts, [str(self.problem.reference)] * times)
        return found[: len(self.more)], found[len(self.more) :]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures what kinds of discriminator can see.")
    parser.add_argument("run", type=Path, help="a run folder; its policy of step 0 is taken")
    parser.add_argument("--split", default="validation", choices=("validation", "test"))
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=KINDS)
    parser.add_argument("--judges", nargs="*", default=[], help="causal models that are asked, untrained")
    parser.add_argument("--field", nargs="*", default=[], help="of the recipe, such as discriminator.steps=9")
    options = parser.parse_args()
    recipe = load_recipe(str(options.run / "recipe.toml"))
    fields = {name: json.loads(value) for name, _, value in (one.partition("=") for one in options.field)}
    measured = {"evaluation.split": options.split, "evaluation.problems": options.problems}
    recipe = override(recipe, {**measured, **fields})
    policy = load_policy(checkpoint_folder(options.run, 0))
    with Judge() as judge:
        data = load_data(recipe, judge, references=True)
        known = [problem for problem in data.evaluation if problem.reference is not None]
        answers = sampled(policy, known, recipe, judge, options.samples)
        contrasts = {
            "stubs": wrong(known, {p.task_id: stubs(p) for p in known}, judge),
            "others": wrong(known, others(known, data.train), judge),
            "unlike": passing([answer for answer in answers if unlike(answer)]),
            "all": passing(answers),
        }
        pairs = first_pairs(policy, data.train, recipe, judge, Parallel())
    for name, contrast in contrasts.items():
        more, less = sum(len(one.more) for one in contrast), sum(len(one.less) for one in contrast)
        print(f"{name}: {more} against {less}, of {len(contrast)} problems")
    print(f"pairs to learn from: {len(pairs)}\n")
    columns = [*contrasts, *(f"{name}, within" for name in WITHIN)]
    print(f"| kind | {' | '.join(columns)} | accuracy, held-out problems | seconds |")
    print("|---" * (len(columns) + 3) + "|", flush=True)
    makers = {kind: partial(trained, policy, recipe, kind, pairs) for kind in options.kinds}
    makers |= {f"judge:{name}": partial(asked, policy, name) for name in options.judges}
    _, held_out = hold_out(pairs, recipe.seed)
    for name, make in makers.items():
        row(name, make, contrasts, held_out)


def trained(policy: Policy, recipe: Recipe, kind: str, pairs: Sequence[Pair]) -> Compare:
    """A discriminator of `kind` that has learnt `pairs`."""
    discriminator = discriminator_of(policy, override(recipe, {"discriminator.kind": kind}))
    if discriminator.loss is not None:
        first_training(discriminator, pairs, recipe, Parallel())
    return discriminator.compare


def asked(policy: Policy, model: str) -> Compare:
    """A causal model that is asked and has learnt nothing here."""
    return load_llm_judge(model, policy.device).compare


def row(
    name: str,
    make: Callable[[], Compare],
    contrasts: Mapping[str, Sequence[Contrast]],
    held_out: Sequence[Pair],
) -> None:
    """Print what one discriminator can see."""
    began = time.perf_counter()
    compare = make()
    values = {name: [one.values(compare) for one in contrast] for name, contrast in contrasts.items()}
    areas = [*map(auc_interval, values.values()), *(within_interval(values[name]) for name in WITHIN)]
    cells = [f"{area.rate:.3f} [{area.low:.3f}, {area.high:.3f}]" for area in areas]
    right = accuracy(compare, held_out, 0)
    seconds = time.perf_counter() - began
    print(f"| {name} | {' | '.join(cells)} | {right:.3f} | {seconds:.0f} |", flush=True)


def sampled(
    policy: Policy, problems: Sequence[Problem], recipe: Recipe, judge: Judge, n: int
) -> list[Answer]:
    """`n` judged samples of each problem."""

    def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        longest = recipe.rollout.max_new_tokens
        return policy.sample(prompts, temperature=temperature, max_new_tokens=longest, seed=seed)

    return evaluate(problems, sample, judge, temperature=TEMPERATURE, n=n, seed=recipe.seed)[1]


def others(problems: Sequence[Problem], train: Sequence[Problem]) -> dict[str, list[str]]:
    """Other problems' bodies for each problem, by task_id."""
    rng = random.Random(0)
    found = others_bodies([*problems, *[one for one in train if one.reference is not None][:POOL]])
    return {p.task_id: rng.sample(found[p.task_id], min(OTHERS, len(found[p.task_id]))) for p in problems}


def wrong(problems: Sequence[Problem], bodies: Mapping[str, Sequence[str]], judge: Judge) -> list[Contrast]:
    """References against those of `bodies` that compile and do not pass."""
    tried = [(problem, text) for problem in problems for text in bodies[problem.task_id]]
    verdicts = judge.grade([problem.job(text) for problem, text in tried])
    less: dict[str, list[str]] = {problem.task_id: [] for problem in problems}
    for (problem, text), verdict in zip(tried, verdicts, strict=True):
        if verdict.compiled and verdict.passed is False:
            less[problem.task_id].append(text)
    return [Contrast(p, [str(p.reference)], less[p.task_id]) for p in problems if less[p.task_id]]


def passing(answers: Sequence[Answer]) -> list[Contrast]:
    """Samples that pass against those that compile and do not."""
    rows: dict[str, Contrast] = {}
    for answer in answers:
        row = rows.setdefault(answer.problem.task_id, Contrast(answer.problem, [], []))
        if answer.verdict.compiled:
            (row.more if answer.verdict.passed else row.less).append(answer.completion)
    return list(rows.values())


def unlike(answer: Answer) -> bool:
    """Whether an answer is other tokens than the reference, names of locals aside."""
    problem = answer.problem
    texts = (answer.completion, str(problem.reference))
    mine, theirs = (digest(problem.prompt + text + problem.suffix) for text in texts)
    return mine != theirs


if __name__ == "__main__":
    main()
