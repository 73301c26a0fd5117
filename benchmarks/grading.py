"""Claim: javabox judges at least fifteen times as many programs a second as a `javac` and a `java` each.

The same samples, taken evenly from MBJP and MathQA-Java, go in turns of a few to each contender, so that
whatever else the machine does meets all of them alike. Every judge is warmed on other samples first, which
are timed too (with its start) but apart: a training run judges hundreds of thousands. No program is
judged twice, so no cache helps.

    python -m benchmarks.grading                 # about three minutes on two quiet cores
    python -m benchmarks.grading --samples 400

Memory is what the local judge's processes held at most while they were warmed, the kernel's own numbers
sampled every 50 ms: RSS counts a page once a process that maps it, PSS once in all. CPU time a program is
the processes' own too, and tells more than the rate on a machine that is not quiet (in the docker engine
it is not this process's descendants that run).

Not covered: the warm lane, several machines, programs that run for long (both ways then wait for them).
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import resource
import shlex
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.naive import DATA_SETS, Sample, grade_naively, load_samples
from javabox import Job, Judge
from javabox.engines import docker
from rlcf.problems.load import load_problems
from rlcf.progress import progress

TURN = 20
"""Samples that a contender grades before the next one's turn."""


@dataclass
class Contender:
    """One way to grade, with what it has needed so far."""

    name: str
    workers: int
    grade: Callable[[list[Sample]], list[bool]]
    """The passed flag of each sample."""
    start_seconds: float = 0.0
    warm_up_seconds: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    passed: list[bool] = field(default_factory=list)


class Memory:
    """Watches the memory of this process's descendants; use as a context manager."""

    def __init__(self) -> None:
        self.rss_mb = self.pss_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            rss, pss = map(sum, zip(*map(_memory_kb, _descendants(os.getpid())), strict=True))
            self.rss_mb, self.pss_mb = max(self.rss_mb, rss / 1024), max(self.pss_mb, pss / 1024)


def _descendants(ancestor: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        children.setdefault(parent, []).append(int(process.name))
    found, new = [0], [ancestor]
    while new:
        new = [child for parent in new for child in children.get(parent, [])]
        found += new
    return found


def _cpu_seconds() -> float:
    """CPU time of all descendants so far, of those that ended (and were waited for) too."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = 0
    for process in _descendants(os.getpid())[1:]:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        ticks += sum(map(int, fields[11:15]))
    return ended.ru_utime + ended.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def _memory_kb(process: int) -> tuple[int, int]:
    """RSS and PSS; zeros of a process that is gone (0 stands for one that never was)."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0, 0
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return kb.get("Rss", 0), kb.get("Pss", 0)


def contenders(stack: ExitStack, jobs: dict[str, Job]) -> list[Contender]:
    """The naive way and a judge an engine that works here, each with one worker and with two."""
    found = []
    contained = docker.answers()
    if contained:
        docker.ensure_image(docker.find_engine())  # not part of a judge's start
    for workers in (1, 2):
        pool = stack.enter_context(ThreadPoolExecutor(workers))

        def naive(samples: list[Sample], pool: ThreadPoolExecutor = pool) -> list[bool]:
            return [v.passed for v in pool.map(lambda sample: grade_naively(sample.program), samples)]

        found.append(Contender("javac + java", workers, naive))
    for engine in ("local", "docker") if contained else ("local",):
        for workers in (1, 2):
            started = time.monotonic()
            judge = stack.enter_context(Judge(engine=engine, workers=workers))

            def judged(samples: list[Sample], judge: Judge = judge) -> list[bool]:
                return [bool(v.passed) for v in judge.grade([jobs[s.program] for s in samples])]

            name = f"javabox, {engine} engine"
            found.append(Contender(name, workers, judged, start_seconds=time.monotonic() - started))
    return found


def pick(count: int) -> tuple[list[Sample], dict[str, Job]]:
    """`count` samples spread evenly over both data sets, all different, and the job of each."""
    picked: list[Sample] = []
    jobs: dict[str, Job] = {}
    for data_set in DATA_SETS:
        problems = {problem.task_id: problem for problem in load_problems(data_set)}
        samples = list({sample.program: sample for sample in load_samples(data_set)}.values())
        step = 2 * len(samples) / count
        for sample in (samples[int(i * step)] for i in range(count // 2)):
            picked.append(sample)
            jobs[sample.program] = problems[sample.task_id].job(sample.completion)
    random.Random(0).shuffle(picked)  # both sets in every turn
    return picked, jobs


def measure(options: argparse.Namespace) -> tuple[list[Contender], Memory]:
    samples, jobs = pick(options.samples + options.warm_up)
    warm_up, timed = samples[: options.warm_up], samples[options.warm_up :]
    memory = Memory()
    with ExitStack() as stack:
        rivals = contenders(stack, jobs)
        for rival in rivals:
            if rival.name.startswith("javabox"):
                watched = rival.name.endswith("local engine") and rival.workers == 2
                with memory if watched else ExitStack():
                    started = time.monotonic()
                    rival.grade(warm_up)
                    rival.warm_up_seconds = time.monotonic() - started
        with progress("grading", len(timed) * len(rivals)) as advance:
            for first in range(0, len(timed), TURN):
                for rival in rivals:
                    turn = timed[first : first + TURN]
                    started, cpu = time.monotonic(), _cpu_seconds()
                    rival.passed += rival.grade(turn)
                    rival.seconds += time.monotonic() - started
                    rival.cpu_seconds += _cpu_seconds() - cpu
                    advance(len(turn))
    return rivals, memory


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Programs a second: javabox against a javac and a java each."
    )
    parser.add_argument("--samples", type=int, default=100, help="timed samples, an even number")
    parser.add_argument("--warm-up", type=int, default=200, help="samples that each judge is warmed on")
    options = parser.parse_args()
    rivals, memory = measure(options)
    print(f"`{shlex.join(['python', '-m', 'benchmarks.grading', *sys.argv[1:]])}`\n")
    cores = len(os.sched_getaffinity(0))
    print(
        f"{cores} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}; {options.samples} samples;",
        end=" ",
    )
    print(f"cold: rate of the first {options.warm_up} programs after the start\n")
    print("| way | workers | programs/s | times as many | CPU a program | start | cold | passed |")
    print("|---|---|---|---|---|---|---|---|")
    naive = {rival.workers: rival.seconds for rival in rivals if rival.name == "javac + java"}
    for rival in rivals:
        rate = options.samples / rival.seconds
        cold = options.warm_up / rival.warm_up_seconds if rival.warm_up_seconds else rate
        contained = "docker" in rival.name
        cpu = "" if contained else f"{1000 * rival.cpu_seconds / options.samples:.0f} ms"
        print(
            f"| {rival.name} | {rival.workers} | {rate:.2f} | {naive[rival.workers] / rival.seconds:.1f} "
            f"| {cpu} | {rival.start_seconds:.1f} s | {cold:.2f}/s | {sum(rival.passed)} |"
        )
    print(f"\nMemory of the local judge with 2 workers, at most: RSS {memory.rss_mb:.0f} MiB,", end=" ")
    print(f"PSS {memory.pss_mb:.0f} MiB.")
    if len({tuple(rival.passed) for rival in rivals}) > 1:
        print("The contenders do not agree on what passed: see benchmarks/agreement.py.")


if __name__ == "__main__":
    main()
