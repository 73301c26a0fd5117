"""Atoms written in several ways: three to six implementations of one short Java idea, different in kind.

An implementation is a template as in `atomic/atom.py`. It may end with a helper method, for a recursion: the
lines from the first that begins with `static` on, named `$h` there and where it is called.

    codes = [
    'Arrays.stream($x).sum()',
    '''
    $h($x, 0)
    static int $h(int[] d, int i) {
        return i == d.length ? 0 : d[i] + $h(d, i + 1);
    }
    ''',
    …

They are data, in `atoms/*.toml`. All give the same value for every value taken. A lambda reads `$x` only
where that is an array: the step before may have changed a variable of another type. Locals have names of
`ways.LOCALS`, so that they can be renamed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path

from rlcf.problems.atomic.atom import Atom
from rlcf.problems.atomic.atom_files import Entry, check_constant, check_template, read_entries

FEWEST, MOST = 3, 6
"""Implementations of an atom."""


@dataclass(frozen=True, slots=True)
class Code:
    """One implementation of an atom."""

    body: str
    """Java template: an expression, or statements that declare `$y`."""
    helper: str = ""
    """A method that `body` calls; mostly none."""

    @classmethod
    def of(cls, text: str) -> Code:
        body, found, helper = text.strip("\n").partition("\nstatic ")
        return cls(body, found.strip("\n") + helper)


@dataclass(frozen=True, slots=True)
class ManyWays:
    """One atomic function and its implementations; the fields that `Atom` has too mean the same."""

    takes: str
    gives: str
    wordings: tuple[str, ...]
    codes: tuple[Code, ...]

    @property
    def atom(self) -> Atom:
        """What is asked for, in its first implementation; without a topic."""
        return Atom(self.takes, self.gives, "", self.wordings, self.codes[0].body)


FIELDS = tuple(field.name for field in fields(ManyWays))
ATOM_FILES = tuple(
    Path(__file__).parent / "atoms" / f"{name}.toml" for name in ("numbers", "arrays", "texts")
)


def read_many_ways(files: tuple[Path, ...]) -> tuple[ManyWays, ...]:
    """The atoms of all `files`, in their order. A fault is a BadInput that names file, line and field."""
    return read_entries(files, _read)


def _read(entry: Entry) -> ManyWays:
    entry.has_only(FIELDS)
    wordings = entry.wordings()
    texts = entry.values.get("codes")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise entry.fault("must be a list of texts", "codes")
    if not FEWEST <= len({*texts}) == len(texts) <= MOST:
        raise entry.fault(f"must be {FEWEST} to {MOST} different texts", "codes")
    codes = tuple(Code.of(text) for text in texts)
    for code, text in zip(codes, texts, strict=True):
        check_template(entry, code.body.replace("$h", "h"), "codes")
        check_constant(entry, text, "codes")
        named = bool(re.match(r"static \S+ \$h\(", code.helper))
        if not named == bool(code.helper) == ("$h" in code.body):
            raise entry.fault("a helper method is named $h, and the code before it calls it", "codes")
    takes, gives = entry.types()
    return ManyWays(takes, gives, wordings, codes)


MANY_WAYS = read_many_ways(ATOM_FILES)
