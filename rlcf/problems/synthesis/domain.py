"""What all examples of a method's arguments have in common, taken for what the method asks of them.

A reference answers outside its domain too, and what it answers there is nobody's specification. The domain is
written nowhere, but examples lie in it; so properties that all of them have are kept, as Daikon (Ernst et al.
2001) finds likely invariants of programs:

    numbers     none below the least seen (or 1), none far above the greatest
    texts       only letters seen, or of a kind (small, capital, digit) of which several were seen
    sizes       none empty where none was, rows of one length, square tables
    order       sorted lists stay sorted
    between two parameters: `n` is the size of `list` (or less by one), `k` is at most it, `low <= high`, two
    lists of one size

With three examples some of these hold by chance; that costs variety, never a meaningless test. Not covered:
other preconditions (a permutation, a valid date, distinct elements).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations

from rlcf.javasource.types import Value

Arguments = list[Value]
LONGEST = 40
"""Elements of a list and characters of a text, at most."""
ENOUGH = 3
"""Examples from which `low <= high` is concluded: of two, half would show it by chance."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What was seen at one parameter, at any depth."""

    least: float
    greatest: float
    letters: str
    """Characters that texts may hold."""
    shortest: int
    longest: int
    rows: bool
    """Whether the lists in a list have one length."""
    square: bool
    ordered: bool


@dataclass(frozen=True, slots=True)
class Domain:
    """Properties that all examples have."""

    slots: tuple[Slot, ...]
    mends: tuple[Callable[[Arguments], None], ...] = field(repr=False)
    """Each changes arguments so that one property holds, in this order."""
    holds: tuple[Callable[[Arguments], bool], ...] = field(repr=False)

    def admit(self, arguments: Arguments) -> bool:
        """Mends `arguments` where that is possible; whether they lie in the domain then."""
        for _ in range(2):  # a mend may undo one before it
            for mend in self.mends:
                mend(arguments)
        return all(map(_inside, self.slots, arguments)) and all(holds(arguments) for holds in self.holds)


def leaves(value: Value) -> Iterator[Value]:
    """The scalars in a value; of maps keys and values."""
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(key)
            yield from leaves(item)
    else:
        yield value


def lists(value: Value) -> Iterator[list[Value]]:
    """The lists in a value, itself first."""
    if isinstance(value, list):
        yield value
        for item in value:
            yield from lists(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from lists(item)


def is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def learn(examples: Sequence[Arguments]) -> Domain:
    """The domain that `examples`, at least one, were drawn from."""
    columns = list(zip(*examples, strict=True))
    slots = tuple(_slot(column) for column in columns)
    mends: list[Callable[[Arguments], None]] = []
    holds: list[Callable[[Arguments], bool]] = []
    sized = [i for i, column in enumerate(columns) if all(isinstance(v, list | str | dict) for v in column)]
    integers = [i for i, column in enumerate(columns) if all(map(is_integer, column))]
    listed = [i for i in sized if all(isinstance(value, list) for value in columns[i])]
    for i, j in permutations(listed, 2):
        if i < j and all(len(args[i]) == len(args[j]) for args in examples):
            mends.append(_same_length(i, j))
    for i, slot in enumerate(slots):
        mends += _shapes(i, slot)
    for i in integers:
        for j in sized:
            gaps = {args[i] - len(args[j]) for args in examples}
            if len(gaps) == 1 and gaps <= {0, -1}:
                mends.append(_counts(i, j, gaps.pop()))
            elif max(gaps) <= 0:
                holds.append(_at_most(i, j, -1 if max(gaps) < 0 else 0))
    for i, j in permutations(integers, 2) if len(examples) >= ENOUGH else ():
        if all(args[i] <= args[j] for args in examples) and any(args[i] < args[j] for args in examples):
            holds.append(_ordered_pair(i, j, 1 if all(args[i] < args[j] for args in examples) else 0))
    return Domain(slots, tuple(mends), tuple(holds))


def _slot(column: Sequence[Value]) -> Slot:
    scalars = [leaf for value in column for leaf in leaves(value)]
    numbers = [leaf for leaf in scalars if is_number(leaf)]
    texts = [leaf for leaf in scalars if isinstance(leaf, str)]
    all_lists = [one for value in column for one in lists(value)]
    sizes = [len(one) for one in all_lists] + [len(text) for text in texts]
    full = [value for value in column if value and isinstance(value, list)]
    tables = [value for value in full if all(isinstance(row, list) for row in value)]
    rows = bool(tables) and all(len({len(row) for row in table}) <= 1 for table in tables)
    least, greatest = min(numbers, default=0), max(numbers, default=0)
    return Slot(
        least=min(least, 1) if least >= 0 else 2 * least,
        greatest=greatest + max(3, greatest - least),
        letters=_letters("".join(texts)),
        shortest=min(1, min(sizes, default=0)),
        longest=min(LONGEST, 2 * max(sizes, default=0) + 2),
        rows=rows and any(len(table) > 1 for table in tables),
        square=rows and all(len(table) == len(table[0]) for table in tables),
        ordered=any(len(one) > 1 for one in all_lists) and all(map(_is_sorted, all_lists)),
    )


def _letters(seen: str) -> str:
    found = set(seen)
    for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        several = len(found & set(kind))
        # Two digits are what a binary number has, and two letters may be all that a text is made of.
        if several > 2:
            found |= set(kind)
    return "".join(sorted(found))


def _is_sorted(items: list[Value]) -> bool:
    if not all(is_number(item) for item in items):
        return not items or all(isinstance(item, list) for item in items)
    return all(one <= other for one, other in pairwise(items))


def _inside(slot: Slot, value: Value) -> bool:
    for leaf in leaves(value):
        if is_number(leaf) and not slot.least <= leaf <= slot.greatest:
            return False
        if isinstance(leaf, str) and not (
            slot.shortest <= len(leaf) <= slot.longest and set(leaf) <= set(slot.letters)
        ):
            return False
    return all(slot.shortest <= len(one) <= slot.longest for one in lists(value))


def _shapes(i: int, slot: Slot) -> Iterator[Callable[[Arguments], None]]:
    def level(arguments: Arguments) -> None:
        if not isinstance(arguments[i], list) or not all(isinstance(row, list) for row in arguments[i]):
            return
        width = min((len(row) for row in arguments[i]), default=0)
        if slot.square:
            width = min(width, len(arguments[i]))
            del arguments[i][width:]
        for row in arguments[i]:
            del row[width:]

    def sort(arguments: Arguments) -> None:
        for one in lists(arguments[i]):
            if all(is_number(item) for item in one):
                one.sort()

    if slot.rows:
        yield level
    if slot.ordered:
        yield sort


def _same_length(i: int, j: int) -> Callable[[Arguments], None]:
    def mend(arguments: Arguments) -> None:
        size = min(len(arguments[i]), len(arguments[j]))
        del arguments[i][size:], arguments[j][size:]

    return mend


def _counts(i: int, j: int, gap: int) -> Callable[[Arguments], None]:
    def mend(arguments: Arguments) -> None:
        arguments[i] = len(arguments[j]) + gap

    return mend


def _at_most(i: int, j: int, gap: int) -> Callable[[Arguments], bool]:
    return lambda arguments: arguments[i] <= len(arguments[j]) + gap


def _ordered_pair(i: int, j: int, gap: int) -> Callable[[Arguments], bool]:
    return lambda arguments: arguments[i] + gap <= arguments[j]
