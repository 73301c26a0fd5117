"""Problems from chains: measured, sifted, each with a suite of eight cases.

A chain is dropped if it throws, gives the same value for all eight inputs, or gives a number or text
out of all proportion. A held-out chain is also dropped if a training problem has the same normalised
code, or the same signature and the same values on the whole input pool: it would be no new task.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain as joined
from itertools import islice
from pathlib import Path

from javabox import AnyJudge, Suite, SuiteCase
from rlcf.javasource import grammar, normalize, tokens
from rlcf.javasource.normalize import normalised
from rlcf.problems.atomic.atom import TEXT
from rlcf.problems.atomic.chain import IMPORTS, Chain
from rlcf.problems.atomic.inputs import input_pool
from rlcf.problems.atomic.measure import measure
from rlcf.problems.atomic.splits import Pair, chains_of_three, chains_of_two, single_steps, split_pairs
from rlcf.problems.problem import Problem

CASES = 8
LARGEST_NUMBER = 1_000_000
LONGEST_VALUE = 100
"""Characters of a value's Java literal."""
SURPLUS = 1.3
"""Chains measured for each one wanted: some are dropped."""
TRAIN_TWOS = 0.7
"""Share of chains of two among the training chains that are no atoms; the rest have three steps."""
HELD_OUT_TWOS = 5 / 7
"""The same for validation and test."""
READERS: tuple[Path, ...] = tuple(Path(str(one.__file__)) for one in (grammar, normalize, tokens))
"""The sources outside this folder that decide which programs are the same."""


Measured = tuple[Chain, tuple[str, ...]]
"""A usable chain and its values on the input pool."""


@dataclass(frozen=True, slots=True)
class AtomicData:
    """Problems in splits that are disjoint by composition and by normalised code."""

    train: tuple[Problem, ...]
    rl: tuple[Problem, ...]
    """More training chains, for RL alone: none computes what a problem of another split does."""
    validation: tuple[Problem, ...]
    test: tuple[Problem, ...]


@dataclass(slots=True)
class Seen:
    """What the problems made so far compute."""

    code: set[str] = field(default_factory=set)
    behaviour: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, chain: Chain, values: tuple[str, ...]) -> None:
        self.code.add(_code(chain))
        self.behaviour.add((chain.takes, chain.gives, *values))

    def has_code(self, chain: Chain) -> bool:
        return _code(chain) in self.code

    def has_behaviour(self, chain: Chain, values: tuple[str, ...]) -> bool:
        return (chain.takes, chain.gives, *values) in self.behaviour


@lru_cache(maxsize=1)
def _code(chain: Chain) -> str:
    """A chain's normalised program, which is asked for three times in a row."""
    return normalised(chain.prompt + chain.reference)


class Generator:
    """Makes the problems of one seed, of any chains; remembers what it has made so that nothing returns in
    another set."""

    def __init__(
        self, family: str, seed: int, judge: AnyJudge, pool: Mapping[str, Sequence[str]], spare: int
    ) -> None:
        """`family` begins every task id, `pool` has the inputs of each type; `spare` chains more than are
        likely to do are measured together."""
        self.family, self.seed, self.judge, self.pool, self.spare = family, seed, judge, pool, spare
        self.seen = Seen()

    def measured(self, chains: Sequence[Chain]) -> Iterator[Measured]:
        """The usable ones of `chains`."""
        for chain, values in zip(chains, measure(chains, self.pool, self.judge), strict=True):
            if values is not None and usable(chain, values):
                yield chain, values

    def new(self, chains: Iterator[Chain], count: int, *, new_behaviour: bool = True) -> Iterator[Measured]:
        """`count` usable chains, fewer where `chains` ends, whose code, and if asked whose values, no chain
        before had; they are seen from then on."""
        while count > 0:
            tried = list(islice(chains, round(count * SURPLUS) + self.spare))
            if not tried:
                return
            for chain, values in self.measured(tried):
                if count == 0 or self.seen.has_code(chain):
                    continue
                if new_behaviour and self.seen.has_behaviour(chain, values):
                    continue
                self.seen.add(chain, values)
                count -= 1
                yield chain, values

    def mixed(
        self, pairs: Sequence[Pair], size: int, rng: random.Random, *, new_behaviour: bool = False
    ) -> Iterator[Measured]:
        """Chains of two, then of three, to train on."""
        twos = round(size * TRAIN_TWOS)
        yield from self.new(chains_of_two(pairs, rng), twos, new_behaviour=new_behaviour)
        yield from self.new(chains_of_three(pairs, (), rng), size - twos, new_behaviour=new_behaviour)

    def problems(
        self, name: str, chains: Iterable[Measured], split: str, first: int = 0
    ) -> tuple[Problem, ...]:
        """`chains` as the problems of the set `name`, numbered from `first` on."""
        found = []
        for index, (chain, values) in enumerate(chains, start=first):
            self.seen.add(chain, values)
            value_of = dict(zip(self.pool[chain.takes], values, strict=True))
            found.append(
                Problem(
                    task_id=f"{self.family}/{name}/{index}",
                    prompt=chain.prompt,
                    suite=suite_of(chain, value_of, random.Random(f"suite {self.seed} {name} {index}")),
                    description=chain.description,
                    entry_point="f",
                    reference=chain.reference,
                    split=split,
                )
            )
        return tuple(found)


