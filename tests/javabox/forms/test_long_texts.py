"""What is long, in a program, its tests or what they expect, is judged as what is short."""

from __future__ import annotations

import pytest

from javabox import Job, Judge, Outcome, Suite, SuiteCase, Verdict

IMPORTS = "import java.util.*;\n"
PROGRAM = """import java.util.*;
class A {
    static String repeated(String s, int n) { return s.repeat(n); }
    static int size(String s) { return s.length(); }
    static List<Object> same(List<Object> l) { return l; }
}
"""
LONG = 50_000
PROGRAMS = {
    "words behind public": f"/* public {'static a-b ' * LONG}*/",
    "public alone": f"/* {'public ' * LONG}*/",
    "a string": f'class B {{ String s = "{"a" * LONG}"; }}',
    "spaces": f"public{' ' * LONG}class B {{ }}",
    "names of kinds": f"// {'class record ' * LONG}",
    "imports in words": f"// {'import java.util.*; ' * LONG}",
}
TESTS = {
    "a string": (f'int x = A.size("{"a" * LONG}");', str(LONG)),
    "escapes": (f'int x = A.size("{chr(92) + "n"}" + "{(chr(92) + "n") * LONG}");', str(LONG + 1)),
    "escapes that are read": (f'int x = A.size("{(chr(92) + "n") * 3900}");', "3900"),
    "spaces": (f"int x = {' ' * LONG}1;", "1"),
    "spaces that are read": (f"int x = {' ' * 7900}1;", "1"),
    "comments": ("int x = 1;" + "\n//" * LONG, "1"),
    "comments that are read": ("int x = 1;" + "\n//" * 2600, "1"),
}
EXPECTED = {
    "a string": ('String x = A.repeated("a", 50000);', "String", f'"{"a" * LONG}"'),
    "escapes": (
        'String x = A.repeated("' + chr(92) + 'n", 20000);',
        "String",
        '"' + (chr(92) + "n") * 20_000 + '"',
    ),
    "a list": ("int x = 1;", "Object", f"Arrays.asList({', '.join(['1'] * LONG)})"),
}


def judged(judge: Judge, program: str, case: SuiteCase, imports: str = IMPORTS) -> Verdict:
    (verdict,) = judge.grade([Job(program, Suite((case,), imports))])
    return verdict


@pytest.mark.parametrize("what", PROGRAMS)
def test_programs(judge: Judge, what: str) -> None:
    verdict = judged(judge, PROGRAM + PROGRAMS[what], SuiteCase("0", 'int x = A.size("a");', "x", "1"))
    assert verdict.passed, verdict


@pytest.mark.parametrize("what", TESTS)
def test_tests(judge: Judge, what: str) -> None:
    code, expected = TESTS[what]
    verdict = judged(judge, PROGRAM, SuiteCase("0", code, "x", expected))
    assert verdict.passed, verdict


@pytest.mark.parametrize("what", EXPECTED)
def test_expected_values(judge: Judge, what: str) -> None:
    code, kind, expected = EXPECTED[what]
    verdict = judged(judge, PROGRAM, SuiteCase("0", code, "x", expected, kind))
    wanted = Outcome.FAILED if what == "a list" else Outcome.PASSED
    assert verdict.outcome is wanted, verdict


def test_imports(judge: Judge) -> None:
    case = SuiteCase("0", 'int x = A.size("a");', "x", "1")
    assert judged(judge, PROGRAM, case, IMPORTS + "import java.io.*;\n" * LONG).passed


@pytest.mark.parametrize("depth", [10, 30, 1000, 5000])
def test_lists_in_lists(judge: Judge, depth: int) -> None:
    """What is too deep for javac is a compile_error in a test and a suite_error in an expected value."""
    nested = "Arrays.asList(" * depth + "1" + ")" * depth
    called = judged(judge, PROGRAM, SuiteCase("0", f"List<Object> x = A.same({nested});", "x", "1", "Object"))
    expected = judged(judge, PROGRAM, SuiteCase("0", "int x = 1;", "x", nested, "Object"))
    assert called.outcome is (Outcome.FAILED if depth <= 30 else Outcome.COMPILE_ERROR)
    assert expected.outcome is (Outcome.FAILED if depth <= 1000 else Outcome.SUITE_ERROR)
