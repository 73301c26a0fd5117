"""The Java types that inputs are made for, and inputs as Java expressions.

An input is a Python value: int, float, bool, str (char, String), list (arrays, lists, sets) or dict (maps).
Its declared type says how it is written; below `Object` its own type does.

Covered: primitives, boxed types, Number, String, CharSequence, Object, arrays of any dimension, the usual
collections and maps of all these. Not covered (`Uncovered`): null, type variables, functional interfaces,
the program's own classes and any other class of the JDK.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from rlcf.javasource.tokens import is_name, texts

Value = Any
"""int, float, bool, str, list or dict, nested."""

INTEGERS = {
    "byte": 8, "Byte": 8, "short": 16, "Short": 16, "int": 32, "Integer": 32, "long": 64, "Long": 64,
    "BigInteger": 128,
}  # fmt: skip
"""Integer types and their bits."""
_FLOATS = {"float", "Float", "double", "Double", "BigDecimal"}
_LISTS = {
    "List": "asList", "Collection": "asList", "Iterable": "asList", "ArrayList": "ArrayList",
    "LinkedList": "LinkedList", "Queue": "LinkedList", "Deque": "ArrayDeque", "ArrayDeque": "ArrayDeque",
    "Set": "HashSet", "HashSet": "HashSet", "LinkedHashSet": "LinkedHashSet", "TreeSet": "TreeSet",
}  # fmt: skip
_SETS = {"Set", "HashSet", "LinkedHashSet", "TreeSet"}
_MAPS = {"Map": "HashMap", "HashMap": "HashMap", "LinkedHashMap": "LinkedHashMap", "TreeMap": "TreeMap"}


class Uncovered(Exception):
    """A type, a signature or a value that no inputs are made for; the message says which."""


@dataclass(frozen=True, slots=True)
class JavaType:
    """A type such as `Map<String, int[]>`."""

    name: str
    arguments: tuple[JavaType, ...] = ()
    dimensions: int = 0

    @property
    def kind(self) -> str:
        """integer, float, boolean, char, text, number, object, list, set or map. Raises Uncovered."""
        if self.dimensions or (self.name in _LISTS and self.name not in _SETS):
            return "list"
        if self.name in _SETS:
            return "set"
        if self.name in _MAPS:
            return "map"
        if self.name in INTEGERS:
            return "integer"
        if self.name in _FLOATS:
            return "float"
        for kind, names in _OTHERS.items():
            if self.name in names:
                return kind
        raise Uncovered(f"type {self}")

    @property
    def element(self) -> JavaType:
        """Of an array, a list or a set; `Object` below `Object` and raw types."""
        if self.dimensions:
            return replace(self, dimensions=self.dimensions - 1)
        return self.arguments[0] if self.arguments else OBJECT

    @property
    def entry(self) -> tuple[JavaType, JavaType]:
        """Key and value type of a map."""
        return (self.arguments[0], self.arguments[1]) if len(self.arguments) == 2 else (OBJECT, OBJECT)

    def check(self) -> None:
        """Raises Uncovered where any part is not covered."""
        kind = self.kind
        if self.dimensions and self.arguments:
            raise Uncovered(f"type {self}")
        if kind in ("list", "set"):
            self.element.check()
        if kind == "map":
            for part in self.entry:
                part.check()

    def __str__(self) -> str:
        inner = f"<{', '.join(map(str, self.arguments))}>" if self.arguments else ""
        return f"{self.name}{inner}{'[]' * self.dimensions}"


_OTHERS = {
    "boolean": {"boolean", "Boolean"},
    "char": {"char", "Character"},
    "text": {"String", "CharSequence"},
    "number": {"Number"},
    "object": {"Object"},
}
OBJECT = JavaType("Object")


def parse_type(text: str) -> JavaType:
    """The type that `text` writes. Raises Uncovered."""
    tokens = [part for token in texts(text) for part in (token if token.strip(">") == "" else [token])]
    found, rest = _type(tokens)
    if rest:
        raise Uncovered(f"type {text.strip()}")
    return found


def _type(tokens: list[str]) -> tuple[JavaType, list[str]]:
    if not tokens or not (is_name(tokens[0]) or tokens[0] in PRIMITIVES):
        raise Uncovered(f"type {' '.join(tokens)}")
    name, tokens = tokens[0], tokens[1:]
    while len(tokens) > 1 and tokens[0] == "." and tokens[1] != ".":  # java.util.List
        name, tokens = tokens[1], tokens[2:]
    arguments: list[JavaType] = []
    if tokens[:1] == ["<"]:
        while tokens[0] != ">":
            argument, tokens = _type(tokens[1:])
            arguments.append(argument)
            if tokens[:1] not in ([","], [">"]):
                raise Uncovered(f"type {name}<…>")
        tokens = tokens[1:]
    dimensions = 0
    while tokens[:2] == ["[", "]"]:
        dimensions, tokens = dimensions + 1, tokens[2:]
    if tokens == [".", ".", "."]:
        dimensions, tokens = dimensions + 1, []
    return JavaType(name, tuple(arguments), dimensions), tokens


PRIMITIVES = {"boolean", "byte", "char", "short", "int", "long", "float", "double"}


def fit(value: Value, to: JavaType) -> Value:
    """`value` as an input of type `to`: an int where a double is asked becomes one. Raises Uncovered."""
    kind = to.kind
    if kind == "list" and isinstance(value, list):
        return [fit(item, to.element) for item in value]
    if kind == "set" and isinstance(value, list):
        items = [fit(item, to.element) for item in value]
        # In one order, so that equal sets are equal inputs.
        return sorted([item for i, item in enumerate(items) if item not in items[:i]], key=json.dumps)
    if kind == "map" and isinstance(value, dict):
        key, item = to.entry
        return {fit(name, key): fit(each, item) for name, each in value.items()}
    if kind == "object" and value is not None:
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if isinstance(value, bool):
        raise Uncovered(f"{value!r} as {to}")
    if (
        kind == "integer"
        and isinstance(value, int)
        and -(2 ** (bits := INTEGERS[to.name] - 1)) <= value < 2**bits
    ):
        return value
    if kind == "number" and isinstance(value, int | float):
        return value
    if kind == "float" and isinstance(value, int | float):
        return float(value)
    if (kind == "text" or (kind == "char" and len(value) == 1)) and isinstance(value, str):
        return value
    raise Uncovered(f"{value!r} as {to}")


def java(value: Value, to: JavaType) -> str:
    """`value`, which `fit`s, as a Java expression of type `to`."""
    kind = _kind_of(value) if to.kind == "object" else to.kind
    if kind == "list" and to.dimensions:
        items = ", ".join(java(item, to.element) for item in value)
        return f"new {to} {{{items}}}"
    if kind in ("list", "set"):
        element = to.element
        items = ", ".join(java(item, element) for item in value)
        listed = f"java.util.Arrays.<{_boxed(element)}>asList({items})"
        made = _LISTS.get(to.name, "asList")
        return listed if made == "asList" else f"new java.util.{made}<>({listed})"
    if kind == "map":
        # As MBJP writes them: in an order of its own choice, with any number of entries.
        key, item = to.entry
        puts = " ".join(f"put({java(name, key)}, {java(each, item)});" for name, each in value.items())
        made = _MAPS.get(to.name, "HashMap")
        return f"new java.util.{made}<{_boxed(key)}, {_boxed(item)}>() {{{{ {puts} }}}}"
    return _scalar(value, kind, to.name)


def _scalar(value: Value, kind: str, name: str) -> str:
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "char":
        return "'" + ("\\'" if value == "'" else '"' if value == '"' else json.dumps(value)[1:-1]) + "'"
    if kind == "text":
        return json.dumps(value)
    if name in ("BigInteger", "BigDecimal"):
        return f'new java.math.{name}("{value}")'
    if name in ("byte", "Byte", "short", "Short"):
        return f"({name.lower()}) {value}"
    if name in ("long", "Long") or (name == "Object" and kind == "integer" and not -(2**31) <= value < 2**31):
        return f"{value}L"
    if name in ("float", "Float"):
        return f"{value!r}f"
    return repr(value)


def _kind_of(value: Value) -> str:
    for form, kind in ((bool, "boolean"), (int, "integer"), (float, "float"), (str, "text"), (list, "list")):
        if isinstance(value, form):
            return kind
    return "map"


def _boxed(element: JavaType) -> str:
    boxes = {"int": "Integer", "char": "Character"}
    if element.dimensions or element.name not in PRIMITIVES:
        return str(element)
    return boxes.get(element.name, element.name.capitalize())
