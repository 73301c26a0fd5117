"""What a suite of standard input means: comparators, checkers, limits, sizes, and what a verdict tells."""

from __future__ import annotations

import dataclasses

import pytest

from javabox import Job, Judge, Limits, Outcome, StdinCase, Suite, Verdict
from javabox.job import Compare
from tests.javabox.stdin.programs import IMPORTS

ECHO = (
    f"{IMPORTS}class Main {{ public static void main(String[] a) throws IOException {{"
    " System.in.transferTo(System.out); System.out.flush(); } }"
)
"""Prints what it reads."""


def judged(judge: Judge, source: str, *cases: StdinCase, limits: Limits | None = None) -> Verdict:
    return judge.grade([Job(source, Suite(stdin=cases), limits or Limits())])[0]


@pytest.mark.parametrize(
    ("compare", "printed", "expected", "right"),
    [
        ("exact", "1\n", "1\n", True),
        ("exact", "1\n", "1", False),
        ("exact", "é\n", "é\n", True),
        ("exact", "", "", True),
        ("lines", "1 \n2\t\r\n\n \n", "1\n2", True),
        ("lines", "1\n2", "1\n2\n\n", True),
        ("lines", "1\n\n2", "1\n2", False),
        ("lines", "\n1", "1", False),
        ("lines", " 1", "1", False),
        ("lines", "1  2", "1 2", False),
        ("lines", "", "\n\n", True),
        ("lines", "", "0", False),
        ("lines", "é", "è", False),
        ("lines", "1\n2\n3", "1\n2", False),
        ("lines", "1\n2", "1\n2\n3", False),
        ("tokens", " 1\n\n2\t3 ", "1 2 3", True),
        ("tokens", "12", "1 2", False),
        ("tokens", "1 2", "1 2 3", False),
        ("tokens", "1 2 3", "1 2", False),
        ("tokens", "1.0", "1", False),
        ("tokens", "a\u00a0b", "a b", False),
        ("numbers", "1.0000001 abc", "1 abc", True),
        ("numbers", "1.1", "1", False),
        ("numbers", "1000000000.1", "1000000000", True),
        ("numbers", "1e3", "1000", True),
        ("numbers", ".5 5. +1", "0.5 5 1", True),
        ("numbers", "NaN", "NaN", True),
        ("numbers", "NaN", "1", False),
        ("numbers", "0x10", "16", False),
        ("numbers", "1f", "1", False),
        ("numbers", "1e400", "1e500", False),
        ("numbers", "abc", "abd", False),
        ("numbers", "1 2", "1", False),
    ],
)
def test_outputs_are_compared(
    judge: Judge, compare: Compare, printed: str, expected: str, right: bool
) -> None:
    verdict = judged(judge, ECHO, StdinCase("only", printed, (expected,), compare))
    assert verdict.outcome is (Outcome.PASSED if right else Outcome.FAILED)


def test_a_tolerance_is_absolute_or_relative(judge: Judge) -> None:
    cases = [
        StdinCase(name, printed, (expected,), "numbers", tolerance=0.1)
        for name, printed, expected in (
            ("0", "0.05", "0"),
            ("1", "0.2", "0"),
            ("2", "109", "100"),
            ("3", "111", "100"),
        )
    ]
    verdict = judged(judge, ECHO, *cases)
    assert [case.outcome is Outcome.PASSED for case in verdict.cases] == [True, False, True, False]


def test_any_of_several_outputs_is_right(judge: Judge) -> None:
    cases = [StdinCase(text, text, ("yes", "YES\n")) for text in ("yes", "YES", "Yes")]
    outcomes = [case.outcome for case in judged(judge, ECHO, *cases).cases]
    assert outcomes == [Outcome.PASSED, Outcome.PASSED, Outcome.FAILED]


