"""A grading that was ended goes on: no row twice, none lost, and never behind other samples' results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rlcf.cli import main
from tests.rlcf.conftest import SmallSet
from tests.rlcf.processes import begin, go


@dataclass(frozen=True)
class Graded:
    """Samples, and the results and the summary of grading them without a pause."""

    samples: Path
    options: tuple[str, ...]
    lines: list[bytes]
    summary: dict[str, Any]


def write(small_set: SmallSet, path: Path) -> None:
    fenced = f"Sure:\n```java\n{small_set.right}\n```\n"
    texts = [small_set.right, "?", fenced, small_set.wrong_type, "", small_set.right + "\n"]
    rows = [small_set.sample(text, at=at, number=float("nan")) for at, text in enumerate(texts)]
    other = {"task_id": small_set.rows[1]["task_id"], "completion": "}\n}", "hint": "mine", "at": 6}
    path.write_text("".join(rows) + json.dumps(other) + "\n")


def timeless(line: bytes) -> dict[str, Any]:
    """A line without the time that it took, as text: NaN is not its own equal."""
    row = json.loads(line)
    row["wall_ms"] = 0
    row["number"] = str(row.get("number"))
    return dict(row)


def told(summary: dict[str, Any]) -> dict[str, Any]:
    passing = ("seconds", "programs_per_second", "judge", "resumed", "results", "shard")
    return {name: value for name, value in summary.items() if name not in passing}


@pytest.fixture(scope="module")
def graded(small_set: SmallSet, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    folder = tmp_path_factory.mktemp("graded")
    folder.chmod(0o755)
    samples, out = folder / "s.jsonl", folder / "whole.jsonl"
    write(small_set, samples)
    options = ("--problems", str(small_set.path), "--engine", "local", "--json")
    done = go(folder, "grade", str(samples), *options, "--out", str(out))
    assert done.returncode == 0, done.stderr
    return Graded(samples, options, out.read_bytes().splitlines(True), json.loads(done.stdout))


@pytest.mark.parametrize("cut", ["nothing", "empty", "first", "half", "whole", "all"])
def test_it_goes_on_where_it_was_cut(
    cut: str, graded: Graded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.jsonl"
    lines = graded.lines
    there = {
        "nothing": None,
        "empty": b"",
        "first": lines[0][:40],
        "half": b"".join(lines[:4]) + lines[4][:-1],
        "whole": b"".join(lines[:4]),
        "all": b"".join(lines),
    }[cut]
    if there is not None:
        out.write_bytes(there)
    assert main(["grade", str(graded.samples), *graded.options, "--out", str(out), "--resume"]) == 0
    found = json.loads(capsys.readouterr().out)
    kept = {"half": 4, "whole": 4, "all": 7}.get(cut, 0)
    after = out.read_bytes().splitlines(True)
    assert after[:kept] == lines[:kept], "what is there stays, to the byte"
    assert [timeless(line) for line in after] == [timeless(line) for line in lines]
    assert told(found) == told(graded.summary)
    assert found.get("resumed", 0) == kept
    assert found["judge"]["asked"] == 7 - kept, "nothing is judged twice"


def changed(lines: list[bytes], place: int, **fields: object) -> bytes:
    rows = [json.loads(line) for line in lines]
    rows[place] |= fields
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


REFUSED: list[tuple[str, Callable[[list[bytes]], bytes], tuple[str, ...], str]] = [
    (
        "sample",
        lambda lines: changed(lines, 2, completion="other"),
        (),
        "r.jsonl:3: field 'completion': is",
    ),
    ("field", lambda lines: changed(lines, 1, at=9), (), "r.jsonl:2: field 'at': is not that of sample 2"),
    ("order", lambda lines: b"".join(reversed(lines)), (), "r.jsonl:1: field 'task_id': is not that of"),
    ("more", lambda lines: b"".join([*lines, lines[0]]), (), "r.jsonl:8: there are only 7 samples"),
    (
        "judge",
        lambda lines: changed(lines, 1, provenance=json.loads(lines[0])["provenance"] | {"jdk": "other 11"}),
        (),
        "r.jsonl:2: field 'provenance': was judged with jdk other 11, which is ",
    ),
    (
        "no provenance",
        lambda lines: changed(lines, 0, provenance=None),
        (),
        "is no line of rlcf grade's",
    ),
    (
        "outcome",
        lambda lines: changed(lines, 0, outcome="fine"),
        (),
        "r.jsonl:1: field 'outcome': is none of",
    ),
    ("limits", lambda lines: b"".join(lines), ("--time-limit", "1"), "with time_limit 4.0, which is 1.0 now"),
    ("lane", lambda lines: b"".join(lines), ("--lane", "strict"), "with lane auto, which is strict now"),
    ("compat", lambda lines: b"".join(lines), ("--compat", "mxeval"), "compat None, which is mxeval now"),
    ("extract", lambda lines: b"".join(lines), ("--extract", "none"), "extract None, which is none now"),
    ("expected", lambda lines: b"".join(lines), ("--no-expected-values",), "which is left out now"),
]


@pytest.mark.parametrize(
    ("make", "more", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_other_results_are_refused_and_stay(
    make: Callable[[list[bytes]], bytes],
    more: tuple[str, ...],
    message: str,
    graded: Graded,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "r.jsonl"
    there = make(graded.lines)
    out.write_bytes(there)
    assert main(["grade", str(graded.samples), *graded.options, *more, "--out", str(out), "--resume"]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "--resume" in said.err, "what to do"
    assert said.out == ""
    assert out.read_bytes() == there


PROGRAMS = 360


def test_killed_time_and_again_it_loses_nothing(
    graded: Graded, small_set: SmallSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGKILL of the grading, wherever it is; the last go prints the rates of all."""
    samples, out = tmp_path / "s.jsonl", tmp_path / "r.jsonl"
    samples.write_text("".join(small_set.sample(f"// {at}\n{small_set.right}") for at in range(PROGRAMS)))
    grade = ["grade", str(samples), *graded.options, "--out", str(out), "--resume"]
    killed = []
    for enough in (40, 150):
        running = begin(main, grade, folder=tmp_path)
        deadline = time.monotonic() + 120
        while not out.exists() or out.read_bytes().count(b"\n") < enough:
            assert running.process.is_alive(), "grading ended too soon"
            assert time.monotonic() < deadline, "no results in two minutes"
            time.sleep(0.01)
        running.process.kill()
        assert running.wait() == -signal.SIGKILL
        killed.append(out.read_bytes())
        assert enough <= killed[-1].count(b"\n") < PROGRAMS
    assert main(grade) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["outcomes"] == {"passed": PROGRAMS}
    assert found["resumed"] == killed[1].count(b"\n") >= 150
    final = out.read_bytes()
    for there in killed:
        assert final.startswith(there[: there.rfind(b"\n") + 1])
    rows = [json.loads(line)["completion"] for line in final.splitlines()]
    assert [row.split("\n")[0] for row in rows] == [f"// {at}" for at in range(PROGRAMS)]


