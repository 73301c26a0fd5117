"""Whole suites in the styles of people: what a right, a wrong and a throwing program come to, and which test nothing.

`failed` is what the tests threw, `runtime_error` what the program threw: the topmost frame that is not the JDK's
decides. A suite that came to its end without one check of its own is `untested`.
"""

from __future__ import annotations

import pytest

from javabox import Job, Judge, Outcome, Suite

PROMPT = "class S { static Integer f(int x) {\n"
RIGHT, WRONG, NOTHING = "return x + 1;", "return x;", "return null;"
THROWING = "if (x >= 0) throw new IllegalStateException(); return x;"

P, F, R, U = Outcome.PASSED, Outcome.FAILED, Outcome.RUNTIME_ERROR, Outcome.UNTESTED

MAIN = "class Main { public static void main(String[] args) throws Exception { %s } %s }"

CHECKING: dict[str, tuple[str, tuple[Outcome, Outcome, Outcome]]] = {
    "assert": (MAIN % ("assert S.f(1) == 2;", ""), (F, F, R)),
    "assert with a message": (MAIN % ('assert S.f(1) == 2 : "got " + S.f(1);', ""), (F, F, R)),
    "a branch to a throw": (
        MAIN % ('if (S.f(1) != 2) { throw new RuntimeException("wrong"); }', ""),
        (F, F, R),
    ),
    "of HumanEval-X": (
        MAIN
        % (
            "java.util.List<Boolean> correct = java.util.Arrays.asList(Integer.valueOf(2).equals(S.f(1)), true);"
            " if (correct.contains(false)) { throw new AssertionError(); }",
            "",
        ),
        (F, F, R),
    ),
    "a helper that throws": (
        MAIN
        % (
            "check(2, S.f(1));",
            "static void check(Object a, Object b) { if (!a.equals(b)) throw new Error(); }",
        ),
        (F, F, R),
    ),
    "a helper that always throws": (
        MAIN % ("if (S.f(1) != 2) fail();", 'static void fail() { throw new RuntimeException("no"); }'),
        (F, F, R),
    ),
    "helpers that never return, behind each other": (
        MAIN
        % (
            "if (S.f(1) != 2) first();",
            "static void first() { second(); } static void second() { while (true) throw new Error(); }",
        ),
        (F, F, R),
    ),
    "an assertion in a nested class": (
        MAIN
        % ("new Checks().check(S.f(1));", "static class Checks { void check(int got) { assert got == 2; } }"),
        (F, F, R),
    ),
    "a class beside Main": (
        MAIN % ("Checks.check(S.f(1));", "")
        + " class Checks { static void check(int got) { assert got == 2; } }",
        (F, F, R),
    ),
    "a lambda": (
        MAIN % ("java.util.List.of(1, 2).forEach(x -> { if (S.f(x) != x + 1) throw new Error(); });", ""),
        (F, F, R),
    ),
    "a stream's result": (
        MAIN
        % ("if (!java.util.stream.Stream.of(1, 2).allMatch(x -> S.f(x) == x + 1)) throw new Error();", ""),
        (F, F, R),
    ),
    "a switch": (
        MAIN % ('switch (S.f(1)) { case 2: break; default: throw new RuntimeException("no"); }', ""),
        (F, F, R),
    ),
    "a switch over text": (
        MAIN % ('String s = switch ("" + S.f(1)) { case "2" -> "yes"; default -> throw new Error(); };', ""),
        (F, F, R),
    ),
    "orElseThrow": (
        MAIN % ("java.util.Optional.ofNullable(S.f(1)).filter(r -> r == 2).orElseThrow();", ""),
        (F, F, R),
    ),
    "requireNonNull": (
        MAIN % ("java.util.Objects.requireNonNull(Integer.valueOf(2).equals(S.f(1)) ? 1 : null);", ""),
        (F, F, R),
    ),
    "exit on failure": (MAIN % ("if (!Integer.valueOf(2).equals(S.f(1))) System.exit(1);", ""), (F, F, R)),
    "exit with what failed": (
        MAIN
        % ("int bad = 0; if (!Integer.valueOf(2).equals(S.f(1))) bad++; if (bad > 0) System.exit(bad);", ""),
        (F, F, R),
    ),
    "another thread": (
        MAIN
        % (
            "Throwable[] thrown = {null}; Thread t = new Thread(() -> { assert S.f(1) == 2; });"
            " t.setUncaughtExceptionHandler((thread, e) -> thrown[0] = e); t.start(); t.join();"
            " if (thrown[0] != null) throw new Error(thrown[0]);",
            "",
        ),
        (F, F, F),
    ),
    "what is caught is told anew": (
        MAIN % ("try { assert S.f(1) == 2; } catch (Exception e) { throw new RuntimeException(e); }", ""),
        (F, F, F),
    ),
    "what is caught is thrown on": (
        MAIN % ("try { assert S.f(1) == 2; } catch (Exception e) { throw e; }", ""),
        (F, F, R),
    ),
    "finally throws over it": (
        MAIN % ("boolean ok = false; try { ok = S.f(1) == 2; } finally { if (!ok) throw new Error(); }", ""),
        (F, F, F),
    ),
    "an initialiser": (
        "class Main { static { if (S.f(1) != 2) throw new Error(); } public static void main(String[] a) { } }",
        (F, F, R),
    ),
    "an index of the tests": (
        MAIN % ("int[] two = new int[3]; two[S.f(1) * S.f(1) - 2] = 1; assert two[2] == 1;", ""),
        (F, F, R),
    ),
}
"""The suite; what a program comes to that is wrong, that returns null, that throws. A right one passes."""


