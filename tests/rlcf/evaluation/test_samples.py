"""Samples are read whole or refused with file, line and field."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from rlcf import BadInput, Problem, load_problems
from rlcf.evaluation.samples import Samples, read_samples
from tests.rlcf.conftest import SmallSet


@pytest.fixture(scope="module")
def problems(small_set: SmallSet) -> list[Problem]:
    return load_problems(str(small_set.path))


def test_every_field_is_carried_and_anything_may_be_in_a_completion(
    problems: list[Problem], small_set: SmallSet, tmp_path: Path
) -> None:
    completions = ["", "\0", "\ud800 lone", "x" * 10_000_000, "é𝄞\r\n\u2028", small_set.right]
    text = "".join(small_set.sample(c, model={"name": "m"}, at=i) for i, c in enumerate(completions))
    plain, packed = tmp_path / "s.jsonl", tmp_path / "s.jsonl.gz"
    plain.write_text(text, encoding="ascii")
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.replace("\n", "\r\n\n").encode()))
    for path in (plain, packed):
        samples = read_samples(str(path), problems, "three")
        assert [sample.completion for sample in samples] == completions
        assert [sample.row["at"] for sample in samples] == list(range(len(completions)))
        assert samples[0].row["model"] == {"name": "m"}
        assert {sample.problem.task_id for sample in samples} == {small_set.task_id}


def test_problems_without_samples_are_known(
    problems: list[Problem], small_set: SmallSet, tmp_path: Path
) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(small_set.sample("") * 2)
    for asked in (problems, problems[:1]):
        samples = Samples(str(path), asked, "three")
        samples.check()
        assert samples.unanswered() == [problem.task_id for problem in asked[1:]]
        assert samples.counts == {small_set.task_id: 2}


def test_a_raw_surrogate_in_the_bytes_is_read(
    problems: list[Problem], small_set: SmallSet, tmp_path: Path
) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(small_set.sample("A").replace('"A"', '"\ud800"').encode("utf-8", "surrogatepass"))
    assert read_samples(str(path), problems, "three")[0].completion == "\ud800"


BAD_LINES = [
    ('{"task_id": "MBJP/1", "completion": "', "malformed JSON"),
    ("[1, 2]", "must be a JSON object, not an array"),
    ("null", "must be a JSON object, not null"),
    ('{"completion": ""}', "field 'task_id': is missing"),
    ('{"task_id": "TASK"}', "field 'completion': is missing"),
    ('{"task_id": 3, "completion": ""}', "field 'task_id': must be a string, not a number"),
    ('{"task_id": "TASK", "completion": ["a"]}', "field 'completion': must be a string, not an array"),
    ('{"task_id": "TASK", "completion": null}', "field 'completion': must be a string, not null"),
    ('{"task_id": "Nope/1", "completion": ""}', r"field 'task_id': 'Nope/1' is not one of .* three"),
    ('{"task_id": "\\ud800", "completion": ""}', r"'\\ud800' is not one of"),
    ("[" * 100_000, "malformed JSON"),
    ('{"completion": ' + "9" * 5000 + "}", "malformed JSON"),
]


@pytest.mark.parametrize(("line", "message"), BAD_LINES, ids=[message for _, message in BAD_LINES])
def test_a_bad_line_is_named(
    line: str, message: str, problems: list[Problem], small_set: SmallSet, tmp_path: Path
) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(small_set.sample("") + "\n" + line.replace("TASK", small_set.task_id) + "\n")
    with pytest.raises(BadInput, match=message) as caught:
        read_samples(str(path), problems, "three")
    assert str(caught.value).startswith(f"{path}:3: ")
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_named(problems: list[Problem], tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'{"task_id": "\xff"}\n')
    with pytest.raises(BadInput, match=r"s\.jsonl:1: is not UTF-8"):
        read_samples(str(path), problems, "three")


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_samples_is_refused(text: str, problems: list[Problem], tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(text)
    with pytest.raises(BadInput, match="holds no samples"):
        read_samples(str(path), problems, "three")


def test_unreadable_files_are_named(problems: list[Problem], tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps({"task_id": "a" * 1000}).encode())
    (tmp_path / "short.gz").write_bytes(packed[:-9])
    (tmp_path / "plain.gz").write_bytes(b"{}\n")
    (tmp_path / "folder").mkdir()
    for name, message in (
        ("short.gz", "not a whole gzip file"),
        ("plain.gz", "not a whole gzip file"),
        ("folder", "is a folder without a NAME.json"),
        ("nowhere", "can't be read: No such file"),
    ):
        with pytest.raises(BadInput, match=message):
            read_samples(str(tmp_path / name), problems, "three")