def usable(chain: Chain, values: Sequence[str]) -> bool:
    """Whether a chain with these values on the whole pool makes a problem."""
    if len(set(values)) == 1 or any(len(value) > LONGEST_VALUE for value in values):
        return False
    if chain.gives == TEXT:
        return True
    return all(int(number) <= LARGEST_NUMBER for value in values for number in re.findall(r"\d+", value))


def suite_of(chain: Chain, value_of: Mapping[str, str], rng: random.Random) -> Suite:
    """Eight of the inputs, with as many different values among them as there are.

    Inputs are grouped by value and taken from the groups in turn, so that a boolean function is asked
    for true and false about equally often.
    """
    inputs = list(value_of)
    rng.shuffle(inputs)
    groups: dict[str, list[str]] = {}
    for given in inputs:
        groups.setdefault(value_of[given], []).append(given)
    turns = [(turn, given) for group in groups.values() for turn, given in enumerate(group)]
    chosen = [given for _, given in sorted(turns, key=lambda pair: pair[0])][:CASES]
    cases = tuple(
        SuiteCase(
            name=str(index),
            code=f"{chain.gives} r = Solution.f({given});",
            value="r",
            expected=value_of[given],
            expected_type=chain.gives,
        )
        for index, given in enumerate(chosen)
    )
    return Suite(cases=cases, imports=IMPORTS)


def generate(
    seed: int, judge: AnyJudge, *, train: int, rl: int = 0, validation: int, test: int
) -> AtomicData:
    """The splits of one seed; the same arguments give the same data, and `rl` changes no other split."""
    generator = Generator("atomic", seed, judge, input_pool(seed), spare=CASES)
    pairs = split_pairs(seed)
    trained = _train(generator, pairs.train, train)
    held_out = {
        "validation": _held_out(generator, "validation", pairs.validation, pairs.train, validation),
        "test": _held_out(generator, "test", pairs.test, pairs.train, test),
    }
    # Last, so that it is these chains that give way.
    chains = generator.mixed(pairs.train, rl, random.Random(f"rl {seed}"), new_behaviour=True)
    return AtomicData(train=trained, rl=generator.problems("rl", chains, "rl"), **held_out)


def _train(generator: Generator, pairs: Sequence[Pair], size: int) -> tuple[Problem, ...]:
    """All atoms, then chains of two and three, `size` in all."""
    rng = random.Random(f"train {generator.seed}")
    alone = generator.problems("train", generator.measured(single_steps()), "train")
    chains = generator.mixed(pairs, max(0, size - len(alone)), rng)
    problems = (*alone, *generator.problems("train", chains, "train", first=len(alone)))
    return problems if len(problems) <= size else tuple(rng.sample(problems, size))


def _held_out(
    generator: Generator, split: str, wanted: Sequence[Pair], others: Sequence[Pair], size: int
) -> tuple[Problem, ...]:
    """Chains of two, then of three, each with a pair that no other split has."""
    rng = random.Random(f"{split} {generator.seed}")
    twos = round(size * HELD_OUT_TWOS)
    chains = joined(
        generator.new(chains_of_two(wanted, rng), twos),
        generator.new(chains_of_three(wanted, others, rng), size - twos),
    )
    return generator.problems(split, chains, split)
