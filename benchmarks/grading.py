"""Claim: javabox judges hundreds of times as many programs a second as a `javac` and a `java` process each.

The 2,849 example samples of MBJP and MathQA-Java, both lanes, both engines, one worker and two. The naive
harness (benchmarks/naive.py, two at a time) grades a few of the same samples before each contender and after
the last, so that whatever else the machine does meets all of them alike. `cold` counts from the start of the
judge, JVM start included; `warm` is the same programs once more. No cache helps: a comment makes every
program a new one. The strict lane gets fewer of them. Below the table the warm lane is set against a loop
that does nothing but compile each program with its tests, with the judge's pooled javac on as many threads.
The judge keeps what became of tests, so it is measured with suites that it has met, as in training, where
each problem has many samples, and with suites unlike any before. Programs that run to their limit of time are
left out there: one of them costs as much as hundreds of others.

    python -m benchmarks.grading                   # about six minutes on two quiet cores
    python -m benchmarks.grading --strict 100 --naive 8

Latency is that of a single judgement in a judge that is warm and has nothing else to do. The first verdict
counts from the start of the Python process. Memory is what the judge's processes held at most.

Not covered: several machines, programs that run for long (all ways then wait for them).
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shlex
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Self

from benchmarks.naive import DATA_SETS, Sample, grade_naively, load_samples
from benchmarks.processes import Memory
from javabox import Job, Judge, Outcome, Suite
from javabox.engines import docker, jvm
from javabox.engines.jdk import find_jdk
from javabox.engines.opening import Engine
from javabox.judge import Lane
from javabox.protocol import codec as wire
from rlcf.problems.load import load_problems

COMPILE_LOOP = Path(__file__).parent / "CompileLoop.java"
LATENCIES = 300
WARM_UP_PASSES, PASSES = 2, 5
number = count()


@dataclass(frozen=True)
class Row:
    """One way to grade and what it needed."""

    way: str
    workers: int
    cold: float
    """Programs a second from the start on."""
    warm: float
    p50_ms: float
    p99_ms: float
    rss_mb: float
    passed: int
    """Of the warm pass."""
    samples: int


def load_jobs() -> tuple[list[Sample], list[Job]]:
    """All samples, both sets mixed, and the job of each."""
    samples: list[Sample] = []
    jobs: list[Job] = []
    for data_set in DATA_SETS:
        problems = {problem.task_id: problem for problem in load_problems(data_set)}
        for sample in load_samples(data_set):
            samples.append(sample)
            jobs.append(problems[sample.task_id].job(sample.completion))
    order = list(range(len(jobs)))
    random.Random(0).shuffle(order)
    return [samples[i] for i in order], [jobs[i] for i in order]


def anew(jobs: list[Job]) -> list[Job]:
    """The same programs, unlike any judged before."""
    return [replace(job, source=f"{job.source}\n// {next(number)}") for job in jobs]


def with_new_suites(jobs: list[Job]) -> list[Job]:
    """The same programs with tests unlike any compiled before."""
    suites = {job.suite: _new_suite(job.suite) for job in jobs}
    return [replace(job, suite=suites[job.suite]) for job in anew(jobs)]


def _new_suite(suite: Suite) -> Suite:
    mark = f" // {next(number)}"
    cases = tuple(replace(case, code=case.code + mark) for case in suite.cases)
    return replace(suite, cases=cases, whole=None if suite.whole is None else suite.whole + mark)


def measure(engine: Engine, lane: Lane, workers: int, jobs: list[Job]) -> Row:
    """Starts a judge, has it judge `jobs` twice, then single ones."""
    with Memory() as memory:
        started = time.monotonic()
        with Judge(engine, workers, lane=lane) as judge:
            judge.grade(anew(jobs))
            cold = len(jobs) / (time.monotonic() - started)
            again = anew(jobs)
            started = time.monotonic()
            verdicts = judge.grade(again)
            warm = len(jobs) / (time.monotonic() - started)
            single = []
            for job in anew([job for job, v in zip(jobs, verdicts, strict=True) if v.passed][:LATENCIES]):
                started = time.monotonic()
                judge.grade([job])
                single.append(1000 * (time.monotonic() - started))
    single.sort()
    return Row(
        way=f"javabox, {engine} engine, {'warm' if lane == 'auto' else lane} lane",
        workers=workers,
        cold=cold,
        warm=warm,
        p50_ms=single[len(single) // 2],
        p99_ms=single[int(0.99 * len(single))],
        rss_mb=memory.rss_mb if engine == "local" else 0.0,
        passed=sum(bool(verdict.passed) for verdict in verdicts),
        samples=len(jobs),
    )


class Naive:
    """The naive harness, a few samples at a time."""

    def __init__(self, samples: list[Sample], turn: int) -> None:
        self._samples, self._turn = samples, turn
        self.graded, self.seconds = 0, 0.0

    def take_turn(self) -> None:
        turn = self._samples[self.graded : self.graded + self._turn]
        started = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda sample: grade_naively(sample.program), turn))
        self.seconds += time.monotonic() - started
        self.graded += len(turn)

    @property
    def rate(self) -> float:
        return self.graded / self.seconds


class CompileLoop:
    """The loop that only compiles, a pass at a time. Use as a context manager."""

    def __init__(self, jobs: list[Job], threads: int) -> None:
        jdk = find_jdk()
        folder = jvm.build(jdk)
        path = ":".join(str(folder / name) for name in jvm.JARS)
        self._scratch = tempfile.TemporaryDirectory()
        frames = Path(self._scratch.name, "jobs")
        payloads = [wire.encode_job(i, job) for i, job in enumerate(jobs)]
        frames.write_bytes(b"".join(struct.pack(">i", len(p)) + p for p in payloads))
        javac = str(jdk.home / "bin" / "javac")
        subprocess.run([javac, "-cp", path, "-d", self._scratch.name, str(COMPILE_LOOP)], check=True)
        java = [str(jdk.home / "bin" / "java"), *jvm.SUPERVISOR_FLAGS, *jvm.INTERNAL_COMPILER]
        classes = f"{self._scratch.name}:{path}"
        command = [*java, "-cp", classes, "javabox.judge.compile.CompileLoop", str(frames), str(threads)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def rate(self) -> float:
        """Programs a second of one more pass."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._scratch.cleanup()


