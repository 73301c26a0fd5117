"""Every atom of the study, by topic: those of `atomic` and some seventy more (arXiv 2406.10305 has ten).

Not covered: recursion and helper methods (a problem is one method) and two-dimensional arrays (the judge
writes no expected value for them).
"""

from __future__ import annotations

from pathlib import Path

from rlcf.problems.atomic.atom import Atom
from rlcf.problems.atomic.atom_files import read_atoms
from rlcf.problems.atomic.splits import ATOM_FILES as ATOMIC_FILES

ATOM_FILES = (*ATOMIC_FILES, *sorted((Path(__file__).parent / "atoms").glob("*.toml")))


def _topics() -> dict[str, tuple[Atom, ...]]:
    found: dict[str, list[Atom]] = {}
    for atom in read_atoms(ATOM_FILES):
        found.setdefault(atom.topic, []).append(atom)
    return {topic: tuple(atoms) for topic, atoms in sorted(found.items())}


TOPICS = _topics()
"""Atoms by topic; every atom has one."""
ATOMS: tuple[Atom, ...] = tuple(atom for atoms in TOPICS.values() for atom in atoms)
