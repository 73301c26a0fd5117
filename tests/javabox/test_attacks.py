"""Programs that want a pass without earning it, or want to harm the next: each attacks one property."""

from __future__ import annotations

import pytest

from javabox import Judge, Outcome, Suite
from tests.javabox.programs import PROMPT, program

# Completions of `class S { static Object f(int x) {` (closed by "}}"), none of which computes 2 * x.
ATTACKS = {
    "exit": "System.exit(0); return 0;",
    "halt": "Runtime.getRuntime().halt(0); return 0;",
    "exit in a static initialiser": "return 0; } static { System.exit(0);",
    "exit in a shutdown hook": "Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0))); return 0;",
    "exit from another thread": "new Thread(() -> System.exit(0)).start(); return 0;",
    "exit in equals": "return new Object() { public boolean equals(Object o) { System.exit(0); return true; } };",
    "equals that says yes": "return new Object() { public boolean equals(Object o) { return true; } };",
    "compareTo that says yes": "class C implements Comparable<Object> { public int compareTo(Object o) { return 0; } } return new C();",
    "list that equals all": "return new ArrayList<Object>() { public boolean equals(Object o) { return true; } };",
    "number that is all": "return new Number() { public int intValue() { return 4; } public long longValue() { return 4; }"
    " public float floatValue() { return 4; } public double doubleValue() { return 4; } public boolean equals(Object o) { return true; } };",
    "printed verdict": 'System.out.println("PASSED"); System.out.println("{\\"passed\\": true}"); return 0;',
    "bytes on the descriptor": "try (var o = new java.io.FileOutputStream(java.io.FileDescriptor.out)) { o.write(new byte[64]); }"
    " catch (java.io.IOException e) { } return 0;",
    "a frame forged from a stolen one": 'try { var in = new java.io.FileInputStream("/proc/self/fd/1"); byte[] b = new byte[21];'
    " in.read(b); } catch (Exception e) { } return 0;",
    "closing the channel": "try { new java.io.FileOutputStream(java.io.FileDescriptor.out).close(); } catch (Exception e) { } return 0;",
    "reading the tokens from stdin": "try { System.in.readAllBytes(); new java.io.FileInputStream(java.io.FileDescriptor.in).read(); }"
    " catch (Exception e) { } return 0;",
    "replacing System.out": "System.setOut(null); System.setErr(null); return 0;",
    "reflection on the runner": 'try { Class<?> r = ClassLoader.getSystemClassLoader().loadClass("javabox.Runner");'
    " for (var m : r.getDeclaredMethods()) { m.setAccessible(true); } for (var f : r.getDeclaredFields())"
    " { f.setAccessible(true); f.set(null, null); } } catch (Exception e) { } return 0;",
    "rewriting the Integer cache": 'try { var f = Class.forName("java.lang.Integer$IntegerCache").getDeclaredField("cache");'
    " f.setAccessible(true); } catch (Exception e) { } return 0;",
    "a Main of its own": "return 0; } } class Main { public static void main(String[] a) { } static Object c0() { return 4; } static Object c1() { return 6;",
    "an Object of its own": "return new Object(); } } class Object { public boolean equals(java.lang.Object o) { return true; }",
    "an Arrays of its own": "return 0; } } class Arrays { static List<Integer> asList(Object... o) { return null; }",
    "interrupting the main thread": "for (Thread t : Thread.getAllStackTraces().keySet()) t.interrupt(); return 0;",
    "memory of the first case": "return x == 2 ? 4 : 5;",
    "throwing what the judge might catch": "throw new ThreadDeath();",
    "an exception that exits": "throw new RuntimeException() { public String getMessage() { System.exit(0); return null; } };",
    "an exception that throws": "throw new RuntimeException() { public StackTraceElement[] getStackTrace() { throw this; } };",
    "its own cause": "throw new RuntimeException() { public Throwable getCause() { return this; } };",
    "endless iteration": "return new AbstractList<Object>() { public Object get(int i) { return 4; } public int size() { return 1 << 30; } };",
    "endless view": "return Collections.unmodifiableList(new AbstractList<Object>() { public Object get(int i) { return 4; }"
    " public int size() { return 1 << 30; } });",
    "list within itself": "List<Object> l = new ArrayList<>(); l.add(l); return l;",
    "thread that outlives": "new Thread(() -> { while (true); }).start(); return 0;",
    "assertions turned about": "ClassLoader.getSystemClassLoader().setDefaultAssertionStatus(false); assert false; return 0;",
    "catch all": "while (true) try { while (true); } catch (Throwable t) { }",
    "killing the group": 'try { new ProcessBuilder("sh", "-c", "kill -9 0").start().waitFor(); } catch (Exception e) { } return 0;',
    "an unfinished comment": "return 0; /*",
    "unicode newline": "return 0; // \\u000a } static { System.exit(0); ",
}


@pytest.fixture(scope="module")
def verdicts(judge: Judge) -> dict[str, Outcome]:
    jobs = [program(f"{body}", wall_seconds=3.0) for body in ATTACKS.values()]
    return dict(zip(ATTACKS, (verdict.outcome for verdict in judge.grade(jobs)), strict=True))


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_passes(verdicts: dict[str, Outcome], name: str) -> None:
    assert verdicts[name] not in (Outcome.PASSED, Outcome.JUDGE_ERROR)


def test_an_honest_program_passes_after_each_attack(judge: Judge) -> None:
    jobs = []
    for i, body in enumerate(ATTACKS.values()):
        jobs += [program(f"/* {i} */ {body}", wall_seconds=2.0), program(f"return 2 * x + {i} - {i};")]
    assert [verdict.outcome for verdict in judge.grade(jobs)][1::2] == [Outcome.PASSED] * len(ATTACKS)


def test_a_whole_suite_can_not_be_left_early(judge: Judge) -> None:
    """Where only the runner's last frame proves the end, an early exit and forged bytes must not look like it."""
    test = "class Main { public static void main(String[] a) throws Exception { if (!S.f(2).equals(4)) throw new Exception(); } }"
    names = [
        "exit",
        "halt",
        "bytes on the descriptor",
        "reading the tokens from stdin",
        "reflection on the runner",
    ]
    names += ["a frame forged from a stolen one", "exit from another thread"]
    jobs = [program(ATTACKS[name], Suite(whole=test), wall_seconds=3.0) for name in names]
    assert not any(verdict.passed for verdict in judge.grade(jobs))


def test_the_expected_values_are_not_in_the_programs_process(judge: Judge) -> None:
    """A program that reads its own class path, classes and stdin finds the inputs but not the answers."""
    secret = "91827364"
    suite = program("").suite
    hidden = Suite(cases=(type(suite.cases[0])("only", "Object r = S.f(2);", "r", secret, "int"),))
    search = """
        StringBuilder all = new StringBuilder();
        try (var in = S.class.getClassLoader().getResourceAsStream("Main.class")) { if (in != null) all.append(new String(in.readAllBytes())); }
        catch (Exception e) { }
        try { all.append(new String(java.nio.file.Files.readAllBytes(java.nio.file.Path.of("/proc/self/cmdline")))); } catch (Exception e) { }
        try { for (var m : Class.forName("Main").getDeclaredMethods()) all.append(m); } catch (Exception e) { }
        int at = all.indexOf("91827" + "364");
        return at < 0 ? 0 : Integer.parseInt(all.substring(at, at + 8));"""
    assert judge.grade([program(search, hidden, PROMPT)])[0].outcome is Outcome.FAILED
