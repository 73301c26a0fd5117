"""One server for the tests that leave it as it was, and completions of many kinds for it to judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rlcf.problems import Problem, load_problems
from tests.rlcf.service.running import Served, served

KINDS = 5


@pytest.fixture(scope="session")
def server(data_dir: Path) -> Iterator[Served]:
    assert data_dir
    with served("--problems", "mbjp", "--queue", "512", started=True) as running:
        yield running


@pytest.fixture(scope="session")
def answered(data_dir: Path) -> list[tuple[Problem, str]]:
    """120 completions of MBJP: references, wrong values, compile errors, exceptions, fenced replies."""
    assert data_dir
    problems = [one for one in load_problems("mbjp") if one.reference and one.suite.names][:120]
    return [(problem, _kind(problem, index % KINDS)) for index, problem in enumerate(problems)]


def _kind(problem: Problem, kind: int) -> str:
    right = str(problem.reference)
    if kind == 1:
        return right.replace("return", "retrun")
    if kind == 2:
        thrown = 'if (System.nanoTime() != 0) throw new IllegalStateException("\ud800");'
        return f"        {thrown}\n{right}"
    if kind == 3:
        return f"Sure:\n```java\n{problem.prompt}{right}\n```\nThat is all. \ud800"
    return right.replace("return ", "return 7 + ", 1) if kind == 4 else right
