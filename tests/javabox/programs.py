"""Programs for the judge's tests: a body for `class S { static Object f(int x) {`, and cases that call it."""

from __future__ import annotations

from javabox import Job, Limits, Suite, SuiteCase

FUEL = Limits().fuel // 8
PROMPT = "import java.util.*;\n\nclass S {\n    static Object f(int x) {\n"
DOUBLE = Suite(
    cases=(
        SuiteCase("two", "Object r = S.f(2);", "r", "4", "int"),
        SuiteCase("three", "Object r = S.f(3);", "r", "6", "int"),
    ),
    imports="import java.util.*;",
)


def program(body: str, suite: Suite = DOUBLE, prompt: str = PROMPT, **limits: float) -> Job:
    """A job whose completion is `body`, closed by the braces of method and class. One without end costs half
    a second of a processor, an eighth of what the default limit lets it have; attacks have that limit."""
    own = {"wall_seconds": 5.0, "fuel": FUEL} | limits
    return Job(prompt + body + "\n}}\n", suite, Limits(**own), len(prompt))  # type: ignore[arg-type]


def returning(expression: str, expected: str, kind: str = "Object", tolerance: float | None = None) -> Job:
    """A job that returns `expression` and expects `expected`."""
    case = SuiteCase("only", "Object r = S.f(0);", "r", expected, kind, tolerance)
    return program(
        f"return {expression};", Suite(cases=(case,), imports="import java.util.*; import java.math.*;")
    )


def endless(number: int) -> Job:
    """A program without end that the wall clock ends after a minute, and fuel never."""
    return program(f"while (true); // {number}", fuel=1 << 60, wall_seconds=60.0)


def sum_of(number: int) -> Job:
    return program(f"return 2 * x + {number} - {number};")
