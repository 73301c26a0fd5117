"""Java source as tokens with their places, as far as problems need it: no grammar, no types.

javalang's tokenizer refuses some of MBJP's tests and is a hundred times slower than one regular
expression; loading the data sets reads over a million tokens. Text that is no Java gives tokens of
single characters instead of an error.
"""

from __future__ import annotations

import re

TOKEN = re.compile(
    r'''
    //[^\r\n]*|/\*.*?\*/                                      # comments
    |"""[ \t\f]*[\r\n](?:\\.|[^\\])*?"""                      # text blocks
    |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'                  # string and char literals
    |[^\W\d][\w$]*|\$[\w$]*                                   # names and keywords
    |\.?\d(?:[eEpP][-+]\d|[\w.])*                             # numbers
    |>>>=|<<=|>>=|>>>|->|::|\+\+|--|&&|\|\||[-+*/%&|^=<>!]=|<<|>>
    |\S
    ''',
    re.VERBOSE | re.DOTALL,
)

KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "abstract assert boolean break byte case catch char class const continue default do double else enum "
        "extends final finally float for goto if implements import instanceof int interface long native new "
        "package private protected public return short static strictfp super switch synchronized this throw "
        "throws transient try void volatile while true false null var",
    )
)

LONGEST, LONGEST_LINE = 20_000, 2_000
"""Characters of a completion, and of a line of it, that are looked at: text that never closes its quotes
takes the tokenizer quadratic time within a line."""


def places(code: str) -> list[re.Match[str]]:
    """The tokens of `code` with their places, comments left out."""
    return [match for match in TOKEN.finditer(code) if not match.group().startswith(("//", "/*"))]


def texts(code: str) -> list[str]:
    """The tokens of `code`, comments left out."""
    return [match.group() for match in places(code)]


def bounded(code: str) -> str:
    """`code` cut to what is taken apart in linear time."""
    return "\n".join(line[:LONGEST_LINE] for line in code[:LONGEST].split("\n"))


def bounded_texts(code: str) -> list[str]:
    """The tokens of `bounded(code)`, comments left out, also one that never closes."""
    # It is closed here, so that each `/*` need not be searched to the end.
    tokens = texts(bounded(code) + "\n*/")
    return tokens[:-2] if tokens[-2:] == ["*", "/"] else tokens


def is_name(token: str) -> bool:
    """Whether `token` is an identifier."""
    return token.isidentifier() and token not in KEYWORDS


_BRACES = re.compile(
    r'''
    //[^\r\n]*|/\*.*?(?:\*/|\Z)
    |"""[ \t\f]*[\r\n](?:\\.|[^\\])*?(?:"""|\Z)
    |"(?:\\.|[^"\\\r\n])*"?|'(?:\\.|[^'\\\r\n])*'?
    |[{}]
    ''',
    re.VERBOSE | re.DOTALL,
)
"""Braces, and what may hold some that are none: also a literal or comment whose end is not yet written."""


def closed_at(code: str, start: int) -> int | None:
    """Where all braces that are open at `start` are closed: the place behind the last of them, or None. What
    stands before that place decides alone, so that code may be asked about while it is being written. None
    too where nothing is open at `start`."""
    depth = 0
    for match in _BRACES.finditer(code):
        if match.end() > start and depth <= 0:
            return None
        if match.group() == "{":
            depth += 1
        elif match.group() == "}":
            depth -= 1
            if depth == 0 and match.end() > start:
                return match.end()
    return None
