"""Implementations of chains: one of the codes of each step, in one scheme of names.

A chain of two steps with four codes each, in three schemes, is written in 48 ways, so a right program seldom
equals the reference. Not covered: other orders of the steps, and steps written into each other.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from rlcf.javasource.tokens import places
from rlcf.problems.atomic.chain import Chain
from rlcf.problems.many_ways.atom import MANY_WAYS, Code

CODES: Mapping[str, tuple[Code, ...]] = {one.atom.name: one.codes for one in MANY_WAYS}
"""By the name of the atom."""
HELPERS = ("g", "h")
"""Names of helper methods, one a step."""
LOCALS = ("y", "z", "a", "b", "v", "i", "c", "s", "n", "d", *HELPERS)
"""All names in programs but the parameter `x`, which the prompt has."""
SCHEMES: tuple[tuple[str, ...], ...] = (
    LOCALS,
    ("r", "t", "p", "q", "e", "j", "l", "u", "m", "k", "go", "on"),
    ("result", "last", "work", "more", "value", "index", "letter", "text", "number", "array", "help", "next"),
)
"""What each of LOCALS is called, scheme by scheme."""


@dataclass(frozen=True)  # without slots, for what is cached
class Way:
    """One implementation of a chain."""

    chain: Chain
    codes: tuple[Code, ...]
    """One a step."""
    names: tuple[str, ...]
    """A scheme of SCHEMES."""

    @property
    def takes(self) -> str:
        return self.chain.takes

    @property
    def gives(self) -> str:
        return self.chain.gives

    @cached_property
    def methods(self) -> str:
        """Java: `f`, and behind it the helper methods."""
        written, helpers = [], ""
        for step, code, name in zip(self.chain.steps, self.codes, HELPERS, strict=False):
            atom = replace(step.atom, code=code.body.replace("$h", name))
            written.append(replace(step, atom=atom))
            helper = code.helper.replace("$h", name).replace("$k", str(step.constant))
            helpers += "".join(f"    {line}\n" for line in helper.splitlines())
        return renamed(Chain(tuple(written)).methods + helpers, self.names)

    @property
    def completion(self) -> str:
        return f"{self.methods.removeprefix(self.chain.opening)}}}\n"


def draw(chain: Chain, count: int, rng: random.Random) -> tuple[Way, ...]:
    """`count` implementations of `chain` with different text, fewer where there are not as many."""
    found: dict[str, Way] = {}
    for _ in range(4 * count):
        codes = tuple(rng.choice(CODES[step.atom.name]) for step in chain.steps)
        way = Way(chain, codes, rng.choice(SCHEMES))
        if len(found) < count:  # the rest is drawn for what comes after: the same seed, the same problems
            found.setdefault(way.methods, way)
    return tuple(found.values())


def renamed(code: str, names: tuple[str, ...]) -> str:
    """`code` with other names for LOCALS; members that are called so keep their names."""
    other = dict(zip(LOCALS, names, strict=True))
    parts, end = [], 0
    for token in places(code):
        text = token.group()
        member = code.endswith(".", 0, token.start())
        parts += [code[end : token.start()], text if member else other.get(text, text)]
        end = token.end()
    return "".join(parts) + code[end:]
