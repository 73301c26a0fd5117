"""Programs that attack their tests: whole suites, and tests in the program's own file.

As in attacks.py none computes what it is asked for, 2 * x, and each wants a pass. Those in THROWN throw, and want it
to look as if the tests had: `failed` where it is a `runtime_error`. attacks_on_values.py has
values that lie, attacks_on_the_floor.py those on clocks, temporary files and the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from javabox import Job, Limits, Outcome, Suite
from tests.javabox.attacks.attacks_on_limits import FUEL, MEMORY_MB, WALL_SECONDS
from tests.javabox.programs import PROMPT

LIMITS = Limits(
    fuel=FUEL,
    memory_mb=MEMORY_MB,
    wall_seconds=2 * WALL_SECONDS,
    idle_seconds=0.5,
)
INT, LIST, SET, SUPPLIER = (
    PROMPT.replace("Object f", f"{kind} f")
    for kind in ("int", "List<Integer>", "Set<Integer>", "java.util.function.Supplier<Integer>")
)


@dataclass(frozen=True)
class Attack:
    """A job, and the outcomes that it wants and must not get."""

    job: Job
    wanted: frozenset[Outcome] = frozenset({Outcome.PASSED})


UNEARNED = frozenset({Outcome.PASSED, Outcome.FAILED})
"""For programs that throw."""


UTIL = "import java.util.*;\n"


def main(code: str, before: str = "") -> str:
    """A test program."""
    return f"{before}class Main {{\n  public static void main(String[] args) throws Exception {{\n    {code}\n  }}\n}}\n"


ASSERTS = main("assert S.f(2) == 4;\n    assert S.f(3) == 6 : 6;")
THROWS = main(
    'int x0 = S.f(2);\n    if (x0 != 4) { throw new Exception("x0 = " + x0); }\n'
    '    int x1 = S.f(3);\n    if (x1 != 6) { throw new Exception("x1 = " + x1); }'
)
BOOLEANS = main(
    "List<Boolean> correct = Arrays.asList(S.f(2) == 4, S.f(3) == 6);\n"
    "    if (correct.contains(false)) { throw new AssertionError(); }",
    "import java.util.*;\nimport java.lang.*;\n",
)
"""As HumanEval-X has it."""
OBJECTS = main(
    "if (!Objects.equals(S.f(2), 4) || !Objects.equals(S.f(3), 6)) { throw new IllegalStateException(); }",
    UTIL,
)
BOXED = main('Integer x0 = S.f(2);\n    if (!x0.equals(4)) { throw new Exception("x0 = " + x0); }')
LISTS = main("if (!S.f(2).equals(List.of(4))) { throw new IllegalStateException(); }", UTIL)
SETS = main(
    "if (!Set.of(4).equals(S.f(2)) && !S.f(2).equals(Set.of(4))) { throw new IllegalStateException(); }", UTIL
)
SUPPLIES = main("if (S.f(2).get() != 4) { throw new IllegalStateException(); }")
ASKING = main("for (int r : S.f(2)) { if (r != 4) { throw new IllegalStateException(); } }")
"""Evaluates a check for each element of an answer that may have none."""
PRINTING = main("System.out.println(S.f(2) + S.f(3));")
"""Checks nothing."""
RELEASED = """class Main {
    public static boolean compare(Object obj1, Object obj2) {
        return obj1 == null && obj2 == null || obj1 != null && obj1.equals(obj2);
    }

    public static void main(String[] args) throws Exception {
        int x0 = S.f(2);
        int v0 = 4;
        if (!(compare(x0, v0))) {
            throw new java.lang.Exception("Exception -- test case 0 did not pass. x0 = " + x0);
        }
    }
}
"""
"""As MBJP has it."""
NOTED = RELEASED + "/* The end. */\n"
"""The comment's end is one for a comment that was opened before, too."""
QUOTED = RELEASED + 'class Note {\n    String note = """\n        The end.""";\n}\n'


def whole(body: str, test: str, prompt: str = INT, assertions: bool = False) -> Job:
    """A job whose tests have a file of their own."""
    suite = Suite(whole=test, assertions=assertions)
    return Job(prompt + body + "\n}}\n", suite, LIMITS, len(prompt))


def joined(completion: str, test: str = RELEASED, prompt: str = INT) -> Job:
    """A job whose tests follow a completion, which closes method and class itself, in its file."""
    source = f"{prompt}{completion}\n"
    return Job(source + test, Suite(whole=""), LIMITS, len(prompt), len(source))


