"""Which chains go where: splits that are disjoint by composition.

A fifth of the pairs of atoms that fit by type is held out, partly for validation, partly for test. A
training chain contains no held-out pair, neither alone nor inside a chain of three. Every validation
(test) chain contains at least one pair held out for validation (test) and none held out for the other.
Atoms themselves occur in all splits: what is held out is the composition.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlcf.problems.atomic.atom import CONSTANTS, FLAG, Atom
from rlcf.problems.atomic.atom_files import read_atoms
from rlcf.problems.atomic.chain import Chain, Step, random_chain

FOLDER = Path(__file__).parent / "atoms"
ATOM_FILES = tuple(FOLDER / f"{name}.toml" for name in ("numbers", "arrays", "texts"))
"""In the order that the published problems are drawn in."""
ATOMS = read_atoms(ATOM_FILES)

Pair = tuple[Atom, Atom]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The type-valid chains of two, in three disjoint parts."""

    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    test: tuple[Pair, ...]


def split_pairs(seed: int, atoms: Sequence[Atom] = ATOMS) -> Pairs:
    """The pairs of `atoms`, a fifth of them held out: 2/5 of those for validation, 3/5 for test.

    No chain starts with a boolean: two inputs would be a poor test.
    """
    pairs = [
        (first, second)
        for first in atoms
        for second in atoms
        if first.gives == second.takes and first.takes != FLAG
    ]
    random.Random(f"pairs {seed}").shuffle(pairs)
    held_out = len(pairs) // 5
    validation = held_out * 2 // 5
    return Pairs(
        train=tuple(pairs[held_out:]),
        validation=tuple(pairs[:validation]),
        test=tuple(pairs[validation:held_out]),
    )


def single_steps(atoms: Sequence[Atom] = ATOMS) -> list[Chain]:
    """Every atom alone: in all its wordings, with all its constants."""
    chains = []
    for atom in atoms:
        if not atom.has_constant:
            chains += [Chain((Step(atom, CONSTANTS[0], wording),)) for wording in atom.wordings]
            continue
        for index, constant in enumerate(CONSTANTS):
            chains.append(Chain((Step(atom, constant, atom.wordings[index % len(atom.wordings)]),)))
    return chains


def chains_of_two(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Chain]:
    """Chains of one pair each, without end: every pair once, in random order, then all again."""
    while True:
        for pair in rng.sample(pairs, len(pairs)):
            yield random_chain(pair, rng)


def chains_of_three(wanted: Sequence[Pair], others: Sequence[Pair], rng: random.Random) -> Iterator[Chain]:
    """Chains of two pairs, without end: the one from `wanted`, the other from `wanted` or `others`."""
    allowed = [*wanted, *others]
    following: dict[Atom, list[Pair]] = {}
    preceding: dict[Atom, list[Pair]] = {}
    for pair in allowed:
        following.setdefault(pair[0], []).append(pair)
        preceding.setdefault(pair[1], []).append(pair)
    while True:
        for first, second in rng.sample(wanted, len(wanted)):
            if rng.random() < 0.5 and second in following:
                yield random_chain((first, second, rng.choice(following[second])[1]), rng)
            elif first in preceding:
                yield random_chain((rng.choice(preceding[first])[0], first, second), rng)
