"""The same texts in every form that they come in are the same samples, and no form is guessed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from javabox import Suite
from rlcf import BadInput
from rlcf.cli import main
from rlcf.evaluation.sample_writers import FORMS, write_samples
from rlcf.evaluation.samples import Sample, read_samples
from rlcf.problems.problem import Problem
from tests.rlcf.conftest import SmallSet

PROBLEMS = [
    Problem(f"X/{number}", f"class A{number} {{\n    static int f(int n) {{\n", Suite(), test="class Main {}")
    for number in range(3)
]
TEXTS = [["return 1;", "return 2;"], ["return 3;"], ["é\r\n", ""]]
"""A list a problem."""
PAIRS = [(problem, text) for problem, texts in zip(PROBLEMS, TEXTS, strict=True) for text in texts]

Rows = list[dict[str, Any]]


def each(fields: Callable[[Problem, str], dict[str, Any]]) -> Rows:
    return [fields(problem, text) for problem, text in PAIRS]


def chat(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "Write f."}, {"role": "assistant", "content": text}]


def choices(*texts: str) -> dict[str, Any]:
    return {
        "id": "c",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": t}} for t in texts],
    }


ROWS: dict[str, Rows] = {
    "mxeval": each(lambda p, t: {"task_id": p.task_id, "completion": t}),
    "evalplus": each(lambda p, t: {"task_id": p.task_id, "solution": p.prompt + t}),
    "codegeex": each(lambda p, t: {"task_id": p.task_id, "prompt": p.prompt, "generation": t}),
    "chat": each(lambda p, t: {"task_id": p.task_id, "messages": chat(t)}),
    "chat completion": each(lambda p, t: {"task_id": p.task_id, "completion": chat(t)[1:]}),
    "parts": each(
        lambda p, t: {
            "task_id": p.task_id,
            "messages": [{"role": "assistant", "content": [{"type": "text", "text": t}]}],
        }
    ),
    "openai": [{"task_id": p.task_id, **choices(*t)} for p, t in zip(PROBLEMS, TEXTS, strict=True)],
    "openai batch": [
        {"custom_id": p.task_id, "response": {"status_code": 200, "body": choices(*t)}}
        for p, t in zip(PROBLEMS, TEXTS, strict=True)
    ],
    "openai text": each(lambda p, t: {"task_id": p.task_id, "choices": [{"text": t}]}),
    "response": each(lambda p, t: {"task_id": p.task_id, "response": t}),
    "multipl-e rows": [{"name": p.task_id, "completions": t} for p, t in zip(PROBLEMS, TEXTS, strict=True)],
    "livecodebench": [
        {"question_id": p.task_id, "code_list": t} for p, t in zip(PROBLEMS, TEXTS, strict=True)
    ],
    "chats a row": [
        {"task_id": p.task_id, "samples": [chat(one) for one in t]}
        for p, t in zip(PROBLEMS, TEXTS, strict=True)
    ],
}
POSITIONAL: dict[str, Any] = {
    "bigcode": [[p.prompt + one for one in t] for p, t in zip(PROBLEMS, TEXTS, strict=True)],
    "lists": TEXTS,
    "lists of chats": [[chat(one) for one in texts] for texts in TEXTS],
}


def pairs(samples: list[Sample]) -> list[tuple[Problem, str]]:
    return [(sample.problem, sample.completion) for sample in samples]


@pytest.mark.parametrize("form", ROWS)
def test_rows_of_every_form_are_the_same_samples(form: str, tmp_path: Path) -> None:
    lines = [json.dumps({**row, "model": "m"}) for row in ROWS[form]]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    (tmp_path / "s.json").write_text("[\n" + ",\n".join(lines) + "\n]")
    (tmp_path / "s.json.gz").write_bytes(gzip.compress((tmp_path / "s.json").read_bytes()))
    for name in ("s.jsonl", "s.json", "s.json.gz"):
        samples = read_samples(str(tmp_path / name), PROBLEMS, "three")
        assert pairs(samples) == PAIRS
        for sample in samples:
            assert sample.row["task_id"] == sample.problem.task_id
            assert sample.row["completion"] == sample.completion
            assert sample.row["model"] == "m"


@pytest.mark.parametrize("form", POSITIONAL)
def test_arrays_are_in_the_problems_order(form: str, tmp_path: Path) -> None:
    path = tmp_path / "generations.json"
    path.write_text(json.dumps(POSITIONAL[form]))
    assert pairs(read_samples(str(path), PROBLEMS, "three")) == PAIRS
    with pytest.raises(BadInput, match=r"generations\.json:1: has item 3 for 2 problems of two"):
        read_samples(str(path), PROBLEMS[:2], "two")


def test_an_object_has_texts_by_name(tmp_path: Path) -> None:
    path = tmp_path / "all_codes.json"
    by_name = {p.task_id: t for p, t in zip(PROBLEMS, TEXTS, strict=True)}
    for indent in (None, 1):
        path.write_text(json.dumps(by_name, indent=indent))
        assert pairs(read_samples(str(path), PROBLEMS, "three")) == PAIRS
    path.write_text(json.dumps({"X/0": "a", "X/1": chat("b"), "X/9": "c"}))
    with pytest.raises(BadInput, match="field 'task_id': 'X/9' is not one of the 3 problems of three"):
        read_samples(str(path), PROBLEMS, "three")
    path.write_text(json.dumps({"task_id": "X/2", **choices("a", "b")}, indent=1))
    assert pairs(read_samples(str(path), PROBLEMS, "three")) == [(PROBLEMS[2], "a"), (PROBLEMS[2], "b")]


def test_an_array_of_texts_has_one_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps(["a", "b", "c"]))
    assert pairs(read_samples(str(path), PROBLEMS, "three")) == list(zip(PROBLEMS, "abc", strict=True))


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_of_completions_is_read(packed: bool, tmp_path: Path) -> None:
    for problem, texts in zip(PROBLEMS, TEXTS, strict=True):
        text = json.dumps({"name": problem.task_id, "language": "java", "completions": texts}, indent=1)
        name = problem.task_id.replace("/", "_")
        if packed:
            (tmp_path / f"{name}.json.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (tmp_path / f"{name}.json").write_text(text)
        (tmp_path / f"{name}.results.json").write_text("{}")
    assert pairs(read_samples(str(tmp_path), PROBLEMS, "three")) == PAIRS
    (tmp_path / "X_3.json").write_text('{"name": "X/0", "answers": []}')
    with pytest.raises(
        BadInput, match=r"X_3\.json:1: field 'completion': is missing, .*; there are name, ans"
    ):
        read_samples(str(tmp_path), PROBLEMS, "three")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"task_id": "X/0", "code": "a", "x": 1}',
            r"s\.json:1: field 'completion': is missing, and so are solution",
        ),
        ('{"task_id": "X/0", "code": "a", "x": 1}', "there are task_id, code, x"),
        (
            '{"problem": "X/0", "completion": "a"}',
            "field 'task_id': is missing; there are problem, completion",
        ),
        (
            '{"task_id": "X/0", "messages": [{"role": "user", "content": "a"}]}',
            "no message of the assistant's",
        ),
        (
            '{"task_id": "X/0", "completions": "a"}',
            "field 'completions': must be an array of texts, not a string",
        ),
        (
            '{"task_id": "X/0", "completions": ["a", 1]}',
            "field 'completions': must be a string, not a number",
        ),
        ('{"task_id": "X/0", "response": {"error": 1}}', "field 'response': must hold choices"),
        ('{"task_id": "X/0", "choices": []}', "field 'choices': must hold choices"),
        ('{"task_id": "X/0", "choices": [{"message": {"content": null}}]}', "must be a string, not null"),
        ('{"name": null, "completions": []}', "field 'name': must be a string, not null"),
        ('[["a"], 3]', r"s\.json:1: item 1 must be a string, not a number"),
        ('[["a"], {"task_id": "X/1"}]', "item 1 must be a string, not an object"),
        ('[["a"', "malformed JSON|must be a JSON object"),
        ("[]", "holds no samples"),
        ("[[], []]", "holds no samples"),
        ('[{"role": "user", "content": "a"}]', "field 'task_id': is missing; there are role, content"),
    ],
)
def test_what_is_in_no_form_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=message) as caught:
        read_samples(str(path), PROBLEMS, "three")
    assert "\n" not in str(caught.value)


def test_problems_of_one_name_take_its_samples_in_order(tmp_path: Path) -> None:
    first, second = PROBLEMS[:2]
    named = Problem("X/0 (2)", second.prompt, Suite(), sample_id="X/0")
    path = tmp_path / "s.jsonl"
    path.write_text('{"task_id": "X/0", "completion": "a"}\n{"task_id": "X/0", "completion": "b"}\n')
    assert pairs(read_samples(str(path), [first, named], "two")) == [(first, "a"), (named, "b")]
    path.write_text('{"task_id": "X/0", "completion": "a"}\n')
    with pytest.raises(BadInput, match="'X/0' names 2 problems and 1 samples"):
        read_samples(str(path), [first, named], "two")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", ["", "\n}}\n"])
def test_what_was_written_in_a_form_is_read_from_it(form: str, suffix: str, tmp_path: Path) -> None:
    problems = [replace(problem, suffix=suffix, stop_tokens=("\n}",)) for problem in PROBLEMS]
    written = [
        Sample(problem, text, {"task_id": problem.task_id, "completion": text, "seed": at})
        for at, (problem, text) in enumerate(zip([problems[0], problems[0], problems[2]], "abc", strict=True))
    ]
    out = tmp_path / "out"
    write_samples(written, problems, form, out)
    read = read_samples(str(out), problems, "three")
    assert pairs(read) == pairs(written)
    if form in ("mxeval", "evalplus", "codegeex", "chat"):
        assert [sample.row["seed"] for sample in read] == [0, 1, 2]
    if form == "multipl-e":
        assert sorted(file.name for file in out.iterdir()) == ["X_0.json.gz", "X_2.json.gz"]
        row = json.loads(gzip.decompress((out / "X_0.json.gz").read_bytes()))
        assert (row["name"], row["completions"], row["tests"]) == ("X/0", ["a", "b"], "class Main {}")
    if form == "bigcode":
        assert json.loads(out.read_text()) == [
            [f"{PROBLEMS[0].prompt}a", f"{PROBLEMS[0].prompt}b"],
            [],
            [PROBLEMS[2].prompt + "c"],
        ]


def test_the_command_converts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], small_set: SmallSet
) -> None:
    samples, folder, back = tmp_path / "s.jsonl", tmp_path / "folder", tmp_path / "back.jsonl"
    samples.write_text(small_set.sample(small_set.right) + small_set.sample("x"))
    problems = ["--problems", str(small_set.path)]
    assert main(["data", "convert", str(samples), str(folder), "--to", "multipl-e", *problems]) == 0
    assert main(["data", "convert", str(folder), str(back), "--to", "mxeval", *problems]) == 0
    assert capsys.readouterr().out == f"2 samples as multipl-e: {folder}\n2 samples as mxeval: {back}\n"
    rows = [json.loads(line) for line in back.read_text().splitlines()]
    assert [row["completion"] for row in rows] == [small_set.right, "x"]
    assert main(["data", "convert", str(samples), str(folder), "--to", "multipl-e", *problems]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["data", "convert", str(samples), str(samples), "--to", "chat", *problems]) == 2
    assert "would overwrite" in capsys.readouterr().err
