"""Completions that stand against references beside the policy's own: made, not sampled.

    a slip             what is right with one small change (rlcf/problems/atomic/corrupt.py)
    another's body     the reference of another problem whose method takes and returns the same
    a stub             a body that returns a constant

A discriminator that has met the policy's samples alone does not know that `return 0;` is no reference: it
never saw it, and a policy that is paid by it may find that out. Only what compiles is used. No tests are run,
so now and then a made completion is right all the same. A slip is made in the reference or in one of the
problem's alternatives, which is the better one of the pair then. Not covered: problems without a reference,
methods whose signature can't be read (they have no other's body).
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from javabox import AnyJudge
from rlcf.javasource.signature import open_method
from rlcf.javasource.types import Uncovered
from rlcf.problems import Problem
from rlcf.problems.atomic.corrupt import corrupt
from rlcf.problems.synthesis.stubs import stubs
from rlcf.training.discriminator.model import Pair


def made_pairs(problems: Sequence[Problem], judge: AnyJudge, seed: int) -> list[Pair]:
    """Pair what is right of each of the distinct `problems` with a slip, another's body and a stub, as far as
    these compile. The same arguments give the same pairs."""
    rng = random.Random(f"made pairs {seed}")
    distinct = {problem.task_id: problem for problem in problems}.values()
    known = [problem for problem in distinct if problem.reference is not None]
    others, returning = others_bodies(known), compiling_stubs(known, judge)
    asked: list[tuple[Problem, str, str]] = []
    for problem in known:
        reference = str(problem.reference)
        right = rng.choice((reference, *problem.alternatives)) if problem.alternatives else reference
        asked.append((problem, right, corrupt(right, rng)))
        for bodies in (others[problem.task_id], returning[problem.task_id]):
            if bodies:
                asked.append((problem, reference, rng.choice(bodies)))
    found = compiled([(problem, text) for problem, _, text in asked], judge)
    pairs = [
        Pair(problem.prompt, right, text)
        for (problem, right, _), text in zip(asked, found, strict=True)
        if text is not None and text.split() != right.split()
    ]
    return list(dict.fromkeys(pairs))


def others_bodies(problems: Sequence[Problem]) -> dict[str, list[str]]:
    """Find for each problem, by its task_id, the other references of methods with its signature."""
    bodies: dict[object, dict[str, None]] = {}
    for problem in problems:
        bodies.setdefault(signature(problem), {})[str(problem.reference)] = None
    # Those whose signature can't be read have nothing in common.
    bodies[None] = {}
    return {
        problem.task_id: [
            text for text in bodies[signature(problem)] if text.split() != str(problem.reference).split()
        ]
        for problem in problems
    }


def compiling_stubs(problems: Sequence[Problem], judge: AnyJudge) -> dict[str, list[str]]:
    """Find for each problem, by its task_id, the stubs that compile; they are tried once for each type."""
    shown: dict[object, Problem] = {}
    types = {problem.task_id: _returned(problem) for problem in problems}
    for problem in problems:
        shown.setdefault(types[problem.task_id], problem)
    asked = [(kind, problem, text) for kind, problem in shown.items() for text in stubs(problem)]
    found = compiled([(problem, text) for _, problem, text in asked], judge)
    good: dict[object, list[str]] = {kind: [] for kind in shown}
    for (kind, _, _), text in zip(asked, found, strict=True):
        if text is not None:
            good[kind].append(text)
    return {name: good[kind] for name, kind in types.items()}


def compiled(asked: Sequence[tuple[Problem, str]], judge: AnyJudge) -> list[str | None]:
    """Compile completions; of those that do not compile None stands in their place."""
    verdicts = judge.grade([problem.job(text, compile_only=True) for problem, text in asked])
    return [text if verdict.compiled else None for (_, text), verdict in zip(asked, verdicts, strict=True)]


def signature(problem: Problem) -> tuple[str, tuple[tuple[str, ...], ...]] | None:
    """Read what the problem's method returns and takes, names included; None where that can't be read."""
    try:
        head = open_method(problem.prompt)
    except Uncovered:
        return None
    return head.returns, head.parameters


def _returned(problem: Problem) -> object:
    found = signature(problem)
    # Stubs close as many braces as the prompt has opened.
    return problem.task_id if found is None else (found[0], stubs(problem)[0])
