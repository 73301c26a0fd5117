"""Problems whose programs the tests write by hand, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from javabox import Judge, StdinCase, Suite, SuiteCase
from rlcf import Problem, extract
from rlcf.environment import Setting, feedback_on

END = "\n    }\n}\n"
DOUBLE = Problem(
    task_id="double",
    prompt="class A {\n    static int f(int x) {\n",
    suite=Suite(tuple(SuiteCase(str(x), f"int r = A.f({x});", "r", str(2 * x)) for x in range(4))),
    entry_point="f",
    reference="return 2 * x;" + END,
)
RUNS = Problem(
    task_id="runs",
    prompt="import java.util.*;\n\nclass A {\n    static List<List<Integer>> runs(int[] a) {\n",
    suite=Suite(
        tuple(
            SuiteCase(
                name, f"List<List<Integer>> r = A.runs(new int[] {{{a}}});", "r", value, "List<List<Integer>>"
            )
            for name, a, value in (
                ("none", "", "List.of()"),
                ("two", "1, 1, 2", "List.of(List.of(1, 1), List.of(2))"),
            )
        ),
        imports="import java.util.*;",
    ),
    entry_point="runs",
)
WHOLE = replace(
    DOUBLE,
    task_id="whole",
    suite=Suite(
        whole="class Main {\n    public static void main(String[] args) {\n"
        '        if (A.f(2) != 4) throw new AssertionError("f(2) is " + A.f(2) + ", not 4");\n    }\n}\n'
    ),
)
SUM = Problem(
    task_id="sum",
    prompt="",
    suite=Suite(stdin=(StdinCase("a", "3\n4\n", ("7\n",)),)),
    description="Print the sum of two numbers.",
)
BROKEN = replace(DOUBLE, task_id="broken", suite=Suite((SuiteCase("0", "int r = A.f(0);", "r", "nonsense"),)))

Told = Callable[..., str | None]


@pytest.fixture
def told(judge: Judge) -> Told:
    """What is said of a reply, by the judge's real verdict."""

    def tell(problem: Problem, reply: str, setting: Setting | None = None) -> str | None:
        found = extract(reply, problem)
        (verdict,) = judge.grade([found.job(problem)])
        return feedback_on(problem, found, found.verdict(verdict), setting or Setting())

    return tell
