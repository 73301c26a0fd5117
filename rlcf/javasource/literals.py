"""The arguments of example calls, read from text: Java as tests write it, Python as docstrings do.

    calls('> f([1, 2], "a")', "f")                       ->  [[[1, 2], "a"]]
    calls('C.f(Arrays.asList(1, 2), "a");', "f")         ->  the same

Covered: numbers, strings, chars, booleans, `[…]`, `(…)` and `{k: v}` of Python; `Arrays.asList`, `List.of`,
`Set.of`, `Map.of`, `new T[] {…}`, `new ArrayList<>(…)` and `new HashMap() {{ put(k, v); }}` of Java. A call
with anything else in it (names, sums, null) is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rlcf.javasource.tokens import texts
from rlcf.javasource.types import Value

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LISTING = {"asList", "of", "ofEntries", "entry"}
_WORDS = {"true": True, "True": True, "false": False, "False": False}
LONGEST_LITERAL = 20_000
"""Characters after a call's name that are looked at."""


_ESCAPED = re.compile(r'\\.|["\n]', re.DOTALL)

Literal = str | float
"""A literal: a number without its sign, the content of a string or char, or a word with a NUL before it."""


class _Unknown(Exception):
    """Not a literal."""


def calls(text: str, name: str) -> list[list[Value]]:
    """The arguments of each call of `name` in `text` that is made of literals only."""
    found = []
    for match in re.finditer(rf"\b{re.escape(name)}\s*\(", text):
        try:
            reader = _Reader(texts(text[match.end() - 1 : match.end() + LONGEST_LITERAL]))
            found.append(reader.items("("))
        except (_Unknown, ValueError, TypeError, RecursionError):
            continue
    return found


