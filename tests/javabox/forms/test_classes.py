"""Programs as people write them: public classes, packages, a main of their own, several files, tuples.

What javac and java say of the same files is what the judge says; beside a whole suite a program may have a class
that is called as one of the tests', and each means its own.
"""

from __future__ import annotations

import pytest

from javabox import Diagnostic, Job, Judge, Outcome, Suite, SuiteCase

BODY = "static int f(int x) { return 2 * x; }"
CASES = Suite(cases=(SuiteCase("two", "int r = S.f(2);", "r", "4", "int"),))
MAIN = 'class Main { public static void main(String[] a) throws Exception { if (S.f(2) != 4) throw new Exception("no"); } }'
WHOLE = Suite(whole=MAIN)
OWN_MAIN = (
    "class Main { public static void main(String[] a) { System.exit(3); } static int g() { return 2; } }"
)
HELPER = (
    "util/Twice.java",
    "package util; public class Twice { public static int of(int x) { return 2 * x; } }",
)
USES = "import util.Twice; class S { static int f(int x) { return Twice.of(x); } }"
P, F, C, R = Outcome.PASSED, Outcome.FAILED, Outcome.COMPILE_ERROR, Outcome.RUNTIME_ERROR

FORMS: dict[str, tuple[Job, Outcome]] = {
    "public": (Job(f"public class S {{ {BODY} }}", CASES), P),
    "public, whole": (Job(f"public final class S {{ {BODY} }}", WHOLE), P),
    "public in escaped letters": (Job(f"\\u0070ublic class S {{ {BODY} }}", CASES), P),
    "two public classes": (Job(f"public class S {{ {BODY} }} public class T {{ }}", CASES), C),
    "a public class and public ones within": (
        Job(f"public class S {{ {BODY} public static class T {{ }} public enum E {{ A }} }} class U {{ }}", CASES),
        P,
    ),
    "a public record beside": (Job(f"class S {{ {BODY} }} public record T(int a) {{ }}", WHOLE), P),
    "a package": (Job(f"package a.b;\nclass S {{ {BODY} }}", CASES), P),
    "a package, whole": (Job(f"/* of */ package a.b; public class S {{ {BODY} }}", WHOLE), P),
    "a package, wrong": (Job("package a.b; class S { static int f(int x) { return x; } }", CASES), F),
    "a package, throwing": (
        Job("package a.b; class S { static int f(int x) { throw new RuntimeException(); } }", WHOLE),
        R,
    ),
    "a package that the tests import": (
        Job(f"package a.b; public class S {{ public {BODY} }}", Suite(whole="import a.b.S; " + MAIN)),
        P,
    ),
    "tests in a package of their own": (
        Job(f"package a.b; public class S {{ public {BODY} }}", Suite(whole="package t; import a.b.S; " + MAIN)),
        P,
    ),
    "tests in another package, which can't reach it": (
        Job(f"package a.b; class S {{ {BODY} }}", Suite(whole="package t; import a.b.S; " + MAIN)),
        C,
    ),
    "a Main of its own": (Job(f"class S {{ {BODY} }} {OWN_MAIN}", WHOLE), P),
    "a public Main of its own": (Job(f"class S {{ {BODY} }} public {OWN_MAIN}", WHOLE), P),
    "a Main of its own in a package": (Job(f"package a; class S {{ {BODY} }} {OWN_MAIN}", WHOLE), P),
    "a Main of its own that it uses": (
        Job(f"class S {{ static int f(int x) {{ return x * Main.g(); }} }} {OWN_MAIN}", WHOLE),
        P,
    ),
    "a Main of its own, and a wrong answer": (
        Job(f"class S {{ static int f(int x) {{ return x; }} }} {OWN_MAIN}", WHOLE),
        F,
    ),
    "a Main of its own beside cases": (Job(f"class S {{ {BODY} }} {OWN_MAIN}", CASES), P),
    "a helper that the tests have too": (
        Job(f"class S {{ {BODY} }} class Check {{ }}", Suite(whole=MAIN + ' class Check { String s = "Check"; }')),
        P,
    ),
    "two files": (Job(USES, CASES, files=(HELPER,)), P),
    "two files, whole": (Job(USES, WHOLE, files=(HELPER,)), P),
    "a file in the same package": (
        Job("class S { static int f(int x) { return T.g(x); } }", WHOLE, files=(("T.java", "class T { static int g(int x) { return 2 * x; } }"),)),
        P,
    ),
    "a file of another name than its public class": (
        Job(USES, CASES, files=(("util/Other.java", HELPER[1]),)),
        C,
    ),
    "a file that is called as the judge calls the program": (
        Job("class S { static int f(int x) { return T.g(x); } }", CASES, files=(("main.java", "class T { static int g(int x) { return 2 * x; } }"),)),
        P,
    ),
    "a Main in another file": (
        Job(f"class S {{ {BODY} }}", WHOLE, files=(("Main.java", "public " + OWN_MAIN),)),
        P,
    ),
    "one file missing": (Job(USES, CASES), C),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_forms(judge: Judge, name: str) -> None:
    job, outcome = FORMS[name]
    assert judge.grade([job])[0].outcome is outcome, name


def test_with_mxeval_a_public_class_is_an_error(judge: Judge) -> None:
    """It compiles main.java, and calls `java Main`."""
    source = f"public class S {{ {BODY} }}\n"
    job = Job(source + MAIN, Suite(whole=""), tests_start=len(source))
    verdict = judge.grade([job])[0]
    assert [d.code for d in verdict.diagnostics] == ["compiler.err.class.public.should.be.in.file"]


def test_an_error_in_another_file_names_it(judge: Judge) -> None:
    broken = (HELPER[0], HELPER[1].replace("return 2 * x", 'return\n"" '))
    verdict = judge.grade([Job(USES, CASES, files=(broken,))])[0]
    assert [(d.line, d.position, d.file) for d in verdict.diagnostics] == [(None, None, "util/Twice.java:2")]
    assert verdict.to_json()["diagnostics"][0]["file"] == "util/Twice.java:2"
    assert "file" not in Diagnostic("c", 1, 1, "m").to_json()


def test_lines_of_another_file_are_not_the_completions(judge: Judge) -> None:
    thrower = ("T.java", "class T {\n\n\n static int g(int x) { throw new IllegalStateException(); } }")
    source = "class S {\n static int f(int x) { return T.g(x); } }"
    verdict = judge.grade([Job(source, CASES, files=(thrower,), coverage=True)])[0]
    assert verdict.exception is not None
    assert verdict.exception.line == 2
    assert verdict.lines == (2,)


def test_a_class_of_another_name_gets_a_hint(judge: Judge) -> None:
    verdict = judge.grade([Job(f"class Solution {{ {BODY} }}", CASES)])[0]
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert "the tests name S; the program declares Solution" in verdict.diagnostics[0].message


@pytest.mark.parametrize("path", ["../A.java", "/A.java", "A.txt", "module-info.java", ""])
def test_what_is_no_file_of_a_program_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"file of a program|no module"):
        Job("", files=((path, ""),))


