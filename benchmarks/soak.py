"""Claim: the judge does not wear out: 100,000 judgements later it is as large, as quick and as right as before.

No program comes twice (each carries its number in a comment), two in a hundred are hostile. Every honest
verdict is compared with the first one of the same program. Memory is what the kernel says (RSS) of the
supervisor and of the warm JVMs, every half second, in the first tenth of the run against the last.

    python -m benchmarks.soak --judgements 100000       # about an hour on two cores
    python -m benchmarks.soak --kill --judgements 10000

With `--kill` the same jobs are judged twice: by a judge that is left alone, and by one of whose JVMs one is
killed every second, whichever. Every verdict must come, and be equal in all but its time and its lane (a
program whose warm JVM was killed is judged again in the strict lane).

Not covered: the docker engine; metaspace apart from the rest (attaching to these JVMs is disabled).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import queue
import random
import shlex
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.naive import DATA_SETS, load_samples
from javabox import Job, Judge, Limits, Outcome, Suite, SuiteCase, Verdict
from rlcf.problems.load import load_problems
from rlcf.progress import progress

HOSTILE_SHARE = 0.02
AHEAD = 32
"""Jobs that are asked for before the first of them is answered."""
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)

PROMPT = "import java.util.*;\nclass S {\n    static Object f(int x) throws Exception {\n"
SUITE = Suite(cases=(SuiteCase("two", "Object r = S.f(2);", "r", "4", "int"),))
# Bodies of `f`, none of which computes 2 * x.
HOSTILE = {
    "exit": "System.exit(0); return 0;",
    "halt": "Runtime.getRuntime().halt(0); return 0;",
    "endless loop that catches all": "while (true) try { while (true) x++; } catch (Throwable t) { }",
    "all memory, caught": "List<Object> l = new ArrayList<>(); while (true) try { while (true) l.add(new long[1000]); }"
    " catch (Throwable t) { }",
    "endless output": 'while (true) System.out.println("and on and on");',
    "endless recursion": "return f(x + 1);",
    "forged verdict": "try (var o = new java.io.FileOutputStream(java.io.FileDescriptor.out)) { o.write(new byte[64]); }"
    " return 0;",
    "threads that outlive": "for (int i = 0; i < 4; i++) new Thread(() -> { while (true); }).start(); return 0;",
    "kills its group": 'new ProcessBuilder("sh", "-c", "sleep 9 & kill -9 0").start().waitFor(); return 0;',
    "many classes, one text": 'StringBuilder s = new StringBuilder("x"); while (true) s.append(s).append((Object) s);',
}


def jobs(count: int) -> Iterator[tuple[str, Job]]:
    """The jobs, and for each the name of what it is a copy of: one text a job, none twice."""
    honest: list[tuple[str, Job]] = []
    for data_set in DATA_SETS:
        problems = {problem.task_id: problem for problem in load_problems(data_set)}
        for sample in load_samples(data_set):
            name = f"{sample.task_id}, sample {sample.index}"
            honest.append((name, problems[sample.task_id].job(sample.completion)))
    random.Random(0).shuffle(honest)
    hostile = [
        (name, Job(f"{PROMPT}{body}\n}}}}", SUITE, Limits(wall_seconds=10.0), len(PROMPT)))
        for name, body in HOSTILE.items()
    ]
    every = round(1 / HOSTILE_SHARE)
    for number in range(count):
        if number % every == every - 1:
            name, job = hostile[number // every % len(hostile)]
        else:
            name, job = honest[number % len(honest)]
        yield name, dataclasses.replace(job, source=f"{job.source}\n// soak {number}")


def judged(judge: Judge, asked: Iterable[Job]) -> Iterator[tuple[int, Verdict]]:
    """Pairs of index and verdict as they are finished; jobs are made as they are needed."""
    finished: queue.SimpleQueue[tuple[int, Verdict]] = queue.SimpleQueue()
    waiting = 0
    for index, job in enumerate(asked):
        if waiting == AHEAD:
            yield finished.get()
            waiting -= 1
        waiting += 1
        judge.submit(job).add_done_callback(
            lambda done, index=index: finished.put((index, done.result()))  # type: ignore[misc]
        )
    for _ in range(waiting):
        yield finished.get()


@dataclass(frozen=True, slots=True)
class Process:
    """What /proc says of a process."""

    pid: int
    parent: int
    state: str
    rss_mb: float
    role: str
    """supervisor, warm, strict; empty of anything else."""


def descendants(ancestor: int) -> list[Process]:
    """All that a process has started and that is still there, zombies included."""
    children: dict[int, list[Process]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):  # it has just ended
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
            roles = {b".Supervisor": "supervisor", b".WarmRunner": "warm", b".StrictRunner": "strict"}
            java = command.partition(b"\0")[0].endswith(b"/java")
            role = next((role for name, role in roles.items() if java and name in command), "")
            process = Process(int(folder.name), int(fields[1]), fields[0], int(fields[21]) * PAGE_MB, role)
            children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    new = [ancestor]
    while new:
        below = [child for parent in new for child in children.get(parent, [])]
        found += below
        new = [child.pid for child in below]
    return found


@dataclass(slots=True)
class Tenth:
    """What was seen during a tenth of the run."""

    supervisor_mb: list[float] = field(default_factory=list)
    warm_mb: list[float] = field(default_factory=list)
    """Of each warm JVM for itself."""
    python_mb: list[float] = field(default_factory=list)
    processes: list[int] = field(default_factory=list)
    zombies: list[int] = field(default_factory=list)
    judgements: int = 0
    seconds: float = 0.0

    def look(self) -> None:
        found = descendants(os.getpid())
        self.supervisor_mb += [p.rss_mb for p in found if p.role == "supervisor"]
        self.warm_mb += [p.rss_mb for p in found if p.role == "warm"]
        self.python_mb.append(int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MB)
        self.processes.append(len(found))
        self.zombies.append(sum(p.state == "Z" for p in found))


@contextmanager_every
def nothing() -> None: ...
