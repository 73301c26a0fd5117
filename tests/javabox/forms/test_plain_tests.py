"""Tests that are read without javac become the class file that javac makes of them, to the instruction and line."""

from __future__ import annotations

import struct
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from javabox import Job, Judge, Outcome, Suite, SuiteCase
from javabox.engines import jvm
from javabox.engines.jdk import find_jdk
from javabox.protocol import codec as wire
from rlcf.problems import load_problems

HELPER = Path(__file__).with_name("ComparePlainTests.java")
IMPORTS = "import java.io.*;\nimport java.util.*;\n\n"
PROGRAM = """import java.util.*;
class A {
    static int of(int x) { return x; }
    static long big(long x) { return x; }
    static double real(double x, double y) { return x / y; }
    static boolean both(boolean a, boolean b) { return a && b; }
    static char letter(char c) { return c; }
    static String text(String s) { return s; }
    static Object any(Object o) { return o; }
    static Integer boxed(Integer a, Double b, Boolean c, Character d, Long e) { return a; }
    public static List<Integer> list(List<Integer> l) { return l; }
    static List<List<String>> deep(List<List<String>> l) { return l; }
    static List<Object> mixed(List<Object> l) { return l; }
    static List raw(List l) { return l; }
    static int many(int... all) { return all.length; }
    static <T> T same(T t) { return t; }
    static List<? extends Number> wild(List<? extends Number> l) { return l; }
    static int two(int x) { return x; }
    static int two(long x) { return 1; }
    static boolean equals(int a, int b) { return a == b; }
    static Integer none() throws Exception { return null; }
    static void nothing() { }
    private static int hidden() { return 1; }
    int bound() { return 1; }
    static class N { static int of(int x) { return x; } }
    static int[] array() { return null; }
}
class B extends A { static int own(int x) { return x; } static int of(int x) { return -x; } }
interface I { static int of(int x) { return x; } }
"""
SAME = (
    "int x = A.of(0);", "int x = A.of(-1);", "int x = A.of(5);", "int x = A.of(6);", "int x = A.of(-128);",
    "int x = A.of(-129);", "int x = A.of(32767);", "int x = A.of(32768);", "int x = A.of(-2147483648);",
    "int x = A.of( - 7 ) ;", "long x = A.big(3);", "long x = A.big(1L);", "long x = A.big(-9223372036854775808L);",
    "long y = 4;\nlong x = A.big(0);", "double x = A.real(0.0, 1.0);", "double x = A.real(-0.0, 2);",
    "double x = A.real(1.0e10, 2.5E-3);", "double y = 3;\ndouble x = A.real(1, 0);",
    "boolean x = A.both(true, false);", "char x = A.letter('a');", r"char x = A.letter('\'');", r"char x = A.letter('\n');",
    'String x = A.text("");', r'String x = A.text("a\"\\\t // no comment");', 'String x = A.text("Ω “”");',
    "Object x = A.any(1);", "Object x = A.any('c');", 'Object x = A.any("s");', "Object x = A.any(2.5);",
    "Object x = A.of(3);", "Object x = A.real(1.5, 2.0);", "Integer x = A.boxed(1, 2.0, true, 'c', 4L);",
    "List<Integer> x = A.list(Arrays.asList(1, 200, -30000));", "List<Integer> x = A.list(Arrays.asList());",
    'List<List<String>> x = A.deep(Arrays.asList(Arrays.asList("a"), Arrays.asList()));',
    'List<Object> x = A.mixed(Arrays.asList(1, "a", 2.0, Arrays.asList(1, 2)));', "List<Object> x = A.mixed(Arrays.asList());",
    "Object x = A.any(Arrays.asList(1, 2));", "Object x = A.any(Arrays.asList());",
    "Object x = A.any(Arrays.asList(Arrays.asList(1), Arrays.asList(2)));", "Object x = A.raw(Arrays.asList(1, 2));",
    "Object x = A.list(Arrays.asList(1));", "Integer x = A.none();", "int x = 3;", "double x = -4;", 'String x = "a";',
    "List<Double> x = Arrays.asList(1.0, 2.0);", "int a = 1;\n\n  // of no use\nlong b = 2L;\ndouble x = A.real(1, 2);",
    "int x = A.of(1); // said", "int x = A.of(1);\n// 3", 'String x = A.text("\0 \ud800 \U0001f600");',
)  # fmt: skip
LEFT = (
    "int x = A.two(1);", "int x = A.many(1, 2);", "int x = A.same(1);", "Object x = A.wild(Arrays.asList(1));",
    "int x = B.own(1);", "int x = I.of(1);", "int x = A.none();", "List x = A.raw(Arrays.asList(1));",
    "List<Integer> x = A.raw(Arrays.asList(1));", "boolean x = A.equals(1, 2);", "int x = 010;", "int x = 0x1F;",
    "int x = 1_000;", "float x = 1.0f;", "double x = 1e3;", "int x = A.of(A.of(1));", "int x = A.of(1) + 1;",
    "var x = A.of(1);", "int x = A.of(1), y = 2;", "int x =\n  A.of(1);", "int x = A.of(1); /* 2 */",
    "final int x = 1;", 'String x = "\\u0041";', 'String x = "\\101";', "int A = 1;\nint x = A.of(1);",
    "int[] x = A.array();", "int x = A$N.of(1);", "int x = A.N.of(1);", 'Object x = A.any(Arrays.asList(1, "a"));', "List<Number> x = Arrays.asList(1, 2.0);",
    "int x = 1;\nx = 2;", "Object x = null;", "Integer x = A.boxed(1, 2.0, true, 'c', null);", "int x = Math.abs(-1);",
)  # fmt: skip
WRONG = (
    "int x = A.of(1.5);", "int x = A.of(2147483648);", "int x = A.of();", "int x = A.of(1, 2);", "long x = A.of(1.0);",
    "String x = A.of(1);", 'int x = A.of("a");', "int x = A.hidden();", "int x = A.bound();", "Object x = A.nothing();",
    "int x = A.gone(1);", "int x = Gone.of(1);", "List<Long> x = Arrays.asList(1);", "List<Double> x = Arrays.asList(1);",
    "Double x = 1;", "char x = A.letter(\"a\");", "List<int> x = Arrays.asList(1);", "int x = 1;\nint x = 2;",
    "boolean x = A.both(1, true);", "int class = 1;", "List<String> x = A.list(Arrays.asList(1));", "double x = 1.0e999;",
    "List<Integer> x = A.list(Arrays.asList(1L));", "int x = A.of(true);",
)  # fmt: skip
"""What javac refuses: the verdict is javac's."""


