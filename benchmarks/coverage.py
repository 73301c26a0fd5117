"""Claim: where no exception ends a case, javabox reports the lines as executed that JaCoCo covers.

Takes references and mxeval's example samples of MBJP that pass, spread evenly over both files, and compares
for each the lines of the completion that its cases executed (`verdict.lines`, in both lanes) with those that
JaCoCo covers when prompt, completion and mxeval's test run as one file. A few programs written for this
follow: constructs that MBJP hardly has. Every line on which the two differ is listed, and why.

    apt-get install libjacoco-java
    python -m benchmarks.coverage                   # about a minute on two quiet cores
    python -m benchmarks.coverage --programs 1500

JaCoCo 0.8.6, which Debian has, reads class files up to Java 15. So its side is compiled for Java 11; programs
in newer syntax are skipped and counted. Not covered: which case executed a line (see the tests of javabox).
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from benchmarks.naive import load_samples
from javabox import Job, Judge, Suite, SuiteCase
from javabox.engines import jvm
from javabox.engines.jdk import find_jdk
from rlcf.problems.load import load_problems
from rlcf.progress import progress

JARS = ("org.jacoco.core.jar", "asm.jar", "asm-tree.jar", "asm-commons.jar")
LANES: tuple[Literal["warm", "strict"], ...] = ("warm", "strict")

START = "import java.util.*;\n\nclass S {\n    static Object f(int x) {\n"
OWN_TEST = "\nclass Main { public static void main(String[] args) { S.f(2); } }"
OWN = {
    "try with resources": """\
        int n = 0;
        try (R a = new R(); R b = new R()) {
            n = a.k + b.k;
        } catch (IllegalStateException e) {
            n = -1;
        } finally {
            n++;
        }
        return n;
    }
    static class R implements AutoCloseable {
        int k = 1;
        public void close() {
            k = 0;
        }
    }
}""",
    "a private constructor": """\
        return new P().get();
    }
    static class P {
        private P() { }
        private int get() {
            return 4;
        }
    }
}""",
    "an exception that is caught": """\
        int[] a = new int[2];
        try {
            a[0] = 1;
            a[x] = 2;
            a[1] = 3;
        } catch (ArrayIndexOutOfBoundsException e) {
            a[0] = 4;
        }
        return a[0];
    }
}""",
    "a bridge and the table of a switch over an enum": """\
        Comparable<C> c = new C();
        return c.compareTo(null) + (x > 2 ? never(K.A) : one(K.B));
    }
    enum K { A,
        B }
    static int never(K k) {
        switch (k) {
            case A: return 1;
            default: return 2;
        }
    }
    static int one(K k) {
        switch (k) {
            case A: return 1;
            default: return 2;
        }
    }
    static class C
            implements Comparable<C> {
        C() { }
        public int compareTo(C other) { return 0; }
    }
}""",
}


@dataclass(frozen=True, slots=True)
class Program:
    """One program, as either side needs it."""

    name: str
    job: Job
    file: str
    """Prompt, completion and a test with `main`."""

    @property
    def completion(self) -> list[str]:
        return self.job.source[self.job.completion_start :].split("\n")

    @property
    def lines_before(self) -> int:
        return self.job.source.count("\n", 0, self.job.completion_start)


@dataclass(frozen=True, slots=True)
class Lines:
    """JaCoCo's word on the lines of a completion, from 1."""

    code: set[int]
    """Those that have code."""
    covered: set[int]


def candidates(count: int) -> Iterator[Program]:
    """About `count` references and samples of MBJP, those that do not pass included."""
    problems = {problem.task_id: problem for problem in load_problems("mbjp")}
    completions = [(f"{name}, reference", name, p.reference) for name, p in problems.items() if p.reference]
    for sample in load_samples("mbjp"):
        completions.append((f"{sample.task_id}, sample {sample.index}", sample.task_id, sample.completion))
    step = max(1.0, len(completions) / count)
    for i in range(min(count, len(completions))):
        name, task_id, completion = completions[int(i * step)]
        problem = problems[task_id]
        job = replace(problem.job(completion), coverage=True)
        yield Program(name, job, f"{job.source}\n{problem.test}")


def own() -> Iterator[Program]:
    """The programs above."""
    suite = Suite((SuiteCase("two", "Object r = S.f(2);", "r", None),))
    for name, body in OWN.items():
        job = Job(START + body, suite, completion_start=len(START), coverage=True)
        yield Program(name, job, job.source + OWN_TEST)