OFF = (
    "ClassLoader l = S.class.getClassLoader(); l.clearAssertionStatus(); l.setDefaultAssertionStatus(false);"
    ' l.setClassAssertionStatus("Main", false); l.setPackageAssertionStatus(null, false);'
)
OWN_MAIN = "return 0; } } class Main { public static void main(String[] a) { if (a.length > 9) throw new IllegalStateException(); } }"
"""It evaluates a check of its own."""
BY_NAME = 'Class<?> m = Class.forName("javabox.runtime.Meter");'
COUNT = 'for (var c : m.getMethods()) if (c.getName().equals("check")) c.invoke(null, c.getParameterCount() == 0 ? new Object[0] : new Object[] {0L});'

WHOLE = {
    "assertions off in a static initialiser": whole(f"return 0; }} static {{ {OFF}", ASSERTS),
    "assertions off in the program": whole(f"{OFF} return 0;", ASSERTS),
    "the tests' flag by reflection": whole(
        'try { var f = Class.forName("Main").getDeclaredField("$assertionsDisabled"); f.setAccessible(true); f.set(null, true);'
        ' } catch (Exception e) { } try { java.lang.invoke.MethodHandles.privateLookupIn(Class.forName("Main"), java.lang.invoke.MethodHandles.lookup())'
        '.findStaticVarHandle(Class.forName("Main"), "$assertionsDisabled", boolean.class).set(true); } catch (Exception e) { } return 0;',
        ASSERTS,
    ),
    "assertions of its own": whole(
        "assert x > 0; if (x < 0) throw new Error(); return 0;", PRINTING, assertions=True
    ),
    "an AssertionError of its own": whole(
        "return 0; } } class AssertionError extends RuntimeException { AssertionError() { System.exit(0); } AssertionError(Object o) { System.exit(0); }"
        " static {",
        ASSERTS,
    ),
    "an Arrays of its own, for a list": whole(
        "return 0; } } class Arrays { static java.util.List<Boolean> asList(boolean... b) { return java.util.List.of(true); } static {",
        BOOLEANS,
    ),
    "a List of its own, for a list": whole(
        "return 0; } } class List<T> { boolean contains(Object o) { return false; } } class Arrays { static List<Boolean> asList(Object... o)"
        " { return new List<>(); } static {",
        BOOLEANS,
    ),
    "a Boolean of its own": whole(
        "return 0; } } class Boolean { } class Arrays { static java.util.List<Boolean> asList(Object... o) { return java.util.List.of(); } static {",
        BOOLEANS,
    ),
    "an Objects of its own, for a whole suite": whole(
        "return 0; } } class Objects { static boolean equals(Object a, Object b) { return true; } static {",
        OBJECTS,
    ),
    "an Exception of its own that exits": whole(
        "return 0; } } class Exception extends java.lang.Exception { Exception(String s) { Runtime.getRuntime().halt(0); } static {",
        THROWS,
    ),
    "a package java of its own that exits": whole(
        "return 0; } } class java { static class lang { static class Exception extends RuntimeException"
        " { Exception(String s) { System.exit(0); } } } static {",
        THROWS.replace("new Exception", "new java.lang.Exception"),
    ),
    "exit between two checks": whole("if (x == 2) return 4; System.exit(0); return 0;", THROWS),
    "halt in a list that the tests compare": whole(
        "return new AbstractList<Integer>() { public int size() { return 1; } public Integer get(int i) { Runtime.getRuntime().halt(0); return 4; } };",
        LISTS,
        LIST,
    ),
    "nothing caught, and no word of it": whole(
        "Thread.currentThread().setUncaughtExceptionHandler((t, e) -> { }); Thread.setDefaultUncaughtExceptionHandler((t, e) -> { });"
        " System.setErr(null); System.setOut(null); return 0;",
        THROWS,
    ),
    "numbers that the tests box": whole(
        'try { var f = Class.forName("java.lang.Integer$IntegerCache").getDeclaredField("cache"); f.setAccessible(true);'
        " Integer[] c = (Integer[]) f.get(null); c[132] = c[128]; } catch (Exception | Error e) { } return 0;",
        BOXED,
        INT.replace("int f", "Integer f"),
    ),
    "no answer to check": whole("return List.of();", ASKING, LIST),
    "checks counted by name": whole(
        f"try {{ {BY_NAME} {COUNT} }} catch (Exception e) {{ }} return List.of();", ASKING, LIST
    ),
    "checks counted by name, from outside": whole(
        f'try {{ {BY_NAME} m.getMethod("outOf").invoke(null); {COUNT} }} catch (Exception e) {{ }} return List.of();',
        ASKING,
        LIST,
    ),
    "a list that equals all, for a whole suite": whole(
        "return new ArrayList<Integer>() { public boolean equals(Object o) { return true; } };", LISTS, LIST
    ),
    "a view of a list that equals all": whole(
        "return Collections.unmodifiableList(new ArrayList<Integer>() { public boolean equals(Object o) { return true; } });",
        LISTS,
        LIST,
    ),
    "a proxy that equals all, for a whole suite": whole(
        "return (List) java.lang.reflect.Proxy.newProxyInstance(null, new Class<?>[] {List.class}, (p, m, a) -> m.getReturnType() == boolean.class ? (Object) true"
        " : List.class.getMethod(m.getName(), m.getParameterTypes()).invoke(List.of(0), a));",
        LISTS,
        LIST,
    ),
    "a set whose order takes all for equal, for a whole suite": whole(
        "TreeSet<Integer> s = new TreeSet<>((a, b) -> 0); s.add(0); return s;", SETS, SET
    ),
    "an answer for the other side": whole(
        "return (Set) Set.of(new Object() { public boolean equals(Object o) { return true; } public int hashCode() { return 4; } });",
        SETS,
        SET,
    ),
    "an element that equals all": whole(
        "return (List) List.of(new Object() { public boolean equals(Object o) { return true; } });",
        LISTS,
        LIST,
    ),
}

