"""Which side a problem stands on: whole packages, and nothing held out that training has all but seen.

A package goes to one split with all its classes, by the hash of its name without version digits, so that
`lang` and `lang3`, and a library and the JDK's copy of it, go together. What still is alike across the border
is found by tokens: the same skeleton (names and literals masked), or 4-grams of the tokens of which
NEAR and more are shared (Jaccard).

    index = Near(held_out)                 grams of each, the rarest of them
    index.near(body)                       the first that is alike, or None

Two sets share NEAR of their union only if one of any `1 - NEAR` of a set's grams, and one more, is shared:
so only the rarest ones are looked up. Not covered: alike after renaming (the skeleton sees that of whole
bodies alone).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from rlcf.javasource.tokens import texts

NEAR = 0.7
GRAM = 4
SHARES = (("test", 0.08), ("validation", 0.04))
"""Of the packages; the others are train."""
_WRAPPERS = ("com", "sun", "jdk", "internal", "shaded", "repackaged")

Grams = frozenset[tuple[str, ...]]


def group_of(package: str) -> str:
    """A package's name without version digits and the names that copies of libraries are put below.

    >>> group_of("org.apache.commons.lang3.text"), group_of("com.sun.org.apache.xerces.internal.util")
    ('org.apache.commons.lang.text', 'org.apache.xerces.util')
    """
    parts = [re.sub(r"\d+$", "", part) for part in package.split(".")]
    inner = next((at for at, part in enumerate(parts) if at and part in ("org", "com")), 0)
    return ".".join(part for part in parts[inner:] if part not in _WRAPPERS) or package


def split_of(package: str) -> str:
    """train, validation or test: decided by the package's group alone."""
    digest = hashlib.sha256(group_of(package).encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64
    for split, share in SHARES:
        if place < share:
            return split
        place -= share
    return "train"


def grams(body: str) -> Grams:
    """The runs of four tokens of a body; of a shorter one all of it."""
    tokens = texts(body)
    return frozenset(tuple(tokens[at : at + GRAM]) for at in range(max(1, len(tokens) - GRAM + 1)))


class Near:
    """Bodies that others are compared with."""

    def __init__(self, bodies: Sequence[str]) -> None:
        self._grams = [grams(body) for body in bodies]
        counts: Counter[tuple[str, ...]] = Counter(gram for one in self._grams for gram in one)
        self._having: dict[tuple[str, ...], list[int]] = {}
        for index, own in enumerate(self._grams):
            rarest = sorted(own, key=lambda gram: (counts[gram], gram))
            for gram in rarest[: len(own) - _least(len(own)) + 1]:
                self._having.setdefault(gram, []).append(index)

    def near(self, body: str) -> int | None:
        """The index of the first body of which NEAR and more is shared."""
        own = grams(body)
        asked = {index for gram in own if gram in self._having for index in self._having[gram]}
        for index in sorted(asked):
            other = self._grams[index]
            shared = len(own & other)
            if shared >= NEAR * (len(own) + len(other) - shared):
                return index
        return None


def _least(size: int) -> int:
    """Grams of `size` that must be shared."""
    return -int(-NEAR * size // 1)