@pytest.fixture(scope="module")
def comparing(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The class path that has ComparePlainTests on it."""
    jdk, folder = find_jdk(), tmp_path_factory.mktemp("comparing")
    path = ":".join([str(folder), *(str(jvm.build(jdk) / name) for name in jvm.JARS)])
    subprocess.run(
        [jdk.home / "bin" / "javac", *jvm.TOOL_FLAGS, "-cp", path, "-d", folder, HELPER], check=True
    )
    return path


def fates(jobs: Sequence[Job], path: str, file: Path) -> list[str]:
    """What ComparePlainTests says of each; `file` is for them."""
    jdk = find_jdk()
    frames = [wire.encode_job(number, job) for number, job in enumerate(jobs)]
    file.write_bytes(b"".join(struct.pack(">i", len(frame)) + frame for frame in frames))
    words = [jdk.home / "bin" / "java", *jvm.SHORT_FLAGS, *jvm.INTERNAL_COMPILER, "-cp", path]
    said = subprocess.run(
        [*words, "javabox.judge.compile.ComparePlainTests", file], check=True, capture_output=True, text=True
    )
    return said.stdout.split()


def job(code: str, value: str = "x", program: str = PROGRAM, imports: str = IMPORTS) -> Job:
    return Job(
        program,
        Suite((SuiteCase("first", "int z = 1;", "z", "1"), SuiteCase("0", code, value, None)), imports),
    )


def test_what_is_read_is_javacs_class_file(comparing: str, tmp_path: Path) -> None:
    calls = [job("", value) for value in ("A.of(3)", 'A.text("a")', "A.list(Arrays.asList(1))", "A.none()")]
    found = dict(
        zip([*SAME, *calls], fates([*map(job, SAME), *calls], comparing, tmp_path / "jobs"), strict=True)
    )
    assert {code: fate for code, fate in found.items() if fate != "same"} == {}


def test_what_is_not_plain_is_left_to_javac(comparing: str, tmp_path: Path) -> None:
    others = {
        "a class of the JDK's name": job("int x = A.of(1);", program=PROGRAM + "class Integer { }"),
        "a class that is imported": job(
            "int x = Stack.of(1);", program="class Stack { static int of(int x) { return x; } }",
            imports=IMPORTS + "import java.util.Stack;",
        ),
        "a carriage return": job("int x = A.of(1);\r\n"),
        "no java.util": job("int x = A.of(1);", imports=""),
        "another import": job("int x = A.of(1);", imports=IMPORTS + "import static java.lang.Math.*;"),
        "no such variable": job("int x = A.of(1);", "y"),
        "an expression": job("int x = A.of(1);", "x + 1"),
        "long": job(f"List<Integer> x = Arrays.asList({', '.join(['1'] * 4000)});"),
    }  # fmt: skip
    names = [*LEFT, *WRONG, *others]
    found = dict(
        zip(
            names,
            fates([*map(job, LEFT), *map(job, WRONG), *others.values()], comparing, tmp_path / "jobs"),
            strict=True,
        )
    )
    assert {code: fate for code, fate in found.items() if fate != "left"} == {}


def test_a_benchmarks_suites_are_javacs(comparing: str, tmp_path: Path) -> None:
    problems = [
        one
        for split in ("train", "validation", "test")
        for one in load_problems("mbjp", split)
        if one.reference
    ]
    jobs = [one.job(str(one.reference)) for one in problems]
    found = Counter(fates(jobs, comparing, tmp_path / "jobs"))
    assert set(found) == {"same", "left"}
    assert found["same"] > 0.9 * len(jobs)


@pytest.mark.parametrize("code", WRONG)
def test_javac_says_what_is_wrong_with_a_call(judge: Judge, code: str) -> None:
    (verdict,) = judge.grade([job(code)])
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert verdict.diagnostics
