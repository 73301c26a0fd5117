"""The problems: chains of one and two steps, each with a reference and alternatives, made once and kept.

A chain is dropped where `atomic` drops it. A fifth of the pairs of atoms is held out, as there. A held-out
chain is new in what it computes: no problem before has its types and its values on the input pool, so none
has its code either, in any implementation.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from javabox import AnyJudge
from rlcf.errors import BadInput
from rlcf.problems import atomic
from rlcf.problems.atomic.atom import CONSTANTS
from rlcf.problems.atomic.chain import Chain, Step
from rlcf.problems.atomic.generator import READERS, AtomicData, suite_of, usable
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


def build(
    seed: int, judge: AnyJudge, *, train: int = 4500, rl: int = 0, validation: int = 200, test: int = 350
) -> AtomicData:
    """The problems of `seed`: the same arguments give the same data, on any machine, and `rl` changes no
    other split.

    `train` counts atoms alone too, `rl` more chains of its pairs, with other constants. Takes minutes on two
    cores the first time: every implementation is run in `judge`. Raises BadInput where there are fewer
    problems than are asked for.
    """
    sizes = {"train": train, "rl": rl, "validation": validation, "test": test}
    folders = (Path(__file__).parent, Path(atomic.__file__).parent)
    sources = (*(file for one in folders for file in sorted(one.glob("*.py"))), *ATOM_FILES, *READERS)
    found: dict[str, list[Problem]] = {split: [] for split in sizes}
    for problem in kept("many-ways", [seed, sizes], sources, lambda: _make(seed, judge, sizes)):
        found[problem.split].append(problem)
    return AtomicData(**{split: tuple(problems) for split, problems in found.items()})


def _make(seed: int, judge: AnyJudge, sizes: dict[str, int]) -> list[Problem]:
    generator = Generator(seed, judge)
    pairs = split_pairs(seed, ATOMS)
    alone = single_steps(ATOMS)
    random.Random(f"many ways alone {seed}").shuffle(alone)
    training = every_chain(pairs.train, random.Random(f"many ways train {seed}"))
    problems = list(itertools.islice(generator.problems("train", iter(alone), new=False), sizes["train"]))
    following = generator.problems("train", training, new=False, first=len(problems))
    problems += enough("train", following, sizes["train"] - len(problems))
    for split, of in (("validation", pairs.validation), ("test", pairs.test)):
        chains = every_chain(of, random.Random(f"many ways {split} {seed}"))
        problems += enough(split, generator.problems(split, chains), sizes[split])
    # Last, so that it is these chains that give way.
    return problems + enough("rl", generator.problems("rl", training), sizes["rl"])


def enough(split: str, problems: Iterator[Problem], count: int) -> list[Problem]:
    """The first `count` of `problems`; raises BadInput where there are fewer."""
    found = list(itertools.islice(problems, count))
    if len(found) < count:
        raise BadInput(f"many-ways: {count} problems asked for in {split}, there are {len(found)}")
    return found


class Generator:
    """Makes the problems of one seed; remembers what they compute."""

    def __init__(self, seed: int, judge: AnyJudge) -> None:
        self.seed, self.judge, self.pool = seed, judge, input_pool(seed)
        self.behaviours: set[tuple[str, ...]] = set()
        """Types and values on the pool."""

    def problems(
        self, split: str, chains: Iterator[Chain], *, new: bool = True, first: int = 0
    ) -> Iterator[Problem]:
        """Problems of the usable ones of `chains`, numbered from `first` on; of those alone that compute what
        none before did, where they must be `new`."""
        rng = random.Random(f"many ways draw {split} {first} {self.seed}")
        index = first
        while batch := [draw(chain, 1 + ALTERNATIVES, rng) for chain in itertools.islice(chains, TOGETHER)]:
            for ways, values in zip(batch, self.values(batch), strict=True):
                chain = ways[0].chain
                if values is None or not usable(chain, values):
                    continue
                behaviour = (chain.takes, chain.gives, *values)
                if new and behaviour in self.behaviours:
                    continue
                self.behaviours.add(behaviour)
                yield self._problem(split, index, ways, values)
                index += 1

    def values(self, batch: Sequence[tuple[Way, ...]]) -> list[tuple[str, ...] | None]:
        """The values of each chain on the pool, which all its implementations give, None where they throw or
        the values are too long to be told; raises RuntimeError where one gives others."""
        ways = [way for found in batch for way in found]
        of_way = dict(zip(map(id, ways), measure(ways, self.pool, self.judge), strict=True))
        agreed = []
        for found in batch:
            values = [of_way[id(way)] for way in found]
            if len({*values}) > 1:
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
