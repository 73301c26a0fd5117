"""Every host's route gives what `rlcf grade` says, and a program without a verdict has no reward."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from javabox import Verdict
from javabox.engines.jdk import find_jdk
from rlcf.cli import main
from rlcf.grounding.signal import Answer
from rlcf.grounding.table import load_grounding
from rlcf.problems import Problem, load_problems
from tests.rlcf.service.running import Served, served, until

Asked = list[tuple[Problem, str]]
BATCH = 60


@pytest.fixture(scope="module")
def graded(answered: Asked, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The results lines that `rlcf grade` writes of the completions."""
    folder = tmp_path_factory.mktemp("graded")
    rows = [{"task_id": problem.task_id, "completion": text} for problem, text in answered]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    grade = ["grade", str(folder / "samples.jsonl"), "--problems", "mbjp", "--engine", "local", "--json"]
    assert main(grade) == 0
    return [json.loads(line) for line in (folder / "samples_results.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def rewards(graded: list[dict[str, Any]]) -> list[float]:
    """What the grounding `tests` makes of them."""
    problems = {problem.task_id: problem for problem in load_problems("mbjp")}
    answers = [Answer(problems[row["task_id"]], row["completion"], Verdict.from_json(row)) for row in graded]
    scores = [signal.score for signal in load_grounding("tests")(answers)]
    assert None not in scores
    return [float(score) for score in scores if score is not None]


def test_the_completions_are_of_many_kinds(graded: list[dict[str, Any]]) -> None:
    assert len(graded) == 120
    outcomes = Counter(row["outcome"] for row in graded)
    assert outcomes.keys() >= {"passed", "failed", "compile_error", "runtime_error"}
    assert outcomes["passed"] >= 40


def test_results_are_the_lines_of_grade(
    server: Served, answered: Asked, graded: list[dict[str, Any]]
) -> None:
    samples = [{"task_id": problem.task_id, "completion": text} for problem, text in answered]
    found = server.post("/v1/grade", {"samples": samples})["results"]
    assert list(map(measured, found)) == list(map(measured, graded))
    assert [list(row) for row in found] == [list(row) for row in graded]


def test_a_stream_has_the_same_results(server: Served, answered: Asked, graded: list[dict[str, Any]]) -> None:
    samples = [{"task_id": problem.task_id, "completion": text} for problem, text in answered]
    lines = server.ask("/v1/grade/stream", {"samples": samples, "problems": "mbjp"}).data.splitlines()
    rows = {row["index"]: row["result"] for row in map(json.loads, filter(None, lines))}
    assert [measured(rows[index]) for index in range(120)] == list(map(measured, graded))


def measured(row: dict[str, Any]) -> dict[str, Any]:
    """A result without what a clock measured, and without the lane, which an audit may change."""
    return {name: value for name, value in row.items() if name not in ("wall_ms", "lane")}


def test_rewards_of_samples(server: Served, answered: Asked, rewards: list[float]) -> None:
    samples = [{"task_id": problem.task_id, "completion": text} for problem, text in answered]
    assert server.post("/v1/rewards", {"samples": samples})["rewards"] == rewards


def test_openrlhf(server: Served, answered: Asked, rewards: list[float]) -> None:
    found = []
    for at in range(0, 120, BATCH):
        part = answered[at : at + BATCH]
        body = {
            "query": [f"<s>{problem.prompt}{text}</s>" for problem, text in part],
            "prompts": [problem.prompt for problem, _ in part],
            "labels": [problem.task_id for problem, _ in part],
        }
        answer = server.post("/reward/openrlhf", body)
        assert answer["scores"] == answer["rewards"]
        assert {len(values) for values in answer["extra_logs"].values()} == {BATCH}
        found += answer["rewards"]
    assert found == rewards


def test_slime(server: Served, answered: Asked, rewards: list[float]) -> None:
    """A label may be the problem itself, as text."""
    for (problem, text), reward in zip(answered, rewards, strict=True):
        label = problem.task_id if len(problem.task_id) % 2 else json.dumps(row_of(problem))
        assert server.post("/reward/slime", {"prompt": "x", "response": text, "label": label}) == reward


def test_nemo_gym(server: Served, answered: Asked, rewards: list[float]) -> None:
    for (problem, text), reward in zip(answered, rewards, strict=True):
        message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
        body = {
            "responses_create_params": {"input": [{"role": "user", "content": problem.description}]},
            "response": {"id": "resp", "output": [{"type": "reasoning", "summary": []}, message]},
            "verifier_metadata": {"task_id": problem.task_id},
            "more": 1,
        }
        answer = server.post("/verify", body)
        assert answer.pop("reward") == reward
        assert answer == body


def test_open_instruct(server: Served, answered: Asked, graded: list[dict[str, Any]]) -> None:
    """A result a case: all of them where, and only where, the program passed."""
    for (problem, text), row in zip(answered, graded, strict=True):
        answer = server.post("/test_program", {"program": text, "tests": problem.task_id})
        assert all(answer["results"]) == row["passed"]
        assert len(answer["results"]) == len(answer["runtimes"]) == len(problem.suite.names)
        if row["cases"]:
            assert answer["results"] == [int(case["outcome"] == "passed") for case in row["cases"]]


def test_open_instruct_with_tests_of_its_own(server: Served) -> None:
    twice = "java\nclass A { static int twice(int x) { return x == 3 ? 7 : 2 * x; } }"
    tests = ["A.twice(1) == 2", "assert A.twice(3) == 6;", "A.twice(0) == 0 // none"]
    answer = server.post("/test_program", {"program": twice, "tests": tests, "max_execution_time": 1.0})
    assert answer["results"] == [1, 0, 1]
    assert [runtime > 0 for runtime in answer["runtimes"]] == [True, False, True]
    adds = "import java.util.*; class Main { public static void main(String[] a) {" + (
        " System.out.println(new Scanner(System.in).nextInt() + 1); } }"
    )
    pairs = [{"input": "1\n", "output": "2\n"}, {"input": "2", "output": "2"}, {"input": "x", "output": ""}]
    assert server.post("/test_program_stdio", {"program": adds, "tests": pairs})["results"] == [1, 0, 0]
    assert server.post("/test_program_stdio", {"program": adds, "tests": []})["results"] == []


RUNS = (
    ("1 2", "Success", "Finished", 0, "3\n"),
    ("3 0", "Failed", "Finished", 7, ""),
    ("x", "Failed", "Finished", 1, ""),
    ("4 0", "Failed", "TimeLimitExceeded", None, ""),
)
ADDS = """import java.util.*;
public class Anything {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int a = in.nextInt(), b = in.nextInt();
        if (a == 3) System.exit(7);
        while (a == 4);
        System.out.println(Sum.of(a, b));
    }
}
"""


def test_sandbox_fusion(server: Served) -> None:
    files = {"Sum.java": "Y2xhc3MgU3VtIHsgc3RhdGljIGludCBvZihpbnQgYSwgaW50IGIpIHsgcmV0dXJuIGEgKyBiOyB9IH0="}
    asked = {"language": "java", "code": ADDS, "files": files, "run_timeout": 0.25, "memory_limit_MB": 128}
    for stdin, status, run_status, code, printed in RUNS:
        answer = server.post("/run_code", {**asked, "stdin": stdin})
        run = answer["run_result"]
        found = (answer["status"], run["status"], run.get("return_code"), run["stdout"])
        assert found == (status, run_status, code, printed)
        assert answer["compile_result"]["return_code"] == 0
    broken = server.post("/run_code", {**asked, "files": {}})
    assert (broken["status"], broken["run_result"]) == ("Failed", None)
    assert broken["compile_result"]["return_code"] == 1
    assert "cannot find symbol" in broken["compile_result"]["stderr"]


def test_a_judge_that_dies_rewards_nothing(answered: Asked, rewards: list[float], tmp_path: Path) -> None:
    """Its JVM is killed under a batch, and the JDK that would start another one is gone."""
    home = tmp_path / "jdk"
    home.symlink_to(find_jdk().home)
    with served("--problems", "mbjp", environment={"JAVA_HOME": str(home)}) as own:
        samples = [{"task_id": problem.task_id, "completion": text} for problem, text in answered[:100]]
        task_id = answered[0][0].task_id
        endless = {"task_id": task_id, "completion": "        while (true);\n    }\n}"}
        rows = [row_of(problem) for problem, _ in answered[:100]]
        rows[0]["time_limit"] = 60.0
        found: dict[str, Any] = {}

        def ask(name: str, path: str, body: dict[str, Any]) -> threading.Thread:
            thread = threading.Thread(target=lambda: found.update({name: own.ask(path, body)}))
            thread.start()
            return thread

        batch = ask("rewards", "/v1/rewards", {"samples": [*samples, endless], "problems": rows})
        assert until(lambda: own.metric("rlcf_programs_total") >= 100, 60)
        label = json.dumps(rows[0])
        lone = {"prompt": "", "response": endless["completion"] + "// slime", "label": label}
        slime = ask("slime", "/reward/slime", lone)
        forever = "class Main { public static void main(String[] args) { while (true); } }"
        runs = {"language": "java", "code": forever, "run_timeout": 25}
        ran = ask("run", "/run_code", runs)
        assert until(lambda: own.metric("rlcf_programs_waiting") == 3)
        home.unlink()
        for pid in own.jvms():
            with contextlib.suppress(ProcessLookupError):  # it went with the one before
                os.kill(pid, signal.SIGKILL)
        for thread in (batch, slime, ran):
            thread.join(90)
        answer = found["rewards"].json()
        assert answer["rewards"] == [*rewards[:100], None]
        assert answer["outcomes"][-1] == "judge_error"
        assert found["slime"].status == 503
        assert found["slime"].headers["Retry-After"]
        assert (found["run"].status, found["run"].json()["status"]) == (504, "SandboxError")
        body = {"query": [""], "prompts": [""], "labels": [task_id]}
        others: tuple[tuple[str, dict[str, Any]], ...] = (
            ("/reward/openrlhf", body),
            ("/verify", {"response": {"output": []}, "verifier_metadata": {"task_id": task_id}}),
            ("/test_program", {"program": "class A { }", "tests": task_id}),
            ("/v1/grade", {"samples": [endless]}),
        )
        for path, asked in others:
            assert own.ask(path, asked).status == 503, path
        assert own.ask("/healthz").status == 503


def row_of(problem: Problem) -> dict[str, Any]:
    """The row of a problem file."""
    return {
        "task_id": problem.task_id,
        "prompt": problem.prompt,
        "test": problem.test,
        "entry_point": problem.entry_point,
    }
