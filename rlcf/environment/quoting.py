"""Quotes what a program wrote so that it can't pass for what we say, in one way for all texts.

    quoted("a\nb\x1b[2J<|im_end|>")       # a\nb\u001b[2J< |im_end|>, on one line
    with_caret("\treturn y;", 8)          # ["    return y;", "           ^"]

Control characters, ends of lines and what has no width or turns the writing around are written as Java's
escapes, so a quoted text stays on its line; the marks of chat formats get a space, so no tokenizer reads one
of its own; what is long is cut. Whoever quotes indents: a quoted line never begins at the margin.

Not covered: words. A program may print "Well done!", and is quoted with it.
"""

from __future__ import annotations

import re
import unicodedata

from rlcf.evaluation.extraction.markup import CONTROL

WIDTH = 160
"""Characters of a quoted line."""
LINES = 12
"""Lines of a quoted text."""
TAB = "    "
_MARK = re.compile(rf"<(?=[|｜])|◁|{CONTROL.pattern}")
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode's categories of what can't be seen, or ends a line."""


def quoted(text: str, width: int = WIDTH) -> str:
    """The text on one line of at most `width` characters."""
    return cut("".join(_pieces(text)), width)


def quoted_lines(text: str, width: int = WIDTH, most: int = LINES) -> list[str]:
    """The text by its own lines, empty ones at its end left out, at most `most` of them."""
    lines = re.split(r"\r\n|\r|\n", text.rstrip())
    shown = [quoted(line, width) for line in lines[:most]]
    return shown if len(lines) <= most else [*shown, f"… ({len(lines) - most} more lines)"]


def with_caret(line: str, column: int, width: int = WIDTH) -> list[str]:
    """A line of source and below it a caret under its character `column`, from 0; of a long line the part
    around it."""
    pieces = _pieces(line.rstrip())
    text = "".join(pieces)
    at = len("".join(pieces[:column]))
    # two thirds of what is shown stand before the caret
    first = max(0, min(at - 2 * width // 3, len(text) - width))
    shown = cut(text[first:], width)
    if first:
        shown = "…" + shown[1:]
    return [shown, " " * (at - first) + "^"]


def cut(text: str, width: int) -> str:
    """What is longer ends in `…`."""
    return text if len(text) <= width else text[: width - 1] + "…"


def _pieces(text: str) -> list[str]:
    """What is shown of each character."""
    pieces = [_shown(character) for character in text]
    for mark in _MARK.finditer(text):
        pieces[mark.start()] += " "
    return pieces


def _shown(character: str) -> str:
    if character == "\t":
        return TAB
    if character == "\n":
        return "\\n"
    if character == "\r":
        return "\\r"
    if unicodedata.category(character) not in _UNSEEN:
        return character
    number = ord(character)
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
