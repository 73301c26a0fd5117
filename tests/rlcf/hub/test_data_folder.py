"""Problems out to `datasets` and back: nothing is lost, and what is no such file is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import Dataset, load_dataset

from rlcf.cli import main
from rlcf.errors import BadInput
from rlcf.problems import load_problems
from tests.rlcf.conftest import SmallSet


def test_problems_come_back_from_datasets_as_they_were(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert data_dir
    for name in ("humaneval-x", "multipl-e", "mbjp"):
        assert main(["data", "export", name, name]) == 0
        problems = load_problems(name)
        assert sorted(load_problems(f"./{name}"), key=str) == sorted(problems, key=str)
        loaded = load_dataset(f"./{name}", cache_dir=str(tmp_path / "cache"))
        assert {split: len(rows) for split, rows in loaded.items()} == {
            split: sum(problem.split == split for problem in problems)
            for split in {problem.split for problem in problems}
        }
    train = load_problems("mbjp", "train")
    assert loaded["train"]["prompt"][:] == [problem.prompt for problem in train]
    assert load_problems("./mbjp", "train") == train


def test_rows_that_datasets_has_are_problems_and_results_are_rows(
    small_set: SmallSet, tmp_path: Path
) -> None:
    table = tmp_path / "mine.parquet"
    Dataset.from_list(small_set.rows).to_parquet(str(table))
    assert load_problems(str(table)) == load_problems(str(small_set.path))
    samples = tmp_path / "samples.jsonl"
    Dataset.from_list(
        [json.loads(small_set.sample(small_set.right)), json.loads(small_set.sample("?"))]
    ).to_json(str(samples))
    assert main(["grade", str(samples), "--problems", str(table), "--engine", "local"]) == 0
    results = load_dataset(
        "json", data_files=str(tmp_path / "samples_results.jsonl"), cache_dir=str(tmp_path / "cache")
    )
    assert results["train"]["outcome"][:] == ["passed", "compile_error"]


def test_what_is_no_table_of_problems_is_named(
    small_set: SmallSet, tmp_path: Path, complaint: Callable[..., str]
) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadInput, match=r"broken\.parquet: can't be read as parquet"):
        load_problems(str(tmp_path / "broken.parquet"))
    (tmp_path / "empty").mkdir()
    assert "exists already" in complaint("data", "export", small_set.path, tmp_path / "empty")
    with pytest.raises(BadInput, match=r"no \*\.parquet in this folder"):
        load_problems(str(tmp_path / "empty"))
    Dataset.from_list([{"task_id": "A/1", "problem": '{"suite": 1}'}]).to_parquet(
        str(tmp_path / "old.parquet")
    )
    with pytest.raises(BadInput, match=r"old\.parquet:1: field 'problem'.*another version"):
        load_problems(str(tmp_path / "old.parquet"))
