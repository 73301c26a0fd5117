"""Whose method a prompt asks for: its class, name and parameters, from tokens.

The prompt ends in the open body of the method, so its signature is the last thing before the last `{`.
`Head` is what every method has, `Signature` a method that inputs can be made for.

Not covered: constructors; of signatures also methods of nested classes that need an object, and generic
methods (`Uncovered`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rlcf.javasource.tokens import is_name, texts
from rlcf.javasource.types import PRIMITIVES, JavaType, Uncovered, parse_type

_MODIFIERS = {"public", "private", "protected", "static", "final", "synchronized", "strictfp"}
_TYPE_ENDS = {">", ">>", ">>>", "]", ".", *PRIMITIVES}


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before an open body."""

    owner: str
    """The class of the method, with those around it: `Outer.Inner`."""
    name: str
    modifiers: frozenset[str]
    returns: str
    """The type of its results, type parameters in front."""
    parameters: tuple[tuple[str, ...], ...]
    """The tokens of each."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A method, static or of a class with a constructor that takes nothing."""

    owner: str
    """What it is called on: `Outer.Inner`, or `new Outer()`."""
    name: str
    parameters: tuple[JavaType, ...]

    def call(self, arguments: list[str]) -> str:
        return f"{self.owner}.{self.name}({', '.join(arguments)})"


def open_method(prompt: str) -> Head:
    """The head of the method whose body `prompt` leaves open. Raises Uncovered."""
    tokens = texts(prompt)
    opens, owners = [], []
    for index, token in enumerate(tokens):
        if token == "{":
            opens.append(index)
        elif token == "}" and opens:
            opens.pop()
    if len(opens) < 2:
        raise Uncovered("a prompt that does not end in an open method of a class")
    for end in opens[:-1]:
        heads = [at for at in range(end) if tokens[at] in ("class", "interface", "enum", "record")]
        if not heads:
            raise Uncovered("a method outside a class")
        owners.append(tokens[heads[-1] + 1])
    start = max(at for at in range(opens[-1]) if tokens[at] in (";", "{", "}")) + 1
    return _head(tokens[start : opens[-1]], ".".join(owners))


def read_signature(prompt: str) -> Signature:
    """The method whose body `prompt` leaves open, as inputs are made for it. Raises Uncovered."""
    head = open_method(prompt)
    owner = head.owner
    if "private" in head.modifiers:
        raise Uncovered("a method that is private")
    if "static" not in head.modifiers:
        if "." in owner:
            raise Uncovered("a method that needs an object of a nested class")
        owner = f"new {owner}()"
    if head.returns == "void" or head.returns.startswith("<"):
        raise Uncovered(f"a method that returns {head.returns}")
    parameters = tuple(parse_type(" ".join(one[:-1])) for one in head.parameters)
    for parameter in parameters:
        parameter.check()
    if not parameters:
        raise Uncovered("a method without parameters: it has one input")
    return Signature(owner, head.name, parameters)


@lru_cache(maxsize=4096)
def parameter_names(prompt: str) -> frozenset[str]:
    """Names of the parameters of the method that `prompt` leaves open; none where it has no such end."""
    tokens = texts(prompt)
    close = len(tokens) - 1
    while close >= 0 and (tokens[close] in ("{", ",", ".", "throws") or is_name(tokens[close])):
        close -= 1
    if close < 0 or tokens[close] != ")":
        return frozenset()
    open_ = close
    while open_ > 0 and tokens[open_] != "(":
        open_ -= 1
    header = tokens[open_ : close + 1]
    return frozenset(
        name
        for before, name, after in zip(header, header[1:], header[2:], strict=False)
        if is_name(name) and after in (",", ")", "[") and (is_name(before) or before in _TYPE_ENDS)
    )


def _head(tokens: list[str], owner: str) -> Head:
    while tokens[:1] == ["@"]:
        tokens = tokens[2:]
    modifiers = frozenset(token for token in tokens if token in _MODIFIERS)
    tokens = [token for token in tokens if token not in _MODIFIERS]
    opened = tokens.index("(") if "(" in tokens else 0
    if opened < 2 or not is_name(tokens[opened - 1]):
        raise Uncovered(f"no method: {' '.join(tokens)}")
    closed = len(tokens) - 1 - tokens[::-1].index(")")
    return Head(
        owner=owner,
        name=tokens[opened - 1],
        modifiers=modifiers,
        returns=" ".join(tokens[: opened - 1]),
        parameters=tuple(map(tuple, _split(tokens[opened + 1 : closed]))),
    )


def _split(tokens: list[str]) -> list[list[str]]:
    """What stands between the commas outside `<…>`."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += token.count("<") - (token.count(">") if token.strip(">") == "" else 0)
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]
