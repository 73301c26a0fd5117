"""Tests that were compiled beside one program serve the next one only where they would be compiled the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from javabox import Job, Judge, Outcome, Suite, SuiteCase, Verdict

F = "class S { static int f(int x) { return 2 * x; } }"
CALL = "Object r = S.f(2);"
WHOLE = "class Main { static int k = 3; public static void main(String[] a) { if (S.f(2) != 4) throw new Error(); } }"
number = count()


@pytest.fixture(scope="module")
def one() -> Iterator[Judge]:
    """A judge that takes one program after the other."""
    with Judge(engine="local", workers=1) as judge:
        yield judge


def suite(code: str) -> Suite:
    return Suite(cases=(SuiteCase("0", code, "r", "4", "Object"),), imports="import java.util.*;")


def new(tests: Suite) -> Suite:
    """The same tests in a text that no judge has seen."""
    mark = f"/* {next(number)} */"
    if tests.whole is not None:
        return replace(tests, whole=f"{tests.whole} {mark}")
    return replace(tests, cases=tuple(replace(case, code=f"{case.code} {mark}") for case in tests.cases))


def verdicts(judge: Judge, sources: list[str], tests: Suite) -> list[Verdict]:
    """One after the other, with tests that nobody has seen before the first of them."""
    tests = new(tests)
    return [_without_marks(judge.grade([Job(source, tests)])[0]) for source in sources]


def _without_marks(verdict: Verdict) -> Verdict:
    """Neither its time, nor the code of the tests, which `new` marks."""
    return replace(verdict, wall_ms=0.0, cases=tuple(replace(case, call=None) for case in verdict.cases))


def reused(judge: Judge) -> int:
    return int(judge.stats()["tests_reused"])


def test_the_same_declarations_take_the_same_tests(one: Judge) -> None:
    helper = "class S { static int f(int y) { int s = 0; for (int i = 0; i < y; i++) s += 2; return s; } }"
    lambda_ = "class S { static int f(int x) { Runnable r = () -> { }; r.run(); return 3 * x; } }"
    before = reused(one)
    outcomes = [v.outcome for v in verdicts(one, [F, helper, lambda_], suite(CALL))]
    assert outcomes == [Outcome.PASSED, Outcome.PASSED, Outcome.FAILED]
    assert reused(one) - before == 2


def test_of_many_declarations_the_last_ones_are_kept(one: Judge) -> None:
    others = [f"class S {{ static int f(int x) {{ return 2 * x; }} static int m{i}; }}" for i in range(8)]
    tests = new(suite(CALL))

    def reused_by(source: str) -> bool:
        before = reused(one)
        verdict = one.grade([Job(f"{source} // {next(number)}", tests)])[0]
        assert verdict.passed
        return reused(one) > before

    assert [reused_by(source) for source in [F, *others]] == [False] * 9
    assert [reused_by(source) for source in others] == [True] * 8, "the first one went"
    assert [reused_by(source) for source in [F, F]] == [False, True]


@pytest.mark.parametrize(
    ("code", "first", "second", "outcome"),
    [
        (CALL, F, "class S { static long f(long x) { return 2 * x; } }", Outcome.FAILED),
        (CALL, F, "class S { static Integer f(int x) { return 2 * x; } }", Outcome.PASSED),
        (CALL, F, "class S { private static int f(int x) { return 2 * x; } }", Outcome.COMPILE_ERROR),
        (CALL, F, "class S { int f(int x) { return 2 * x; } }", Outcome.COMPILE_ERROR),
        (CALL, F, "interface S { static int f(int x) { return 2 * x; } }", Outcome.PASSED),
        (
            CALL,
            F,
            "class S { static int f(Integer x) { return 9; } static int f(long x) { return 4; } }",
            Outcome.PASSED,
        ),
        (
            "Object r = S.k;",
            "class S { static final int k = 5; }",
            "class S { static final int k = 4; }",
            Outcome.PASSED,
        ),
        (
            "Object r = S.k;",
            "class S { static final int k = 4; }",
            "class S { static final int k; static { k = 5; } }",
            Outcome.FAILED,
        ),
        (
            "Object r = S.k;",
            "class S { static int k = 4; }",
            "class S { static int j = 4; }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "Object r = S.f(2, 2);",
            "class S { static int f(int... x) { return x[0] + x[1]; } }",
            "class S { static int f(int[] x) { return 4; } }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "Object r; try { r = S.f(2); } catch (java.io.IOException e) { r = 4; }",
            "class S { static int f(int x) throws java.io.IOException { throw new java.io.IOException(); } }",
            "class S { static int f(int x) { return 4; } }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "int i = S.f().get(0); Object r = i;",
            "import java.util.*; class S { static List<Integer> f() { return Arrays.asList(4); } }",
            "import java.util.*; class S { static List<Long> f() { return Arrays.asList(4L); } }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "Comparable<Integer> c = new S(); Object r = c.compareTo(1);",
            "class S implements Comparable<Integer> { public int compareTo(Integer o) { return 4; } }",
            "class S { public int compareTo(Integer o) { return 4; } }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "Cloneable c = new S(); Object r = 4;",
            "class S implements Cloneable { }",
            "class S { }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "Object r = new S().f(2);",
            "class A { int f(int x) { return 3; } } class B { long f(long x) { return 4; } } class S extends A { }",
            "class A { int f(int x) { return 3; } } class B { long f(long x) { return 4; } } class S extends B { }",
            Outcome.FAILED,
        ),
        (
            "int i = new S().get(); Object r = i;",
            "class S implements java.util.function.Supplier { public Integer get() { return 4; } }",
            "abstract class S implements java.util.function.Supplier { public Integer get() { return 4; } }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "int i = new S().get(0); Object r = i;",
            "class S extends java.util.ArrayList<Integer> { }",
            "class S extends java.util.ArrayList<Long> { }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "Object r = Optional.of(4).get();",
            "class S { }",
            "class S { } class Integer { }",
            Outcome.PASSED,
        ),
        (
            "Object r = S.I.f();",
            "class S { interface I { static int f() { return 4; } } }",
            "class S { private interface I { static int f() { return 4; } } }",
            Outcome.COMPILE_ERROR,
        ),
        (
            "Object r = new S(2, 2).a() + 2;",
            "record S(int a, int b) { }",
            "class S { S(int a, int b) { } int a() { return 2; } }",
            Outcome.PASSED,
        ),
        (
            CALL,
            F,
            "class S { static int f(int x) { new Thread(() -> { }).start(); return 4; } }",
            Outcome.PASSED,
        ),
        (
            "Object r = S.f(new Object() { }, 2);",
            "class S { static int f(Object o, int x) { return 4; } }",
            "class S { static int f(Object o, int x) { return o.getClass().getDeclaredMethods().length + 4; } }",
            Outcome.PASSED,
        ),
    ],
)
def test_what_differs_to_the_tests_is_compiled_with_them(
    one: Judge, code: str, first: str, second: str, outcome: Outcome
) -> None:
    before = reused(one)
    assert verdicts(one, [first], suite(code))[0].compiled, "no tests are kept that do not compile"
    after = verdicts(one, [first, second], suite(code))[1]
    assert after == verdicts(one, [second], suite(code))[0]
    assert (after.outcome, reused(one)) == (outcome, before)


@pytest.mark.parametrize(
    "name", ["Main.k", "M\\u0061in.k", "new Object() { int g() { return Main.k; } }.g()"]
)
def test_a_program_that_names_its_tests_is_compiled_with_them(one: Judge, name: str) -> None:
    second = f"class S {{ static int f(int x) {{ return {name} + 1; }} }}"
    tests = Suite(whole=WHOLE)
    first, after = verdicts(one, [F, second], tests)
    assert first.passed
    assert after == verdicts(one, [second], tests)[0]
    assert after.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "broken",
    [
        "class S { static int f(int x) { return y; } }",
        "class S { static int f(int x) { return 2 * x } }",
        "class S { static int f(int x) { } }",
        "class S { static int f(int x) { return Javabox$Tests.c0() == null ? 4 : 4; } }",
        "class S { static int f(int x) { " + "int a = b; " * 30 + "return 4; } }",
        "class S { static int f(int x) { final int a = 1; a = 2; return 4; } } class T extends Nothing { }",
    ],
)
def test_what_is_said_of_a_broken_program_does_not_depend_on_known_tests(one: Judge, broken: str) -> None:
    after = verdicts(one, [F, broken], suite(CALL))[1]
    assert after == verdicts(one, [broken], suite(CALL))[0]
    assert after.outcome is Outcome.COMPILE_ERROR
    assert after.diagnostics
