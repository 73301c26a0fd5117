"""Suites that are JUnit classes: a case a test method, what ended it, and what proves a pass.

benchmarks/junit_suites.py compares twenty classes with JUnit's console launcher. Needs Debian's junit4 and junit5.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.junit_suites import JARS, differences
from javabox import Case, Job, Judge, Limits, Outcome, Suite, Verdict
from tests.javabox.forms.junit_suites import FIVE, FOUR, PROGRAMS, SUITES, packed

pytestmark = pytest.mark.skipif(
    not all(jar.exists() for jar in JARS), reason="no JUnit here: apt-get install junit4 junit5"
)
RIGHT = PROGRAMS["right"]


def judged(judge: Judge, source: str, tests: str, limits: Limits | None = None) -> Verdict:
    return judge.grade([Job(source, Suite(whole=tests, junit=True), limits or Limits())])[0]


def outcomes(verdict: Verdict) -> dict[str, str]:
    return {case.name: str(case.outcome) for case in verdict.cases}


@pytest.mark.parametrize("program", PROGRAMS)
def test_as_the_console_launcher_says(judge: Judge, program: str) -> None:
    """A job a class for the right program; for the others many in one, since each job loads all of JUnit."""
    suites = SUITES if program == "right" else packed()
    count, unlike = differences(judge, PROGRAMS[program], suites)
    assert unlike == []
    assert count >= 60


def test_what_the_program_throws_is_its_own_end(judge: Judge) -> None:
    """An assertion's failure is `failed`, an exception of the program's `runtime_error`."""
    for program, outcome in (("right", "passed"), ("wrong", "failed"), ("throwing", "runtime_error")):
        for name in ("PlainTest", "JupiterTest"):
            verdict = judged(judge, PROGRAMS[program], SUITES[name])
            assert str(verdict.outcome) == outcome, (program, name)
            assert verdict.lane == "strict"


def test_a_failed_method_says_why(judge: Judge) -> None:
    verdict = judged(judge, PROGRAMS["wrong"], SUITES["JupiterTest"])
    case = next(case for case in verdict.cases if case.name == "JupiterTest.joins")
    assert case.got == "org.opentest4j.AssertionFailedError: expected: <a-b> but was: <a+b>"
    assert case.call is not None
    assert "void joins()" in case.call


def test_disabled_methods_are_named_and_prove_nothing(judge: Judge) -> None:
    verdict = judged(judge, RIGHT, SUITES["DisabledTest"])
    assert verdict.outcome is Outcome.PASSED
    assert Case("DisabledTest.later", Outcome.UNTESTED, got="not yet") in verdict.cases
    assert outcomes(verdict)["DisabledTest.now"] == "passed"
    nothing = judged(judge, RIGHT, SUITES["AllIgnoredTest"])
    assert (nothing.outcome, nothing.passed) == (Outcome.UNTESTED, False)
    assert "no test method ran" in nothing.detail


def test_without_a_test_method_it_is_untested(judge: Judge) -> None:
    assert judged(judge, RIGHT, "class STest { void twice() { } }").outcome is Outcome.UNTESTED


def test_several_classes_of_both_kinds(judge: Judge) -> None:
    tests = FOUR + (
        "class OneTest { } class TwoTest { @org.junit.jupiter.api.Test void five() { assertEquals(4, S.twice(2)); } }"
        " class Helper { static int four() { return 4; } } "
    )
    beside = tests.replace(
        "class OneTest { }",
        "public class OneTest { @Test public void four() { assertEquals(Helper.four(), S.twice(2)); } }",
    )
    assert outcomes(judged(judge, RIGHT, beside)) == {"OneTest.four": "passed", "TwoTest.five": "passed"}


def test_in_packages_and_beside_a_class_of_the_same_name(judge: Judge) -> None:
    tests = FIVE + "class STest { @Test void two() { assertEquals(4, S.twice(2)); } }"
    own = "class STest { @org.junit.jupiter.api.Test void two() { throw new RuntimeException(); } }"
    for source in (
        "package a.b; " + RIGHT.replace("import java.util.*;", "import java.util.*; ", 1),
        RIGHT + own,
    ):
        assert outcomes(judged(judge, source, tests)) == {"STest.two": "passed"}
    packaged = "package t; import a.b.S; " + tests
    assert judged(judge, "package a.b; " + RIGHT, packaged).passed


def test_tests_that_did_not_come_to_run_end_as_the_program_did(judge: Judge) -> None:
    """So no early end leaves the passed ones alone."""
    tests = FIVE + (
        "@TestMethodOrder(MethodOrderer.MethodName.class) class STest { @Test void a() { assertEquals(2, S.f(1)); }"
        " @Test void b() { S.f(2); } @Test void c() { } }"
    )
    ends = {"System.exit(0);": "premature_exit", "while (true);": "time_limit"}
    for code, outcome in ends.items():
        source = f"class S {{ static int f(int x) {{ if (x == 2) {{ {code} }} return 2 * x; }} }}"
        verdict = judged(judge, source, tests, Limits.of(time_limit=0.1))
        expected = {"STest.a": "passed", "STest.b": outcome, "STest.c": outcome}
        assert (str(verdict.outcome), outcomes(verdict)) == (outcome, expected)


def test_memory_is_a_limit(judge: Judge) -> None:
    source = "class S { static int f() { long[][] a = new long[1000][]; for (int i = 0;; i++) a[i] = new long[1 << 20]; } }"
    tests = FIVE + "class STest { @Test void a() { assertEquals(2, S.f()); } @Test void b() { } }"
    assert judged(judge, source, tests).outcome is Outcome.MEMORY_LIMIT


def test_lines_are_those_of_each_method(judge: Judge) -> None:
    source = "class S {\n static int f(int x) {\n  if (x > 1)\n   return 4;\n  return 2; } }"
    tests = (
        FIVE
        + "class STest { @Test void a() { assertEquals(2, S.f(1)); } @Test void b() { assertEquals(4, S.f(2)); } }"
    )
    verdict = judge.grade([Job(source, Suite(whole=tests, junit=True), coverage=True)])[0]
    assert {case.name: case.lines for case in verdict.cases} == {"STest.a": (3, 5), "STest.b": (3, 4)}


def test_the_same_verdict_every_time(judge: Judge) -> None:
    first, second = (
        judged(judge, f"{PROGRAMS['wrong']}// {number}", SUITES["ParametersTest"]) for number in (1, 2)
    )
    assert first.deterministic
    assert (first.cases, first.fuel) == (second.cases, second.fuel)


def test_a_whole_suite_of_junits_needs_its_source() -> None:
    with pytest.raises(ValueError, match="needs the source"):
        Suite(junit=True)


def test_the_users_jars_come_first() -> None:
    """One jar that has all of JUnit is enough."""
    standalone = Path("/usr/share/java/junit-platform-console-standalone.jar")
    if not standalone.exists():
        pytest.skip("no such jar")
    with Judge(engine="local", classpath=[standalone]) as judge:
        assert judged(judge, RIGHT, SUITES["JupiterTest"]).passed