def test_standard_input_goes_on_too(graded: Graded, tmp_path: Path, small_set: SmallSet) -> None:
    out = tmp_path / "r.jsonl"
    out.write_bytes(b"".join(graded.lines[:3]))
    command = [sys.executable, "-m", "rlcf", "grade", "-", *graded.options, "--out", str(out), "--resume"]
    text = graded.samples.read_bytes()
    done = subprocess.run(command, input=text, capture_output=True, check=True)
    assert told(json.loads(done.stdout)) == told(graded.summary)
    assert [timeless(line) for line in out.read_bytes().splitlines()] == list(map(timeless, graded.lines))
    bad = text + small_set.sample(3).encode()
    done = subprocess.run(command, input=bad, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"stdin:8: field 'completion': must be a string" in done.stderr
    assert out.read_bytes().count(b"\n") == 7, "those before it are there"


def test_a_pipe_is_read_once(graded: Graded, tmp_path: Path) -> None:
    pipe, out = tmp_path / "pipe.jsonl", tmp_path / "r.jsonl"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "rlcf", "grade", str(pipe), *graded.options, "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        pipe.write_bytes(graded.samples.read_bytes())
        found = json.loads(process.communicate(timeout=120)[0])
    assert told(found) == told(graded.summary)
    assert [timeless(line) for line in out.read_bytes().splitlines()] == list(map(timeless, graded.lines))
