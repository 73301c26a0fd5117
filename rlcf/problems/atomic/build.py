"""Built data: the problems of a seed are made once and read from the user's cache after that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from javabox import AnyJudge
from rlcf.problems.atomic.generator import READERS, AtomicData, generate
from rlcf.problems.atomic.splits import ATOM_FILES
from rlcf.problems.kept import kept
from rlcf.problems.problem import Problem


def build(
    seed: int, judge: AnyJudge, *, train: int = 4500, rl: int = 0, validation: int = 200, test: int = 350
) -> AtomicData:
    """The atomic problems of `seed`: the same arguments give the same data, on any machine.

    `train` counts atoms too (about 750), `rl` chains of its own. Takes a minute on two cores the first time:
    expected values come from running the references in `judge`.
    """
    sizes = {"train": train, "rl": rl, "validation": validation, "test": test}
    sources = (*sorted(Path(__file__).parent.glob("*.py")), *ATOM_FILES, *READERS)

    def make() -> list[Problem]:
        data = generate(seed, judge, train=train, rl=rl, validation=validation, test=test)
        return [*data.train, *data.rl, *data.validation, *data.test]

    return _split(kept("atomic", [seed, sizes], sources, make))


def _split(problems: Sequence[Problem]) -> AtomicData:
    splits: dict[str, list[Problem]] = {"train": [], "rl": [], "validation": [], "test": []}
    for problem in problems:
        splits[problem.split].append(problem)
    return AtomicData(**{split: tuple(found) for split, found in splits.items()})
