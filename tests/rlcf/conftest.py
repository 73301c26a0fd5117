"""A small problem set from MBJP with known verdicts, and the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rlcf.cli import main


@dataclass(frozen=True)
class SmallSet:
    """Three MBJP problems in a file of their own, with completions of the first."""

    path: Path
    rows: list[dict[str, Any]]

    @property
    def task_id(self) -> str:
        return str(self.rows[0]["task_id"])

    @property
    def right(self) -> str:
        return str(self.rows[0]["canonical_solution"])

    wrong_type = '        return "text";\n    }\n}'
    """Does not compile: no problem of the set returns a String."""

    def sample(self, completion: object, **more: object) -> str:
        """A line for the first problem."""
        return json.dumps({"task_id": self.task_id, "completion": completion, **more}) + "\n"


@pytest.fixture(scope="session")
def small_set(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallSet:
    with (data_dir / "mbxp" / "mbjp_release_v1.2.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    asked = [row for row in rows if row["canonical_solution"] and "static int " in row["prompt"]]
    chosen = [row for row in asked if int(row["task_id"].removeprefix("MBJP/")) > 10][:3]  # MBPP's test split
    path = tmp_path_factory.mktemp("problems") / "three.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in chosen), encoding="utf-8")
    return SmallSet(path, chosen)


@pytest.fixture
def complaint(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Runs `rlcf` in this process (a new one takes a second) and returns the line that it refuses with."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str | Path) -> str:
        code = main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        assert code == 2, err
        assert out == ""
        assert err.startswith("rlcf: ")
        assert err.count("\n") == 1
        return err

    return run
