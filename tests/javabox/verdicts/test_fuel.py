"""Limits that are counted: the same on every machine, at any load, and outlived by nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from javabox import Job, Judge, Outcome, Suite, SuiteCase, Verdict
from javabox.engines.jdk import find_jdk
from tests.javabox.programs import DOUBLE, PROMPT, program

ONE = Suite(cases=(SuiteCase("only", "Object r = S.f(2);", "r", "4", "int"),), imports="import java.util.*;")
FUEL = 3_000_000

# Each would run for ever, or for very long, if something let it outlive its fuel.
ENDLESS = {
    "loop": "while (true);",
    "loop that counts": "int i = 0; for (;;) i++;",
    "catch in a loop": "while (true) try { while (true); } catch (Throwable t) { }",
    "catch around a call": "while (true) try { f(x); } catch (Throwable t) { }",
    "finally": "try { while (true); } finally { while (true); }",
    "nested finally": "try { try { while (true); } finally { while (true); } } finally { while (true); }",
    "finally that returns": "while (true) { try { while (true); } finally { continue; } }",
    "recursion in finally": "try { f(x); } finally { f(x); } return 0;",
    "synchronized": "synchronized (S.class) { while (true); }",
    "synchronized in catch": "while (true) try { synchronized (new Object()) { f(x); } } catch (Error e) { }",
    "synchronized within a handler": "while (true) try { while (true); } catch (Throwable t) { synchronized (S.class) { } }",
    "synchronized within finally": "while (true) try { while (true); } finally { synchronized (S.class) { } continue; }",
    "static initialiser": "class A { static int n; static { if (n == 0) while (true) n++; } } return A.n;",
    "constructor": "class A { A() { while (true); } } return new A();",
    "lambda": "Runnable r = () -> { while (true); }; r.run(); return 0;",
    "comparator": "List<Integer> l = new ArrayList<>(List.of(3, 1, 2)); l.sort((a, b) -> { while (true); }); return l;",
    "stream": "java.util.stream.Stream.iterate(1, i -> i + 1).forEach(i -> { }); return 0;",
    "range": "return java.util.stream.LongStream.range(0, Long.MAX_VALUE).filter(i -> false).sum();",
    "iterator of the result": "return Collections.unmodifiableList(new AbstractList<Object>() {"
    " public Object get(int i) { return 1; } public int size() { return Integer.MAX_VALUE; } });",
    "regular expression": 'return "a".repeat(40).matches("(.*a){12}b");',
    "regular expression on a matcher": 'return java.util.regex.Pattern.compile("(.*a){12}b").matcher("a".repeat(40)).find();',
    "power": "return new java.math.BigInteger(\"3\").pow(1_000_000);",
    "sorting again and again": "List<Integer> l = new ArrayList<>(Collections.nCopies(5000, 1)); while (true) Collections.sort(l);",
    "switch": "while (true) switch (x) { case 1: break; case 2: continue; default: return 0; }",
    "waiting for a clock": "long t = System.nanoTime(); while (System.nanoTime() - t < (1L << 60)); return 0;",
}  # fmt: skip


def judged(judge: Judge, body: str, suite: Suite = ONE, **limits: float) -> Verdict:
    return judge.grade([program(body, suite, **limits)])[0]


@pytest.fixture(scope="module")
def strict() -> Iterator[Judge]:
    with Judge("local", 2, lane="strict") as judge:
        yield judge


@pytest.mark.parametrize("name", ENDLESS)
def test_nothing_outlives_its_fuel(judge: Judge, name: str) -> None:
    verdict = judged(judge, ENDLESS[name], fuel=FUEL)
    assert (verdict.outcome, verdict.deterministic, verdict.lane) == (Outcome.TIME_LIMIT, True, "warm")
    assert verdict.fuel == FUEL


def test_both_lanes_count_alike(judge: Judge, strict: Judge) -> None:
    jobs = [program(body, ONE, fuel=FUEL) for body in ENDLESS.values()]
    jobs += [program("int s = 0; for (int i = 0; i < 1000; i++) s += i % 3; return s;", ONE)]
    warm, alone = judge.grade(jobs), strict.grade(jobs)
    assert {verdict.lane for verdict in alone} == {"strict"}
    assert [(v.outcome, v.fuel, v.exception) for v in warm] == [
        (v.outcome, v.fuel, v.exception) for v in alone
    ]


def test_fuel_is_what_was_executed(judge: Judge) -> None:
    def fuel(turns: int) -> int:
        verdict = judged(judge, f"int s = 0; for (int i = 0; i < {turns}; i++) s += i; return s;")
        assert verdict.fuel is not None
        return verdict.fuel

    # iload, sipush, if_icmpge; iload, iload, iadd, istore, iinc, goto
    assert fuel(2000) - fuel(1000) == 1000 * 9


def test_the_limit_is_the_suite_s_and_the_rest_of_it_is_not_run(judge: Judge) -> None:
    verdict = judged(judge, "while (x == 3); return 2 * x;", DOUBLE, fuel=FUEL)
    assert [case.outcome for case in verdict.cases] == [Outcome.PASSED, Outcome.TIME_LIMIT]


@pytest.mark.parametrize(
    "body",
    [
        "int[] a = new int[1 << 30]; return 4;",
        "try { int[] a = new int[1 << 30]; } catch (OutOfMemoryError e) { } return 4;",
        "Object o = new long[1 << 14][1 << 14]; return 4;",
        "Object o = new byte[1 << 10][1 << 10][1 << 10]; return 4;",
        'String s = "ab".repeat(1 << 29); return 4;',
        "while (true) { Object o = new byte[1 << 20]; }",
    ],
)
def test_allocation_is_counted_before_it_is_made(judge: Judge, body: str) -> None:
    verdict = judged(judge, body, allocation_mb=512)
    assert (verdict.outcome, verdict.deterministic, verdict.lane) == (Outcome.MEMORY_LIMIT, True, "warm")


def test_what_memory_holds_in_fact_is_for_the_strict_lane_to_say(judge: Judge) -> None:
    verdict = judged(judge, "List<Object> l = new ArrayList<>(); while (true) l.add(new int[1000]);")
    assert (verdict.outcome, verdict.lane, verdict.fuel) == (Outcome.MEMORY_LIMIT, "strict", None)


def test_the_stack_ends_at_the_same_depth_every_time(judge: Judge, strict: Judge) -> None:
    body = "return 2; } static int depth; static int down() { depth++; return 1 + down(); } static { try { down(); } catch (StackOverflowError e) { }"
    depth = Suite(cases=(SuiteCase("depth", "S.f(0);", "S.depth", None),))
    verdicts = [judged(one, body, depth) for one in (judge, strict, judge)]
    assert len({verdict.cases[0].value for verdict in verdicts}) == 1
    assert int(verdicts[0].cases[0].value or 0) > 20_000
    assert [verdict.lane for verdict in verdicts] == ["warm", "strict", "warm"]


def test_endless_recursion_is_an_exception_of_the_program(judge: Judge) -> None:
    verdict = judged(judge, "return f(x + 1);")
    assert verdict.outcome is Outcome.RUNTIME_ERROR
    assert verdict.exception is not None
    assert (verdict.exception.type, verdict.exception.line) == ("java.lang.StackOverflowError", 1)


def test_printing_too_much_can_not_be_caught(judge: Judge) -> None:
    verdict = judged(
        judge, "while (true) try { System.out.println(x); } catch (Throwable t) { }", output_bytes=1000
    )
    assert (verdict.outcome, verdict.deterministic) == (Outcome.OUTPUT_LIMIT, True)


def test_a_method_too_large_to_be_metered_runs_in_the_strict_lane(judge: Judge) -> None:
    block = "if (x > 5) { s += x; } "
    verdict = judged(judge, "int s = 0; " + block * 5000 + "return 2 * x;")
    assert (verdict.outcome, verdict.lane, verdict.fuel) == (Outcome.PASSED, "strict", None)


def test_what_only_the_clock_ends_is_marked_and_asked_again_alone(judge: Judge) -> None:
    prompt = PROMPT.replace("f(int x)", "f(int x) throws Exception")
    job = program(
        "Object o = new Object(); synchronized (o) { o.wait(); } return 4;", ONE, prompt, wall_seconds=1.0
    )
    verdict = judge.grade([job])[0]
    assert (verdict.outcome, verdict.deterministic, verdict.lane) == (Outcome.TIME_LIMIT, False, "strict")
    assert judge.grade([job])[0] is not verdict


# What the verifier would refuse if the rewriting had made a frame untrue: constructors with branches in their
# arguments, try in all its forms, switches, records, enums, arrays of arrays, nested and anonymous classes.
SHAPES = """
import java.util.*;
class S {
    final int a; final String b;
    S(int a) { this(a > 0 ? a : -a, a > 1 ? new String(a > 2 ? "x" : "y") : "z"); }
    S(int a, String b) { super(); this.a = a; this.b = b; for (int i = 0; i < 2; i++) { if (i == a) break; } }
    enum Sign { PLUS, MINUS { int of(int x) { return -x; } }; int of(int x) { return x; } }
    record Pair(int p, Object q) { Pair { if (p < 0) throw new IllegalArgumentException("negative"); } }
    interface Shape { default int area() { return 1; } static int two() { return 2; } }
    static int tryAll(int x) throws Exception {
        int n = 0;
        try (AutoCloseable c = () -> { }; AutoCloseable d = () -> { throw new Exception("d"); }) {
            n += x > 1 ? 1 : new Object() { int g() { return 5; } }.g();
        } catch (IllegalStateException | IllegalArgumentException e) { n += 10; }
        catch (Exception e) { n += 100; } finally { n += 1000; }
        synchronized (S.class) { n++; try { n++; } finally { n++; } }
        outer: while (true) { do { if (n++ > 1200) break outer; } while (n % 7 != 0); }
        return n;
    }
    static Object f(int x) throws Exception {
        String s = switch (x) { case 1 -> "one"; case 2, 3 -> { String t = "t"; yield t + x; } default -> "many"; };
        switch (s) { case "t2": s += "!"; case "t3": s += "?"; break; default: s = null; }
        Object o = x > 1 ? new Pair(x, new int[x][2][][]) : new S(x);
        long[][] grid = new long[x][x]; Object[][] os = new String[2][]; byte[] bs = new byte[x];
        if (o instanceof Pair p && p.q() instanceof int[][][][] q) s += q.length + grid.length + bs.length;
        return s + Sign.MINUS.of(x) + tryAll(x) + new S(-2).b + Shape.two() + new Shape() { }.area() + (char) (x + 'a');
    }
}
"""


def test_rewritten_class_files_do_what_they_did(judge: Judge, strict: Judge, tmp_path: Path) -> None:
    main = "public class Main { public static void main(String[] a) throws Exception { for (int x = 1; x < 4; x++) System.out.println(S.f(x)); } }"
    imports, _, classes = SHAPES.strip().partition("\n")
    (tmp_path / "Main.java").write_text(f"{imports}\n{main}\n{classes}")
    java = find_jdk().home / "bin" / "java"
    plain = subprocess.run([java, tmp_path / "Main.java"], capture_output=True, text=True, check=True)
    suite = Suite(cases=tuple(SuiteCase(str(x), f"Object r = S.f({x});", "r", None) for x in (1, 2, 3)))
    for one in (judge, strict):
        for coverage in (False, True):
            verdict = one.grade([Job(SHAPES, suite, coverage=coverage)])[0]
            assert verdict.outcome is Outcome.PASSED, verdict
            assert [case.value for case in verdict.cases] == [f'"{line}"' for line in plain.stdout.split()]
