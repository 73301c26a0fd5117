"""Pages of graded samples, and the runs of a folder in one table, as the commands write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from javabox import Outcome, Verdict
from rlcf.cli import main
from rlcf.evaluation.summary import evaluation_row, summarize
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.runtime.run_folder import RunFolder
from tests.rlcf.conftest import SmallSet
from tests.rlcf.report.test_report import PROBLEMS, Page, unpacked


def test_samples_of_two_files_stand_on_one_page(
    small_set: SmallSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, page = tmp_path / "old.jsonl", tmp_path / "new.jsonl", tmp_path / "page.html"
    old.write_text(small_set.sample(small_set.wrong_type), encoding="utf-8")
    new.write_text(small_set.sample(small_set.right), encoding="utf-8")
    common = ["--problems", str(small_set.path), "--engine", "local"]
    assert main(["grade", str(old), *common]) == 0
    against = ["--html", str(page), "--against", str(tmp_path / "old_results.jsonl")]
    assert main(["grade", str(new), *common, *against]) == 0
    assert f"page: {page}" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert [row["completion"] for row in unpacked(text)] == [small_set.right, small_set.wrong_type]
    assert small_set.rows[0]["prompt"] not in text, "packed"
    words = "".join(Page(text).words)
    assert "new1100.0 %" in words, "name, problems, compile"
    assert "old10.0 %" in words


def test_a_page_that_can_not_be_is_refused(complaint: Callable[..., str], small_set: SmallSet) -> None:
    Path("samples.jsonl").write_text(small_set.sample(small_set.right), encoding="utf-8")
    common = ("grade", "samples.jsonl", "--problems", small_set.path)
    assert "goes with --html" in complaint(*common, "--against", "other.jsonl")
    assert "no such results" in complaint(*common, "--html", "page.html", "--against", "other.jsonl")
    assert "there is no folder" in complaint(*common, "--html", "nowhere/page.html")
    assert "--merge" in complaint(*common, "--html", "page.html", "--shard", "1/2")
    piped = ("grade", "-", "--problems", small_set.path, "--html", "page.html")
    assert "needs the results as a file" in complaint(*piped)


def test_runs_are_listed_with_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, seed, right in (("one", 1, 5), ("two", 2, 15)):
        run = RunFolder(tmp_path / name)
        run.begin(override(Recipe(), {"seed": seed, "ppo.epochs": seed, "objective.steps": 9}), Machine())
        run.metrics({"step": 4, "reward": 0.25})
        for stage, passing in (("before", 5), ("after", right)):
            verdicts = [Verdict(Outcome.PASSED if at < passing else Outcome.FAILED) for at in range(20)]
            found = summarize(zip(PROBLEMS, verdicts, strict=True), [1], seconds=1.0, provenance={})
            run.evaluation(evaluation_row(found, stage=stage, split="test", temperature=0.8, n=1))
    assert main(["runs", str(tmp_path), "--json"]) == 0
    found_json = json.loads(capsys.readouterr().out)
    assert found_json["differ"] == ["objective.grounding", "seed", "ppo.epochs"]
    first, second = found_json["runs"]
    assert (first["run"], first["state"], first["step"], first["steps"]) == ("one", "done", 4, 9)
    assert (second["before"], second["after"], second["gain"][0]) == (0.25, 0.75, 0.5)
    assert main(["runs", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [word in " ".join(lines) for word in ("+50.0 [", "epochs", "4/9")] == [True] * 3


def test_a_folder_without_runs_is_refused(complaint: Callable[..., str], tmp_path: Path) -> None:
    assert "no such folder" in complaint("runs", "nowhere")
    assert "holds no runs" in complaint("runs", tmp_path)