LIAR = 'var e = new IllegalStateException("wrong"); e.setStackTrace(new StackTraceElement[] {new StackTraceElement("Main", "main", "tests.java", 3)}); throw e;'
BY_REFLECTION = (
    'var e = new IllegalStateException("wrong"); try { Throwable.class.getMethod("setStackTrace", StackTraceElement[].class).invoke(e,'
    ' (Object) new StackTraceElement[] {new StackTraceElement("Main", "main", "tests.java", 3)}); } catch (Exception r) { } throw e;'
)


def in_list(throwing: str, before: str = "", after: str = "") -> str:
    """A program whose exception comes from a list that the tests compare."""
    return (
        f"{before} return new AbstractList<Integer>() {{ public int size() {{ return 1; }} public Integer get(int i) {{ return 0; }}"
        f" public boolean equals(Object o) {{ {throwing} }} }}; {after}"
    )


THROWN = {
    "a stack trace written by hand": whole(LIAR, THROWS),
    "a stack trace written by hand, in a list": whole(in_list(LIAR), LISTS, LIST),
    "a stack trace written through a reference": whole(
        in_list(
            'java.util.function.BiConsumer<Throwable, StackTraceElement[]> b = Throwable::setStackTrace; var e = new IllegalStateException("wrong");'
            ' b.accept(e, new StackTraceElement[] {new StackTraceElement("Main", "main", "tests.java", 3)}); throw e;'
        ),
        LISTS,
        LIST,
    ),
    "a stack trace written by reflection": whole(in_list(BY_REFLECTION), LISTS, LIST),
    "a stack trace of its own": whole(
        'throw new RuntimeException() { public StackTraceElement[] getStackTrace() { return new StackTraceElement[] {new StackTraceElement("Main", "main", "", 3)}; } };',
        THROWS,
    ),
    "a stack trace of its own, in a list": whole(
        in_list(
            'throw new RuntimeException() { public StackTraceElement[] getStackTrace() { return new StackTraceElement[] {new StackTraceElement("Main", "main", "", 3)}; } };'
        ),
        LISTS,
        LIST,
    ),
    "no stack trace": whole(
        in_list("throw new RuntimeException(null, null, false, false) { };"), LISTS, LIST
    ),
    "a stack trace that was cleared": whole(
        in_list("var e = new IllegalStateException(); e.setStackTrace(new StackTraceElement[0]); throw e;"),
        LISTS,
        LIST,
    ),
    "the tests' own words": whole('throw new AssertionError("x0 = " + x);', ASSERTS),
    "a cause with a lying trace": whole(
        in_list(LIAR.replace("throw e;", "throw new ExceptionInInitializerError(e);")), LISTS, LIST
    ),
    "out of the program by name": whole(
        f'try {{ {BY_NAME} m.getMethod("outOf").invoke(null); }} catch (Exception r) {{ }} {LIAR}', THROWS
    ),
    "a static initialiser that throws": whole(
        "return 4; } static { if (true) throw new IllegalStateException();", THROWS
    ),
    "a supplier that throws": whole(
        "return () -> { throw new IllegalStateException(); };", SUPPLIES, SUPPLIER
    ),
    "a supplier that stops its thread": whole(
        "return () -> { Thread.currentThread().stop(); return 0; };", SUPPLIES, SUPPLIER
    ),
    "a supplier without a stack": whole(
        "return () -> deep(0); } static int deep(int n) { return deep(n + 1) + 1;", SUPPLIES, SUPPLIER
    ),
    "a class that is called like the tests'": joined(
        "return new Main$Wrong(); } } class Main$Wrong extends AbstractList<Integer> { public int size() { return 1; } public Integer get(int i) { return 0; }"
        ' public boolean equals(Object o) { throw new IllegalStateException("wrong"); } }',
        LISTS.removeprefix(UTIL),
        LIST,
    ),
}

