"""Shards are graded apart and joined: the results and the rates are those of one grading."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rlcf import BadInput
from rlcf.cli import main
from rlcf.evaluation.grade.shards import Shard
from tests.rlcf.conftest import SmallSet
from tests.rlcf.evaluation.grading.test_resume import timeless, told


def test_every_item_is_in_one_shard() -> None:
    for count in (1, 2, 7, 16):
        shards = [Shard(number, count) for number in range(1, count + 1)]
        for total in (0, 1, 15, 16, 17, 100):
            parts = [list(shard.of(range(total))) for shard in shards]
            assert sorted(item for part in parts for item in part) == list(range(total))
            assert [len(part) for part in parts] == [shard.size(total) for shard in shards]


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "1/0", "a/b", "-1/2", "1/100001", "1/2/3", ""])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"field 'shard': must be like 3/16"):
        Shard.parse(text)


def test_the_name_says_which() -> None:
    names = ["r.jsonl", "r", "a.b.json", "r.jsonl.gz"]
    found = [Shard(3, 16).path(Path("x") / name).name for name in names]
    assert found == ["r.3-of-16.jsonl", "r.3-of-16", "a.b.3-of-16.json", "r.3-of-16.jsonl.gz"]
    assert Shard().path(Path("r.jsonl")) == Path("r.jsonl")


def test_merged_shards_are_one_grading(
    small_set: SmallSet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    complaint: Callable[..., str],
) -> None:
    samples, cache = tmp_path / "s.jsonl", tmp_path / "verdicts.sqlite"
    texts = [
        small_set.right,
        "?",
        small_set.wrong_type,
        small_set.right + "\n",
        f"```\n{small_set.right}\n```",
    ]
    samples.write_text("".join(small_set.sample(text, at=at) for at, text in enumerate(texts * 2)))
    options = ["--problems", str(small_set.path), "--engine", "local", "--json", "--k", "1,10"]
    grade = ["grade", str(samples), *options, "--cache", str(cache)]
    assert main(grade) == 0
    whole = json.loads(capsys.readouterr().out)
    results = tmp_path / "s_results.jsonl"
    lines = results.read_bytes()
    results.unlink()
    for number in (1, 2, 3, 4):
        if number == 3:
            wanted = "s_results.3-of-4.jsonl: is not there: grade it with --shard 3/4"
            assert wanted in complaint("grade", samples, *options[:4], "--k", "1,10", "--merge", "4")
        assert main([*grade, "--shard", f"{number}/4"]) == 0
        part = json.loads(capsys.readouterr().out)
        assert part["shard"] == f"{number}/4"
        assert part["samples"] == (3 if number < 3 else 2)
        assert part["pass"]["10"] is None, "no ten samples of a problem in one shard"
        assert part["results"].endswith(f"s_results.{number}-of-4.jsonl")
    third = tmp_path / "s_results.3-of-4.jsonl"
    kept = third.read_bytes()
    third.write_bytes(kept[: kept.index(b"\n") + 1])
    told_so = complaint("grade", samples, *options[:4], "--merge", "4")
    assert "s_results.3-of-4.jsonl: ends after 1 results: finish it with --shard 3/4 --resume" in told_so
    third.write_bytes(kept.replace(b'"lane": "auto"', b'"lane": "strict"'))
    assert "was judged with lane strict, which is auto now" in complaint(
        "grade", samples, *options[:4], "--merge", "4"
    )
    third.write_bytes(kept)
    assert main(["grade", str(samples), *options, "--merge", "4"]) == 0
    merged = json.loads(capsys.readouterr().out)
    assert results.read_bytes() == lines, "kept verdicts have their times, so every byte is the same"
    assert told(merged) == told(whole)
    assert merged["pass"]["10"] == 1.0
    assert list(map(timeless, lines.splitlines())), "there is something to compare"


def test_options_that_contradict_are_refused(
    small_set: SmallSet, tmp_path: Path, complaint: Callable[..., str]
) -> None:
    samples = tmp_path / "s.jsonl"
    samples.write_text(small_set.sample("?"))
    grade = ("grade", samples, "--problems", small_set.path)
    assert "field 'merge': goes without --shard and --resume" in complaint(*grade, "--merge", "2", "--resume")
    assert "field 'merge': goes without" in complaint(*grade, "--merge", "2", "--shard", "1/2")
    assert "field 'merge': must be the number of shards" in complaint(*grade, "--merge", "1")
    assert "field 'shard': must be like 3/16" in complaint(*grade, "--shard", "5/3")
    stdin = ("grade", "-", "--problems", small_set.path)
    assert "field 'resume': needs the results of before: name" in complaint(*stdin, "--resume")
    assert "field 'merge': needs the samples as a file" in complaint(*stdin, "--merge", "2")