def jacoco_lines(programs: list[Program]) -> list[Lines | None]:
    """What JaCoCo says of each program; None of one that is newer than Java 11."""
    path = ":".join(str(jvm.ASM / name) for name in JARS)
    with tempfile.TemporaryDirectory(prefix="jacoco-") as root:
        folders = [Path(root, str(i)) for i in range(len(programs))]
        for folder, program in zip(folders, programs, strict=True):
            folder.mkdir()
            (folder / "main.java").write_text(program.file, encoding="utf-8")
        java = find_jdk().home / "bin" / "java"
        command = [str(java), "-cp", path, str(Path(__file__).with_name("JacocoLines.java"))]
        done = subprocess.run([*command, *map(str, folders)], capture_output=True, text=True, check=False)
    answers = done.stdout.splitlines()
    if len(answers) != len(programs):
        raise SystemExit(f"JaCoCo did not run: {done.stderr[-2000:]}")
    return [_lines(program, answer) for program, answer in zip(programs, answers, strict=True)]


def _lines(program: Program, answer: str) -> Lines | None:
    words = answer.split()[1:]
    if words[:2] == ["!", "javac:"]:
        return None
    if words[:1] == ["!"]:
        raise SystemExit(f"{program.name} passes in javabox but not under JaCoCo: {answer}")
    before = program.lines_before
    numbers = [n for n in map(int, words) if before < abs(n) <= before + len(program.completion)]
    return Lines({abs(n) - before for n in numbers}, {n - before for n in numbers if n > 0})


def why(text: str, ours: bool) -> str:
    """The reason for a difference, from the text of the line."""
    if not ours:
        return "javabox misses it: a fault"
    if text.startswith("}"):
        return "code that javac adds where a `try` is left (a jump, a close): JaCoCo filters it"
    if re.match(r"private \w+\(\) *\{ *\}", text):
        return "JaCoCo filters private constructors without a body"
    return "an exception came before the probe behind it, which is all that JaCoCo goes by"


def compare(
    programs: list[Program], expected: list[Lines], lane: Literal["warm", "strict"], workers: int
) -> tuple[list[object], list[str]]:
    """The numbers of a row of the table, and a line for each difference."""
    with Judge("local", workers, lane=lane) as judge:
        reported = [set(verdict.lines) for verdict in judge.grade([program.job for program in programs])]
    differences = []
    for program, ours, theirs in zip(programs, reported, expected, strict=True):
        for line in sorted(ours ^ theirs.covered):
            text, only = program.completion[line - 1].strip(), "javabox" if line in ours else "JaCoCo"
            reason = why(text, line in ours)
            differences.append(f"- {program.name}, line {line} `{text}`: {only} only; {reason}")
    differing = sum(ours != theirs.covered for ours, theirs in zip(reported, expected, strict=True))
    totals = [
        sum(len(e.code) for e in expected),
        sum(len(e.covered) for e in expected),
        sum(map(len, reported)),
    ]
    return [lane, len(programs), *totals, differing, len(differences)], differences


def passing(programs: list[Program], workers: int) -> list[Program]:
    """Those that pass."""
    passed = set()
    with Judge("local", workers, lane="warm") as judge, progress("judging", len(programs)) as advance:
        for index, verdict in judge.stream(program.job for program in programs):
            passed |= {index} if verdict.passed else set()
            advance(1)
    return [programs[index] for index in sorted(passed)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares javabox's coverage with JaCoCo's.")
    parser.add_argument("--programs", type=int, default=200, help="programs of MBJP that pass")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if not all((jvm.ASM / jar).exists() for jar in JARS):
        raise SystemExit("JaCoCo is missing; install it: apt-get install libjacoco-java")
    print(f"`{shlex.join(['python', '-m', 'benchmarks.coverage', *sys.argv[1:]])}`\n")
    print(
        "| programs | lane | how many | lines with code | JaCoCo | javabox | programs that differ | lines |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    differences: dict[str, list[str]] = {}
    newer = 0
    more = options.programs + options.programs // 4 + 20  # not all of them pass
    sets = {"MBJP": passing(list(candidates(more)), options.workers), "written for this": list(own())}
    for name, programs in sets.items():
        said = jacoco_lines(programs)
        newer += said.count(None)
        both = [(program, lines) for program, lines in zip(programs, said, strict=True) if lines is not None]
        kept, expected = zip(*both[: options.programs], strict=True)
        for lane in LANES:
            row, found = compare(list(kept), list(expected), lane, options.workers)
            print(f"| {name} | {' | '.join(map(str, row))} |", flush=True)
            for line in found:
                differences.setdefault(line, []).append(lane)
    print(f"\nSkipped, being newer than Java 11: {newer}. Where the two differ (lanes in brackets):")
    print(*(f"{line} ({', '.join(lanes)})" for line, lanes in differences.items()), sep="\n")


if __name__ == "__main__":
    main()