def test_a_checker_decides(judge: Judge) -> None:
    """Two numbers whose sum is the input's; it is asked with input, output and the first expected output."""
    checker = """
        import java.util.*;
        public class Sums {
          static class Pair { int a, b; }
          static boolean check(String input, String output, String expected) {
            Scanner s = new Scanner(output); Pair p = new Pair(); p.a = s.nextInt(); p.b = s.nextInt();
            return p.a + p.b == Integer.parseInt(input.strip()) && expected.equals("é");
          }
        }"""
    program = ECHO.replace(
        "System.in.transferTo(System.out);",
        "int n = new Scanner(System.in).nextInt();"
        ' System.out.println(n == 1 ? "x" : n == 2 ? "1 1" : "7 -4 more");',
    )
    cases = [StdinCase(str(n), f"{n}\n", ("é", "no"), "checker", checker=checker) for n in (1, 2, 3, 4)]
    verdict = judged(judge, program, *cases)
    assert [case.outcome is Outcome.PASSED for case in verdict.cases] == [False, True, True, False]
    assert (
        "the checker of case 1 ended with runtime_error (java.util.InputMismatchException)" in verdict.detail
    )


@pytest.mark.parametrize(
    "checker",
    ["class C { }", "class C { boolean check(String a, String b, String c) { return true; } }", "class C {"],
)
def test_a_checker_that_can_not_be_asked_is_the_suites_fault(judge: Judge, checker: str) -> None:
    verdict = judged(judge, ECHO, StdinCase("only", "1", ("1",), "checker", checker=checker))
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert "the checker of case only does not compile" in verdict.detail


def test_a_verdict_tells_input_output_and_what_was_expected(judge: Judge) -> None:
    verdict = judged(judge, ECHO, StdinCase("a", "1\n" * 1000, ("2\n", "3")), StdinCase("b", "ok", ("ok",)))
    case = verdict.cases[0]
    assert (case.name, case.outcome, case.expected) == ("a", Outcome.FAILED, "2\n")
    assert case.call is not None
    assert case.got is not None
    assert case.call == case.got == ("1\n" * 1000)[:399] + "…"
    assert verdict.cases[1] == dataclasses.replace(verdict.cases[1], call=None, got=None, expected=None)


def test_a_limit_ends_the_suite_and_anything_less_does_not(judge: Judge) -> None:
    program = f"""{IMPORTS}class Main {{ public static void main(String[] a) {{
        int n = new Scanner(System.in).nextInt(); System.out.println(n);
        if (n == 1) throw new IllegalStateException("one"); if (n == 2) System.exit(2); if (n == 4) while (true); }} }}"""
    cases = [StdinCase(str(n), str(n), (str(min(n, 2)),)) for n in range(6)]
    verdict = judged(judge, program, *cases, limits=Limits(fuel=50_000_000))
    ends = [Outcome.PASSED, *[Outcome.RUNTIME_ERROR] * 2, Outcome.FAILED, *[Outcome.TIME_LIMIT] * 2]
    assert [case.outcome for case in verdict.cases] == ends
    assert verdict.outcome is Outcome.TIME_LIMIT
    assert verdict.exception is not None
    assert (verdict.exception.message, verdict.exception.line) == ("one", 4)
    assert verdict.cases[2].got == "exit code 2"


def test_limits_hold_for_each_run(judge: Judge) -> None:
    """Together these use more than the limit."""
    program = f"{IMPORTS}class Main {{ public static void main(String[] a) {{ for (int i = 0; i < 2_000_000; i++); }} }}"
    verdict = judged(
        judge, program, *[StdinCase(str(n), "") for n in range(4)], limits=Limits(fuel=20_000_000)
    )
    assert verdict.passed
    assert verdict.fuel is not None
    assert 20_000_000 < verdict.fuel < 80_000_000


