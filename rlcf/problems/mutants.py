"""Mutants: programs that are almost right, made from right ones by one small change each.

Models write such programs: most no longer compile, many run and answer wrongly, a few loop without end or
throw. Each mutant says what was changed. The same seed gives the same mutants.

    mutants(load_problems("mbjp"), count=2000)
    mutants_of(problem, LOGIC, 40, rng)             # of one problem, of some kinds of change

Not covered: changes in the prompt; two changes in one program; names from outside the completion.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlcf.javasource import mutate
from rlcf.javasource.mutate import Change
from rlcf.javasource.tokens import texts
from rlcf.problems.problem import Problem

TRIES = 100
"""Changes tried before a completion counts as one that has no more of a kind."""
SPARE_TRIES = 6
"""The same of `mutants_of`, for each mutant wanted."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A completion with one change."""

    problem: Problem
    completion: str
    change: str
    """What was done, e.g. `operator changed`."""


def mutants(problems: Sequence[Problem], count: int, seed: int = 0) -> list[Mutant]:
    """`count` different mutants of the references of `problems`, of every kind of change as many."""
    rng = random.Random(seed)
    references = {problem.task_id: problem.reference for problem in problems if problem.reference}
    by_id = {problem.task_id: problem for problem in problems}
    known = set(references.items())
    made: list[Mutant] = []
    names = list(references)
    while len(made) < count:
        rng.shuffle(names)  # every reference once before any of them again
        for name in names[: count - len(made)]:
            change = list(CHANGES)[len(made) % len(CHANGES)]
            completion = _another(references[name], CHANGES[change], rng, known, name)
            if completion is not None:
                known.add((name, completion))
                made.append(Mutant(by_id[name], completion, change))
    return made


def mutants_of(
    problem: Problem, changes: Mapping[str, Change], count: int, rng: random.Random, known: set[str]
) -> list[Mutant]:
    """At most `count` mutants of one reference, none of the tokens of a program in `known`, which grows."""
    if problem.reference is None:
        raise ValueError(f"{problem.task_id} has no reference to change")
    known.add(" ".join(texts(problem.reference)))
    made: list[Mutant] = []
    for index in range(count * SPARE_TRIES):
        kind = list(changes)[index % len(changes)]
        completion = changes[kind](problem.reference, rng)
        tokens = " ".join(texts(completion))
        if tokens not in known and len(made) < count:
            known.add(tokens)
            made.append(Mutant(problem, completion, kind))
    return made


def _another(
    reference: str,
    change: Change,
    rng: random.Random,
    known: set[tuple[str, str]],
    name: str,
) -> str | None:
    """`reference` changed into what is not yet known; None where there seems to be no such thing."""
    for _ in range(TRIES):
        completion = change(reference, rng)
        if (name, completion) not in known:
            return completion
    return None


CHANGES: dict[str, Change] = {
    "token dropped": mutate.drop_token,
    "tokens swapped": mutate.swap_tokens,
    "operator changed": mutate.change_operator,
    "constant changed": mutate.change_constant,
    "line dropped": mutate.drop_line,
    "cut short": mutate.cut_behind,
    "cut short and closed": mutate.cut_and_close,
}
"""As models err: most of these do not compile."""

LOGIC: dict[str, Change] = {
    "operator changed": mutate.change_operator,
    "constant changed": mutate.change_constant,
    "condition negated": mutate.negate_condition,
    "line dropped": mutate.drop_line,
}
"""Changes that mostly compile."""

OTHER_LOGIC: dict[str, Change] = {
    "variable swapped": mutate.swap_variable,
    "tokens swapped": mutate.swap_tokens,
    "result changed": mutate.change_result,
    "cut short and closed": mutate.cut_and_close,
}
"""Changes of other kinds that often compile."""
