"""Tokens of any text, comments among them, in linear time.

Unlike those of `tokens.py` they tile text that never closes: an open comment or text block reaches to the
end, an open string to the end of its line, and an apostrophe that begins no char literal stands alone, so
that prose around Java does no harm. Operators are single characters. Not covered: unicode escapes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r'''
    (?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z))
    |"""[ \t\f]*(?:\r\n|\r|\n)(?:\\.|[^\\"]|"(?!""))*(?:"""|\Z)
    |"(?:\\[^\r\n]|[^"\\\r\n])*"?
    |'(?:\\u+[0-9a-fA-F]{4}|\\[0-7]{1,3}|\\[^\r\n]|[^'\\\r\n])'
    |[^\W\d][\w$]*|\$[\w$]*
    |\.?\d(?:[eEpP][-+]\d|[\w.])*
    |\S
    ''',
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A token with its place."""

    text: str
    start: int
    end: int
    """Behind its last character."""
    comment: bool = False


def scan(source: str) -> list[Token]:
    """The tokens and comments of `source`, in order."""
    return [
        Token(match.group(), match.start(), match.end(), match.lastgroup == "comment")
        for match in _TOKEN.finditer(source)
    ]
