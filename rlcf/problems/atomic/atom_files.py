"""Files of atoms, read and checked: TOML with `[[atom]]` entries that have the fields of `Atom`, or others
that describe an atom, as in `many_ways`.

A fault is a BadInput that names file, line and field. Not checked: whether the code compiles, gives its type
and is total; the judge finds the first two when problems are made of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rlcf.errors import BadInput
from rlcf.problems.atomic.atom import TYPES, Atom

FIELDS = tuple(field.name for field in fields(Atom))
JOINS = ", then "
"""Stands between the wordings of a chain, so it is in none of them."""


class Asked(Protocol):
    """What is asked for in words."""

    @property
    def takes(self) -> str: ...
    @property
    def wordings(self) -> tuple[str, ...]: ...


A = TypeVar("A", bound=Asked)


def read_atoms(files: Iterable[Path]) -> tuple[Atom, ...]:
    """The atoms of all `files`, in their order; the same words ask for one atom of a type taken alone."""
    return read_entries(files, _atom)


def read_entries(files: Iterable[Path], read: Callable[[Entry], A]) -> tuple[A, ...]:
    """What `read` makes of every entry of `files`, in their order; the same words ask for one of a type taken
    alone."""
    atoms: list[A] = []
    asked: dict[tuple[str, str], Path] = {}
    for file in files:
        for entry in _entries(file):
            atom = read(entry)
            for wording in atom.wordings:
                if (atom.takes, wording) in asked:
                    where = asked[atom.takes, wording].name
                    raise entry.fault(f"{wording!r} asks for another atom already, in {where}", "wordings")
                asked[atom.takes, wording] = file
            atoms.append(atom)
    return tuple(atoms)


@dataclass(frozen=True, slots=True)
class Entry:
    """The values of one `[[atom]]` and where it stands."""

    values: Mapping[str, Any]
    file: Path
    start: int
    """Line of its header."""
    lines: tuple[str, ...]
    """From the header to the next one."""

    def fault(self, message: str, field: str) -> BadInput:
        key = re.compile(rf"\s*{re.escape(field)}\s*=")
        offset = next((index for index, line in enumerate(self.lines) if key.match(line)), 0)
        return BadInput(message, file=self.file, line=self.start + offset, field=field)

    def has_only(self, known: Sequence[str]) -> None:
        """Raises a fault where it has another field."""
        for field in self.values:
            if field not in known:
                raise self.fault(f"no atom has this field; there are {', '.join(known)}", field)

    def text(self, field: str) -> str:
        value = self.values.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.fault("must be there, a text" if value is None else "must be a text, not empty", field)
        return value

    def types(self) -> tuple[str, str]:
        """What it takes and gives."""
        takes, gives = self.text("takes"), self.text("gives")
        for field, value in (("takes", takes), ("gives", gives)):
            if value not in TYPES:
                raise self.fault(f"must be one of {', '.join(TYPES)}, not {value!r}", field)
        return takes, gives

    def wordings(self) -> tuple[str, ...]:
        value = self.values.get("wordings")
        if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, str) for one in value):
            raise self.fault("must be a list of two texts or more", "wordings")
        for wording in value:
            if not wording.strip() or JOINS in wording or re.search(r"\$(?!k)|\n", wording):
                raise self.fault(
                    f"{wording!r} must be one line, without {JOINS!r} and any $ but $k", "wordings"
                )
        return tuple(value)


def _entries(file: Path) -> list[Entry]:
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadInput(f"not TOML: {error}", file=file, line=int(found[1]) if found else None) from error
    rows = table.pop("atom", [])
    for name in table:
        raise BadInput("a file of atoms has [[atom]] entries alone", file=file, field=name)
    lines = text.split("\n")
    starts = [index for index, line in enumerate(lines) if re.match(r"\s*\[\[\s*atom\s*\]\]", line)]
    if not rows or len(rows) != len(starts):
        raise BadInput("a file of atoms has [[atom]] entries, each header on a line of its own", file=file)
    ends = [*starts[1:], len(lines)]
    return [
        Entry(row, file, start + 1, tuple(lines[start:end]))
        for row, start, end in zip(rows, starts, ends, strict=True)
    ]


def _atom(entry: Entry) -> Atom:
    entry.has_only(FIELDS)
    wordings = entry.wordings()
    code = entry.text("code").strip("\n")
    check_template(entry, code, "code")
    check_constant(entry, code, "code")
    takes, gives = entry.types()
    return Atom(takes=takes, gives=gives, topic=entry.text("topic"), wordings=wordings, code=code)


def check_template(entry: Entry, code: str, field: str) -> None:
    """Raises a fault of `field` where `code` is no template."""
    if stray := re.search(r"\$(?![xyka]).?", code):
        raise entry.fault(f"a template has $x, $y, $k and $a alone, not {stray[0]}", field)
    if "$x" not in code:
        raise entry.fault("must read $x, the value taken", field)
    if ";" in code and "$y" not in code:
        raise entry.fault("statements must declare $y, the value given", field)
    if ";" not in code and re.search(r"\$[ya]|\n", code):
        raise entry.fault("an expression (no semicolon) is one line and names no $y and no $a", field)


def check_constant(entry: Entry, code: str, field: str) -> None:
    """Raises a fault of `field` where `$k` is in the code alone, or in the wordings alone."""
    words = " ".join(entry.values["wordings"])
    if ("$k" in code) != ("$k" in words):
        raise entry.fault("$k is in the code and in the wordings, or in neither", field)
