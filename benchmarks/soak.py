"""Claim: the judge does not wear out: after 100,000 judgements it is as large, as quick and as right.

No program comes twice (each carries its number in a comment), two in a hundred are hostile. Every honest
verdict is compared with the first one of the same program. Memory is what the kernel says (RSS) of the
supervisor and of the warm JVMs, every half second, in the first tenth of the run against the last.

    python -m benchmarks.soak --judgements 100000       # about half an hour on two quiet cores
    python -m benchmarks.soak --kill --judgements 10000

With `--kill` the same jobs are judged twice: by a judge that is left alone, and by one of whose JVMs one is
killed every second, any of them that is at work. Every verdict must come, and be equal in all but its time
and its lane (a program whose warm JVM was killed is judged again in the strict lane).

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
from concurrent.futures import Future
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
    "all memory, caught": "List<Object> l = new ArrayList<>();"
    " while (true) try { while (true) l.add(new long[1000]); } catch (Throwable t) { }",
    "endless output": 'while (true) System.out.println("and on and on");',
    "endless recursion": "return f(x + 1);",
    "forged verdict": "var o = new java.io.FileOutputStream(java.io.FileDescriptor.out);"
    " o.write(new byte[64]); return 0;",
    "threads that outlive": "for (int i = 0; i < 4; i++) new Thread(() -> { while (true); }).start();"
    " return 0;",
    "kills its group": 'new ProcessBuilder("sh", "-c", "sleep 9 & kill -9 0").start().waitFor(); return 0;',
    "a text that doubles": 'StringBuilder s = new StringBuilder("x"); while (true) s.append(s);',
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
        (name, Job(f"{PROMPT}{body}\n}}}}", SUITE, Limits(wall_seconds=2.0), len(PROMPT)))
        for name, body in HOSTILE.items()
    ]
    every = round(1 / HOSTILE_SHARE)
    for number in range(count):
        if number % every == every - 1:
            name, job = hostile[number // every % len(hostile)]
        else:
            name, job = honest[number % len(honest)]
        yield name, dataclasses.replace(job, source=f"{job.source}\n// soak {number:06}")


def judged(judge: Judge, asked: Iterable[Job]) -> Iterator[tuple[int, Verdict]]:
    """Pairs of index and verdict as they are finished; jobs are made as they are needed."""
    finished: queue.SimpleQueue[tuple[int, Future[Verdict]]] = queue.SimpleQueue()

    def next_one() -> tuple[int, Verdict]:
        index, future = finished.get()
        return index, future.result()

    waiting = 0
    for index, job in enumerate(asked):
        if waiting == AHEAD:
            yield next_one()
            waiting -= 1

        def put(done: Future[Verdict], index: int = index) -> None:
            finished.put((index, done))

        judge.submit(job).add_done_callback(put)
        waiting += 1
    for _ in range(waiting):
        yield next_one()


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
    judge_errors: int = 0
    hostile_passed: int = 0
    differ: int = 0
    seconds: float = 0.0

    def look(self) -> None:
        found = descendants(os.getpid())
        self.supervisor_mb += [p.rss_mb for p in found if p.role == "supervisor"]
        self.warm_mb += [p.rss_mb for p in found if p.role == "warm"]
        self.python_mb.append(int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MB)
        self.processes.append(len(found))
        self.zombies.append(sum(p.state == "Z" for p in found))


class Every:
    """Does something every so many seconds beside the block; use as a context manager."""

    def __init__(self, seconds: float, what: Callable[[], None]) -> None:
        self._seconds, self._what = seconds, what
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Every:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self._what()


def seen(name: str, verdict: Verdict) -> Verdict:
    """What has to be equal: all but time and lane; of hostile programs, which may race, the outcome."""
    if name in HOSTILE:
        return Verdict(verdict.outcome)
    return dataclasses.replace(verdict, wall_ms=0.0, lane="")


def difference(name: str, number: int, verdict: Verdict, wanted: Verdict) -> str:
    got = seen(name, verdict)
    fields = [f.name for f in dataclasses.fields(Verdict) if getattr(got, f.name) != getattr(wanted, f.name)]
    words = (f"{field} {getattr(got, field)!r:.200}, not {getattr(wanted, field)!r:.200}" for field in fields)
    return f"- {name}, number {number}, {verdict.lane} lane: {'; '.join(words)} {verdict.detail}".rstrip()


def soak(options: argparse.Namespace) -> None:
    """Judges them all once and prints the first tenth beside the last."""
    named = list(jobs(options.judgements))
    tenths = [Tenth() for _ in range(10)]
    current = [0]
    first: dict[str, Verdict] = {}
    differences: list[str] = []
    started = begun = time.monotonic()
    with Judge("local", options.workers) as judge:
        with (
            Every(0.5, lambda: tenths[current[0]].look()),
            progress("judging", len(named)) as advance,
        ):
            for done, (index, verdict) in enumerate(judged(judge, (job for _, job in named)), start=1):
                name = named[index][0]
                wanted = first.setdefault(name, seen(name, verdict))
                tenth = tenths[current[0]]
                tenth.judge_errors += verdict.outcome is Outcome.JUDGE_ERROR
                tenth.hostile_passed += name in HOSTILE and bool(verdict.passed)
                if seen(name, verdict) != wanted:
                    tenth.differ += 1
                    differences.append(difference(name, index, verdict, wanted))
                tenth.judgements += 1
                if done * 10 // len(named) > current[0]:
                    tenth.seconds, begun = time.monotonic() - begun, time.monotonic()
                    current[0] = min(9, done * 10 // len(named))
                advance(1)
        seconds = time.monotonic() - started
        time.sleep(2)
        left = descendants(os.getpid())
        stats = judge.stats()
    _print_tenths(tenths[0], tenths[9])
    print(f"\nAll: {len(named)} in {seconds:.0f} s, {len(named) / seconds:.1f} programs/s;", end=" ")
    print(f"{len(first)} different programs, {sum(t.judge_errors for t in tenths)} judge errors,", end=" ")
    print(f"{sum(t.hostile_passed for t in tenths)} hostile programs passed.")
    print(
        f"Two seconds after the last verdict: {len(left)} processes, {sum(p.state == 'Z' for p in left)}",
        end="",
    )
    print(f" zombies; after closing: {len(descendants(os.getpid()))} processes.\nThe judge: {stats}")
    print("\nVerdicts unlike the first of the same program:", *(differences or ["none"]), sep="\n")


def _print_tenths(first: Tenth, last: Tenth) -> None:
    def mean_and_most(name: str) -> list[str]:
        values = [getattr(tenth, name) or [0.0] for tenth in (first, last)]
        return [f"{sum(v) / len(v):.0f}, most {max(v):.0f}" for v in values]

    rows = {
        "supervisor, RSS in MiB": mean_and_most("supervisor_mb"),
        "a warm JVM, RSS in MiB": mean_and_most("warm_mb"),
        "this process with the last 50,000 verdicts, RSS in MiB": mean_and_most("python_mb"),
        "processes": mean_and_most("processes"),
        "zombies": mean_and_most("zombies"),
        "programs/s": [f"{tenth.judgements / max(tenth.seconds, 1e-9):.1f}" for tenth in (first, last)],
        "judge errors": [str(tenth.judge_errors) for tenth in (first, last)],
        "hostile programs that passed": [str(tenth.hostile_passed) for tenth in (first, last)],
        "verdicts unlike the first of the program": [str(tenth.differ) for tenth in (first, last)],
    }
    print("| measure | first tenth | last tenth |\n|---|---|---|")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")


def kill(options: argparse.Namespace) -> None:
    """Judges them all twice, the second time with a JVM killed every second, and compares."""
    named = list(jobs(options.judgements))
    kills: Counter[str] = Counter()
    rng = random.Random(0)

    def kill_one() -> None:
        victims = [process for process in descendants(os.getpid()) if process.role]
        # A supervisor alone is one that has only just been started in the place of a killed one.
        if any(victim.role != "supervisor" for victim in victims):
            victim = rng.choice(victims)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)
                kills[victim.role] += 1

    print(
        "| judge | judgements | verdicts | judge errors | verdicts that differ | JVMs killed | programs/s |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    wanted: dict[int, Verdict] = {}
    differences: list[str] = []
    for what in ("left alone", "JVMs killed"):
        verdicts: dict[int, Verdict] = {}
        started = time.monotonic()
        with (
            Judge("local", options.workers) as judge,
            Every(1.0, kill_one) if what == "JVMs killed" else contextlib.nullcontext(),
            progress(what, len(named)) as advance,
        ):
            for index, verdict in judged(judge, (job for _, job in named)):
                verdicts[index] = verdict
                advance(1)
        seconds = time.monotonic() - started
        wanted = wanted or {index: seen(named[index][0], verdict) for index, verdict in verdicts.items()}
        for index, verdict in sorted(verdicts.items()):
            if seen(named[index][0], verdict) != wanted[index]:
                differences.append(difference(named[index][0], index, verdict, wanted[index]))
        errors = sum(verdict.outcome is Outcome.JUDGE_ERROR for verdict in verdicts.values())
        killed = ", ".join(f"{count} {role}" for role, count in sorted(kills.items())) or "none"
        cells = [
            what,
            len(named),
            len(verdicts),
            errors,
            len(differences),
            killed,
            f"{len(named) / seconds:.1f}",
        ]
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    print("\nVerdicts that differ:", *(differences or ["none"]), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Judges very many programs with one judge.")
    parser.add_argument("--judgements", type=int, default=100_000)
    parser.add_argument(
        "--kill", action="store_true", help="kill a JVM every second and compare the verdicts"
    )
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(f"`{shlex.join(['python', '-m', 'benchmarks.soak', *sys.argv[1:]])}`\n")
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before\n")
    if options.kill:
        kill(options)
    else:
        soak(options)


if __name__ == "__main__":
    main()
