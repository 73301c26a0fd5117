"""Composed functions: atoms in a chain, the value of one taken by the next.

A chain is written the way a person would: one named value a step, the last one returned.

    import java.util.*;
    class Solution {
        // add 3, then square it
        static int f(int x) {
            int y = x + 3;
            return y * y;
        }
    }

Every part but the description, the types and the body is the same in all problems, so that a small
tokenizer learns it as a few tokens.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rlcf.problems.atomic.atom import CONSTANTS, Atom

IMPORTS = "import java.util.*;"
VALUES = ("x", "y", "z", "w")
"""Names of the values along a chain; the first is the parameter."""
SPARES = ("a", "b", "c")
"""Names of the spare variables, one a step, so that a step never redeclares another's."""


@dataclass(frozen=True, slots=True)
class Step:
    """An atom with its constant and the wording chosen for it."""

    atom: Atom
    constant: int
    wording: str


@dataclass(frozen=True, slots=True)
class Chain:
    """One to three steps, each taking what the one before gives."""

    steps: tuple[Step, ...]

    @property
    def takes(self) -> str:
        return self.steps[0].atom.takes

    @property
    def gives(self) -> str:
        return self.steps[-1].atom.gives

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Names of the atoms that follow each other: what the splits hold apart."""
        names = [step.atom.name for step in self.steps]
        return tuple(pairwise(names))

    @property
    def description(self) -> str:
        return ", then ".join(_fill(step.wording, k=str(step.constant)) for step in self.steps)

    @property
    def prompt(self) -> str:
        return f"{IMPORTS}\nclass Solution {{\n    // {self.description}\n{self.opening}"

    @property
    def reference(self) -> str:
        return f"{self.methods.removeprefix(self.opening)}}}\n"

    @property
    def opening(self) -> str:
        """The line that opens the method."""
        return f"    static {self.gives} f({self.takes} x) {{\n"

    @property
    def methods(self) -> str:
        """The method whole."""
        return self.opening + "".join(f"        {line}\n" for line in self.body()) + "    }\n"

    def body(self) -> list[str]:
        """The lines of the method."""
        lines: list[str] = []
        for index, step in enumerate(self.steps):
            atom, last = step.atom, index == len(self.steps) - 1
            given = VALUES[index + 1]
            code = _fill(atom.code, x=VALUES[index], y=given, k=str(step.constant), a=SPARES[index])
            if not atom.is_expression:
                lines += code.split("\n")
                if last:
                    lines.append(f"return {given};")
            else:
                lines.append(f"return {code};" if last else f"{atom.gives} {given} = {code};")
        return lines


def random_chain(atoms: Sequence[Atom], rng: random.Random) -> Chain:
    """`atoms` as a chain, each with a random constant and wording."""
    return Chain(tuple(Step(atom, rng.choice(CONSTANTS), rng.choice(atom.wordings)) for atom in atoms))


def _fill(template: str, **names: str) -> str:
    return re.sub(r"\$([xyka])", lambda match: names[match.group(1)], template)
