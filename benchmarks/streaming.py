"""Claim: `rlcf grade` needs as much memory for a million samples as for the first ten thousand, and one that
is killed goes on as if it had not been.

The samples are a few hundred MBJP programs, right and wrong ones, over and over: the judge knows their
verdicts after the first time, so that reading, counting and writing are what is measured. They are graded at
one go, while the resident memory of the process and of its judge's JVMs is taken; and beside that, so that it
takes half as long, into another file, where the grading is killed (SIGKILL) several times on the way and
resumed. But for the times that programs took (`wall_ms`) the two files must be the same, byte for byte.

    python -m benchmarks.streaming                                # a quarter of an hour on two quiet cores
    python -m benchmarks.streaming --rows 50000 --programs 100 --kills 1

Programs continue their prompts, and are graded with `--extract none`: finding a program in a reply takes
longer than all the rest. Not covered: distinct programs, of which the judge keeps the last 50,000 verdicts in
memory.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import descendants
from rlcf.problems import load_problems

LOOK_SECONDS = 1.0
WALL_MS = re.compile(rb'"wall_ms": [0-9.e-]+, ')
SHOWN = 12
"""Lines of the table of memory over time."""
WARM_ROWS = 10_000
"""What comes before has not yet loaded and allocated everything."""


@dataclass
class Run:
    """A grading, watched."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of its Python process."""
    seen: list[tuple[float, int, float, float]] = field(default_factory=list)
    """Seconds, rows written, and resident MB of the process and of what it started."""
    summary: dict[str, object] = field(default_factory=dict)


def write_samples(path: Path, rows: int, programs: int) -> None:
    """`rows` samples of `programs` distinct programs, a fifth of them wrong."""
    problems = [problem for problem in load_problems("mbjp") if problem.reference]
    problems.sort(key=lambda problem: len(problem.prompt) + len(problem.test))  # results quote the tests
    lines = []
    for at in range(programs):
        problem = problems[at % len(problems)]
        right = str(problem.reference)
        text = right if at % 5 else right.replace("return", "return null; //", 1)
        lines.append(json.dumps({"task_id": problem.task_id, "completion": f"{text}\n// {at}"})[:-1])
    with path.open("w", encoding="ascii") as out:
        for row in range(rows):
            out.write(f'{lines[row % programs]}, "row": {row}}}\n')


def run(command: Sequence[str], results: Path, kill_at: int | None = None) -> Run | None:
    """Grades; None where it was killed, which is as soon as the results have `kill_at` lines."""
    found, started = Run(), time.monotonic()
    lines = Lines(results)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            written = lines.count()
            if kill_at is not None and written >= kill_at:
                process.kill()
                return None
            own, cpu_seconds = of_process(process.pid)
            if own == 0:
                break  # it has just ended
            others = sum(of_process(child)[0] for child in descendants(process.pid))
            found.seen.append((time.monotonic() - started, written, own, others))
            found.cpu_seconds = cpu_seconds
            time.sleep(LOOK_SECONDS)
        assert process.stdout is not None
        said = process.stdout.read()
    assert process.returncode == 0, "grading failed"
    found.seconds = time.monotonic() - started
    found.summary = json.loads(said)
    return found


class Lines:
    """Counts the lines of a file that grows."""

    def __init__(self, path: Path) -> None:
        self._path, self._read, self._lines = path, 0, 0

    def count(self) -> int:
        """How many there are by now."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                while block := file.read(1 << 24):
                    self._read += len(block)
                    self._lines += block.count(b"\n")
        return self._lines


def of_process(process: int) -> tuple[float, float]:
    """Resident megabytes, and seconds of CPU; zeros of a process that is gone."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def digest(path: Path) -> str:
    """Of the lines without `wall_ms`."""
    found = hashlib.sha256()
    with path.open("rb") as lines:
        for line in lines:
            found.update(WALL_MS.sub(b"", line))
    return found.hexdigest()


def last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read()


def rows_of(path: Path) -> Iterator[int]:
    with path.open("rb") as lines:
        for line in lines:
            yield json.loads(line)["row"]


def table(run: Run, rows: int) -> list[str]:
    """Memory over time, a line for each part of the results."""
    lines = ["| rows written | seconds | rlcf MB | judge's JVMs MB |", "|---:|---:|---:|---:|"]
    wanted = [rows * part / SHOWN for part in range(1, SHOWN)] + [run.seen[-1][1]]
    for seconds, written, own, others in run.seen:
        if wanted and written >= wanted[0]:
            while wanted and written >= wanted[0]:
                wanted.pop(0)
            lines.append(f"| {written:,} | {seconds:.0f} | {own:.0f} | {others:.0f} |")
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description="Grading a million rows: flat memory, kill and resume.")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--programs", type=int, default=300)
    options.add_argument("--kills", type=int, default=2)
    asked = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="streaming-"))
    try:
        measure(folder, asked.rows, asked.programs, asked.kills)
    finally:
        shutil.rmtree(folder)


def kill_and_resume(command: Sequence[str], results: Path, rows: int, kills: int) -> Run:
    """Grades, killed on the way so many times and resumed."""
    for kill in range(1, kills + 1):
        assert run(command, results, rows * kill // (kills + 1)) is None, "it ended before it was killed"
        cut = "in a line" if last_byte(results) != b"\n" else "behind a line"
        print(f"killed after {Lines(results).count():,} rows, {cut}")
    last = run(command, results)
    assert last is not None
    return last


def measure(folder: Path, rows: int, programs: int, kills: int) -> None:
    samples, whole, pieces = folder / "samples.jsonl", folder / "whole.jsonl", folder / "pieces.jsonl"
    write_samples(samples, rows, programs)
    print(f"{rows:,} rows of {programs} programs, {samples.stat().st_size / 1e6:,.0f} MB\n")
    grade = [sys.executable, "-m", "rlcf", "grade", str(samples), "--problems", "mbjp", "--engine", "local"]
    grade += ["--extract", "none", "--json"]
    resumed = [*grade, "--out", str(pieces), "--resume"]
    with ThreadPoolExecutor() as beside:
        killing = beside.submit(kill_and_resume, resumed, pieces, rows, kills) if kills else None
        first = run([*grade, "--out", str(whole)], whole)
        assert first is not None
        print("\n".join(table(first, rows)))
        warm = [own for _, written, own, _ in first.seen if written >= min(WARM_ROWS, rows // 2)]
        print(f"\nrlcf from {WARM_ROWS:,} rows on: {warm[0]:.0f} MB at first, at most {max(warm):.0f} MB")
        micros = 1e6 * first.cpu_seconds / rows
        print(f"{first.seconds:.0f} s, {rows / first.seconds:,.0f} rows/s; {micros:.0f} µs of CPU a row\n")
    if killing is None:
        return
    last = killing.result()
    print(f"resumed: {last.summary['resumed']:,} rows were there, {last.seconds:.0f} s for the others")
    counted = list(rows_of(pieces))
    print(f"rows {len(counted):,}, distinct {len(set(counted)):,}, in order {counted == list(range(rows))}")
    digests = [digest(path) for path in (whole, pieces)]
    print(f"sha256 without wall_ms: at one go {digests[0][:16]}, in pieces {digests[1][:16]}")
    same = all(first.summary[name] == last.summary[name] for name in ("outcomes", "pass", "intervals"))
    print(f"the same bytes: {digests[0] == digests[1]}; the same rates: {same}")


if __name__ == "__main__":
    main()
