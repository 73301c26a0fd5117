"""The examples run as they stand, in a folder of their own, as a reader would run them."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from rlcf import load_recipe
from tests.rlcf.conftest import SmallSet
from tests.rlcf.conftest import small_set as small_set
from tests.rlcf.processes import begin

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(example: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / example, *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(EXAMPLES.parent)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_program(file: Path) -> None:
    """As `python FILE` does."""
    sys.argv[:] = [str(file)]
    sys.path.insert(0, str(file.parent))
    runpy.run_path(str(file), run_name="__main__")


def run_forked(example: str, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """In a process that has imported torch."""
    monkeypatch.chdir(cwd)
    running = begin(as_program, EXAMPLES / example, folder=cwd)
    assert running.wait(600) == 0, running.err.read_text()
    return running.out.read_text()


@pytest.mark.parametrize(
    ("example", "lines"), [("rl_loop.py", 200), ("own_grounding.py", 39), ("grade_a_file.py", 39)]
)
def test_examples_are_short(example: str, lines: int) -> None:
    assert len((EXAMPLES / example).read_text(encoding="utf-8").splitlines()) <= lines


def test_the_whole_idea_on_one_page(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_dir
    said = run_forked("rl_loop.py", tmp_path, monkeypatch)
    lines = [line.split(" s  ", 1)[1] for line in said.splitlines()]
    rates = r"compile (\d+)%, exec (\d+)%, pass (\d+)%"
    for line, when in ((lines[0], "before"), (lines[-1], "after")):
        found = re.fullmatch(f"{when}: {rates}", line)
        assert found, line
        compiled, executed, passed = map(int, found.groups())
        assert compiled >= executed >= passed
        assert compiled > 20, "pre-training taught it some Java"
    steps = [
        re.fullmatch(r"step (\d+): reward [+-]\d\.\d\d, loss [+-]\d\.\d{3}", line) for line in lines[1:-1]
    ]
    assert [int(step[1]) for step in steps if step] == list(range(1, len(lines) - 1))


def test_a_grounding_of_ones_own(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_dir
    assert "trained" in run_forked("own_grounding.py", tmp_path, monkeypatch)
    folder = tmp_path / "runs" / "own-grounding"
    recipe = load_recipe(str(folder / "recipe.toml"))
    assert recipe.objective.grounding == f"{EXAMPLES / 'own_grounding.py'}:short_and_right"
    rows = [json.loads(line) for line in (folder / "completions.jsonl").read_text().splitlines()]
    rollouts = [row for row in rows if row["stage"] == "rollout"]
    assert len(rollouts) == 2 * 16 * 4
    assert all(row["score"] == -1.0 for row in rollouts if row["outcome"] == "compile_error")


def test_a_file_is_graded_and_grounded(small_set: SmallSet, tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_text(
        small_set.sample(small_set.right) + small_set.sample(small_set.wrong_type)
    )
    said = run("grade_a_file.py", "samples.jsonl", str(small_set.path), cwd=tmp_path)
    assert "2 samples, outcomes: {'passed': 1, 'compile_error': 1}" in said
    assert "pass@1 50%" in said
    assert "mean score by compiler: +0.00" in said
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 2
