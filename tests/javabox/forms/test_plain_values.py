"""Expected values that are read without javac are what javac makes of them, and are refused where it refuses."""

from __future__ import annotations

import pytest

from javabox import Job, Judge, Outcome, Suite, SuiteCase
from tests.javabox.programs import program

IMPORTS = "import java.util.*; import java.math.*;"
TYPES = (
    "int",
    "Integer",
    "long",
    "Long",
    "double",
    "Double",
    "boolean",
    "Boolean",
    "String",
    "Number",
    "Object",
    "char",
)
LISTS = (
    "List<Integer>",
    "List<Double>",
    "List<Object>",
    "List<List<Integer>>",
    "List<String>",
    "List<Number>",
    "List",
)
EXPRESSIONS = {
    "1": "1",
    "-7": "-7",
    "-0": "0",
    "0": "0",
    "2147483647": "2147483647",
    "-2147483648": "-2147483648",
    "2147483648": "2147483648L",
    "017": "15",
    "0x1F": "31",
    "1_000": "1000",
    "5L": "5L",
    "2.5": "2.5",
    "-0.0": "-0.0",
    "1.0e3": "1000.0",
    "1e3": "1000.0",
    "2.5f": "2.5f",
    "2.": "2.0",
    "0.30000000000000004": "0.1 + 0.2",
    "true": "true",
    "trueish": "1",
    '"a b"': '"a b"',
    '"a\\n\\"\\\\ \\t"': '"a\\n\\"\\\\ \\t"',
    '"\\u0041"': '"A"',
    '"\\101"': '"A"',
    '"ä😀"': '"ä😀"',
    '"a" + "b"': '"ab"',
    '"unfinished': '"unfinished"',
    "null": "null",
    "'c'": "'c'",
    "1 + 1": "2",
    "1, 2": "1",
    "": "1",
    "Arrays.asList()": "List.of()",
    "Arrays.asList(1, 2,3)": "List.of(1, 2, 3)",
    "Arrays.asList( -1 , 2 )": "List.of(-1, 2)",
    "Arrays.asList(1.5, 2.0)": "List.of(1.5, 2.0)",
    'Arrays.asList("a", "b")': 'List.of("a", "b")',
    "Arrays.asList(1, 2.5, true)": "List.of(1, 2.5, true)",
    "Arrays.asList(Arrays.asList(1), Arrays.asList(2, 3))": "List.of(List.of(1), List.of(2, 3))",
    "Arrays.asList(1, Arrays.asList(2))": "List.of(1, List.of(2))",
    "Arrays.asList(1, null)": "Arrays.asList(1, null)",
    "Arrays.asList(1, 2": "List.of(1, 2)",
    "Arrays.asList(1 2)": "List.of(1, 2)",
    "Arrays.asList(1, )": "List.of(1)",
    "Arrays.asList(1)) ": "List.of(1)",
}
"""As it is expected, and a program's expression for the same."""


def returns(value: str, kind: str, expected: str, imports: str = IMPORTS) -> Job:
    suite = Suite(cases=(SuiteCase("only", "Object r = S.f(0);", "r", expected, kind),), imports=imports)
    return program(f"return {value};", suite)


@pytest.mark.parametrize("kind", [*TYPES, *LISTS])
def test_what_is_read_is_what_javac_makes_of_it(judge: Judge, kind: str) -> None:
    """In brackets javac decides."""
    values = [*dict.fromkeys(EXPRESSIONS.values())]
    own = [(kind, expected, EXPRESSIONS[expected]) for expected in EXPRESSIONS]
    others = [(kind, expected, values[i % len(values)]) for i, expected in enumerate(EXPRESSIONS, 7)]
    asked = [row for row in own + others if "unfinished" not in row[2] or row[1] == '"unfinished']
    read = judge.grade([returns(value, kind, expected) for kind, expected, value in asked])
    made = judge.grade([returns(value, kind, f"({expected})") for kind, expected, value in asked])
    assert {row: v.outcome for row, v in zip(asked, read, strict=True)} == {
        row: v.outcome for row, v in zip(asked, made, strict=True)
    }
    assert {Outcome.PASSED, Outcome.FAILED} <= {v.outcome for v in read} or kind in ("char",)


def test_names_mean_what_the_imports_say(judge: Judge) -> None:
    without = judge.grade(
        [returns("List.of(1)", "Object", "Arrays.asList(1)", imports="import java.math.*;")]
    )[0]
    assert without.outcome is Outcome.SUITE_ERROR
    beside = "import java.util.*; import java.awt.*;"  # two of the name List
    assert (
        judge.grade([returns("1", "List<Integer>", "Arrays.asList(1)", beside)])[0].outcome
        is Outcome.SUITE_ERROR
    )
    static = "import java.util.*; import static java.lang.Math.*;"
    assert judge.grade([returns("1", "int", "1", static)])[0].passed
