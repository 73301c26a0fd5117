"""Programs under whole suites in the styles of people, what plain `javac` and `java` say of them.

`references` sets right programs under each style of benchmarks/main_styles.py, `changed` programs with one
change or with a body that throws.

`grade_plainly` compiles program and tests as two files in one folder, runs them, and reads off the judge's
word: `compiled` is javac's exit code, `passed` is java's; else the topmost frame of the trace that is not
the JDK's says `failed` (the tests' file) or `runtime_error` (the program's). Of an error of linking, as an
ExceptionInInitializerError, its cause is asked; an exit without a stack trace is the tests' own, as none of
these programs exits. Assertions are on in the tests' classes, and in the program's where the suite says so.

Not covered: tests that call the program with code of their own to run (a comparator, a lambda): what that
throws comes out of the program and is the program's to the judge, where the frame alone says the tests'.
"""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.main_styles import IMPORTS, STYLES
from benchmarks.naive import (
    COMPILE_SECONDS,
    ENVIRONMENT,
    EVIDENCE_CHARACTERS,
    RUN_SECONDS,
    NaiveVerdict,
)
from javabox import Outcome, Suite
from rlcf.problems.mutants import LOGIC, OTHER_LOGIC, mutants_of
from rlcf.problems.problem import Problem

FRONTS = (
    'if (true) throw new IllegalStateException("front");',
    "Object q_0 = null; q_0.hashCode();",
    "int[] q_0 = new int[1]; q_0[q_0.length] = 1;",
    'Integer.parseInt("front");',
    "java.util.List.of(1).get(5);",
    'Object q_0 = "front"; Integer q_1 = (Integer) q_0;',
    "java.util.Objects.requireNonNull(null);",
    'assert "front".length() > 5 : "front";',
    'if (true) throw new AssertionError("front");',
    "new Object() { int down(int n) { return down(n + 1) + 1; } }.down(0);",
    'int q_0 = 1 / "".length();',
    'java.util.stream.Stream.of(1).forEach(n -> { throw new IllegalArgumentException("front"); });',
    "java.util.Collections.sort(java.util.Arrays.asList(3, null, 1));",
    'if (true) throw new Error("front");',
    "Object[] q_0 = new String[1]; q_0[0] = 1;",
    "int[] q_0 = new int[-1];",
    'class Broken { static int n = 1 / "".length(); } int q_0 = Broken.n;',
    '"x".substring(5);',
    'String q_0 = null; q_0.contains("x");',
    "new java.util.ArrayDeque<Integer>().pop();",
    "class Odd extends RuntimeException { } if (true) throw new Odd();",
    "java.util.List<Integer> q_0 = null; q_0.add(1);",
    "try { Integer.parseInt(null); } catch (NumberFormatException e) { throw new RuntimeException(e); }",
    "Integer q_0 = null; int q_1 = q_0;",
)
"""What a program's body begins with, so that it throws; the assertion where the suite has them on."""


WRONG = {"int": "-12345", "Boolean": "false", "Double": "-0.5", "String": '"none such"'}
"""A result that is wrong, by the type of what is expected; null for others."""

MUTATIONS = {
    name: change
    for name, change in (LOGIC | OTHER_LOGIC).items()
    if name not in ("line dropped", "result changed")
}


@dataclass(frozen=True, slots=True)
class WholeMain:
    """A program under a whole suite, and the words that name it."""

    problem: Problem
    completion: str
    suite: Suite
    words: str


def _suite(problem: Problem, style: str, assertions: bool) -> Suite:
    return Suite(whole=IMPORTS + STYLES[style](problem.suite.cases), assertions=assertions)


