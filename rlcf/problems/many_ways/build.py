"""The problems: chains of one and two steps, each with a reference and alternatives, made once and kept.

A chain is dropped where `atomic` drops it. A fifth of the pairs of atoms is held out, as there. A held-out
chain is new in what it computes: no problem before has its types and its values on the input pool, so none
has its code either, in any implementation.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from javabox import Judge
from rlcf.problems import atomic
from rlcf.problems.atomic.atom import CONSTANTS
from rlcf.problems.atomic.chain import Chain, Step
from rlcf.problems.atomic.generator import READERS, suite_of, usable
from rlcf.problems.atomic.inputs import input_pool
from rlcf.problems.atomic.measure import measure
from rlcf.problems.atomic.splits import Pair, single_steps, split_pairs
from rlcf.problems.kept import kept
from rlcf.problems.many_ways.atom import ATOM_FILES, MANY_WAYS
from rlcf.problems.many_ways.ways import Way, draw
from rlcf.problems.problem import Problem

ATOMS = tuple(one.atom for one in MANY_WAYS)
ALTERNATIVES = 6
"""Of a problem, where there are as many."""
TOGETHER = 60
"""Chains measured together."""

Behaviour = tuple[str, ...]
"""Types and values on the input pool."""


@dataclass(frozen=True, slots=True)
class ManyWaysData:
    """Problems in splits that are disjoint by composition and by what they compute; `rl` is of the pairs of
    `train`, with other constants, and disjoint from the others by what it computes."""

    train: tuple[Problem, ...]
    validation: tuple[Problem, ...]
    test: tuple[Problem, ...]
    rl: tuple[Problem, ...]


SPLITS = ("train", "validation", "test", "rl")


def build(
    seed: int, judge: Judge, *, train: int = 4500, validation: int = 200, test: int = 350, rl: int = 0
) -> ManyWaysData:
    """The problems of `seed`: the same arguments give the same data, on any machine, and another `rl` changes
    no other split.

    `train` counts atoms alone too. Takes minutes on two cores the first time: every implementation is run in
    `judge`. Raises ValueError where there are not as many chains.
    """
    sizes = {"train": train, "validation": validation, "test": test, "rl": rl}
    folders = (Path(__file__).parent, Path(atomic.__file__).parent)
    sources = (*(file for one in folders for file in sorted(one.glob("*.py"))), *ATOM_FILES, *READERS)
    found: dict[str, list[Problem]] = {name: [] for name in SPLITS}
    for problem in kept("many-ways", [seed, sizes], sources, lambda: _make(seed, judge, sizes)):
        found[problem.split].append(problem)
    return ManyWaysData(**{name: tuple(problems) for name, problems in found.items()})


def _make(seed: int, judge: Judge, sizes: dict[str, int]) -> list[Problem]:
    generator = Generator(seed, judge)
    pairs = split_pairs(seed, ATOMS)
    alone = single_steps(ATOMS)
    random.Random(f"many ways alone {seed}").shuffle(alone)
    training = every_chain(pairs.train, random.Random(f"many ways train {seed}"))
    train = list(itertools.islice(generator.problems("train", iter(alone)), sizes["train"]))
    following = generator.problems("train", training, first=len(train))
    train += generator.enough("train", following, sizes["train"] - len(train))
    problems = [*train]
    for split, of in (("validation", pairs.validation), ("test", pairs.test)):
        chains = every_chain(of, random.Random(f"many ways {split} {seed}"))
        unlike = ("train", "validation", "test")
        problems += generator.enough(split, generator.problems(split, chains, unlike=unlike), sizes[split])
    fresh = generator.problems("rl", training, unlike=("validation", "test"))
    return problems + generator.enough("rl", fresh, sizes["rl"])


class Generator:
    """Makes the problems of one seed; remembers what those of each split compute."""

    def __init__(self, seed: int, judge: Judge) -> None:
        self.seed, self.judge, self.pool = seed, judge, input_pool(seed)
        self.behaviours: dict[str, set[Behaviour]] = {split: set() for split in SPLITS}

    def problems(
        self, split: str, chains: Iterator[Chain], *, first: int = 0, unlike: Sequence[str] = ()
    ) -> Iterator[Problem]:
        """Problems of the usable ones of `chains`, numbered from `first` on, that compute what no problem of
        the splits `unlike` does."""
        rng = random.Random(f"many ways draw {split} {first} {self.seed}")
        index = first
        while batch := [draw(chain, 1 + ALTERNATIVES, rng) for chain in itertools.islice(chains, TOGETHER)]:
            for ways, values in zip(batch, self.values(batch), strict=True):
                chain = ways[0].chain
                behaviour = (chain.takes, chain.gives, *values)
                if not usable(chain, values) or any(behaviour in self.behaviours[one] for one in unlike):
                    continue
                self.behaviours[split].add(behaviour)
                yield self._problem(split, index, ways, values)
                index += 1

    def values(self, batch: Sequence[tuple[Way, ...]]) -> list[tuple[str, ...]]:
        """The values of each chain on the pool, which all its implementations give; raises RuntimeError where
        one throws or gives others."""
        ways = [way for found in batch for way in found]
        of_way = dict(zip(map(id, ways), measure(ways, self.pool, self.judge), strict=True))
        agreed = []
        for found in batch:
            values = [of_way[id(way)] for way in found]
            if values[0] is None or len({*values}) > 1:
                told = "\n".join(f"{value}\n{way.methods}" for way, value in zip(found, values, strict=True))
                raise RuntimeError(f"implementations of one function disagree: {told}")
            agreed.append(values[0])
        return agreed

    def _problem(self, split: str, index: int, ways: Sequence[Way], values: Sequence[str]) -> Problem:
        chain = ways[0].chain
        value_of = dict(zip(self.pool[chain.takes], values, strict=True))
        reference, *others = (way.completion for way in ways)
        return Problem(
            task_id=f"many-ways/{split}/{index}",
            prompt=chain.prompt,
            suite=suite_of(chain, value_of, random.Random(f"suite {self.seed} {split} {index}")),
            description=chain.description,
            entry_point="f",
            reference=reference,
            alternatives=tuple(others),
            split=split,
        )

    def enough(self, split: str, problems: Iterator[Problem], count: int) -> list[Problem]:
        """`count` of `problems`."""
        found = list(itertools.islice(problems, count))
        if len(found) < count:
            raise ValueError(f"many-ways: {count} problems asked for in {split}, there are {len(found)}")
        return found


def every_chain(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Chain]:
    """All chains of two of `pairs`, once with all constants: every pair in random order, then every pair that
    has other constants, and so on."""
    left: dict[Pair, list[tuple[int, ...]]] = {}
    for pair in pairs:
        constants = itertools.product(*(CONSTANTS if atom.has_constant else CONSTANTS[:1] for atom in pair))
        left[pair] = list(constants)
        rng.shuffle(left[pair])
    while left:
        for pair in rng.sample(list(left), len(left)):
            constant = left[pair].pop()
            if not left[pair]:
                del left[pair]
            steps = zip(pair, constant, strict=True)
            yield Chain(tuple(Step(atom, number, rng.choice(atom.wordings)) for atom, number in steps))
