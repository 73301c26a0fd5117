"""The sets of the study as problems: measured and sifted as `atomic` does it, made once and kept."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain as joined
from pathlib import Path

from javabox import Judge
from rlcf.problems import atomic
from rlcf.problems.atomic.chain import Chain
from rlcf.problems.atomic.generator import READERS, TRAIN_TWOS, Measured, Seen, suite_of, usable
from rlcf.problems.atomic.inputs import input_pool
from rlcf.problems.atomic.measure import measure
from rlcf.problems.atomic.splits import Pair, chains_of_three, chains_of_two
from rlcf.problems.composed.characters import CHAR
from rlcf.problems.composed.sets import alone, deal, of_atoms
from rlcf.problems.kept import kept
from rlcf.problems.problem import Problem

CHARACTERS = "a Z7e #kBo0yQ.9mUx-tA"
"""The inputs of the type char, the first ones first."""
FEWEST = 20
"""Chains measured together, at least."""


@dataclass(frozen=True, slots=True)
class ComposedData:
    """The sets of the study; `sets` says how they differ."""

    atom: tuple[Problem, ...]
    """Every atom alone."""
    pretrain: tuple[Problem, ...]
    a: tuple[Problem, ...]
    atom_new: tuple[Problem, ...]
    """Atoms alone, with constants that `atom` does not ask them with."""
    b: tuple[Problem, ...]
    c: tuple[Problem, ...]
    hard: tuple[Problem, ...]


SETS = ("atom", "pretrain", "a", "atom_new", "b", "c", "hard")
TRAINED = ("atom", "pretrain", "a")


def build(
    seed: int, judge: Judge, *, pretrain: int = 1500, a: int = 400, held_out: int = 120
) -> ComposedData:
    """The sets of `seed`: the same arguments give the same data, on any machine.

    `held_out` is the size of each set that nothing is trained on. Takes a minute on two cores the first
    time: expected values come from running the references in `judge`.
    """
    sizes = {"pretrain": pretrain, "a": a, "held_out": held_out}
    folders = (Path(__file__).parent, Path(atomic.__file__).parent)
    sources = (*(file for one in folders for file in sorted(one.glob("*.py"))), *READERS)

    def make() -> list[Problem]:
        made = _make(seed, judge, pretrain=pretrain, a=a, held_out=held_out)
        return [problem for name in SETS for problem in getattr(made, name)]

    found: dict[str, list[Problem]] = {name: [] for name in SETS}
    for problem in kept("composed", [seed, sizes], sources, make):
        found[set_of(problem.task_id)].append(problem)
    return ComposedData(**{name: tuple(problems) for name, problems in found.items()})


def set_of(task_id: str) -> str:
    """The set of a problem, by its id."""
    return task_id.split("/")[1]


def _make(seed: int, judge: Judge, *, pretrain: int, a: int, held_out: int) -> ComposedData:
    maker = _Maker(seed, judge)
    dealt = deal(seed)
    trained_alone, new_alone = alone(seed)
    # In this order: a held-out chain must differ from all that was made before it.
    atom = maker.problems("atom", maker.measured(trained_alone))
    corpus = maker.problems("pretrain", maker.mixed("pretrain", dealt.pairs["pretrain"], pretrain))
    chains_a = list(maker.mixed("a", dealt.pairs["a"], a))
    # Whoever takes a part of A, at either end, takes chains of two and of three.
    random.Random(f"composed order {seed}").shuffle(chains_a)
    # B and C are other compositions of the same atoms, so they know no others.
    names = [step.atom.name for chain, _ in chains_a for step in chain.steps]
    known = {name: of_atoms(dealt.pairs[name], names) for name in ("b", "c")}
    rng = {name: random.Random(f"composed {name} {seed}") for name in ("b", "c", "hard")}
    found = {
        "b": maker.new(chains_of_two(known["b"], rng["b"]), held_out),
        "c": maker.new(chains_of_three(known["c"], (), rng["c"]), held_out),
        "hard": maker.new(chains_of_two(dealt.pairs["hard"], rng["hard"]), held_out),
        "atom_new": maker.new(joined(new_alone), held_out),
    }
    held = {name: maker.problems(name, chains) for name, chains in found.items()}
    return ComposedData(atom=atom, pretrain=corpus, a=maker.problems("a", chains_a), **held)


class _Maker:
    """Makes problems of one seed and remembers what it has made."""

    def __init__(self, seed: int, judge: Judge) -> None:
        self.seed, self.judge = seed, judge
        self.pool = {**input_pool(seed), CHAR: [f"'{character}'" for character in CHARACTERS]}
        self.seen = Seen()

    def mixed(self, name: str, pairs: Sequence[Pair], size: int) -> Iterator[Measured]:
        """Chains of two and three to train on."""
        rng = random.Random(f"composed {name} {self.seed}")
        twos = round(size * TRAIN_TWOS)
        yield from self.new(chains_of_two(pairs, rng), twos, new_behaviour=False)
        yield from self.new(chains_of_three(pairs, (), rng), size - twos, new_behaviour=False)

    def new(self, chains: Iterator[Chain], count: int, *, new_behaviour: bool = True) -> Iterator[Measured]:
        """`count` usable chains, fewer where `chains` ends, whose code, and if asked whose values, no chain
        before had."""
        return self.seen.new(chains, self.measured, count, FEWEST, new_behaviour=new_behaviour)

    def measured(self, chains: Sequence[Chain]) -> Iterator[Measured]:
        for chain, values in zip(chains, measure(chains, self.pool, self.judge), strict=True):
            if values is not None and usable(chain, values):
                yield chain, values

    def problems(self, name: str, chains: Iterable[Measured]) -> tuple[Problem, ...]:
        found = []
        for index, (chain, values) in enumerate(chains):
            self.seen.add(chain, values)
            value_of = dict(zip(self.pool[chain.takes], values, strict=True))
            found.append(
                Problem(
                    task_id=f"composed/{name}/{index}",
                    prompt=chain.prompt,
                    suite=suite_of(chain, value_of, random.Random(f"suite {self.seed} {name} {index}")),
                    description=chain.description,
                    entry_point="f",
                    reference=chain.reference,
                    split="train" if name in TRAINED else "test",
                )
            )
        return tuple(found)
