"""Critic sampling: one round of better answers from example tests and a critic (CodeRL, arXiv 2207.01780).

    refined = critic_sampling(problems, sample, prefixes, judge)      # a Sampler, as `sample` is
    evaluation, answers = evaluate(problems, refined, judge, …, batch=whole_problems(n, 256))

The n answers to a problem are run on its *example test*, the first case of its suite. Where some pass, n are
written anew, each from the prefix of one of those that the critic finds most promising; where none does, from
the prefixes of the failed ones that the critic thinks likeliest to pass. In the paper these go to a repair
model that reads the failed program and its error. There is no such model here, and a policy that was never
shown an error would read one as noise: so they are cut and continued like the others.

The example test is part of the suite that the new answers are then judged by, and of several answers the test
chose which to go on from. So their pass rate is not that of the policy alone: whoever shows it must say that
the first test of each problem was known (`EXAMPLES`).

Not covered: suites that are a whole `main`, which have no first case: their answers stay as they are; more
rounds than one; an encoder-decoder has the prefix in its encoder, at the end of the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from javabox import AnyJudge
from rlcf.evaluation.bench import Sampler
from rlcf.problems.problem import Problem

EXAMPLES = "answers were refined by a critic with the first test of each problem, which the suite has too"
"""What must stand beside rates of such answers."""
SECOND = 1 << 40
"""Added to the seed for the second round, which must not repeat the draws of the first."""

Prefixes = Callable[[Sequence[str], Sequence[str]], list[tuple[str, float]]]
"""(prompts, completions) -> of each completion the prefix to go on from, and how likely it is to pass."""


def critic_sampling(
    problems: Sequence[Problem], sample: Sampler, prefixes: Prefixes, judge: AnyJudge, best: int = 1
) -> Sampler:
    """`sample`, refined. `best`: failed programs gone on from where none passes the example test. A judge
    error counts as not passed; it only decides what is gone on from. Answers to one prompt must come in one
    call."""
    examples = {problem.prompt: example(problem) for problem in problems}

    def refined(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        answers = sample(prompts, temperature, seed)
        asked = [examples[prompt] for prompt in prompts]
        known = [row for row, problem in enumerate(asked) if problem is not None]
        jobs = [problem.job(answers[row]) for row, problem in enumerate(asked) if problem is not None]
        passed = {row: verdict.passed is True for row, verdict in zip(known, judge.grade(jobs), strict=True)}
        predicted = prefixes([prompts[row] for row in known], [answers[row] for row in known])
        predictions = dict(zip(known, predicted, strict=True))
        begun: dict[int, str] = {}
        for prompt in dict.fromkeys(prompts[row] for row in known):
            rows = [row for row in known if prompts[row] == prompt]
            likely = sorted(rows, key=lambda row: -predictions[row][1])
            seeds = [row for row in rows if passed[row]] or likely[:best]
            begun |= {row: predictions[seeds[at % len(seeds)]][0] for at, row in enumerate(rows)}
        rest = sample([prompts[row] + begun[row] for row in known], temperature, seed + SECOND)
        again = {row: begun[row] + end for row, end in zip(known, rest, strict=True)}
        return [again.get(row, answer) for row, answer in enumerate(answers)]

    return refined


def example(problem: Problem) -> Problem | None:
    """The problem with its first case as its suite; None where it has no cases."""
    if not problem.suite.cases:
        return None
    return replace(problem, suite=replace(problem.suite, cases=problem.suite.cases[:1]))


def whole_problems(n: int, batch: int) -> int:
    """The largest multiple of n up to `batch`, or n: batches that divide no problem's answers."""
    return n * max(1, batch // n)
