"""Rollouts: the policy answers, the judge judges, in chunks that overlap.

While chunk k + 1 is generated, chunk k is compiled and run: the JVMs have a core of their own. `begin`
returns as soon as everything is generated, so that the caller can compute log-probabilities while the last
programs run; `finish` waits for them. Not covered: rollouts of one step during the update of another.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from javabox import Judge, Limits, Verdict
from rlcf.grounding.signal import Answer, Grounding, Signal
from rlcf.policy import Policy
from rlcf.policy.generate import Sampled, stable_seed
from rlcf.problems.problem import Problem

CHUNK = 256
"""Completions generated, then handed to the judge, together."""
LIMITS = Limits(fuel=50_000_000, wall_seconds=10.0)
"""Rollouts end sooner than evaluations: endless loops are common in them."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A completion in tokens and text with its verdict and signal."""

    prompt_ids: list[int]
    sampled: Sampled
    answer: Answer
    signal: Signal


@dataclass(frozen=True, slots=True)
class Pending:
    """Generated, not yet judged."""

    problems: list[Problem]
    prompts: list[list[int]]
    sampled: list[Sampled]
    completions: list[str]
    verdicts: list[Future[Verdict]]
    generate_seconds: float


def begin(
    policy: Policy,
    problems: Sequence[Problem],
    judge: Judge,
    *,
    temperature: float,
    max_new_tokens: int,
    seed: int,
    run_tests: bool,
) -> Pending:
    """One completion for every entry of `problems` (repeat a problem for more), being judged.

    Without `run_tests` programs are only compiled.
    """
    # Chunks of prompts of similar length; the order of rollouts means nothing.
    encoded = sorted(((policy.encode_prompt(p.prompt), p) for p in problems), key=lambda pair: len(pair[0]))
    pending = Pending([], [], [], [], [], 0.0)
    seconds = 0.0
    for start in range(0, len(encoded), CHUNK):
        chunk = encoded[start : start + CHUNK]
        began = time.perf_counter()
        sampled = policy.sample_tokens(
            [ids for ids, _ in chunk], temperature, max_new_tokens, stable_seed("rollout", seed, start)
        )
        completions = [policy.decode(one.ids) for one in sampled]
        seconds += time.perf_counter() - began
        for (ids, problem), one, completion in zip(chunk, sampled, completions, strict=True):
            pending.problems.append(problem)
            pending.prompts.append(ids)
            pending.sampled.append(one)
            pending.completions.append(completion)
            job = problem.job(completion, LIMITS, compile_only=not run_tests)
            pending.verdicts.append(judge.submit(job))
    return Pending(
        pending.problems, pending.prompts, pending.sampled, pending.completions, pending.verdicts, seconds
    )


def finish(pending: Pending, grounding: Grounding) -> list[Rollout]:
    """Waits for the verdicts and grounds them."""
    answers = [
        Answer(problem, completion, verdict.result())
        for problem, completion, verdict in zip(
            pending.problems, pending.completions, pending.verdicts, strict=True
        )
    ]
    signals = grounding(answers)
    return [
        Rollout(prompt, sampled, answer, signal)
        for prompt, sampled, answer, signal in zip(
            pending.prompts, pending.sampled, answers, signals, strict=True
        )
    ]


def score_place(policy: Policy, rollout: Rollout) -> int:
    """Index of the completion token that the score belongs to."""
    ids, place = rollout.sampled.ids, rollout.signal.place
    return len(ids) - 1 if place is None else policy.token_at(ids, place)
