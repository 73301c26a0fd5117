"""Text that was cut out of another, each character knowing where it stood there.

    reply = Passage.of("```java\\nint x;\\n```")
    reply[8:14].origin(0)                      # 8

Passages are cut and joined; text that was written in (imports, a closing brace) has no origin.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self


class Piece(NamedTuple):
    """A stretch of text."""

    text: str
    origin: int | None
    """Index of its first character in the original; None: written in."""


@dataclass(frozen=True)
class Passage:
    """Pieces, one behind the other."""

    pieces: tuple[Piece, ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        return cls((Piece(text, 0),) if text else ())

    @classmethod
    def written(cls, text: str) -> Self:
        """Text that stood nowhere."""
        return cls((Piece(text, None),) if text else ())

    @classmethod
    def joined(cls, parts: Iterable[Passage]) -> Self:
        """The parts, one behind the other; what is contiguous in the original becomes one piece."""
        pieces: list[Piece] = []
        for piece in (one for part in parts for one in part.pieces if one.text):
            last = pieces[-1] if pieces else None
            if last is not None and _contiguous(last, piece):
                pieces[-1] = Piece(last.text + piece.text, last.origin)
            else:
                pieces.append(piece)
        return cls(tuple(pieces))

    @cached_property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def starts(self) -> list[int]:
        """Where each piece begins in the text."""
        starts, at = [], 0
        for piece in self.pieces:
            starts.append(at)
            at += len(piece.text)
        return starts

    def __getitem__(self, part: slice) -> Passage:
        first, last, _ = part.indices(len(self.text))
        pieces = []
        for start, piece in zip(self.starts, self.pieces, strict=True):
            low, high = max(first, start) - start, min(last, start + len(piece.text)) - start
            if low < high:
                pieces.append(
                    Piece(piece.text[low:high], None if piece.origin is None else piece.origin + low)
                )
        return Passage(tuple(pieces))

    def without(self, spans: Iterable[tuple[int, int]]) -> Passage:
        """The text without `spans`, which are in order and do not overlap."""
        parts, at = [], 0
        for first, last in spans:
            parts.append(self[at:first])
            at = last
        return Passage.joined([*parts, self[at:]])

    def replaced(self, pattern: re.Pattern[str], texts: dict[str, str]) -> Passage:
        """What matches `pattern` replaced; each replacement stands where its match began."""
        parts, at = [], 0
        for match in pattern.finditer(self.text):
            begin = self[match.start() : match.end()].pieces[0].origin
            parts += [
                self[at : match.start()],
                Passage((Piece(texts.get(match.group(), match.group()), begin),)),
            ]
            at = match.end()
        return Passage.joined([*parts, self[at:]])

    def stripped(self) -> Passage:
        """Without blank lines at the beginning and white space at the end."""
        text = self.text
        blank = re.match(r"(?:[ \t]*(?:\r\n|\r|\n))*", text)
        return self[blank.end() if blank else 0 : len(text.rstrip())]

    def origin(self, index: int) -> int | None:
        """Where character `index` stood in the original; behind the last one, where the text went on. None
        where it was written in, or the text is empty."""
        if not 0 <= index <= len(self.text) or not self.pieces:
            return None
        at = max(0, bisect_right(self.starts, index) - 1)
        piece = self.pieces[at]
        return None if piece.origin is None else piece.origin + index - self.starts[at]


def _contiguous(one: Piece, other: Piece) -> bool:
    if one.origin is None or other.origin is None:
        return one.origin is other.origin
    return one.origin + len(one.text) == other.origin
