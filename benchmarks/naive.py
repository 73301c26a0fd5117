"""The peer that the benchmarks measure against: one `javac` and one `java` process a sample.

This is how mxeval grades Java (amazon-science/mxeval, `mxeval/execution.py`, `check_correctness_java`):
prompt + completion + test is written to `main.java` in a folder of its own, compiled there by `javac`
(100 s) and run as `java -cp FOLDER Main` (15 s); compiled is javac's exit code 0, passed is both codes 0.
Of the benchmark graders read for this project, all grade Java this way.

Two things differ, both in the peer's favour: `java` is not started after a failed `javac` (mxeval starts it
all the same), and a run that times out keeps `compiled` (mxeval reports such a sample as not compiled).

Not covered: any isolation. The programs run as the calling user; the data sets of the benchmarks are tame.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from javabox import Suite

COMPILE_SECONDS = 100
RUN_SECONDS = 15
EVIDENCE_CHARACTERS = 400
# JDK 17 reads sources in the locale's encoding; in the POSIX locale a UTF-8 comment is an error.
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}

DATA_SETS = {
    "mbjp": ("mbxp/mbjp_release_v1.2.jsonl", "mbxp/mbjp_samples.jsonl"),
    "mathqa": ("mathqa/mathqa-test-java_v1.jsonl", "mathqa/mathqa_java_samples.jsonl"),
}
"""Name, as in `rlcf grade --problems`: file of the problems and file of mxeval's example samples."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion with the problem that it belongs to, as the files hold them."""

    data_set: str
    index: int
    """Line in the samples' file, from 0."""
    task_id: str
    completion: str
    program: str
    """Prompt + completion + test."""
    suite: Suite | None = None
    """Its whole suite, where `program` does not hold the tests."""


@dataclass(frozen=True, slots=True)
class NaiveVerdict:
    """What plain `javac` and `java` say of a sample."""

    compiled: bool
    passed: bool
    evidence: str
    """The first words of the failing process, or which one timed out."""
    outcome: str = ""
    """The judge's word for it, where that can be told (benchmarks/whole_mains.py)."""


def load_samples(data_set: str) -> list[Sample]:
    """The example samples of a data set in the folder named by RLCF_DATA, in the order of their file."""
    data = os.environ.get("RLCF_DATA")
    if data is None:
        raise SystemExit("set RLCF_DATA to the folder that holds mbxp/ and mathqa/ (see README.md, Data)")
    problems_file, samples_file = DATA_SETS[data_set]
    problems = {problem["task_id"]: problem for problem in _rows(Path(data, problems_file))}
    samples = []
    for index, row in enumerate(_rows(Path(data, samples_file))):
        problem, completion = problems[row["task_id"]], row["completion"]
        program = problem["prompt"] + completion + problem["test"]
        samples.append(Sample(data_set, index, row["task_id"], completion, program))
    return samples


def grade_naively(program: str) -> NaiveVerdict:
    """Compiles and runs one program as mxeval does. Thread-safe; blocks for the whole time."""
    with tempfile.TemporaryDirectory(prefix="naive-") as folder:
        source = Path(folder, "main.java")
        source.write_text(program, encoding="utf-8")
        code, words = _process(["javac", str(source)], COMPILE_SECONDS)
        if code != 0:
            return NaiveVerdict(False, False, f"javac: {words}")
        code, words = _process(["java", "-cp", folder, "Main"], RUN_SECONDS)
        return NaiveVerdict(True, code == 0, "" if code == 0 else f"java: {words}")


def _process(command: list[str], seconds: int) -> tuple[int | None, str]:
    """Exit code (None at the time limit) and the first words on stderr."""
    try:
        done = subprocess.run(
            command,
            timeout=seconds,
            stdin=subprocess.DEVNULL,  # MBJP/325 reads it
            stdout=subprocess.DEVNULL,  # which a program may fill for as long as it runs
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"time limit of {seconds} s"
    return done.returncode, done.stderr.decode(errors="replace")[:EVIDENCE_CHARACTERS]


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]
