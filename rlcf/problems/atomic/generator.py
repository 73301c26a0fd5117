"""Problems from chains: measured, sifted, each with a suite of eight cases.

A chain is dropped if it throws, gives the same value for all eight inputs, or gives a number or text
out of all proportion. A held-out chain is also dropped if a training problem has the same normalised
code, or the same signature and the same values on the whole input pool: it would be no new task.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from javabox import Judge, Suite, SuiteCase
from rlcf.javasource import grammar, normalize, tokens
from rlcf.javasource.normalize import normalised
from rlcf.problems.atomic.atoms import TEXT
from rlcf.problems.atomic.chain import IMPORTS, Chain
from rlcf.problems.atomic.inputs import input_pool
from rlcf.problems.atomic.measure import measure
from rlcf.problems.atomic.splits import Pairs, chains_of_three, chains_of_two, single_steps, split_pairs
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
    """Problems in three splits, disjoint by composition and by normalised code."""

    train: tuple[Problem, ...]
    validation: tuple[Problem, ...]
    test: tuple[Problem, ...]


@dataclass(slots=True)
class Seen:
    """What the problems made so far compute."""

    code: set[str] = field(default_factory=set)
    behaviour: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, chain: Chain, values: tuple[str, ...]) -> None:
        self.code.add(normalised(chain.prompt + chain.reference))
        self.behaviour.add((chain.takes, chain.gives, *values))

    def has_code(self, chain: Chain) -> bool:
        return normalised(chain.prompt + chain.reference) in self.code

    def has_behaviour(self, chain: Chain, values: tuple[str, ...]) -> bool:
        return (chain.takes, chain.gives, *values) in self.behaviour

    def new(
        self,
        chains: Iterator[Chain],
        measured: Callable[[list[Chain]], Iterable[Measured]],
        count: int,
        spare: int,
        *,
        new_behaviour: bool,
    ) -> Iterator[Measured]:
        """`count` usable chains, fewer where `chains` ends, whose code, and if asked whose values, no chain
        before had; they are seen from then on. `spare` more than are likely to do are measured together."""
        while count > 0:
            tried = list(islice(chains, round(count * SURPLUS) + spare))
            if not tried:
                return
            for chain, values in measured(tried):
                if count == 0 or self.has_code(chain):
                    continue
                if new_behaviour and self.has_behaviour(chain, values):
                    continue
                self.add(chain, values)
                count -= 1
                yield chain, values


class Generator:
    """Makes problems of one seed; remembers what it has made so that nothing returns in another split."""

    def __init__(self, seed: int, judge: Judge) -> None:
        self.seed, self.judge = seed, judge
        self.pool = input_pool(seed)
        self.pairs: Pairs = split_pairs(seed)
        self.seen = Seen()

    def train(self, size: int) -> tuple[Problem, ...]:
        """All atoms, then chains of two and three, `size` in all."""
        rng = random.Random(f"train {self.seed}")
        problems = [
            self._problem(chain, values, "train", index)
            for index, (chain, values) in enumerate(self._measured(single_steps()))
        ]
        more = max(0, size - len(problems))
        twos = round(more * TRAIN_TWOS)
        pairs = self.pairs.train
        for chains, count in (
            (chains_of_two(pairs, rng), twos),
            (chains_of_three(pairs, (), rng), more - twos),
        ):
            for chain, values in self.seen.new(chains, self._measured, count, CASES, new_behaviour=False):
                problems.append(self._problem(chain, values, "train", len(problems)))
        return tuple(problems if len(problems) <= size else rng.sample(problems, size))

    def held_out(self, split: str, size: int) -> tuple[Problem, ...]:
        """Chains of two, then of three, each with a pair that no other split has."""
        rng = random.Random(f"{split} {self.seed}")
        wanted = {"validation": self.pairs.validation, "test": self.pairs.test}[split]
        twos = round(size * HELD_OUT_TWOS)
        problems: list[Problem] = []
        for chains, count in (
            (chains_of_two(wanted, rng), twos),
            (chains_of_three(wanted, self.pairs.train, rng), size - twos),
        ):
            for chain, values in self.seen.new(chains, self._measured, count, CASES, new_behaviour=True):
                problems.append(self._problem(chain, values, split, len(problems)))
        return tuple(problems)

    def _measured(self, found: Sequence[Chain]) -> Iterator[Measured]:
        for chain, values in zip(found, measure(found, self.pool, self.judge), strict=True):
            if values is not None and usable(chain, values):
                yield chain, values

    def _problem(self, chain: Chain, values: tuple[str, ...], split: str, index: int) -> Problem:
        self.seen.add(chain, values)
        rng = random.Random(f"suite {self.seed} {split} {index}")
        return Problem(
            task_id=f"atomic/{split}/{index}",
            prompt=chain.prompt,
            suite=suite_of(chain, dict(zip(self.pool[chain.takes], values, strict=True)), rng),
            description=chain.description,
            entry_point="f",
            reference=chain.reference,
            split=split,
        )


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


def generate(seed: int, judge: Judge, *, train: int, validation: int, test: int) -> AtomicData:
    """The splits of one seed; the same arguments give the same data."""
    generator = Generator(seed, judge)
    return AtomicData(
        train=generator.train(train),
        validation=generator.held_out("validation", validation),
        test=generator.held_out("test", test),
    )
