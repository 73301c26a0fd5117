"""Verdicts that are kept, and what a judge counts."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from javabox import CacheUnusable, Judge, Outcome
from javabox.cache import VerdictCache
from javabox.verdict import Verdict
from tests.javabox.programs import PROMPT, program

BODIES = [
    "return 2 * x;",
    "return 3 * x;",
    "return y;",
    'throw new RuntimeException("\\ud800");',
    "while (true);",
    "return new int[] {x};",
]


def test_a_file_keeps_verdicts_from_judge_to_judge(tmp_path: Path) -> None:
    file = tmp_path / "verdicts.sqlite"
    jobs = [program(body, fuel=1_000_000) for body in BODIES]
    with Judge("local", 1, cache=file) as judge:
        first = judge.grade(jobs)
        assert judge.stats()["cached"] == 0
    with Judge("local", 1, cache=file) as judge:
        assert judge.grade(jobs) == first
        assert judge.stats()["cached"] == len(jobs)
        # Another limit is another job.
        other = judge.grade([program(BODIES[4], fuel=2_000_000)])[0]
        assert other.fuel == 2_000_000
        assert judge.stats()["cached"] == len(jobs)


def test_a_file_that_is_something_else_is_refused_and_one_that_fails_is_given_up(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("not a database, but long enough to look like a file of one: " * 20)
    with pytest.raises(CacheUnusable, match="other"):
        VerdictCache(other)
    cache = VerdictCache(tmp_path / "verdicts.sqlite")
    with sqlite3.connect(tmp_path / "verdicts.sqlite") as connection:
        connection.execute("DROP TABLE verdicts")
    job, verdict = program("return 1;"), Verdict(Outcome.FAILED)
    cache.put(job, verdict)
    assert cache.get(job) == verdict


def test_what_judged_is_part_of_the_key(tmp_path: Path) -> None:
    job, verdict = program("return 1;"), Verdict(Outcome.FAILED, fuel=7)
    file = tmp_path / "verdicts.sqlite"
    VerdictCache(file, "JDK 17").put(job, verdict)
    assert VerdictCache(file, "JDK 17").get(job) == verdict
    assert VerdictCache(file, "JDK 25").get(job) is None


def test_the_key_holds_all_that_a_judge_says_of_itself(tmp_path: Path) -> None:
    file, job = tmp_path / "verdicts.sqlite", program("return 2 * x; // whoever judges")
    said = []
    for choices in ({}, {"lane": "strict"}, {"determinism": False}, {}):
        with Judge("local", 1, cache=file, **choices) as judge:  # type: ignore[arg-type]
            assert judge.grade([job])[0].passed
            provenance = judge.provenance()
            said.append((provenance, judge.stats()["cached"]))
            assert json.loads(judge._cache.judged_by) == provenance
    names = ["judge", "jdk", "engine", "isolation", "lane", "determinism"]
    assert list(said[0][0]) == names
    assert all(said[0][0].values())
    assert [cached for _, cached in said] == [0, 0, 0, 1]
    assert len({tuple(provenance.items()) for provenance, _ in said}) == 3


def test_what_a_clock_or_a_fault_decided_is_not_kept(tmp_path: Path) -> None:
    cache = VerdictCache(tmp_path / "verdicts.sqlite")
    for verdict in (Verdict(Outcome.TIME_LIMIT, deterministic=False), Verdict(Outcome.JUDGE_ERROR)):
        cache.put(program("return 1;"), verdict)
        assert cache.get(program("return 1;")) is None


def test_a_judge_counts_what_it_does() -> None:
    with Judge("local", 2, audit=1.0) as judge:
        prompt = PROMPT.replace("f(int x)", "f(int x) throws Exception")
        jobs = [program(body, fuel=1_000_000) for body in BODIES] + [
            program("new Thread(() -> { }).start(); return 2 * x;", prompt=prompt)
        ]
        verdicts = judge.grade(jobs)
        judge.grade(jobs[:2])
        stats = judge.stats()
    assert stats["asked"] == len(jobs) + 2
    assert stats["cached"] == 2
    assert stats["judged"] == len(jobs)
    assert stats["lanes"]["strict"] == {"compile_error": 1, "passed": 1}
    assert sum(stats["lanes"]["warm"].values()) == len(jobs) - 2
    # Every warm verdict was checked, and the lanes agree.
    assert (stats["audits"], stats["disagreements"], stats["handed_over"]) == (len(jobs) - 2, 0, 0)
    assert stats["milliseconds"]["wall"]["p99"] >= stats["milliseconds"]["run"]["p50"] > 0
    assert [verdict.lane for verdict in verdicts][-1] == "strict"