def literals(text: str) -> list[Value] | None:
    """The arguments in `(…)` at the start of `text`; None where it is not that."""
    try:
        reader = _Reader(texts(text))
        found = reader.items("(")
    except (_Unknown, ValueError, TypeError, RecursionError):
        return None
    return found if not reader.token else None


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    at: int = 0

    @property
    def token(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.token
        if not token or (wanted and token not in wanted):
            raise _Unknown
        self.at += 1
        return token

    def items(self, opening: str) -> list[Value]:
        """`opening`, values with commas between, and what closes it."""
        self.take(opening)
        found: list[Value] = []
        while self.token != _CLOSING[opening]:
            if found:
                self.take(",")
                if self.token == _CLOSING[opening]:
                    break  # a comma may come last
            found.append(self.value())
        self.take(_CLOSING[opening])
        return found

    def value(self) -> Value:
        token = self.token
        if token == "new":
            return self.made()
        if token in ("[", "("):
            return self.items(token)
        if token == "{":
            return self.braced()
        if token in _WORDS:
            self.at += 1
            return _WORDS[token]
        if token[:1] in "\"'" and token:
            self.at += 1
            return _text(token)
        if token in ("-", "+") or token[:1].isdigit() or token[:1] == ".":
            return self.number()
        return self.listed()

    def number(self) -> Value:
        sign = -1 if self.token == "-" else 1
        if self.token in ("-", "+"):
            self.at += 1
        digits = self.take().replace("_", "")
        if re.fullmatch(r"\d+[lL]?", digits):
            return sign * int(digits.rstrip("lL"))
        if re.fullmatch(r"(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?[dDfF]?", digits):
            return sign * float(digits.rstrip("dDfF"))
        raise _Unknown

    def braced(self) -> Value:
        """`{1: 2}` or `{"a": 1}`; without colons, an array's or a set's `{1, 2}`."""
        if self.tokens[self.at + 1 : self.at + 2] == ["}"]:
            self.at += 2
            return {}
        self.take("{")
        first = self.value()
        if self.token != ":":
            found = [first]
            while self.take(",", "}") == ",":
                found.append(self.value())
            return found
        pairs = {}
        while True:
            self.take(":")
            pairs[first] = self.value()
            if self.take(",", "}") == "}":
                return pairs
            first = self.value()

    def listed(self) -> Value:
        """`Arrays.asList(…)` and such."""
        path = [self.take()]
        while self.token == ".":
            self.at += 1
            if self.token == "<":
                self.generic()
            path.append(self.take())
        if path[-1] not in _LISTING or len(path) < 2:
            raise _Unknown
        found = self.items("(")
        if path[-2] != "Map" or path[-1] == "entry":
            return found
        if path[-1] == "ofEntries":
            return dict(found)
        return dict(zip(found[::2], found[1::2], strict=True))

    def generic(self) -> None:
        depth = 0
        while True:
            token = self.take()
            depth += token.count("<") - token.count(">")
            if depth <= 0:
                return

    def made(self) -> Value:
        """`new int[] {1}`, `new ArrayList<>(…)`, `new HashMap() {{ put(1, 2); }}`."""
        self.take("new")
        while self.token not in ("(", "["):
            if self.token == "<":
                self.generic()
            else:
                name = self.take()
        if self.token == "[":
            while self.token == "[":
                self.take("[")
                self.take("]")
            return self.array()
        inner = self.items("(")
        if self.token == "{":
            return self.filled()
        if name.endswith("Map"):
            return inner[0] if inner else {}
        if inner and not isinstance(inner[0], list):
            raise _Unknown  # a capacity
        return inner[0] if inner else []

    def array(self) -> list[Value]:
        """`{…}`, where an inner `{…}` is an array too."""
        self.take("{")
        found: list[Value] = []
        while self.token != "}":
            if found:
                self.take(",")
            found.append(self.array() if self.token == "{" else self.value())
        self.take("}")
        return found

    def filled(self) -> Value:
        """`{{ put(1, 2); }}` or `{{ add(1); }}`."""
        self.take("{")
        self.take("{")
        added: list[Value] = []
        pairs: dict[Value, Value] = {}
        while self.token != "}":
            kind = self.take("put", "add")
            inner = self.items("(")
            self.take(";")
            if kind == "put":
                key, value = inner
                pairs[key] = value
            else:
                added += inner
        self.take("}")
        self.take("}")
        return added or pairs


def _text(token: str) -> str:
    if len(token) < 2:
        raise _Unknown
    inner = plain_string(token)[1:-1]
    if token[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"').replace('\\\\"', '\\"')
    found = json.loads('"' + inner.replace("\\'", "'").replace("\t", "\\t") + '"')
    assert isinstance(found, str)
    return found


def literal_values(tokens: Sequence[str]) -> tuple[Literal, ...]:
    """The values of the literals among the tokens, in order."""
    return tuple(value for value in map(literal_value, tokens) if value is not None)


def literal_value(token: str) -> Literal | None:
    """The value of a token that is a literal; None for all others."""
    first = token[0]
    if first in "\"'":
        return plain_string(token)[1:-1] if len(token) > 1 else None
    if token in ("true", "false", "null"):
        return "\0" + token
    if not first.isdigit() and (first != "." or len(token) == 1):
        return None
    digits = token.replace("_", "").lower()
    try:
        if digits.startswith(("0x", "0b")):
            return float(int(digits.rstrip("l"), 16 if digits[1] == "x" else 2))
        return float(digits.rstrip("lfd"))
    except (ValueError, OverflowError):
        return token


def plain_string(token: str) -> str:
    """A string literal in one line for a text block; other tokens as they are."""
    if not token.startswith('"""'):
        return token
    lines = re.split(r"\r\n|\r|\n", token[3:-3])[1:]
    counted = [*(line for line in lines[:-1] if line.strip()), lines[-1]]
    indent = min(len(line) - len(line.lstrip()) for line in counted)
    content = "\n".join(line[indent:].rstrip() for line in lines)
    written = {"\\\n": "", "\\s": " ", '"': '\\"', "\n": "\\n"}
    return f'"{re.sub(_ESCAPED, lambda found: written.get(found[0], found[0]), content)}"'
