"""Programs that use what may be declared (packages, a Main, other files, tuples) to pass for right.

As elsewhere none computes what it is asked for, 2 * x, and each wants a pass.
"""

from __future__ import annotations

from javabox import Job, Suite, SuiteCase
from tests.javabox.attacks.attacks_on_tests import ASSERTS, INT, LIMITS, THROWS, Attack, main
from tests.javabox.programs import DOUBLE, PROMPT

LIE = "public boolean equals(Object o) { return true; } public int hashCode() { return 0; }"
PASSES = "public static void main(String[] a) { }"
TUPLES = "import org.javatuples.*;\n"
PAIR = TUPLES + PROMPT
PAIRS = Suite(
    (SuiteCase("two", "Object r = S.f(2);", "r", "Pair.with(2, 4)"),),
    "import org.javatuples.*; import java.util.*;",
)
PAIRS_WHOLE = main("if (!S.f(2).equals(Pair.with(2, 4))) { throw new Exception(); }", TUPLES)


def program(body: str, suite: str | Suite = THROWS, prompt: str = "", **files: str) -> Job:
    tests = Suite(whole=suite) if isinstance(suite, str) else suite
    prompt = prompt or (INT if isinstance(suite, str) else PROMPT)
    beside = tuple((f"{name}.java", text) for name, text in files.items())
    return Job(prompt + body + "\n}}\n", tests, LIMITS, len(prompt), files=beside)


def whole(source: str, suite: str | Suite = THROWS) -> Job:
    """A source that was all written by the model."""
    return Job(source, Suite(whole=suite) if isinstance(suite, str) else suite, LIMITS, declared=("S",))


NOTHING = "return 0; } }"
CLASSES: dict[str, Job] = {
    "a Main of its own that passes": program(f"{NOTHING} class Main {{ {PASSES} static {{"),
    "a public Main of its own that passes": program(f"{NOTHING} public class Main {{ {PASSES} static {{"),
    "a Main of its own that passes, asserts": program(f"{NOTHING} class Main {{ {PASSES} static {{", ASSERTS),
    "a Main in escaped letters": program(f"{NOTHING} class M\\u0061in {{ {PASSES} static {{"),
    "a Main under the tests' new name": program(
        f"{NOTHING} class Main {{ }} class Javabox$Own$Main {{ {PASSES} static {{"
    ),
    "the tests' new name alone": program(f"{NOTHING} class Javabox$Own$Main {{ {PASSES} static {{"),
    "a Main that calls the tests' in front of exit": program(
        "System.exit(0); return 0; } } class Main { static { try { Javabox$Own$Main.main(null); } catch (Exception e) { }"
    ),
    "a Main in a file of its own": program("return 0;", Main=f"public class Main {{ {PASSES} }}"),
    "the class of the cases, in a file": program(
        "return 0;", DOUBLE, Tests="class Javabox$Tests { static Object c0() { return 4; } static Object c1() { return 6; } }"
    ),
    "the class of the cases, in its package": whole(
        "package p; class S { static Object f(int x) { return 0; } }"
        " class Javabox$Tests { static Object c0() { return 4; } static Object c1() { return 6; } }",
        DOUBLE,
    ),
    "a Main in its package": whole(
        f"package p; class S {{ static int f(int x) {{ return 0; }} }} class Main {{ {PASSES} }}"
    ),
    "a package of the judge's": whole(
        "package javabox.runtime; class S { static int f(int x) { return 0; } }"
        " class Meter { public static void check(long k) { } public static void charge(int n) { } }",
        ASSERTS,
    ),
    "a package of the judge's, and a Main": whole(
        f"package javabox.program; class S {{ static int f(int x) {{ return 0; }} }} class Main {{ {PASSES} }}"
    ),
    "a file in a package of the judge's": program(
        "return 0;", DOUBLE, Tank="package javabox.program; public class Tank { public static long key = 0, fuel; }"
    ),
    "a file in a package of the JDK's": program(
        "return 0;", DOUBLE, Integer="package java.lang; public class Integer { }"
    ),
    "a file that hides Exception": program(
        "return 0;",
        Exception="class Exception extends RuntimeException { Exception(String s) { System.exit(0); } }",
    ),
    "a file that hides java": program(
        "return 0;", THROWS.replace("new Exception", "new java.lang.Exception"),
        java="class java { static class lang { static class Exception extends RuntimeException"
        " { Exception(String s) { System.exit(0); } } } }",
    ),
    "a package that hides Exception": whole(
        "package p; class S { static int f(int x) { return 0; } }"
        " class AssertionError extends RuntimeException { AssertionError() { System.exit(0); } }",
        main("if (S.f(2) != 4) { throw new AssertionError(); }"),
    ),
    "a package line that opens a comment": whole("package p /*", DOUBLE),
    "a tuple of liars": program(f"return Pair.with(x, new Object() {{ {LIE} }});", PAIRS, PAIR),
    "a tuple of liars, whole": program(f"return Pair.with(x, new Object() {{ {LIE} }});", PAIRS_WHOLE, PAIR),
    "a list that lies in a tuple": program(
        "return Pair.with(x, new ArrayList<Integer>() { public boolean equals(Object o) { return true; } });",
        main("if (!S.f(2).equals(Pair.with(2, java.util.List.of(4)))) { throw new Exception(); }", TUPLES),
        PAIR,
    ),
    "a Pair of its own": program(
        f"return new Pair(); }} }} class Pair {{ static Pair with(Object a, Object b) {{ return new Pair(); }} {LIE} static {{",
        PAIRS_WHOLE,
        PROMPT,
    ),
    "a Pair of its own, in the tuples' package": whole(
        f"package org.javatuples; public class Pair {{ public static Pair with(Object... a) {{ return new Pair(); }} {LIE} }}"
        " class S { static Object f(int x) { return new Pair(); } }",
        PAIRS_WHOLE,
    ),
    "a Pair of its own, in a file": program(
        "return new Pair();", PAIRS_WHOLE, TUPLES + PROMPT,
        Pair=f"package org.javatuples; public class Pair {{ public static Pair with(Object... a) {{ return new Pair(); }} {LIE} }}",
    ),
    "a tuple that is changed": program(
        "var p = Pair.with(1, 1); try { var f = Pair.class.getDeclaredField(\"value1\"); f.setAccessible(true); f.set(p, 4); }"
        " catch (Exception e) { } return p;",
        PAIRS,
        PAIR,
    ),
}  # fmt: skip
ATTACKS_ON_CLASSES = {name: Attack(job) for name, job in CLASSES.items()}
