"""Every JDK says the same of a program, in both lanes; only a newer language accepts more, and is named else.

Tried are the JDK that judges by default (JAVA_HOME, as in all tests) and one of each later release that
`--jdk` finds on this machine. Messages are not compared: javac and the JDK word some differently from version
to version.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from javabox import Job, Judge, JudgeUnavailable, Outcome, Suite, SuiteCase, Verdict
from javabox.engines.jdk import Jdk, all_jdks, find_jdk
from tests.javabox.programs import PROMPT, program, returning

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
NEWER: dict[int, list[tuple[str, str]]] = {
    21: [
        ("patterns in switch", "Object o = x; return switch (o) { case Integer i when i > 2 -> 6; case Integer i -> 4; default -> 0; };"),
        ("null as a case", "String s = null; return switch (s) { case null -> 2 * x; default -> 0; };"),
        ("null as a case", "String s = null; return switch (s) { case \"a\" -> 0; case null, default -> 2 * x; };"),
        ("record patterns", "record P(Object a, int b) { } Object o = new P(\"k\", x); return o instanceof P(String s, int n) ? 2 * n : 0;"),
        ("record patterns", "record P(Object a, int b) { } Object o = new P(\"k\", x); if (!(o instanceof P(var s, var n))) { return 0; } return 2 * n;"),
        ("record patterns", "record P(int a) { } record Q(P p, int b) { } Object o = new Q(new P(x), x); return o instanceof Q(P(int a), int b) && a == b ? a + b : 0;"),
        ("record patterns", "record P<T>(T a, int b) { } P<List<String>> o = new P<>(List.of(), x); return switch (o) { case P<List<String>>(var l, int n) when l.isEmpty() -> 2 * n; case P<List<String>> p -> 0; };"),
        ("record patterns", "return f2(new Sq(x));\n} sealed interface Sh permits Ci, Sq {} record Ci(int r) implements Sh {} record Sq(int s) implements Sh {} static int f2(Sh sh) { return switch (sh) { case Ci(int r) -> 0; case Sq(int s) -> 2 * s; };"),
        ("a qualified name of an enum constant as a case", "enum E { A, B } return switch (E.values()[0]) { case E.A -> 2 * x; case E.B -> 0; };"),
        ("instanceof with a pattern that always matches", "Integer i = x; return i instanceof Number n ? 2 * n.intValue() : 0;"),
        ("List.getLast", "return new ArrayList<>(List.of(1, 2 * x)).getLast();"),
        ("List.reversed", "List<Integer> l = Arrays.asList(2 * x, 1); return l.reversed().get(1);"),
        ("SortedMap.putFirst", "var m = new TreeMap<Integer, Integer>(); try { m.putFirst(1, 2); return 0; } catch (UnsupportedOperationException e) { return 2 * x; }"),
        ("java.util.SequencedMap", "SequencedMap<String, Integer> m = new LinkedHashMap<>(); m.putFirst(\"a\", x); return 2 * m.firstEntry().getValue();"),
        ("StringBuilder.repeat", "return new StringBuilder().repeat(\"ab\", x).length();"),
        ("Math.clamp", "return Math.clamp(2L * x, 0, 9);"),
    ],
    22: [
        ("unnamed variables", "int r = 0; for (int _ : new int[2 * x]) { r++; } return r;"),
        ("unnamed variables", "try { return Integer.parseInt(\"a\"); } catch (NumberFormatException _) { return 2 * x; }"),
        ("unnamed variables", "BinaryOperator<Integer> g = (_, y) -> y; return g.apply(1, 2 * x);"),
        ("unnamed variables", "record P(int a, int b) { } Object o = new P(1, x); return o instanceof P(_, int n) ? 2 * n : 0;"),
        ("unnamed variables", "Object o = x; return switch (o) { case Integer _ -> 2 * x; default -> 0; };"),
        ("unnamed variables", "int _ = x; return 2 * x;"),
    ],
    24: [("java.util.stream.Gatherers", "return 2 * Stream.of(1, x).gather(Gatherers.windowFixed(2)).toList().get(0).get(1);")],
    25: [
        ("statements before super() or this()", "return new N(x).n;\n} static class N { int n; N(int a, int b) { n = a + b; } N(int a) { int b = a; this(a, b); }"),
        ("java.lang.IO", "IO.print(x); return 2 * x;"),
    ],
}  # fmt: skip
"""By the release that they need, with what the diagnostic then says."""
OLDER = {
    "for (P(var a, var b) : List.of(x)) { } return 0;": "of Java 20 alone",
    "return (Object) x instanceof P(int a int b) ? 4 : 0;": "no pattern",
    "return g(int a);": "no pattern",
    "int r = _; return r;": "a use",
    "Object o = x; return switch (o) { case Integer i && i > 2 -> 6; default -> 0; };": "a preview of Java 17 alone",
    "long l = x; return switch (l) { case 1L -> 1; default -> 4; };": "a preview of every Java so far",
    "return 4; } void g() { int y = 1; this();": "no constructor",
    "return new Q().getLast(); } static class Q {": "the program's own class",
    'return (Object) "a".getLast();': "a class without it",
}
"""What no Java here takes, though it looks like something newer."""
CHANCE = [
    "return Math.random();",
    "return new Random().nextInt();",
    "List<Integer> l = new ArrayList<>(IntStream.range(0, 20).boxed().toList()); Collections.shuffle(l); return l;",
    "return UUID.randomUUID().toString() + Set.of(1, 2, 3, 4, 5, 6, 7) + Map.of(\"a\", 1, \"b\", 2, \"c\", 3);",
    "return List.of(System.nanoTime(), System.currentTimeMillis()).toString();",
    "return java.util.concurrent.ThreadLocalRandom.current().nextInt();",
    "return new Object().hashCode() + new Object() { }.toString() + System.identityHashCode(\"a\");",
]  # fmt: skip


VALUES = [
    ("new ArrayList<>(List.of(1, 2, 3)).reversed()", "List.of(3, 2, 1)"),
    ("new LinkedList<>(List.of(1, 2, 3)).reversed()", "List.of(3, 2, 1)"),
    ("new LinkedHashSet<>(List.of(1, 2)).reversed()", "Set.of(1, 2)"),
    ("new TreeSet<>(List.of(1, 2)).reversed()", "Set.of(2, 1)"),
    ("new LinkedHashMap<>(Map.of(1, 2)).reversed()", "Map.of(1, 2)"),
    ("new LinkedHashMap<>(Map.of(1, 2)).sequencedKeySet()", "Set.of(1)"),
    ("new LinkedHashMap<>(Map.of(1, 2)).sequencedEntrySet().reversed()", "Map.of(1, 2).entrySet()"),
    ("new LinkedHashMap<>(Map.of(1, 2)).lastEntry()", "Map.entry(1, 2)"),
    ("new TreeMap<>(Map.of(1, 2)).reversed()", "Map.of(1, 2)"),
    ("Collections.unmodifiableSequencedSet(new LinkedHashSet<>(List.of(5)))", "Set.of(5)"),
]
"""Of JDK 21: views and the like, with what their equals says is equal."""
THREADS = [
    "int[] r = new int[1]; Thread t = Thread.ofVirtual().start(() -> r[0] = 2 * x); try { t.join(); } catch (InterruptedException e) { } return r[0];",
    "try (var e = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) { return e.submit(() -> 2 * x).get(); } catch (Exception e) { return 0; }",
    "return java.math.BigInteger.TWO.parallelMultiply(java.math.BigInteger.valueOf(x)).intValue();",
]  # fmt: skip
"""Of JDK 21: what may run on several threads."""
CHARGED = [
    "List<Integer> l = new ArrayList<>(Collections.nCopies(1000000, 1)); int s = 0; while (true) { l.addFirst(1); s += l.removeFirst(); }",
    "StringBuilder b = new StringBuilder(); while (true) { b.setLength(0); b.repeat(\"abcdefgh\", 1000000); }",
]  # fmt: skip
"""Of JDK 21: endless, with work hidden in the JDK that fuel must see."""

limited = functools.partial(
    program, prompt=START, fuel=25_000_000, wall_seconds=30.0, memory_mb=64, output_bytes=4 << 20
)
"""A program; low limits end the same programs as high ones, and sooner."""
TWICE = Suite(tuple(SuiteCase(name, "Object r = S.f(2);", "r", None) for name in ("once", "again")))
JOBS = {
    "corpus": [limited(body) for bodies in CORPUS.values() for body in bodies],
    "newer": [program(body, prompt=START) for bodies in NEWER.values() for _, body in bodies],
    "older": [program(body, prompt=START) for body in OLDER],
    "chance": [program(body, TWICE, START) for body in CHANCE],
    "chance again": [program(f"/* again */ {body}", TWICE, START) for body in CHANCE],
    "values": [returning(expression, expected) for expression, expected in VALUES],
    "threads": [program(body, prompt=START) for body in THREADS],
    "charged": [program(body, prompt=START, fuel=50_000_000, wall_seconds=60.0) for body in CHARGED],
}
LANES: tuple[Literal["warm", "strict"], ...] = ("warm", "strict")


def one_of_each_release() -> list[Jdk]:
    """The JDK that judges by default, and of each later release one."""
    default = find_jdk()
    later = {jdk.feature: jdk for jdk in all_jdks() if jdk.feature > default.feature}
    return [default, *(later[feature] for feature in sorted(later))]


JDKS = one_of_each_release()
ONE = "only one JDK here"
several = pytest.mark.skipif(len(JDKS) < 2, reason=f"{ONE}, {JDKS[0].feature}, that is no older than it")


@dataclass(frozen=True)
class Said:
    """What one lane on one JDK says."""

    jdk: str
    feature: int
    lane: str
    verdicts: dict[str, list[Verdict]]
    """By the names of JOBS."""


@functools.cache
def said(jdk: Jdk, lane: Literal["warm", "strict"]) -> Said:
    with Judge("local", workers=2, lane=lane, jdk=jdk.home) as judge:
        verdicts = {name: judge.grade(jobs) for name, jobs in JOBS.items()}
        return Said(judge.jdk, jdk.feature, lane, verdicts)


@pytest.fixture(params=[pytest.param(jdk, id=f"JDK {jdk.feature}") for jdk in JDKS])
def both(request: pytest.FixtureRequest) -> list[Said]:
    """What one JDK says, in both lanes."""
    return [said(request.param, lane) for lane in LANES]


def body(job: Job) -> str:
    return job.source[job.completion_start :]


def test_outcomes_are_those_of_java(both: list[Said]) -> None:
    want = [outcome for outcome, bodies in CORPUS.items() for _ in bodies]
    for one in both:
        wrong = {
            body(job): (verdict.outcome, verdict.detail, verdict.exception)
            for outcome, job, verdict in zip(want, JOBS["corpus"], one.verdicts["corpus"], strict=True)
            if verdict.outcome is not outcome
        }
        assert wrong == {}, one.jdk


def test_every_case_ends_the_same_in_both_lanes_and_on_every_jdk(both: list[Said]) -> None:
    ends = [
        [[(case.outcome, case.value) for case in verdict.cases] for verdict in one.verdicts["corpus"]]
        for one in (said(JDKS[0], "strict"), *both)
    ]
    assert ends[1:] == ends[:1] * 2


@several
def test_the_jdk_that_is_asked_for_is_the_one_that_judges() -> None:
    builds = [said(jdk, "warm").jdk for jdk in JDKS]
    assert len(set(builds)) == len(JDKS)
    for jdk, build in zip(JDKS, builds, strict=True):
        assert re.search(rf" {jdk.feature}[.+]", build), build
        with Judge("local", workers=1, jdk=jdk.feature) as judge:
            assert judge.provenance()["jdk"] == judge.jdk
            assert re.search(rf" {jdk.feature}[.+]", judge.jdk)


@several
def test_the_same_programs_are_admitted_to_the_warm_lane() -> None:
    """Newer class files name other things; the scan must not send more of them to the strict lane for that."""
    lanes = [
        {
            body(job): verdict.lane
            for job, verdict in zip(JOBS["corpus"], said(jdk, "warm").verdicts["corpus"], strict=True)
            if verdict.executed
        }
        for jdk in JDKS
    ]
    assert lanes[1:] == lanes[:1] * (len(JDKS) - 1)


def test_newer_java_is_named_where_it_is_missing(both: list[Said]) -> None:
    wanted = [(release, name) for release, bodies in NEWER.items() for name, _ in bodies]
    for one in both:
        for (release, name), job, verdict in zip(wanted, JOBS["newer"], one.verdicts["newer"], strict=True):
            told = [error.message for error in verdict.diagnostics if "needs Java" in error.message]
            if one.feature >= release:
                assert (verdict.outcome, told) == (Outcome.PASSED, []), body(job)
            else:
                assert verdict.outcome is Outcome.COMPILE_ERROR, body(job)
                hint = f"needs Java {release}: {name} (this is JDK {one.feature})"
                assert [line.endswith(hint) for line in told[:1]] == [True], (body(job), verdict.diagnostics)


def test_what_no_java_takes_is_not_called_newer(both: list[Said]) -> None:
    for one in both:
        for job, verdict in zip(JOBS["older"], one.verdicts["older"], strict=True):
            assert verdict.outcome is Outcome.COMPILE_ERROR, body(job)
            assert "needs Java" not in str(verdict.diagnostics), (body(job), verdict.diagnostics)


def test_what_newer_jdks_return_is_compared_by_content(both: list[Said]) -> None:
    want = Outcome.PASSED if both[0].feature >= 21 else Outcome.COMPILE_ERROR
    for one in both:
        outcomes = {
            body(job): v.outcome for job, v in zip(JOBS["values"], one.verdicts["values"], strict=True)
        }
        assert outcomes == dict.fromkeys(outcomes, want)


def test_virtual_threads_and_hidden_ones_run_in_the_strict_lane(both: list[Said]) -> None:
    for one in both:
        for job, verdict in zip(JOBS["threads"], one.verdicts["threads"], strict=True):
            if one.feature >= 21:
                assert (verdict.outcome, verdict.lane) == (Outcome.PASSED, "strict"), (body(job), verdict)
            else:
                assert verdict.outcome is Outcome.COMPILE_ERROR


def test_work_that_is_hidden_in_newer_methods_is_paid(both: list[Said]) -> None:
    for one in both:
        for job, verdict in zip(JOBS["charged"], one.verdicts["charged"], strict=True):
            if one.feature >= 21:
                assert verdict.outcome is Outcome.TIME_LIMIT, (body(job), verdict)
                assert verdict.fuel == job.limits.fuel
            else:
                assert verdict.outcome is Outcome.COMPILE_ERROR


def test_chance_is_taken_out_of_every_jdk(both: list[Said]) -> None:
    values = [
        [verdict.cases for verdict in one.verdicts[name]]
        for one in (said(JDKS[0], "warm"), *both)
        for name in JOBS
        if "chance" in name
    ]
    assert all(case.value for cases in values[0] for case in cases)
    assert values[1:] == values[:1] * 5


def test_a_jdk_that_is_not_here_is_refused_with_those_that_are(tmp_path: Path) -> None:
    here = f"{JDKS[0].feature} in "
    for wanted, said_of_it in (
        (99, f"no JDK 99 found here; here: .*{here}"),
        ("8", "JDK 8 is too old"),
        (tmp_path / "none", f"{tmp_path / 'none'} is not there; name a JDK's folder or its release"),
        (tmp_path, "holds no Java"),
    ):
        with pytest.raises(JudgeUnavailable, match=said_of_it):
            Judge("local", jdk=wanted)
    for wanted in (99, tmp_path):
        with pytest.raises(JudgeUnavailable, match="the docker engine has JDK 17, 21, 25, not"):
            Judge("docker", jdk=wanted)


def test_a_release_is_javas_home_before_all_and_never_a_runtime_without_a_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, tools in (("whole", ("java", "javac", "jlink")), ("runtime", ("java",))):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "release").write_text('JAVA_VERSION="98.0.1"\n')
        for tool in tools:
            (tmp_path / name / "bin" / tool).touch()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "runtime"))
    with pytest.raises(
        JudgeUnavailable, match=f"JAVA_HOME: {tmp_path / 'runtime'} is a JRE, without a compiler"
    ):
        find_jdk(98)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "whole"))
    assert find_jdk("98") == find_jdk(tmp_path / "whole") == Jdk(tmp_path / "whole", "98.0.1")
    assert find_jdk(JDKS[0].feature).feature == JDKS[0].feature
