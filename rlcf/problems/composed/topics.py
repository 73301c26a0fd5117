"""Every atom of the study, by topic: those of `atomic` and some seventy more (arXiv 2406.10305 has ten).

Not covered: recursion and helper methods (a problem is one method) and two-dimensional arrays (the judge
writes no expected value for them).
"""

from __future__ import annotations

import re

from rlcf.problems.atomic.atoms import FLAG, INT, INTS, TEXT, Atom
from rlcf.problems.atomic.splits import ATOMS as OLD_ATOMS
from rlcf.problems.composed.characters import CHARACTERS
from rlcf.problems.composed.containers import CONTAINER_TOPICS
from rlcf.problems.composed.numbers import NUMBER_TOPICS

RULES: tuple[tuple[str, str, str, str], ...] = (
    ("digits", INT, "", r"\bdigits?\b"),
    ("bits", INT, "", r"\bbits?\b|bitwise|binary|hex|exclusive or"),
    ("number theory", INT, "", r"remainder|modulo|\$k divides|prime|quotient|multiple of|Collatz|triangular"),
    ("logic", "", FLAG, r""),
    ("logic", FLAG, "", r""),
    ("logic", INT, "", r"\bif\b"),
    ("formatting", INT, TEXT, r""),
    ("sequences", INT, INTS, r""),
    ("arithmetic", INT, INT, r""),
    ("formatting", INTS, TEXT, r""),
    ("sorting and searching", INTS, "", r"\bsort|largest|smallest|reverse|first number|last number"),
    ("aggregation", INTS, INT, r""),
    ("filtering", INTS, INTS, r"\bkeep\b|\bremove\b|\bskip\b"),
    ("array work", INTS, INTS, r""),
    ("characters", TEXT, "", r"character|vowel|letter|capital|digit|spaces?\b|\ba by o|last a|alphabet"),
    ("strings", TEXT, "", r""),
)
"""Topic of an old atom by the first rule that fits: topic, type taken, type given, words of its name."""


def topic_of(atom: Atom) -> str:
    """The topic of an atom of `atomic`."""
    for topic, takes, gives, words in RULES:
        fits = takes in ("", atom.takes) and gives in ("", atom.gives)
        if fits and re.search(words, atom.wordings[0]):
            return topic
    raise ValueError(f"no topic for {atom.name!r}: RULES covers every pair of types")


def _topics() -> dict[str, tuple[Atom, ...]]:
    found: dict[str, list[Atom]] = {}
    for atom in OLD_ATOMS:
        found.setdefault(topic_of(atom), []).append(atom)
    for topic, atoms in (*NUMBER_TOPICS.items(), *CONTAINER_TOPICS.items(), ("characters", CHARACTERS)):
        found.setdefault(topic, []).extend(atoms)
    return {topic: tuple(atoms) for topic, atoms in sorted(found.items())}


TOPICS = _topics()
"""Atoms by topic; every atom has one."""
ATOMS: tuple[Atom, ...] = tuple(atom for atoms in TOPICS.values() for atom in atoms)
