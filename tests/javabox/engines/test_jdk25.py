"""A newer JDK says of a program what JDK 17 says, in both lanes; only a newer language accepts more.

JAVABOX_SECOND_JDK names the newer JDK; without it any under /usr/lib/jvm is taken. Messages are not compared:
javac and the JDK word some differently from version to version.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from javabox import Judge, Outcome, Suite, SuiteCase, Verdict
from javabox.engines.jdk import find_jdk
from tests.javabox.programs import PROMPT, program

IMPORTS = "import java.util.*;\nimport java.util.function.*;\nimport java.util.stream.*;\n"
START = IMPORTS + PROMPT.partition("\n")[2]

CORPUS = {
    Outcome.PASSED: [
        "return 2 * x;",
        "int r = 0; for (int i = 0; i < x; i++) r += 2; return r;",
        "return List.of(1, 2, x).stream().mapToInt(Integer::intValue).sum() + x - 3;",
        "return IntStream.rangeClosed(1, x).map(i -> 2).sum();",
        'StringBuilder b = new StringBuilder(); for (int i = 0; i < x; i++) b.append("ab"); return b.length();',
        'return Integer.parseInt(String.valueOf(2 * x)) + "".length();',
        'return ("a" + x + "b" + 1.5 + true).isEmpty() ? 0 : 2 * x;',
        "Map<String, List<Integer>> m = new TreeMap<>(); for (int i = 0; i < 2 * x; i++) m.computeIfAbsent(\"k\", k -> new ArrayList<>()).add(i); return m.get(\"k\").size();",
        "int[] a = {5, x, 1}; Arrays.sort(a); return a[0] + 2 * x - 1;",
        "record P(int a, int b) { int sum() { return a + b; } } P p = new P(x, x); return p.equals(new P(x, x)) && p.toString().equals(\"P[a=\" + x + \", b=\" + x + \"]\") ? p.sum() : p.hashCode();",
        "Object o = x; return o instanceof Integer i && i > 0 ? 2 * i : 0;",
        "return switch (x) { case 2 -> 4; case 3 -> { int r = 6; yield r; } default -> 0; };",
        'switch ("k" + x) { case "k2": return 4; case "k3": return 6; default: return 0; }',
        "enum E { A, B { int f() { return 6; } }; int f() { return 4; } } return E.values()[x - 2].f();",
        "return f2(2 * x);\n} sealed interface Sh permits Ci, Sq {} record Ci(int r) implements Sh {} record Sq(int s) implements Sh {} static int f2(int n) { Sh s = new Ci(n); return s instanceof Ci c ? c.r() : 0;",
        'String t = """\n  a\n  b"""; return t.length() + 2 * x - 3;',
        "int r = 0; try { r = 1 / (x - x); } catch (ArithmeticException e) { r = x; } finally { r += x; } return r;",
        "return down(40 * x);\n} static int down(int n) { return n == 0 ? 0 : n % 20 == 0 ? 1 + down(n - 1) : down(n - 1);",
        "long s = 0; for (int i = 0; i < 200_000; i++) s += i % 7; return s > 0 ? 2 * x : 0;",
        "Optional<Integer> o = Stream.of(1, 2, x).max(Comparator.naturalOrder()); return o.get() + x;",
        'return String.format("%d", 2 * x).equals("4") ? 4 : "a,b".split(",").length * x;',
        "PriorityQueue<Integer> q = new PriorityQueue<>(List.of(9, 2 * x, 8)); return q.poll();",
        "Iterator<Integer> i = new Iterator<>() { int n = x; public boolean hasNext() { return n > 0; } public Integer next() { return n--; } }; int c = 0; while (i.hasNext()) { i.next(); c += 2; } return c;",
        "java.math.BigInteger b = java.math.BigInteger.TWO.multiply(java.math.BigInteger.valueOf(x)); return b.intValue();",
        "try { throw new Exception(\"own\"); } catch (Exception e) { return e.getMessage().equals(\"own\") ? 2 * x : 0; }",
        "int[] r = new int[1]; Thread t = new Thread(() -> r[0] = 2 * x); t.start(); try { t.join(); } catch (InterruptedException e) { return 0; } return r[0];",
        "return Arrays.asList(1, 2, 3).parallelStream().mapToInt(i -> 0).sum() + 2 * x;",
        "var e = java.util.concurrent.Executors.newFixedThreadPool(2); try { return e.submit(() -> 2 * x).get(); } catch (Exception ex) { return 0; } finally { e.shutdown(); }",
        "Object lock = new Object(); synchronized (lock) { return 2 * x; }",
        "int[][][] a = new int[2][3][x]; return a[1][2].length * 2;",
        "System.out.println(x); System.err.print('c'); return 2 * x;",
    ],
    Outcome.FAILED: [
        "return x + 2;",
        "return (long) 2 * x;",
        'return "4";',
        "return null;",
        "return new int[] {2 * x};",
        "record P(int a) { } return new P(4);",
        "return new Object() { public boolean equals(Object o) { return true; } };",
    ],
    Outcome.COMPILE_ERROR: [
        "return 2 * x",
        "return y;",
        "int x = 4; return x;",
        "String s = x; return s;",
        "throw new Exception();",
        "final int z = 1; z++; return z;",
        "int y; return y;",
        "return List.of(x).get(\"a\");",
        "}} class S {",
    ],
    Outcome.RUNTIME_ERROR: [
        "int[] a = {}; return a[x];",
        "Object o = null; return o.hashCode();",
        "return 1 / (x - x);",
        "return Integer.parseInt(\"four\");",
        "return f(x);",
        "throw new IllegalStateException(\"own\");",
        "List.of(1).add(x); return 2 * x;",
        "return (Integer) (Object) \"4\";",
        "return new int[-x].length;",
        "return List.of(1).iterator().next() > 0 ? new ArrayDeque<Integer>().pop() : 0;",
        "assert false; if (x > 0) throw new AssertionError(); return 1;",
    ],
    Outcome.TIME_LIMIT: [
        "while (true);",
        "for (int i = 0; ; i++) { try { if (i < 0) i = 0; } catch (Throwable t) { } }",
        "List<Integer> l = new LinkedList<>(); while (true) { l.add(x); l.remove(0); }",
        "return IntStream.iterate(0, i -> 1).filter(i -> i > 1).findFirst().getAsInt();",
    ],
    Outcome.MEMORY_LIMIT: [
        "List<byte[]> l = new ArrayList<>(); while (true) l.add(new byte[1 << 20]);",
        "return new long[Integer.MAX_VALUE / 4].length;",
        "String s = \"ab\"; while (true) s += s;",
    ],
    Outcome.OUTPUT_LIMIT: ['while (true) System.out.println("and on and on");'],
    Outcome.PREMATURE_EXIT: ["System.exit(0); return 4;", "Runtime.getRuntime().halt(0); return 4;"],
}  # fmt: skip
NEWER = [
    "Object o = x; return switch (o) { case Integer i when i > 2 -> 6; case Integer i -> 4; default -> 0; };",
    "record P(Object a, int b) { } Object o = new P(\"k\", x); return o instanceof P(String s, int n) ? 2 * n : 0;",
    "return f2(new Sq(x));\n} sealed interface Sh permits Ci, Sq {} record Ci(int r) implements Sh {} record Sq(int s) implements Sh {} static int f2(Sh sh) { return switch (sh) { case Ci c -> 0; case Sq(int s) -> 2 * s; };",
    "return new ArrayList<>(List.of(1, 2 * x)).getLast();",
]  # fmt: skip
CHANCE = [
    "return Math.random();",
    "return new Random().nextInt();",
    "List<Integer> l = new ArrayList<>(IntStream.range(0, 20).boxed().toList()); Collections.shuffle(l); return l;",
    "return UUID.randomUUID().toString() + Set.of(1, 2, 3, 4, 5, 6, 7) + Map.of(\"a\", 1, \"b\", 2, \"c\", 3);",
    "return List.of(System.nanoTime(), System.currentTimeMillis()).toString();",
    "return java.util.concurrent.ThreadLocalRandom.current().nextInt();",
    "return new Object().hashCode() + new Object() { }.toString() + System.identityHashCode(\"a\");",
]  # fmt: skip


def second_jdk() -> Path | None:
    """A JDK newer than 17."""
    named = os.environ.get("JAVABOX_SECOND_JDK")
    for home in [Path(named)] if named else sorted(Path("/usr/lib/jvm").glob("*")):
        if (home / "bin" / "javac").exists():
            said = subprocess.run(
                [home / "bin" / "javac", "-version"], capture_output=True, text=True, check=False
            )
            version = re.match(r"javac (\d+)", said.stdout)
            if version and int(version[1]) > 17:
                return home
    return None


SECOND = second_jdk()
pytestmark = pytest.mark.skipif(SECOND is None, reason="no JDK newer than 17; JAVABOX_SECOND_JDK names one")
TWICE = Suite(tuple(SuiteCase(name, "Object r = S.f(2);", "r", None) for name in ("once", "again")))
JOBS = {
    "corpus": [
        program(body, prompt=START, fuel=100_000_000, wall_seconds=30.0)
        for bodies in CORPUS.values()
        for body in bodies
    ],
    "newer": [program(body, prompt=START) for body in NEWER],
    "chance": [program(body, TWICE, START) for body in CHANCE],
    "chance again": [program(f"/* again */ {body}", TWICE, START) for body in CHANCE],
}
LANES: tuple[Literal["warm", "strict"], ...] = ("warm", "strict")


@dataclass(frozen=True)
class Said:
    """What one lane on one JDK says."""

    jdk: str
    verdicts: dict[str, list[Verdict]]
    """By the names of JOBS."""


def judged(home: Path, lane: Literal["warm", "strict"]) -> Said:
    # JAVA_HOME for as long as the judge lives: a supervisor that is replaced asks for it again.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", str(home))
        with Judge("local", workers=2, lane=lane) as judge:
            return Said(judge.jdk, {name: judge.grade(jobs) for name, jobs in JOBS.items()})


@pytest.fixture(scope="module")
def default() -> list[Said]:
    """JDK 17 (or what stands in its place), by lane."""
    home = find_jdk().home
    return [judged(home, lane) for lane in LANES]


@pytest.fixture(scope="module")
def second() -> list[Said]:
    assert SECOND is not None
    return [judged(SECOND, lane) for lane in LANES]


def test_the_second_jdk_is_the_one_that_judges(default: list[Said], second: list[Said]) -> None:
    assert {said.jdk for said in default}.isdisjoint({said.jdk for said in second})


@pytest.mark.parametrize("lane", [0, 1], ids=LANES)
def test_outcomes_are_the_same(default: list[Said], second: list[Said], lane: int) -> None:
    want = [outcome for outcome, bodies in CORPUS.items() for _ in bodies]
    for said in (default[lane], second[lane]):
        wrong = {
            job.source[job.completion_start :]: (verdict.outcome, verdict.detail, verdict.exception)
            for outcome, job, verdict in zip(want, JOBS["corpus"], said.verdicts["corpus"], strict=True)
            if verdict.outcome is not outcome
        }
        assert wrong == {}, said.jdk


def test_every_case_ends_the_same_in_both_lanes_and_on_both_jdks(
    default: list[Said], second: list[Said]
) -> None:
    ends = [
        [[(case.outcome, case.value) for case in verdict.cases] for verdict in said.verdicts["corpus"]]
        for said in (*default, *second)
    ]
    assert ends[1:] == ends[:1] * 3


def test_the_same_programs_are_admitted_to_the_warm_lane(default: list[Said], second: list[Said]) -> None:
    """Newer class files name other things; the scan must not send more of them to the strict lane for that."""
    lanes = [
        {
            job.source[job.completion_start :]: verdict.lane
            for job, verdict in zip(JOBS["corpus"], said[0].verdicts["corpus"], strict=True)
            if verdict.executed
        }
        for said in (default, second)
    ]
    assert lanes[0] == lanes[1]


def test_newer_syntax_and_methods_need_the_newer_jdk(default: list[Said], second: list[Said]) -> None:
    for said in default:
        assert {verdict.outcome for verdict in said.verdicts["newer"]} == {Outcome.COMPILE_ERROR}
    for said in second:
        assert {verdict.outcome for verdict in said.verdicts["newer"]} == {Outcome.PASSED}


def test_chance_is_taken_out_of_the_newer_jdk_too(second: list[Said]) -> None:
    values = [
        [verdict.cases for verdict in said.verdicts[name]]
        for said in second
        for name in JOBS
        if "chance" in name
    ]
    assert all(case.value for cases in values[0] for case in cases)
    assert values[1:] == values[:1] * 3
