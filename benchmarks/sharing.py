"""Claim: eight processes that share a judge have at least 90 % of what one process has that owns one.

The same programs (both sets of benchmarks.grading, unlike any judged before) are graded in turns: by one
process with a judge of its own, by one and by eight that ask a shared judge with as many workers, and by
eight with a judge each, which is what a host that starts eight reward workers does without one. Medians of
passes after one to warm up. Memory is that of the judges, pages that they share counted once.

    python -m benchmarks.sharing                            # about five minutes on two quiet cores
    python -m benchmarks.sharing --samples 60 --passes 1

The exit code is 1 where the claim does not hold. Not covered: several machines.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.grading import anew, load_jobs
from benchmarks.processes import descendants, memory_kb
from javabox import AnyJudge, Job, Judge, SharedJudge
from javabox.cores import cores

CLAIM = 0.9
PROCESSES = 8
LINGER_SECONDS = 2.0


class Asker:
    """A process that grades what it is sent, with the judge that it was given, or one of its own."""

    def __init__(self, judge: SharedJudge | int) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_grade_all, args=(theirs, judge))
        self.process.start()

    def begin(self, jobs: list[Job]) -> None:
        self._line.send(jobs)

    def end(self) -> int:
        """How many verdicts there were."""
        return int(self._line.recv())

    def close(self) -> None:
        self._line.send(None)
        self.process.join()


def _grade_all(line: Connection, given: SharedJudge | int) -> None:
    judge: AnyJudge = Judge("local", given) if isinstance(given, int) else given
    while (jobs := line.recv()) is not None:
        line.send(len(judge.grade(jobs)))
    judge.close()


@contextmanager
def asking(judges: list[SharedJudge | int]) -> Iterator[list[Asker]]:
    """A process for each."""
    askers = [Asker(judge) for judge in judges]
    try:
        yield askers
    finally:
        for asker in askers:
            asker.close()


def rate(askers: list[Asker], jobs: list[Job]) -> float:
    """Programs a second of all of them together; each gets its share of the programs."""
    started = time.monotonic()
    for i, asker in enumerate(askers):
        asker.begin(jobs[i :: len(askers)])
    judged = sum(asker.end() for asker in askers)
    assert judged == len(jobs), f"{judged} of {len(jobs)} verdicts"
    return judged / (time.monotonic() - started)


def judges_mb(askers: list[Asker]) -> float:
    """Resident memory of their judges."""
    own = [pid for asker in askers for pid in descendants(asker.process.pid or 0)]
    shared = [pid for server in shared_judges() for pid in (server, *descendants(server))]
    return sum(memory_kb(pid)[1] for pid in {*own, *shared}) / 1024


def shared_judges() -> list[int]:
    """Processes that have one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"javabox.shared" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue  # it has just ended
    return found


def main() -> int:
    """Measures, prints, and says whether the claim holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=2849)
    parser.add_argument("--passes", type=int, default=5)
    arguments = parser.parse_args()
    workers = cores()
    jobs = load_jobs()[1][: arguments.samples]
    shared = SharedJudge("local", workers, linger=LINGER_SECONDS)
    ways: dict[str, list[SharedJudge | int]] = {
        "one process, its own judge": [workers],
        "one process, a shared judge": [shared],
        f"{PROCESSES} processes, a shared judge": [shared] * PROCESSES,
        f"{PROCESSES} processes, a judge each": [max(1, workers // PROCESSES)] * PROCESSES,
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    memory: dict[str, float] = {}
    for way, judges in ways.items():
        # Those of a way that is not measured take neither processor nor memory: it is started anew below.
        memory[way] = _memory(judges, jobs)
    with (
        asking(ways["one process, its own judge"]) as own,
        asking(ways[f"{PROCESSES} processes, a shared judge"]) as many,
        asking(ways[f"{PROCESSES} processes, a judge each"]) as each,
    ):
        turns = {
            "one process, its own judge": own,
            "one process, a shared judge": many[:1],
            f"{PROCESSES} processes, a shared judge": many,
            f"{PROCESSES} processes, a judge each": each,
        }
        for _ in range(1 + arguments.passes):
            for way, askers in turns.items():
                rates[way].append(rate(askers, anew(jobs)))
    return show(rates, memory)


def _memory(judges: list[SharedJudge | int], jobs: list[Job]) -> float:
    with asking(judges) as askers:
        rate(askers, anew(jobs[: len(jobs) // 4]))
        found = judges_mb(askers)
    while shared_judges():
        time.sleep(0.2)
    return found


def show(rates: dict[str, list[float]], memory: dict[str, float]) -> int:
    """Prints the table; returns 1 where the claim does not hold."""
    own = rates["one process, its own judge"][1:]
    print("| who asks | programs/s | of one process with its own | MB of judges |\n|---|---:|---:|---:|")
    shares = {}
    for way, found in rates.items():
        shares[way] = statistics.median(a / b for a, b in zip(found[1:], own, strict=True))
        print(f"| {way} | {statistics.median(found[1:]):.0f} | {shares[way]:.2f} | {memory[way]:.0f} |")
    return 0 if shares[f"{PROCESSES} processes, a shared judge"] >= CLAIM else 1


if __name__ == "__main__":
    sys.exit(main())
