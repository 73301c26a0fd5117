"""`Judge(engine=URL)` gives the verdicts of the judge there, whatever happens to the connection."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import NamedTuple

import pytest

from javabox import Job, Judge, JudgeUnavailable, Limits, SharedJudge, StdinCase, Suite, SuiteCase, Verdict
from javabox.job import FUEL_PER_SECOND
from javabox.remote import client
from javabox.remote.job_json import job_from_json, job_to_json
from rlcf.cli import main
from rlcf.problems import Problem
from rlcf.problems.atomic.measure import measure
from tests.javabox.processes import UNANSWERED, in_child
from tests.rlcf.service.running import Served, served, until

ENDLESS = Job(
    "class A { static int f() { while (true); } }",
    Suite(cases=(SuiteCase("0", "int r = A.f();", "r", "1"),)),
    Limits(fuel=55 * FUEL_PER_SECOND),
)


def jobs_of(answered: list[tuple[Problem, str]]) -> list[Job]:
    """Of every kind: cases, standard input, lone surrogates, coverage, files."""
    jobs = [problem.job(text, coverage=index % 7 == 0) for index, (problem, text) in enumerate(answered)]
    copies = "throws Exception { System.in.transferTo(System.out); } }"
    reads = f"class M {{ public static void main(String[] a) {copies}"
    suite = Suite(stdin=(StdinCase("1", "x", ("x",)), StdinCase("2", "\u00e9", ("\u00e9",), "exact")))
    return [*jobs[:98], Job(reads, suite), Job("class A extends B { }", files=(("B.java", "class B { }"),))]


def told(verdict: Verdict) -> dict[str, object]:
    """Without what a clock measured, and without the lane, which an audit may change."""
    return {name: value for name, value in verdict.to_json().items() if name not in ("wall_ms", "lane")}


def test_the_same_verdicts_through_a_restart(answered: list[tuple[Problem, str]], judge: Judge) -> None:
    jobs = jobs_of(answered)[-60:]
    assert len(jobs) == 60
    here = judge.grade(jobs)
    found: dict[int, Verdict] = {}
    with served() as first:
        port = str(first.port)
        with Judge(engine=first.url) as there:
            assert there.provenance()["jdk"] == judge.provenance()["jdk"]
            for index, verdict in there.stream(jobs):
                found[index] = verdict
                if len(found) == 20:
                    first.signal(signal.SIGKILL)
                    first.process.wait()
                    second = served("--port", port)
                    second.__enter__()
            assert len(found) == 60
            assert [told(found[index]) for index in range(60)] == list(map(told, here))
            second.__exit__(None, None, None)


def test_jobs_cross_unchanged(answered: list[tuple[Problem, str]]) -> None:
    for job in jobs_of(answered):
        assert job_from_json(job_to_json(job)) == job


def test_a_cancelled_job_is_ended_there(server: Served) -> None:
    before = server.metric("rlcf_programs_cancelled_total")
    with Judge(engine=server.url) as there:
        future = there.submit(ENDLESS)
        assert until(lambda: server.metric("rlcf_programs_waiting") == 1)
        assert future.cancel()
        assert until(lambda: server.metric("rlcf_programs_waiting") == 0, 5)
        assert there.grade([Job("class A { }")])[0].passed
    assert server.metric("rlcf_programs_cancelled_total") == before + 1


def test_a_full_server_is_waited_for(answered: list[tuple[Problem, str]]) -> None:
    jobs = [problem.job(text) for problem, text in answered[:24]]
    with served("--queue", "4", "--max-batch", "4") as own, Judge(engine=own.url) as there:
        verdicts = there.grade(jobs)
        refused = [line for line in own.log if line.get("status") == 429]
        assert [verdict.outcome for verdict in verdicts].count(verdicts[0].outcome) < 24
    assert refused
    assert None not in [verdict.compiled for verdict in verdicts]


def test_a_job_that_the_server_refuses_fails_alone(server: Served) -> None:
    greedy = Job("class A { }", limits=Limits(memory_mb=100_000))
    with Judge(engine=server.url) as there:
        futures = [there.submit(greedy), there.submit(Job("class B { }"))]
        with pytest.raises(ValueError, match="memory_mb"):
            futures[0].result()
        assert futures[1].result().passed


def test_keys_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "a-key-of-the-client-tests"
    with served(environment={"RLCF_API_KEYS": key}) as own:
        monkeypatch.delenv(client.KEY, raising=False)
        with pytest.raises(JudgeUnavailable, match=client.KEY):
            Judge(engine=own.url)
        monkeypatch.setenv(client.KEY, key)
        with Judge(engine=own.url) as there:
            assert there.grade([Job("class A { }")])[0].passed


def test_what_is_no_server_is_said(server: Served) -> None:
    for url in ("http://127.0.0.1:1", f"{server.url}/v1", "http://nowhere.invalid"):
        with pytest.raises(JudgeUnavailable, match=url):
            Judge(engine=url)
    with pytest.raises(JudgeUnavailable, match="rlcf serve"):
        Judge(engine=server.url, workers=3)


def test_a_server_that_stays_away_is_a_judge_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.3)
    with served() as own, Judge(engine=own.url) as there:
        future = there.submit(ENDLESS)
        assert until(lambda: own.metric("rlcf_programs_waiting") == 1)
        own.signal(signal.SIGKILL)
        assert str(future.result(30).outcome) == "judge_error"
        with pytest.raises(JudgeUnavailable, match="not answered"):
            there.grade([Job("class A { }")])


def test_a_forked_child_neither_judges_nor_breaks(server: Served) -> None:
    with Judge(engine=server.url) as there:
        running = there.submit(ENDLESS)
        assert until(lambda: server.metric("rlcf_programs_waiting") == 1)

        def child() -> None:
            with pytest.raises(JudgeUnavailable):
                there.grade([Job("class A { }")])
            with pytest.raises(JudgeUnavailable):
                running.result(10)
            there.close()

        assert in_child(child) == UNANSWERED
        assert server.metric("rlcf_programs_waiting") == 1
        assert running.cancel()
        assert there.grade([Job("class C { }")])[0].passed


def test_shared_handles_reach_it(server: Served) -> None:
    with SharedJudge(engine=server.url, linger=0.0) as there:
        assert there.grade([Job("class D { }")])[0].passed
        assert there.provenance() == server.ask("/v1/judge").json()["provenance"]


class Next(NamedTuple):
    takes: str = "int"
    gives: str = "int"
    methods: str = "        static int f(int x) { return x + 1; }\n"


def test_made_problems_are_measured_there(server: Served, judge: Judge) -> None:
    """Within the limits that a server gives: `rlcf train quickstart --engine URL` makes some."""
    pool = {"int": ("1", "-3")}
    with Judge(engine=server.url) as there:
        assert measure([Next()], pool, there) == measure([Next()], pool, judge) == [("2", "-2")]


def test_grading_there_writes_what_grading_here_does(
    server: Served, answered: list[tuple[Problem, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    rows = [{"task_id": problem.task_id, "completion": text} for problem, text in answered[:20]]
    samples = tmp_path / "samples.jsonl"
    samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
    results = []
    for engine in ("local", server.url):
        out = tmp_path / "results.jsonl"
        grade = ["grade", str(samples), "--problems", "mbjp", "--engine", engine, "--out", str(out), "--json"]
        assert main(grade) == 0
        results.append([json.loads(line) for line in out.read_text().splitlines()])
    capsys.readouterr()
    for row in (*results[0], *results[1]):
        del row["wall_ms"], row["lane"]
    assert results[0] == results[1]
