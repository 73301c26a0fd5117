"""Samples are read as they are judged, and what is on its way is bounded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from javabox import Job, Judge, Verdict
from rlcf import Problem, Sample, load_problems
from rlcf.evaluation.grade import grade, window
from tests.rlcf.conftest import SmallSet

SLOW = "        for (long i = 0; i < 1L << 31; i++) { if (i == -1) { return 1; } }\n"
"""About two seconds."""


class Watched:
    """A results file and the samples that it belongs to: how many were read and are not written yet, and
    how many the judge had at most."""

    def __init__(self, judge: Judge, problem: Problem, completions: list[str]) -> None:
        self.judge = judge
        self.futures: list[Future[Verdict]] = []
        self.judging = 0
        self.problem, self.completions = problem, completions
        self.read = 0
        self.ahead = 0
        self.lines: list[bytes] = []

    def __iter__(self) -> Iterator[Sample]:
        for at, text in enumerate(self.completions):
            self.read += 1
            self.ahead = max(self.ahead, self.read - len(self.lines))
            row = {"task_id": self.problem.task_id, "completion": text, "at": at}
            yield Sample(self.problem, text, row)

    def submit(self, job: Job) -> Future[Verdict]:
        self.futures.append(self.judge.submit(job))
        self.judging = max(self.judging, sum(not future.done() for future in self.futures))
        return self.futures[-1]

    def provenance(self) -> dict[str, str]:
        return self.judge.provenance()

    def write(self, lines: bytes) -> int:
        assert lines.endswith(b"\n")
        self.lines += lines.splitlines()
        return len(lines)

    def flush(self) -> None:
        """Nothing is held back."""


@pytest.fixture(scope="module")
def problem(small_set: SmallSet) -> Problem:
    return load_problems(str(small_set.path))[0]


def test_no_more_than_so_many_are_on_their_way(
    judge: Judge, problem: Problem, small_set: SmallSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "IN_FLIGHT", 5)
    watched = Watched(judge, problem, [f"// {at}\n{small_set.right}" for at in range(60)])
    evaluation = grade(watched, watched, [1], watched)  # type: ignore[arg-type]
    assert evaluation.outcomes == {"passed": 60}
    assert 2 <= watched.judging <= 5
    assert watched.read == 60
    assert [json.loads(line)["at"] for line in watched.lines] == list(range(60))


def test_a_slow_program_holds_up_no_other_until_too_much_waits(
    judge: Judge, problem: Problem, small_set: SmallSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "IN_FLIGHT", 5)
    monkeypatch.setattr(window, "LOOK_SECONDS", 0.01)
    rest = [f"// {at} of many\n{small_set.right}" for at in range(60)]
    slow = SLOW + small_set.right
    watched = Watched(judge, problem, [slow, *rest])
    grade(watched, watched, [1], watched)  # type: ignore[arg-type]
    assert watched.ahead > 30, "those behind the slow one are judged and finished"
    assert [json.loads(line)["at"] for line in watched.lines] == list(range(61))
    monkeypatch.setattr(window, "HELD_BYTES", 1)
    watched = Watched(judge, problem, [f"// alone\n{slow}", *[text + "// alone" for text in rest]])
    grade(watched, watched, [1], watched)  # type: ignore[arg-type]
    assert watched.ahead <= 2, "one is judged where nothing may wait, and one may be written"
    assert [json.loads(line)["at"] for line in watched.lines] == list(range(61))


def test_what_ends_the_reading_ends_the_jobs(judge: Judge, problem: Problem, small_set: SmallSet) -> None:
    def samples() -> Iterator[Sample]:
        for at in range(20):
            text = f"// {at} to be ended\n" + SLOW * 20 + small_set.right
            yield Sample(problem, text, {"task_id": problem.task_id, "completion": text})
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        grade(samples(), judge, [1], None)
    (verdict,) = judge.grade([problem.job(f"// after\n{small_set.right}")])
    assert verdict.passed
    assert verdict.wall_ms < 60_000