COMPAT = {
    "the end of input": joined(OWN_MAIN + "\x1a"),
    "the end of input, escaped": joined(OWN_MAIN + " \\u001a"),
    "the end of input, within a comment": joined(OWN_MAIN + " // \x1a"),
    "an open comment": joined(OWN_MAIN + "/*"),
    "an open comment that the tests close": joined(OWN_MAIN + "/*", NOTED),
    "an open comment, documented": joined(OWN_MAIN + "/**", NOTED),
    "an open comment, escaped": joined(OWN_MAIN + "\\u002f\\u002a", NOTED),
    "an open comment behind an escaped line end": joined(OWN_MAIN + "// \\u000a /*", NOTED),
    "an open comment behind a carriage return": joined(OWN_MAIN + "// \r /*", NOTED),
    "an open comment behind other line ends": joined(OWN_MAIN + "// \x85 \u2028 \u2029 \x0b \x0c /*", NOTED),
    "an open comment far away": joined(OWN_MAIN + "\n" * 200_000 + "/*", NOTED),
    "an open comment and a lone surrogate": joined(OWN_MAIN + "// \ud800\n/*", NOTED),
    "a line comment without an end": joined(OWN_MAIN + "//", RELEASED.replace("\n", " ")),
    "an open text block": joined(OWN_MAIN + ' class Swallow { String s = """'),
    "an open text block that the tests close": joined(OWN_MAIN + ' class Swallow { String s = """', QUOTED),
    "an open string": joined(OWN_MAIN + ' class Swallow { String s = "'),
    "a class left open": joined(OWN_MAIN + " class Swallow {"),
    "a class left open, and no Main": joined("return 0; } } class Swallow {"),
    "an annotation in front": joined("return 0; } } @Deprecated"),
    "a modifier in front": joined("return 0; } } abstract"),
    "a Main that is a record": joined(
        "return 0; } } record Main(int x) { public static void main(String[] a) { } } /*", NOTED
    ),
    "a Main that is an enum": joined(
        "return 0; } } enum Main { A; public static void main(String[] a) { } } /*", NOTED
    ),
    "a Main that is an interface": joined(
        "return 0; } } interface Main { static void main(String[] a) { } } /*", NOTED
    ),
    "a main in other letters": joined("return 0; } } class main { public static void main(String[] a) { } }"),
    "a class within the tests": joined(
        "return 0; } } class Main$1 { static { System.exit(0); } } class Main$Evil { }"
    ),
    "imports after the class": joined("return 0; } } import static java.lang.Runtime.*; class Exception { }"),
    "a package after the class": joined("return 0; } } package java.lang;"),
    "a module after the class": joined("return 0; } } open module evil { }"),
    "a shebang and a mark of bytes": joined("return 0; } }\n#!/usr/bin/java\n\ufeff"),
    "an Object of its own, for the tests": joined(
        "return 0; } } class Object { public boolean equals(java.lang.Object o) { return true; } }"
    ),
    "an Integer of its own, for the tests": joined(
        "return 0; } } class Integer { static Integer valueOf(int i) { return new Integer(); } public boolean equals(Object o) { return true; } }"
    ),
    "an Objects of its own, for the tests": joined(
        "return 0; } } class Objects { static boolean equals(Object a, Object b) { return true; } }",
        OBJECTS.removeprefix(UTIL),
    ),
    "a package java of its own, for the tests": joined(
        "return 0; } } class java { static class lang { static class Exception extends RuntimeException { Exception(String s) { System.exit(0); } } } }"
    ),
}

ATTACKS_ON_TESTS = (
    {name: Attack(job) for name, job in (WHOLE | COMPAT).items()}
    | {name: Attack(job, UNEARNED) for name, job in THROWN.items()}
)  # fmt: skip
