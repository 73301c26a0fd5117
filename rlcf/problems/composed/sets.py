"""Which chains go where: sets that are disjoint by composition, one of them also by atom.

The pairs of atoms that fit by type are dealt out, each to one set, and a chain of three has both of its
pairs from its own set. So no pair, neither alone nor inside a longer chain, is in two sets:

    pretrain   the corpus of the base policy, chains of two and three
    a          Composite A, supervised fine-tuning and RL prompts: chains of two and three
    b          Composite B, other chains of two, of atoms that A composes
    c          Composite C, other chains of three, of atoms that A composes
    hard       chains of two with at least one *hard* atom, and these no other set composes

A tenth of every topic's atoms are hard. They are not unknown: each is asked for alone in the set `atom`.
What the hard split asks is whether an atom that was only ever seen alone can be composed
(docs/methods.md#supervised-training-and-rl).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from rlcf.problems.atomic.atom import CONSTANTS, FLAG, Atom
from rlcf.problems.atomic.chain import Chain, Step
from rlcf.problems.atomic.splits import Pair
from rlcf.problems.composed.topics import ATOMS, TOPICS

HARD_SHARE = 0.1
"""Of every topic's atoms."""
SHARES = {"pretrain": 0.5, "a": 0.2, "b": 0.1, "c": 0.2}
"""Of the pairs without a hard atom. C has more than B: chains of three need pairs that meet."""
ALONE, ALONE_NEW = 4, 3
"""Of an atom's eight constants: those it is asked for alone with, and those held out."""


@dataclass(frozen=True, slots=True)
class Deal:
    """The pairs of each set."""

    hard_atoms: frozenset[Atom]
    pairs: dict[str, tuple[Pair, ...]]
    """By set; `b` and `c` are not yet cut down to the atoms that A composes."""


def deal(seed: int) -> Deal:
    """The pairs of `ATOMS`, dealt out. No chain starts with a boolean: two inputs would be a poor test."""
    rng = random.Random(f"composed pairs {seed}")
    hard = frozenset(
        atom
        for atoms in TOPICS.values()
        for atom in rng.sample(atoms, max(1, round(HARD_SHARE * len(atoms))))
    )
    fitting = [
        (first, second)
        for first in ATOMS
        for second in ATOMS
        if first.gives == second.takes and first.takes != FLAG
    ]
    rng.shuffle(fitting)
    plain = [pair for pair in fitting if not hard & {*pair}]
    pairs: dict[str, tuple[Pair, ...]] = {"hard": tuple(pair for pair in fitting if hard & {*pair})}
    start, share_so_far = 0, 0.0
    for name, share in SHARES.items():
        share_so_far += share
        end = round(share_so_far * len(plain))
        pairs[name] = tuple(plain[start:end])
        start = end
    return Deal(hard, pairs)


def of_atoms(pairs: Iterable[Pair], atoms: Iterable[str]) -> list[Pair]:
    """The pairs of atoms with these names alone."""
    known = frozenset(atoms)
    return [pair for pair in pairs if {pair[0].name, pair[1].name} <= known]


def alone(seed: int) -> tuple[list[Chain], list[Chain]]:
    """Every atom alone: what is trained on, and what is held out (constants that its atom never has there).

    An atom without a constant is trained on in all its wordings, and is not held out.
    """
    trained: list[Chain] = []
    held_out: list[Chain] = []
    for atom in ATOMS:
        rng = random.Random(f"composed alone {seed} {atom.name}")
        if not atom.has_constant:
            trained += [Chain((Step(atom, CONSTANTS[0], wording),)) for wording in atom.wordings]
            continue
        constants = rng.sample(CONSTANTS, ALONE + ALONE_NEW)
        for index, constant in enumerate(constants):
            step = Step(atom, constant, atom.wordings[index % len(atom.wordings)])
            (trained if index < ALONE else held_out).append(Chain((step,)))
    random.Random(f"composed held out {seed}").shuffle(held_out)
    return trained, held_out
