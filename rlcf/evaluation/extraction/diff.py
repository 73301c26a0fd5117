"""A unified diff, or blocks of search and replacement, applied to code, white space and line numbers aside.

Not covered: context-free diffs of several files; a diff whose old side is not in the code, which is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rlcf.evaluation.extraction.passage import Passage

_HUNK = re.compile(r"@@.*")
_SIDE = re.compile(r"<{7}|={7}\s*$|>{7}")
_SIDES = {"<": "-", "=": "+", ">": ""}
"""What the lines behind these are, in a block of search and replacement."""
_HEADER = re.compile(r"(?:diff |index |--- |\+\+\+ |new file|deleted file|\\ No newline|\*\*\* )")


_MOST = 100
"""Hunks of a diff that are applied."""


@dataclass
class _Hunk:
    """Lines that are replaced by others."""

    old: list[str] = field(default_factory=list)
    new: list[tuple[str, Passage]] = field(default_factory=list)
    """Each with its sign, a blank for those that were there."""


def is_diff(text: str) -> bool:
    """Whether a block that does not say so is a diff."""
    return re.search(r"^(?:@@ .*@@|<{7}(?: |$))", text, re.MULTILINE) is not None or text.startswith("--- ")


def patched(diff: Passage, base: Passage) -> Passage | None:
    """`base` changed as `diff` says; None where it can't be."""
    lines = _lines(base)
    at, parts = 0, []
    hunks = _hunks(diff)
    if len(hunks) > _MOST:
        return None
    for hunk in hunks:
        start = _find(hunk.old, lines, at)
        if start is None:
            return None
        parts += lines[at:start]
        there = iter(lines[start : start + len(hunk.old)])
        for sign, line in hunk.new:
            if sign == "-":
                next(there)
            else:
                parts.append(line if sign == "+" else next(there))
        at = start + len(hunk.old)
    return Passage.joined([*parts, *lines[at:]])


def new_side(diff: Passage) -> Passage:
    """What a diff leaves: its lines but those that it takes away."""
    return Passage.joined(line for hunk in _hunks(diff) for sign, line in hunk.new if sign != "-")


def _find(old: Sequence[str], lines: Sequence[Passage], first: int) -> int | None:
    texts = [line.text.strip() for line in lines]
    for start in range(first, len(lines) - len(old) + 1):
        if texts[start : start + len(old)] == list(old):
            return start
    return None


def _lines(text: Passage) -> list[Passage]:
    found, at = [], 0
    for line in re.findall(r"[^\n]*\n|[^\n]+\Z", text.text):
        found.append(text[at : at + len(line)])
        at += len(line)
    if found and not found[-1].text.endswith("\n"):
        found[-1] = Passage.joined([found[-1], Passage.written("\n")])
    return found


def _hunks(diff: Passage) -> list[_Hunk]:
    hunks: list[_Hunk] = []
    side = ""
    for line in _lines(diff):
        text = line.text
        if _HUNK.match(text):
            hunks.append(_Hunk())
            continue
        if match := _SIDE.match(text):
            side = _SIDES[match.group()[0]]
            if side == "-":
                hunks.append(_Hunk())
            continue
        if _HEADER.match(text):
            continue
        if not hunks:
            hunks.append(_Hunk())
        sign = side or (text[0] if text[0] in "+-" else " ")
        content = line[1:] if not side and text[0] in "+- " and text != "\n" else line
        if sign != "+":
            hunks[-1].old.append(content.text.strip())
        hunks[-1].new.append((sign, content))
    for hunk in hunks:
        # Blank lines at the ends come from the fence.
        while hunk.new and hunk.new[-1][0] == " " and not hunk.new[-1][1].text.strip():
            hunk.new.pop()
            hunk.old.pop()
    return [hunk for hunk in hunks if hunk.new]
