"""Atomic functions: one short Java idea each, with the words that ask for it.

An atom takes one value and gives one value. Its code is a template: `$x` is the variable that holds
the value taken, `$k` a constant from 2 to 9, `$y` the variable that must hold the value given, `$a` a
spare variable. A template without a semicolon is an expression; any other is statements that declare
and fill `$y`. Atoms follow arXiv 2406.10305 (about a hundred hand-written functions that compose by
type); Java's declared types make the chaining exact.

They are data: `[[atom]]` entries with the fields of `Atom`, in the files `atoms/*.toml` here and in
`composed`, read by `atom_files`. Their order decides what is drawn: a new one belongs at the end of its file.

Every atom is total: it throws for no value of its type, so empty strings and arrays, zero and
negative numbers are inputs like any other. No atom loops as often as a number's value is large: chains
multiply numbers, and a chain must stay cheap.
"""

from __future__ import annotations

from dataclasses import dataclass

INT, INTS, TEXT, FLAG, CHAR = "int", "int[]", "String", "boolean", "char"
TYPES = (INT, INTS, TEXT, FLAG, CHAR)

CONSTANTS = tuple(range(2, 10))


@dataclass(frozen=True, slots=True)
class Atom:
    """One atomic function."""

    takes: str
    """Java type of the value taken."""
    gives: str
    """Java type of the value given."""
    topic: str
    """What it is about, such as `bits`: a set is drawn from every topic alike."""
    wordings: tuple[str, ...]
    """Ways to ask for it, two at least; the first one is its name."""
    code: str
    """Java template: an expression, or statements that declare `$y`."""

    @property
    def name(self) -> str:
        return f"{self.takes}: {self.wordings[0]}"

    @property
    def has_constant(self) -> bool:
        return "$k" in self.code

    @property
    def is_expression(self) -> bool:
        return ";" not in self.code
