"""The sets of the study as problems: measured and sifted as `atomic` does it, made once and kept."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from javabox import AnyJudge
from rlcf.problems import atomic
from rlcf.problems.atomic.atom import CHAR
from rlcf.problems.atomic.generator import READERS, Generator
from rlcf.problems.atomic.inputs import input_pool
from rlcf.problems.atomic.splits import chains_of_three, chains_of_two
from rlcf.problems.composed.sets import alone, deal, of_atoms
from rlcf.problems.composed.topics import ATOM_FILES
from rlcf.problems.kept import kept
from rlcf.problems.problem import Problem

CHARACTERS = "a Z7e #kBo0yQ.9mUx-tA"
"""The inputs of the type char, the first ones first."""
SPARE = 20
"""Chains measured together, beyond those that are likely to do."""


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


def build(
    seed: int, judge: AnyJudge, *, pretrain: int = 1500, a: int = 1200, held_out: int = 120
) -> ComposedData:
    """The sets of `seed`: the same arguments give the same data, on any machine.

    `held_out` is the size of each set that nothing is trained on. Takes a minute on two cores the first
    time: expected values come from running the references in `judge`.
    """
    sizes = {"pretrain": pretrain, "a": a, "held_out": held_out}
    folders = (Path(__file__).parent, Path(atomic.__file__).parent)
    sources = (*(file for one in folders for file in sorted(one.glob("*.py"))), *ATOM_FILES, *READERS)

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


def _make(seed: int, judge: AnyJudge, *, pretrain: int, a: int, held_out: int) -> ComposedData:
    pool = {**input_pool(seed), CHAR: [f"'{character}'" for character in CHARACTERS]}
    generator = Generator("composed", seed, judge, pool, spare=SPARE)
    dealt = deal(seed)
    trained_alone, new_alone = alone(seed)
    rng = {name: random.Random(f"composed {name} {seed}") for name in ("pretrain", "a", "b", "c", "hard")}
    # In this order: a held-out chain must differ from all that was made before it.
    atom = generator.problems("atom", generator.measured(trained_alone), "train")
    mixed = generator.mixed(dealt.pairs["pretrain"], pretrain, rng["pretrain"])
    corpus = generator.problems("pretrain", mixed, "train")
    chains_a = list(generator.mixed(dealt.pairs["a"], a, rng["a"]))
    # Whoever takes a part of A, at either end, takes chains of two and of three.
    random.Random(f"composed order {seed}").shuffle(chains_a)
    # B and C are other compositions of the same atoms, so they know no others.
    names = [step.atom.name for chain, _ in chains_a for step in chain.steps]
    known = {name: of_atoms(dealt.pairs[name], names) for name in ("b", "c")}
    chains = {
        "b": chains_of_two(known["b"], rng["b"]),
        "c": chains_of_three(known["c"], (), rng["c"]),
        "hard": chains_of_two(dealt.pairs["hard"], rng["hard"]),
        "atom_new": iter(new_alone),
    }
    held = {
        name: generator.problems(name, generator.new(found, held_out), "test")
        for name, found in chains.items()
    }
    return ComposedData(atom=atom, pretrain=corpus, a=generator.problems("a", chains_a, "train"), **held)
