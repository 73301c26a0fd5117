"""mxeval's tests, taken apart: one monolithic `class Main` becomes cases that run one by one.

A test of mxeval is `class Main { compare; main }`, and `main` stops at the first failing case:

    List<Integer> arg00 = …;                        statements of the case
    List<Integer> x0 = HeapQueueLargest.f(…);       the call
    List<Integer> v0 = Arrays.asList(85, 75, 65);   the expected value
    if (!(compare(x0, v0))) {                       or a literal: compare(x0, 192.0)
        throw new java.lang.Exception("…" + x0);
    }

The statements are cut out of the source verbatim, so that javac accepts and rejects what it does in the
original. `compare` decides how values are compared; two are known, mxeval's `equals` and MathQA's
tolerance, and anything else is left alone, as is every test that deviates from the shape above: then
the suite is whole, and runs as the test program that it is.

Not covered: arrays as results. mxeval compares them by identity, so that no program passes; cases
compare them by element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from javabox import Suite, SuiteCase
from rlcf.javasource.tokens import is_name, places, texts

_COMPARE_EQUALS = texts(
    """
    public static boolean compare(Object obj1, Object obj2) {
        if (obj1 == null && obj2 == null){
            return true;
        } else if (obj1 == null || obj2 == null){
            return false;
        } else {
            return obj1.equals(obj2);
        }
    }
    """
)

_COMPARE_TOLERANCE = texts(
    """
    public static boolean compare(Object obj1, Object obj2) {
        if (obj1 == null && obj2 == null){
            return true;
        } else if (obj1 == null || obj2 == null){
            return false;
        } else {
            if ((obj1 instanceof Double || obj1 instanceof Float) &&
                    (obj2 instanceof Double || obj2 instanceof Float)
                ){
                if (obj1 instanceof Float){
                    obj1 = ((Float) obj1).doubleValue();
                }
                if (obj2 instanceof Float){
                    obj2 = ((Float) obj2).doubleValue();
                }
                return Math.abs((double)obj1 - (double)obj2) < TOLERANCE;
            }
            else
                return obj1.equals(obj2);
        }
    }
    """
)

_OPEN = texts("class Main {")
_MAIN = texts("public static void main(String[] args) throws Exception {")
_CHECK = texts("if (!(compare(")
_THROW = texts("{ throw new java.lang.Exception(")

_ILLEGAL_ESCAPE = re.compile(r"\\(?![btnfrs\"'\\0-7])")
"""MBJP/217 expects "\\x00": its test compiles with no program, and so must not be taken apart."""


_DEPTHS = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}

_PRIMITIVES = ("boolean", "byte", "char", "short", "int", "long", "float", "double")
_TYPE_SIGNS = ("<", ">", ">>", ">>>", ",", ".", "[", "]", "?", "extends", "super")


class _Unknown(Exception):
    """The test does not have the shape that can be taken apart."""


# A run reads its problems once for each of its splits.
@lru_cache(maxsize=4096)
def mxeval_suite(prompt: str, test: str) -> Suite:
    """The suite of an mxeval problem: taken apart where its shape is known, else whole."""
    imports = import_lines(prompt)
    try:
        cases = _take_apart(prompt, test)
    except _Unknown:
        return Suite(whole=f"{imports}\n{test}")
    return Suite(cases=cases, imports=imports)


def import_lines(source: str) -> str:
    """The import lines at the head of a Java source, each on a line of its own."""
    found = places(source)
    lines, start = [], 0
    for index, match in enumerate(found):
        if match.group() == ";":
            lines.append(source[found[start].start() : match.end()])
            start = index + 1
        elif index == start and match.group() != "import":
            break
    return "\n".join(lines)


@dataclass(slots=True)
class _Reader:
    """The tokens of a test, read from left to right."""

    source: str
    found: list[re.Match[str]]
    tokens: list[str]
    """Their texts, and an empty one at the end."""
    at: int = 0

    @property
    def token(self) -> str:
        return self.tokens[self.at]

    def starts_with(self, tokens: list[str]) -> bool:
        return self.tokens[self.at : self.at + len(tokens)] == tokens

    def expect(self, tokens: list[str]) -> None:
        if not self.starts_with(tokens):
            raise _Unknown
        self.at += len(tokens)

    def name(self) -> str:
        name = self.token
        if not name or not is_name(name):
            raise _Unknown
        self.at += 1
        return name

    def until(self, end: str) -> tuple[int, int]:
        """Passes to the next `end` outside brackets; gives the range of tokens before it."""
        first, depth = self.at, 0
        for at in range(first, len(self.tokens) - 1):
            token = self.tokens[at]
            if token == end and not depth:
                self.at = at
                return first, at
            depth += _DEPTHS.get(token, 0)
            if depth < 0:
                break
        raise _Unknown

    def text(self, first: int, last: int) -> str:
        """The source of the tokens from `first` to before `last`, verbatim."""
        if first >= last:
            raise _Unknown
        return self.source[self.found[first].start() : self.found[last - 1].end()]


def _take_apart(prompt: str, test: str) -> tuple[SuiteCase, ...]:
    found = places(test)
    tokens = [match.group() for match in found]
    literals = [token for token in tokens if token[0] in "\"'"]
    if "\\u" in test or any(_ILLEGAL_ESCAPE.search(literal.replace("\\\\", "")) for literal in literals):
        raise _Unknown
    reader = _Reader(test, found, [*tokens, ""])
    reader.expect(_OPEN)
    tolerance = _read_compare(reader)
    reader.expect(_MAIN)
    program = {match.group(1) for match in re.finditer(r"\b(?:class|interface|enum|record)\s+(\w+)", prompt)}
    cases: list[SuiteCase] = []
    earlier: set[str] = set()
    while reader.token != "}":
        cases.append(_read_case(reader, str(len(cases)), tolerance, program, earlier))
    reader.expect(["}", "}"])
    if reader.token or not cases:
        raise _Unknown
    return tuple(cases)


def _read_compare(reader: _Reader) -> float | None:
    """Passes over `compare`; its tolerance, None where it is `equals`."""
    if reader.starts_with(_COMPARE_EQUALS):
        reader.expect(_COMPARE_EQUALS)
        return None
    slot = _COMPARE_TOLERANCE.index("TOLERANCE")
    reader.expect(_COMPARE_TOLERANCE[:slot])
    try:
        tolerance = float(reader.token)
    except ValueError:
        raise _Unknown from None
    reader.at += 1
    reader.expect(_COMPARE_TOLERANCE[slot + 1 :])
    return tolerance


@dataclass(frozen=True, slots=True)
class _Declaration:
    """`type name = value;`, the value as a range of tokens."""

    type: str
    name: str
    value: tuple[int, int]
    tokens: tuple[int, int]


def _read_case(
    reader: _Reader, name: str, tolerance: float | None, program: set[str], earlier: set[str]
) -> SuiteCase:
    """One case. It must stand alone: its code uses no variable of an `earlier` case, and its expected
    value none at all and nothing of the `program`. Its variables are added to `earlier`."""
    declared = []
    while not reader.starts_with(_CHECK):
        declared.append(_read_declaration(reader))
    value, expected = _read_check(reader)
    by_name = {declaration.name: declaration for declaration in declared}
    if value not in by_name:
        raise _Unknown
    expected_type = by_name[value].type
    if reader.text(*expected) == declared[-1].name and declared[-1].name != value:
        wanted = declared.pop()
        expected, expected_type = wanted.value, wanted.type
    first, last = declared[0].tokens[0], declared[-1].tokens[1]
    used = set(reader.tokens[slice(*expected)])
    if used & (program | earlier | set(by_name)) or earlier.intersection(reader.tokens[first:last]):
        raise _Unknown
    earlier.update(by_name)
    return SuiteCase(
        name=name,
        code=reader.text(first, last),
        value=value,
        expected=reader.text(*expected),
        expected_type=expected_type,
        tolerance=tolerance,
    )


def _read_declaration(reader: _Reader) -> _Declaration:
    first, last = reader.until("=")
    name = reader.tokens[last - 1]
    declared_type = reader.tokens[first : last - 1]
    if not is_name(name) or declared_type[-1:] == ["."] or not all(map(_is_of_a_type, declared_type)):
        raise _Unknown
    reader.at += 1
    value = reader.until(";")
    reader.at += 1
    return _Declaration(reader.text(first, last - 1), name, value, (first, reader.at))


def _is_of_a_type(token: str) -> bool:
    return is_name(token) or token in _PRIMITIVES or token in _TYPE_SIGNS


def _read_check(reader: _Reader) -> tuple[str, tuple[int, int]]:
    """Passes over `if (!(compare(NAME, EXPRESSION))) { throw …; }`; gives both."""
    reader.expect(_CHECK)
    value = reader.name()
    reader.expect([","])
    expected = reader.until(")")
    reader.expect([")", ")", ")"])
    reader.expect(_THROW)
    reader.until(")")
    reader.expect([")", ";", "}"])
    return value, expected
