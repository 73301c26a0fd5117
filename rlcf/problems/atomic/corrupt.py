"""A corpus as noisy as scraped code: a stated share of the bodies is wrong.

Scraped code holds snippets that were cut, retyped, pasted from other versions or never run. Each
corruption here is one small slip of that kind. Some break compilation (a lost semicolon, a misspelt
name, a wrong type), some compile and compute something else (a wrong operator, a constant off by one).

Not covered: wrong descriptions, several slips in one body, code in other styles or languages.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from rlcf.javasource.tokens import places, texts
from rlcf.problems.problem import Problem

Edit = Callable[[str, list[re.Match[str]], random.Random], str | None]
"""The text, its tokens, a random source; gives the text with one slip, None where there is no place."""

CONFUSED = (
    ("+", "-"), ("*", "+"), ("/", "%"), ("/", "*"), ("<", ">"), ("<", "<="), (">", ">="), ("==", "!="),
    ("+=", "-="), ("&&", "||"), ("max", "min"), ("toUpperCase", "toLowerCase"), ("limit", "skip"),
    ("anyMatch", "allMatch"), ("filter", "map"), ("true", "false"), ("even", "odd"), ("distinct", "sorted"),
    ("indexOf", "lastIndexOf"), ("|", "^"), ("square", "cube"),
)  # fmt: skip
"""Tokens taken for each other: the result mostly compiles and computes something else."""

MISUSED = (
    ("==", "="), (".length()", ".length"), (".length", ".length()"), (".length", ".size()"),
    ("Arrays.stream(", "stream("), (".toArray()", ".toList()"), (".sum()", ".total()"), ("->", "=>"),
    ("(int) ", ""), (".orElse(0)", ""), ("Math.", ""), ("new ", ""), ("String.valueOf(", "toString("),
    ('"', "'"), ("'", '"'), ("for (int v : ", "for (v in "), (".append(", ".add("), ("return ", "print "),
)  # fmt: skip
"""Text of Java mistaken for another language or another class: the result mostly does not compile."""

TYPES = ("int", "int[]", "String", "boolean", "char", "double")


def corrupt(reference: str, rng: random.Random) -> str:
    """`reference` with one slip: other tokens than before."""
    original = texts(reference)
    if not original:
        raise ValueError("there is nothing to corrupt in an empty completion")
    while True:
        edit = rng.choices(_EDITS, _WEIGHTS)[0]
        changed = edit(reference, places(reference), rng)
        if changed is not None and texts(changed) != original:
            return changed


def corpus(problems: Sequence[Problem], size: int, noise: float, seed: int) -> list[tuple[str, str]]:
    """`size` rows (prompt, completion): all problems in random order, over and over, the share `noise`
    of the rows with a corrupted reference. The same arguments give the same rows."""
    rng = random.Random(f"corpus {seed}")
    solved = [(problem.prompt, problem.reference) for problem in problems if problem.reference is not None]
    if not solved:
        raise ValueError("a corpus needs problems with references")
    rows: list[tuple[str, str]] = []
    while len(rows) < size:
        rows += rng.sample(solved, len(solved))
    del rows[size:]
    for index in rng.sample(range(size), round(size * noise)):
        prompt, reference = rows[index]
        rows[index] = (prompt, corrupt(reference, rng))
    return rows


def _replace(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _drop_token(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    return _replace(text, rng.choice(found), "")


def _double_token(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    match = rng.choice(found)
    return _replace(text, match, f"{match.group()} {match.group()}")


def _drop_punctuation(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    spots = [match for match in found if match.group() in ";){}]"]
    return _replace(text, rng.choice(spots), "") if spots else None


def _misspell(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    """A letter of a long name lost, doubled or swapped with the next."""
    spots = [match for match in found if match.group().isidentifier() and len(match.group()) > 2]
    if not spots:
        return None
    match = rng.choice(spots)
    name, at = match.group(), rng.randrange(1, len(match.group()) - 1)
    letters = (name[at + 1] + name[at], name[at] * 2 + name[at + 1], name[at + 1])
    return _replace(text, match, name[:at] + rng.choice(letters) + name[at + 2 :])


def _other_variable(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    """A variable taken for another one, which may not exist."""
    spots = [m for m in found if len(m.group()) == 1 and m.group().islower()]
    return _replace(text, rng.choice(spots), rng.choice("xyzwvicn")) if spots else None


def _other_type(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    spots = [match for match in found if match.group() in TYPES]
    return _replace(text, rng.choice(spots), rng.choice(TYPES)) if spots else None


def _confuse(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    swaps = [*CONFUSED, *((right, left) for left, right in CONFUSED)]
    spots = [(match, new) for match in found for old, new in swaps if match.group() == old]
    return _replace(text, *rng.choice(spots)) if spots else None


def _misuse(text: str, _: list[re.Match[str]], rng: random.Random) -> str | None:
    spots = [
        (match, new)
        for old, new in MISUSED
        for match in re.finditer(re.escape(old), text)
        if not (old == "==" and text[match.start() - 1] in "!<>")
    ]
    return _replace(text, *rng.choice(spots)) if spots else None


def _off_by_one(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    spots = [match for match in found if match.group().isdigit()]
    if not spots:
        return None
    match = rng.choice(spots)
    return _replace(text, match, str(abs(int(match.group()) + rng.choice((-1, 1)))))


def _drop_return(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    spots = [match for match in found if match.group() == "return"]
    return _replace(text, rng.choice(spots), "") if spots else None


def _edit_lines(text: str, change: Callable[[list[str]], None]) -> str | None:
    """`change` applied to the statements: the lines before the two closing braces."""
    lines = text.splitlines(keepends=True)
    body, end = lines[:-2], lines[-2:]
    if len(body) < 2:
        return None
    change(body)
    return "".join(body + end)


def _swap_lines(text: str, _: list[re.Match[str]], rng: random.Random) -> str | None:
    def swap(body: list[str]) -> None:
        at = rng.randrange(len(body) - 1)
        body[at], body[at + 1] = body[at + 1], body[at]

    return _edit_lines(text, swap)


def _drop_line(text: str, _: list[re.Match[str]], rng: random.Random) -> str | None:
    return _edit_lines(text, lambda body: body.__delitem__(rng.randrange(len(body))))


def _cut(text: str, found: list[re.Match[str]], rng: random.Random) -> str | None:
    """The end lost, as in a snippet that was cut."""
    return text[: rng.choice(found).start()]


_WEIGHTED: dict[Edit, int] = {
    _confuse: 9,
    _off_by_one: 6,
    _other_variable: 3,
    _misuse: 3,
    _drop_punctuation: 2,
    _misspell: 2,
    _other_type: 2,
    _drop_line: 2,
    _drop_token: 2,
    _double_token: 1,
    _drop_return: 1,
    _swap_lines: 1,
    _cut: 1,
}
_EDITS, _WEIGHTS = list(_WEIGHTED), list(_WEIGHTED.values())