TUPLES = "import org.javatuples.*; import java.util.*; class S { static Object f(int x) { return %s; } }"


@pytest.mark.parametrize(
    ("returned", "expected", "outcome"),
    [
        ('Pair.with(x, "a")', 'Pair.with(2, "a")', P),
        ('Pair.with(x, "a")', 'Pair.with(2, "b")', F),
        ("Unit.with(x)", "Pair.with(2, 2)", F),
        ("List.of(Triplet.with(x, List.of(x), null))", "Arrays.asList(Triplet.with(2, Arrays.asList(2), null))", P),
        ("new HashSet<>(List.of(Pair.with(x, 1)))", "Set.of(Pair.with(2, 1))", P),
        ("new TreeSet<>(List.of(Pair.with(3, 1), Pair.with(x, 5))).first().setAt0(9).toString()", '"[9, 5]"', P),
        ("Quartet.with(1, 2, 3, 4).hashCode()", "31 + List.of(1, 2, 3, 4).hashCode()", P),
        ("Quintet.with(1, 2, 3, 4, 5).removeFrom1().add(x)", "Quintet.with(1, 3, 4, 5, 2)", P),
        ("Pair.with(1, new Object() { public boolean equals(Object o) { return true; } })", "Pair.with(1, 2)", F),
        ("new Object() { public boolean equals(Object o) { return true; } }", "Pair.with(1, 2)", F),
    ],
)  # fmt: skip
def test_tuples(judge: Judge, returned: str, expected: str, outcome: Outcome) -> None:
    """They are there without a jar, and in the warm lane."""
    suite = Suite(
        (SuiteCase("only", "Object r = S.f(2);", "r", expected),),
        "import org.javatuples.*; import java.util.*;",
    )
    verdict = judge.grade([Job(TUPLES % returned, suite)])[0]
    assert (verdict.outcome, verdict.lane) == (outcome, "warm")
    if outcome is P:
        again = Suite((SuiteCase("only", "Object r = S.f(2);", "r", verdict.cases[0].value),), suite.imports)
        assert judge.grade([Job(TUPLES % returned, again)])[0].passed


def test_a_tuples_tolerance(judge: Judge) -> None:
    suite = Suite(
        (SuiteCase("only", "Object r = S.f(2);", "r", "org.javatuples.Pair.with(1, 1.0)", tolerance=1e-3),)
    )
    near, far = (Job(TUPLES % f"List.of(Pair.with(1, {value})).get(0)", suite) for value in ("1.0001", "1.1"))
    assert [verdict.passed for verdict in judge.grade([near, far])] == [True, False]


def test_in_whole_suites_a_tuple_of_liars_is_asked_itself(judge: Judge) -> None:
    whole = Suite(
        whole="import org.javatuples.*; class Main { public static void main(String[] a) {"
        " assert S.f(2).equals(Pair.with(2, 4)); } }"
    )
    honest, liar = (
        Job(TUPLES % f"Pair.with(x, {value})", whole)
        for value in ("2 * x", "new Object() { public boolean equals(Object o) { return true; } }")
    )
    assert [str(verdict.outcome) for verdict in judge.grade([honest, liar])] == ["passed", "failed"]


def test_tuples_are_seen_only_where_they_are_named(judge: Judge) -> None:
    own = "class Pair { int a = 4; } class org { } class S { static int f(int x) { return new Pair().a; } }"
    assert judge.grade([Job(own, CASES)])[0].passed
    assert (
        judge.grade([Job("class S { static int f(int x) { return Pair.with(x, x).getValue0(); } }", CASES)])[
            0
        ].outcome
        is C
    )