def _spread(problems: Iterable[Problem], count: int, offset: int) -> list[Problem]:
    """Evenly over those that have a reference and cases."""
    able = [problem for problem in problems if problem.reference and problem.suite.cases]
    return [able[(offset + i * len(able) // count) % len(able)] for i in range(count)]


def references(problems: Iterable[Problem], count: int) -> Iterator[WholeMain]:
    """Right programs, a style after the other, each second time with the program's assertions on."""
    names = list(STYLES)
    for i, problem in enumerate(_spread(problems, count, 0)):
        style, assertions = names[i % len(names)], i // len(names) % 2 == 1
        words = f"{style}{', -ea' if assertions else ''}"
        assert problem.reference is not None
        yield WholeMain(problem, problem.reference, _suite(problem, style, assertions), words)


def changed(problems: Iterable[Problem], count: int, seed: int = 0) -> Iterator[WholeMain]:
    """By turns a changed operator, constant or variable, one wrong result for all, and a body that throws."""
    rng = random.Random(seed)
    names = list(STYLES)
    for i, problem in enumerate(_spread(problems, count, 3)):
        style, assertions = names[(7 * i + i // len(names)) % len(names)], i % 4 == 1
        if i % 3 == 0:
            mutant = mutants_of(problem, MUTATIONS, 1, rng, set())[0]
            completion, change = mutant.completion, mutant.change
        else:
            result = WRONG.get(problem.suite.cases[0].expected_type, "null")
            change = FRONTS[i // 3 % len(FRONTS)] if i % 3 == 2 else f"if (true) return {result};"
            assertions |= change.startswith("assert")
            completion = f"\n{change}{problem.reference}"
        words = f"{style}{', -ea' if assertions else ''}, {change}"
        yield WholeMain(problem, completion, _suite(problem, style, assertions), words)


def grade_plainly(program: str, suite: Suite) -> NaiveVerdict:
    """Compiles and runs a program and its whole suite. Thread-safe; blocks for the whole time."""
    assert suite.whole is not None
    with tempfile.TemporaryDirectory(prefix="naive-") as folder:
        files = [Path(folder, "main.java"), Path(folder, "tests.java")]
        for file, text in zip(files, (program, suite.whole), strict=True):
            file.write_text(text, encoding="utf-8")
        code, words = process_of(["javac", "-d", folder, *map(str, files)], COMPILE_SECONDS)
        if code != 0:
            return NaiveVerdict(
                False, False, f"javac: {words[:EVIDENCE_CHARACTERS]}", str(Outcome.COMPILE_ERROR)
            )
        tests = re.findall(r"^class (\w+)", suite.whole, re.MULTILINE)
        flags = ["-ea"] if suite.assertions else [f"-ea:{name}" for name in tests]
        code, words = process_of(["java", *flags, "-cp", folder, "Main"], RUN_SECONDS)
        outcome = Outcome.PASSED if code == 0 else Outcome.TIME_LIMIT if code is None else whose(words)
        evidence = "" if code == 0 else f"java: {words[:EVIDENCE_CHARACTERS]}"
        return NaiveVerdict(True, code == 0, evidence, str(outcome))


def whose(stderr: str) -> Outcome:
    """What the stack trace that ended `java` says of who threw."""
    _, thrown, trace = stderr.partition('Exception in thread "main" ')
    if not thrown:
        return Outcome.FAILED  # an exit of the tests' own
    causes = trace.split("\nCaused by: ")
    told = next(
        (cause for cause in causes if not re.match(r"java\.lang\.(\w*InitializerError|NoClassDef)", cause)),
        causes[-1],
    )
    for line in told.splitlines():
        frame = re.match(r"\tat (?:[\w.]+(?:@[\w.]+)?/)?.+\((main|tests)\.java(?::\d+)?\)$", line)
        if frame:
            return Outcome.FAILED if frame.group(1) == "tests" else Outcome.RUNTIME_ERROR
    return Outcome.RUNTIME_ERROR


def process_of(command: list[str], seconds: int) -> tuple[int | None, str]:
    """Exit code (None at the time limit) and all of stderr."""
    try:
        done = subprocess.run(
            command,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"time limit of {seconds} s"
    return done.returncode, done.stderr.decode(errors="replace")