@pytest.mark.parametrize("lane", ["warm", "strict"])
def test_an_input_of_twenty_megabytes(lane: str) -> None:
    numbers = "\n".join(str(n) for n in range(2_600_000)) + "\n"
    assert len(numbers) > 19_000_000
    program = f"""{IMPORTS}class Main {{ public static void main(String[] a) throws IOException {{
        BufferedReader r = new BufferedReader(new InputStreamReader(System.in)); long s = 0; String l;
        while ((l = r.readLine()) != null) s += Integer.parseInt(l); System.out.println(s); }} }}"""
    with Judge(engine="local", lane=lane, workers=1) as judge:  # type: ignore[arg-type]
        verdict = judged(judge, program, StdinCase("only", numbers, (str(sum(range(2_600_000))),)))
    assert (verdict.outcome, verdict.lane) == (Outcome.PASSED, lane)
    assert verdict.fuel is not None
    assert verdict.fuel < Limits().fuel // 4


def test_an_output_of_megabytes_and_one_too_many(judge: Judge) -> None:
    text = "x" * 99 + "\n"
    program = f"""{IMPORTS}class Main {{ public static void main(String[] a) {{
        int n = new Scanner(System.in).nextInt(); while (n-- > 0) System.out.println("{"x" * 99}"); }} }}"""
    large, larger = StdinCase("8 MB", "80000", (text * 80_000,)), StdinCase("20 MB", "200000")
    verdict = judged(judge, program, large, larger)
    assert [case.outcome for case in verdict.cases] == [Outcome.PASSED, Outcome.OUTPUT_LIMIT]
    assert verdict.cases[1].value is not None
    assert len(verdict.cases[1].value) == 16 << 20
    assert judged(judge, program, large, limits=Limits(output_bytes=1000)).outcome is Outcome.OUTPUT_LIMIT


def test_a_program_without_main_is_told_so(judge: Judge) -> None:
    verdict = judged(judge, "class A { void main(String[] a) { } }", StdinCase("only", ""))
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert [(error.code, error.line) for error in verdict.diagnostics] == [("javabox.compiler.main", None)]
    assert "public static void main(String[] args)" in verdict.diagnostics[0].message


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("class A { M } class B { N }", "NONE"),
        ("class A { } class B { MAIN }", "B"),
        ("class A { MAIN } class Main { MAIN }", "Main"),
        ("class A { MAIN } class B { MAIN }", "A"),
        ("class B { MAIN }\nclass A { MAIN static class Main { MAIN } }", "B"),
    ],
)
def test_which_main_runs(judge: Judge, source: str, printed: str) -> None:
    main = "public static void main(String[] a) { System.out.println(new Object() { }.getClass().getEnclosingClass().getName()); }"
    program = source.replace("MAIN", main).replace(" M ", " int m; ").replace(" N ", " int n; ")
    verdict = judged(judge, program, StdinCase("only", "", (printed,)))
    assert verdict.outcome is (Outcome.COMPILE_ERROR if printed == "NONE" else Outcome.PASSED)


def test_coverage_is_of_each_run(judge: Judge) -> None:
    program = "class Main { public static void main(String[] a) throws Exception {\nif (System.in.read() > 0)\nSystem.exit(0);\nSystem.out.println();\n} }"
    job = Job(program, Suite(stdin=(StdinCase("a", "x"), StdinCase("b", ""))), coverage=True)
    assert [case.lines for case in judge.grade([job])[0].cases] == [(2, 3), (2, 4, 5)]


def test_a_case_says_what_is_wrong_with_it() -> None:
    with pytest.raises(ValueError, match="compare is one of"):
        StdinCase("a", "", compare="line")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a checker is asked if, and only if"):
        StdinCase("a", "", compare="checker")
    with pytest.raises(ValueError, match="must differ"):
        Suite(stdin=(StdinCase("a", ""), StdinCase("a", "")))
    with pytest.raises(ValueError, match="one of the three"):
        Suite(stdin=(StdinCase("a", ""),), whole="class Main { }")
    with pytest.raises(ValueError, match="over 64"):
        Suite(stdin=(StdinCase("a", "x" * (65 << 20)),))
