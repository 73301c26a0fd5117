"""The warm compiler, one context for hundreds of broken and sound programs, accepts what a fresh one accepts."""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path

from javabox import Job, Judge
from javabox.engines.jdk import find_jdk
from javabox.engines.jvm import SHORT_FLAGS

# Compiles each file given on stdin in a fresh context of its own, and prints whether javac accepted it.
FRESH = """
import java.net.URI;
import java.util.*;
import javax.tools.*;

public class Fresh {
    public static void main(String[] a) throws Exception {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        StandardJavaFileManager files = javac.getStandardFileManager(null, null, null);
        files.setLocation(StandardLocation.CLASS_OUTPUT, List.of(new java.io.File(a[0])));
        for (int i = 1; i < a.length; i++) {
            String text = java.nio.file.Files.readString(java.nio.file.Path.of(a[i]));
            JavaFileObject source = new SimpleJavaFileObject(URI.create("string:///main.java"), JavaFileObject.Kind.SOURCE) {
                public CharSequence getCharContent(boolean ignore) { return text; }
            };
            System.out.println(javac.getTask(null, files, d -> { }, List.of("-proc:none"), null, List.of(source)).call());
        }
    }
}
"""


def mutant(source: str, rng: random.Random) -> str:
    """`source` with one token dropped, doubled or put in another's place, or cut short."""
    tokens = list(re.finditer(r"\w+|[^\w\s]", source))
    one, other = rng.choice(tokens), rng.choice(tokens)
    before, after = source[: one.start()], source[one.end() :]
    return (
        before
        + rng.choice(["", f"{one.group()} {one.group()}", other.group()])
        + rng.choice([after] * 9 + [""])
    )


def test_hundreds_of_mutants_are_accepted_as_by_a_fresh_context(
    judge: Judge, data_dir: Path, tmp_path: Path
) -> None:
    rng = random.Random(0)
    rows = [json.loads(line) for line in (data_dir / "mbxp" / "mbjp_release_v1.2.jsonl").open()]
    sources = [row["prompt"] + row["canonical_solution"] for row in rows if row["canonical_solution"]]
    mutants = [mutant(rng.choice(sources), rng) if i % 3 else rng.choice(sources) for i in range(400)]
    verdicts = judge.grade([Job(text) for text in mutants])
    files = []
    for i, text in enumerate(mutants):
        files.append(tmp_path / f"{i}.txt")
        files[-1].write_text(text)
    (tmp_path / "Fresh.java").write_text(FRESH)
    java = find_jdk().home / "bin" / "java"
    (tmp_path / "out").mkdir()
    command = [java, *SHORT_FLAGS, tmp_path / "Fresh.java", tmp_path / "out", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    fresh = [line == "true" for line in done.stdout.split()]
    assert 100 < sum(fresh) < 300
    assert [verdict.compiled for verdict in verdicts] == fresh


def test_records_and_sealed_types_leave_nothing_behind() -> None:
    """Nested ones of another program with the same names, in one context."""
    newer = find_jdk().feature >= 21
    of_one = "o instanceof P(int a) ? a : 0" if newer else "((P) o).a()"
    both = "switch (i) { case A a -> 1; }" if newer else "1"
    records = (
        "class S { record P(int a, int b) { } static int f(Object o) { return 1; } }",
        f"class S {{   record P(int a) {{ }} static int f(Object o) {{ return {of_one}; }} }}",
    )
    sealed = (
        "class S { sealed interface I { } record A() implements I { } record B() implements I { } }",
        f"class S {{ sealed interface I {{ }} record A() implements I {{ }} static class B {{ }} int f(I i) {{ return {both}; }} }}",
    )
    with Judge("local", workers=1, lane="warm") as judge:
        for turn in range(3):
            sources = [f"{source} // {turn}" for source in (*records, *sealed, *reversed(records), *sealed)]
            verdicts = [judge.grade([Job(source)])[0] for source in sources]
            assert [verdict.diagnostics for verdict in verdicts] == [()] * len(sources)


def test_errors_do_not_depend_on_what_was_compiled_before(judge: Judge, data_dir: Path) -> None:
    rng = random.Random(1)
    rows = [json.loads(line) for line in (data_dir / "mbxp" / "mbjp_release_v1.2.jsonl").open()]
    sources = [row["prompt"] + row["canonical_solution"] for row in rows if row["canonical_solution"]]
    packages = ["package p.q;\n", "import p.q.P;\n", "import p.q.*;\n", "class List { }\n", "", "", ""]
    mutants = [rng.choice(packages) + mutant(rng.choice(sources), rng) for _ in range(300)]
    # A source that has the word in it is compiled in a fresh context.
    prefix = "// package\n"
    fresh = judge.grade([Job(prefix + text, completion_start=len(prefix)) for text in mutants])
    warm = judge.grade([Job(text) for text in mutants])
    assert sum(not verdict.compiled for verdict in warm) > 150
    assert [verdict.diagnostics for verdict in warm] == [verdict.diagnostics for verdict in fresh]


NESTED = (
    "class S { record P(int a, int b) { } static int f(Object o) { return new P(1, 2).b(); } }",
    "class S { record P(int a) { P { if (a < 0) throw new Error(); } } static int f(Object o) { return new P(1).a(); } }",
    "class S { static class T { record P(long a) { } } static long f(Object o) { return new T.P(1).a(); } }",
    "class S { enum P { A, B } static int f(P p) { return switch (p) { case A -> 1; case B -> 2; }; } }",
    "class S { enum P { A } static int f(P p) { return switch (p) { case A -> 1; }; } }",
    "class S { sealed interface I permits A, B { } record A() implements I { } record B() implements I { } }",
    "class S { sealed interface I { } record A(int a) implements I { } static final class B { } }",
    "class S { sealed interface I permits A { } enum A implements I { X } static class B { int b; } }",
    "class S { static Object f() { record P(int a) { } Runnable r = () -> { record Q(int b) { } }; return new P(1); } }",
    "class S { static Object f() { return new Object() { record P(int... a) { } Object g() { return new P(1, 2); } }.g(); } }",
    "class S { interface P<T> { T a(); } record A<T>(T a) implements P<T> { } static int f() { return new A<>(1).a(); } }",
    "sealed interface I { } record A(int a) implements I { } record B() implements I { } class S { I f() { return new B(); } }",
    "sealed interface I permits A { } record A() implements I { } class B { } class S { I f() { return new A(); } }",
)


def test_mutants_of_nested_types_are_told_what_a_fresh_context_tells_them(judge: Judge) -> None:
    """All have the same few names, so that whatever a context keeps of one meets another."""
    rng = random.Random(2)
    mutants = [mutant(rng.choice(NESTED), rng) if i % 3 else rng.choice(NESTED) for i in range(500)]
    prefix = "// package\n"
    warm = judge.grade([Job(f"{text} // {i}") for i, text in enumerate(mutants)])
    fresh = judge.grade(
        [Job(f"{prefix}{text} // {i}", completion_start=len(prefix)) for i, text in enumerate(mutants)]
    )
    assert 150 < sum(bool(verdict.compiled) for verdict in warm) < 350
    assert [verdict.diagnostics for verdict in warm] == [verdict.diagnostics for verdict in fresh]