def outcome(judge: Judge, body: str, main: str, *, assertions: bool = False) -> Outcome:
    job = Job(
        f"{PROMPT}{body}\n}} }}", Suite(whole=main, assertions=assertions), completion_start=len(PROMPT)
    )
    return judge.grade([job])[0].outcome


@pytest.mark.parametrize("style", CHECKING)
def test_what_tests_throw_is_theirs_and_what_the_program_throws_its_own(judge: Judge, style: str) -> None:
    main, (wrong, nothing, throwing) = CHECKING[style]
    found = [outcome(judge, body, main) for body in (RIGHT, WRONG, NOTHING, THROWING)]
    assert found == [P, wrong, nothing, throwing]


EXPECTING = (
    "try { S.f(-1); throw new AssertionError(); } catch (IllegalStateException expected) { }",
    'try { S.f(-1); fail(); } catch (IllegalStateException expected) { System.out.println("as it should"); }',
)


@pytest.mark.parametrize("code", EXPECTING)
def test_an_exception_that_is_expected_is_a_check(judge: Judge, code: str) -> None:
    main = MAIN % (code, "static void fail() { throw new AssertionError(); }")
    throwing = "if (x < 0) throw new IllegalStateException(); return x;"
    other = "if (x < 0) throw new ArithmeticException(); return x;"
    assert [outcome(judge, body, main) for body in (throwing, other, RIGHT)] == [P, R, F]


CHECKING_NOTHING = {
    "nothing": "",
    "a call": "S.f(1);",
    "prints": 'System.out.println(S.f(1) + (S.f(2) == 3 ? " yes" : " no"));',
    "asserts over nothing": "for (int x : new int[0]) { assert S.f(x) == x + 1; }",
    "a branch without a throw": 'if (S.f(1) != 2) { System.out.println("wrong"); }',
    "all is caught": "try { S.f(1); } catch (Throwable e) { System.out.println(e); }",
    "a throw that is not come to": "if (S.f(1) == null) { Object y = S.f(2); if (y == null) throw new Error(); }",
    "a stream that nobody asks": "java.util.stream.Stream.of(1).peek(x -> { assert S.f(x) == 2; });",
}


@pytest.mark.parametrize("kind", CHECKING_NOTHING)
def test_a_suite_that_checks_nothing_is_named(judge: Judge, kind: str) -> None:
    assert outcome(judge, RIGHT, MAIN % (CHECKING_NOTHING[kind], "")) is U


def test_a_checking_suite_is_never_satisfied_by_what_the_program_checks(judge: Judge) -> None:
    assert (
        outcome(judge, "assert x == 1; if (x > 5) throw new Error(); return x + 1;", MAIN % ("S.f(1);", ""))
        is U
    )


def test_assertions_of_the_program_are_as_the_suite_says(judge: Judge) -> None:
    main, body = CHECKING["assert"][0], 'assert x > 1 : "small"; return x + 1;'
    assert [outcome(judge, body, main, assertions=on) for on in (False, True)] == [P, R]


OWNERS = {
    "an assertion of the tests' on its result": ("return x;", F),
    "unboxed by the tests": ("return null;", F),
    "unboxed by the program": ("Integer n = null; int m = n; return m;", R),
    "out of the JDK": ("return java.util.List.of(1).get(x + 1);", R),
    "its own class": ("class Odd extends RuntimeException { } throw new Odd();", R),
    "an AssertionError of its own": ("throw new AssertionError();", R),
    "out of a lambda": ("java.util.List.of(1).forEach(i -> { throw new Error(); }); return x;", R),
    "without a frame": (
        "class Bare extends Error { Bare() { super(null, null, false, false); } } throw new Bare();",
        R,
    ),
    "as if the tests had": (
        'Error e = new Error(); e.setStackTrace(new StackTraceElement[] {new StackTraceElement("Main", "main",'
        ' "tests.java", 1)}); throw e;',
        R,
    ),
    "endless recursion": ("return f(x) + 1;", R),
    "its initialiser": ('class Held { static int n = Integer.parseInt("n"); } return Held.n;', R),
    "made and not thrown": ('new RuntimeException("made"); return x;', F),
}


@pytest.mark.parametrize("kind", OWNERS)
def test_whose_an_exception_is(judge: Judge, kind: str) -> None:
    body, want = OWNERS[kind]
    assert outcome(judge, body, CHECKING["assert"][0]) is want
