"""Rows of MultiPL-E in Java (Cassano et al. 2023): `name, prompt, tests, stop_tokens`.

MultiPL-E joins prompt, completion and tests to one class, and runs it with `java -ea`. The tests begin with
the brace that closes the method, so a completion ends before it, where the stop tokens cut; then comes a
`main` of assertions:

    }
    public static void main(String[] args) {
    assert(largest((new ArrayList<Long>(Arrays.asList((long)1l, (long)2l)))) == (2l));
    assert(evenOdd((3l)).equals((Pair.with(1l, 2l))));
    }
    }

Here that brace, and the one that closes the class, are the problem's `suffix`, and each assertion becomes a
case: the value of the call is compared in the judge with what stands on the other side. A condition of
another kind is a case whose value is the condition's. Assertions are on in the program's code. Tests that
hold more than assertions run as a whole `class Main` that calls the program's class.

Unlike there, a completion may have a `main` of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from javabox import Suite, SuiteCase
from rlcf.javasource.signature import Head, open_method
from rlcf.javasource.tokens import is_name, places, texts
from rlcf.javasource.types import PRIMITIVES, Uncovered
from rlcf.jsonl import Row
from rlcf.problems.formats.mxeval import optional, place, stop_tokens
from rlcf.problems.problem import Problem
from rlcf.problems.suite import import_lines

SUFFIX = "\n    }\n}\n"
"""What closes the method and the class."""
_EQUAL_NUMBERS = math.ulp(0.0)
"""A tolerance that only equal numbers are within, 0.0 and -0.0 among them: what == says of floats."""
_MAIN = "public static void main ( String [ ] {} ) {{".format
_LITERALS = {
    "boolean": r"true|false",
    "int": r"-?\d+",
    "long": r"-?\d+[lL]?",
    "float": r"(?:float)?-?(\d+[lL]?|[\d.]+(e-?\d+)?[fF])",
    "double": r"(?:float|double)?-?(\d+[lL]?|[\d.]+(e-?\d+)?[fFdD]?)",
}
_TYPE_ENDS = {*PRIMITIVES, "void", "]", ">", ">>", ">>>"}
_OPENS, _CLOSES = {"(", "[", "{"}, {")", "]", "}"}


def multiple_problem(row: Row) -> Problem:
    """The problem of a row of MultiPL-E. Raises BadInput."""
    if (language := optional(row, "language")) not in (None, "java"):
        raise row.bad(f"is {language!r}; only java is judged", "language")
    prompt, tests = row.text("prompt"), row.text("tests")
    try:
        head = open_method(prompt)
    except Uncovered as error:
        raise row.bad(f"must end in the open body of a method, has {error}", "prompt") from error
    if not tests.lstrip().startswith("}"):
        raise row.bad("must begin with the brace that closes the method", "tests")
    suite = multiple_suite(prompt, head, tests)
    if suite.whole is not None and head.owner == "Main":
        raise row.bad("are no list of assertions, and class Main is the program's: rename it", "tests")
    return Problem(
        task_id=row.text("task_id" if "task_id" in row.fields else "name"),
        prompt=prompt,
        suite=suite,
        description=said(prompt),
        entry_point=head.name,
        test=tests,
        suffix=SUFFIX,
        stop_tokens=stop_tokens(row),
        source=place(row),
    )


def said(prompt: str) -> str:
    """The line comments of a prompt, which are MultiPL-E's descriptions."""
    return "\n".join(re.findall(r"^\s*// ?(.*?)[ \t]*$", prompt, re.MULTILINE)).strip()


def multiple_suite(prompt: str, head: Head, tests: str) -> Suite:
    """The suite of MultiPL-E's tests: cases where they are assertions and nothing else, else whole."""
    imports = import_lines(prompt)
    conditions = _conditions(tests)
    if conditions is None:
        return Suite(whole=f"{imports}\n{_main(head, tests)}", assertions=True)
    members = _members(prompt.replace(imports, ""))
    cases = tuple(
        _case(f"assertion {number}", condition, head, members) for number, condition in enumerate(conditions)
    )
    return Suite(cases=cases, imports=imports, assertions=True)


