"""A corpus as noisy as scraped code: a stated share of the bodies is wrong.

Scraped code holds snippets that were cut, retyped, pasted from other versions or never run. Each
corruption here is one small slip of that kind. Some break compilation (a lost semicolon, a misspelt
name, a wrong type), some compile and compute something else (a wrong operator, a constant off by one).

Not covered: wrong descriptions, several slips in one body, code in other styles or languages.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from rlcf.javasource import mutate
from rlcf.javasource.mutate import Change
from rlcf.javasource.tokens import texts
from rlcf.problems.problem import Problem


def corrupt(reference: str, rng: random.Random) -> str:
    """`reference` with one slip: other tokens than before."""
    original = texts(reference)
    if not original:
        raise ValueError("there is nothing to corrupt in an empty completion")
    while True:
        changed = rng.choices(_SLIPS, _WEIGHTS)[0](reference, rng)
        if texts(changed) != original:
            return changed


def corpus(problems: Sequence[Problem], size: int, noise: float, seed: int) -> list[tuple[str, str]]:
    """`size` rows (prompt, completion): all problems in random order, over and over, the share `noise`
    of the rows with a corrupted completion. A problem with alternatives is solved by one of them, drawn anew
    for each row, any other by its reference. The same arguments give the same rows."""
    rng, choice = random.Random(f"corpus {seed}"), random.Random(f"corpus alternatives {seed}")
    solved = [problem for problem in problems if problem.reference is not None]
    if not solved:
        raise ValueError("a corpus needs problems with references")
    rows: list[tuple[str, str]] = []
    while len(rows) < size:
        rows += [
            (problem.prompt, choice.choice(problem.alternatives or (str(problem.reference),)))
            for problem in rng.sample(solved, len(solved))
        ]
    del rows[size:]
    for index in rng.sample(range(size), round(size * noise)):
        prompt, completion = rows[index]
        rows[index] = (prompt, corrupt(completion, rng))
    return rows


_WEIGHTED: dict[Change, int] = {
    mutate.confuse: 9,
    mutate.off_by_one: 6,
    mutate.other_variable: 3,
    mutate.misuse: 3,
    mutate.drop_punctuation: 2,
    mutate.misspell: 2,
    mutate.other_type: 2,
    mutate.drop_statement: 2,
    mutate.drop_token: 2,
    mutate.double_token: 1,
    mutate.drop_return: 1,
    mutate.swap_statements: 1,
    mutate.cut_before: 1,
}
_SLIPS, _WEIGHTS = list(_WEIGHTED), list(_WEIGHTED.values())