def first_verdict(engine: str) -> float:
    """Seconds from the start of a Python process to its first verdict."""
    program = (
        "from javabox import *; j = Judge('%s', 2); "
        "s = Suite((SuiteCase('a', 'int r = A.f(1);', 'r', '2'),)); "
        "assert j.grade([Job('class A { static int f(int x) { return 2 * x; } }', s)])[0].passed; "
        "print(flush=True); input()"
    )
    started = time.monotonic()
    command = [sys.executable, "-c", program % engine]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.monotonic() - started
        process.communicate(b"\n")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Programs a second: javabox against a javac and a java each."
    )
    parser.add_argument("--strict", type=int, default=300, help="samples for the strict lane")
    parser.add_argument("--naive", type=int, default=20, help="samples of each of the naive harness's turns")
    parser.add_argument("--samples", type=int, default=0, help="samples for the warm lane; 0 is all")
    options = parser.parse_args()
    samples, jobs = load_jobs()
    jobs = jobs[: options.samples or None]
    naive = Naive(samples, options.naive)
    engines: list[Engine] = ["local"]
    if docker.answers():
        docker.ensure_image(docker.find_engine())  # not part of a judge's start
        engines.append("docker")
    rows = []
    for engine in engines:
        lanes: list[tuple[Lane, list[Job]]] = [("strict", jobs[: options.strict]), ("auto", jobs)]
        for lane, some in lanes:
            for workers in (1, 2):
                naive.take_turn()
                rows.append(measure(engine, lane, workers, some))
                print(f"{rows[-1].way}, {workers}: {rows[-1].warm:.0f}/s", file=sys.stderr)
    naive.take_turn()
    show(rows, naive)
    ending = without_endless(jobs)
    print(f"Without {len(jobs) - len(ending)} of {len(jobs)} programs, which run to their limit:")
    print(*(against_compiling(ending, workers) for workers in (1, 2)), sep="\n")
    firsts = ", ".join(f"{engine} {first_verdict(engine):.2f} s" for engine in engines)
    print(f"From the start of the process to the first verdict: {firsts}.")


def _rate(judge: Judge, jobs: list[Job]) -> float:
    started = time.monotonic()
    judge.grade(jobs)
    return len(jobs) / (time.monotonic() - started)


def without_endless(jobs: list[Job]) -> list[Job]:
    """The jobs that don't run to their limit of time."""
    with Judge("local") as judge:
        verdicts = judge.grade(jobs)
    return [
        job for job, verdict in zip(jobs, verdicts, strict=True) if verdict.outcome is not Outcome.TIME_LIMIT
    ]


def against_compiling(jobs: list[Job], workers: int) -> str:
    """The warm lane and the loop that only compiles, in turns: the machine's moods meet both alike."""
    passes = []
    # What one judge keeps of new suites, thousands a pass, is nothing that the other should have to carry.
    with (
        CompileLoop(jobs, workers) as loop,
        Judge("local", workers) as judge,
        Judge("local", workers) as judge_of_new,
    ):
        for _ in range(WARM_UP_PASSES + PASSES):
            new = with_new_suites(jobs)
            passes.append((loop.rate(), _rate(judge, anew(jobs)), _rate(judge_of_new, new)))
    passes = passes[WARM_UP_PASSES:]
    compiled, known, new = (statistics.median(rates) for rates in zip(*passes, strict=True))
    shares = [statistics.median(rates[i] / rates[0] for rates in passes) for i in (1, 2)]
    return (
        f"Only compiling, {workers} thread(s): {compiled:.0f}/s; the warm lane with as many workers, in turns"
        f" with it: {known:.0f}/s, {shares[0]:.0%}; with suites unlike any before {new:.0f}/s,"
        f" {shares[1]:.0%} (medians of {PASSES} passes)."
    )


def show(rows: list[Row], naive: Naive) -> None:
    """Prints the table."""
    print(f"`{shlex.join(['python', '-m', 'benchmarks.grading', *sys.argv[1:]])}`\n")
    load = os.getloadavg()[0]
    print(f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, load {load:.1f}\n")
    print("| way | workers | cold /s | × naive | warm /s | × naive | p50 | p99 | RSS | passed |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    print(f"| javac + java a program | 2 | {naive.rate:.2f} | 1 | | | | | | |")
    for row in rows:
        memory = f"{row.rss_mb:.0f} MiB" if row.rss_mb else ""
        print(
            f"| {row.way} | {row.workers} | {row.cold:.1f} | {row.cold / naive.rate:.0f} | {row.warm:.1f} "
            f"| {row.warm / naive.rate:.0f} | {row.p50_ms:.1f} ms | {row.p99_ms:.1f} ms | {memory} "
            f"| {row.passed} of {row.samples} |"
        )
    print()


if __name__ == "__main__":
    main()
