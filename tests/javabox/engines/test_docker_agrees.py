"""The docker and the local engine say the same of 300 real samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from javabox import Job, Judge
from javabox.engines import docker
from rlcf.problems.load import load_problems


def jobs(data_set: str, samples: Path, count: int) -> list[Job]:
    """The first completion of `count` problems, spread evenly over the file."""
    problems = {problem.task_id: problem for problem in load_problems(data_set)}
    rows = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    return [problems[row["task_id"]].job(row["completion"]) for row in rows[:: len(rows) // count][:count]]


def test_the_engines_agree_on_300_samples(data_dir: Path, judge: Judge) -> None:
    if not docker.answers():
        pytest.skip("no Docker engine answers")
    asked = jobs("mbjp", data_dir / "mbxp/mbjp_samples.jsonl", 150)
    asked += jobs("mathqa", data_dir / "mathqa/mathqa_java_samples.jsonl", 150)
    local = judge.grade(asked)
    with Judge(engine="docker") as other:
        contained = other.grade(asked)
    assert len(local) == len(contained) == 300
    assert [evidence(verdict) for verdict in contained] == [evidence(verdict) for verdict in local]
    assert len({verdict.outcome for verdict in local}) >= 3


def evidence(verdict: Any) -> dict[str, Any]:
    """All of a verdict but the time that it took."""
    return {name: value for name, value in verdict.to_json().items() if name != "wall_ms"}