def _main(head: Head, tests: str) -> str:
    """The tests as a class of their own, which calls the program's."""
    _, _, members = tests.partition("}")
    return f"class Main {{\n{_qualified(members, head.owner)}"


def _conditions(tests: str) -> list[list[re.Match[str]]] | None:
    """The conditions of the assertions; None where there is anything beside them."""
    found = places(tests)
    words = [match.group() for match in found]
    named = words[9] if len(words) > 9 else ""
    main = _MAIN(named).split()
    if words[:1] != ["}"] or words[1 : 1 + len(main)] != main:
        return None
    at, conditions = 1 + len(main), []
    while words[at : at + 2] == ["assert", "("]:
        end = _closing(words, at + 1)
        if end is None or words[end + 1 : end + 2] != [";"]:
            return None
        conditions.append(found[at + 2 : end])
        at = end + 2
    return conditions if conditions and words[at:] == ["}", "}"] else None


def _closing(words: Sequence[str], opened: int) -> int | None:
    """Where the bracket that opens at `opened` is closed."""
    depth = 0
    for at in range(opened, len(words)):
        depth += (words[at] in _OPENS) - (words[at] in _CLOSES)
        if depth == 0:
            return at
    return None


def _members(prompt: str) -> set[str]:
    """The names of types and fields that the prompt declares, and of some of its variables."""
    found = set()
    for before, after in pairwise(texts(prompt)):
        if before in ("class", "interface", "enum", "record"):
            found.add(after)
        elif after in ("=", ";"):
            found.add(before)
    return found


def _of_libraries(expression: str, members: set[str]) -> bool:
    """Whether an expression names classes and their members, and nothing of the program."""
    words = texts(expression)
    free = [
        name for before, name in zip(["", *words], words, strict=False) if before != "." and is_name(name)
    ]
    calls = _qualified(expression, "") != expression
    return not calls and all(name[0].isupper() and name not in members for name in free)


def _case(name: str, condition: list[re.Match[str]], head: Head, members: set[str]) -> SuiteCase:
    """The value of a call and what it is compared with; where it is no such thing, the condition and true."""
    source = condition[0].string
    words = [match.group() for match in condition]
    end = _closing(words, 1) if words[:2] == [head.name, "("] else None
    expected, kind = "", "Object"
    if end is not None:
        rest = words[end + 1 :]
        if rest[:1] == ["=="] and _is_number(rest[1:], head.returns):
            expected, kind = source[condition[end + 2].start() : condition[-1].end()], head.returns
        elif rest[:3] == [".", "equals", "("] and _closing(rest, 2) == len(rest) - 1:
            expected = source[condition[end + 3].start() : condition[-1].end()]
    if end is None or not expected or not _of_libraries(expected, members):
        value = _qualified(source[condition[0].start() : condition[-1].end()], head.owner)
        return SuiteCase(name=name, code="", value=value, expected="true", expected_type="boolean")
    return SuiteCase(
        name=name,
        code="",
        value=_qualified(source[condition[0].start() : condition[end].end()], head.owner),
        expected=expected,
        expected_type=kind,
        tolerance=_EQUAL_NUMBERS if kind in ("float", "double") else None,
    )


def _is_number(words: Sequence[str], kind: str) -> bool:
    """Whether an expression is a literal that Java would widen to this primitive type, not the other way."""
    text = "".join(words).replace("(", "").replace(")", "")
    return bool(kind in _LITERALS and re.fullmatch(_LITERALS[kind], text))


def _qualified(source: str, owner: str) -> str:
    """`source` where methods that are called by their name alone are methods of `owner`."""
    found = places(source)
    pieces, last = [], 0
    declared = {
        name.group()
        for before, name, after in zip(found, found[1:], found[2:], strict=False)
        if after.group() == "(" and (is_name(before.group()) or before.group() in _TYPE_ENDS)
    }
    for before, name, after in zip([None, *found], found, found[1:], strict=False):
        free = before is None or before.group() not in (".", "new", "::")
        if free and is_name(name.group()) and after.group() == "(" and name.group() not in declared:
            pieces += [source[last : name.start()], f"{owner}."]
            last = name.start()
    return "".join([*pieces, source[last:]])
