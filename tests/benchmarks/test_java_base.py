"""The recipe for a base on real Java, small: from a corpus file to both groundings, and its measures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.discriminators_on_java import calibration_error
from benchmarks.likeness import COLUMNS, evaluations, is_stub, likeness, measures
from javabox import Judge
from rlcf.errors import BadInput
from rlcf.machine import Machine
from rlcf.model_name import Size
from rlcf.policy.tiny import SHAPES, tiny_config
from rlcf.problems import load_problems
from rlcf.recipes import load_recipe
from rlcf.training.data import LONGEST_ROW, further_rows
from rlcf.training.run import train

SIGNS = ("+", "-", "*", "/", "%", "&", "|", "^")
SMALL = {
    "model.name": "tiny",
    "data.train_problems": 6,
    "data.corpus_problems": 3,
    "supervised.steps": 2,
    "supervised.tokens": 256,
    "rollout.prompts_per_step": 2,
    "rollout.samples_per_prompt": 2,
    "rollout.max_new_tokens": 8,
    "objective.steps": 1,
    "objective.minibatches": 1,
    "discriminator.samples": 2,
    "discriminator.made": 2,
    "discriminator.steps": 1,
    "evaluation.problems": 2,
    "evaluation.samples": 1,
}
END = "    }\n}\n"


def problem_row(number: int, sign: str, split: str) -> dict[str, object]:
    """A problem as `rlcf data build jdk` writes it."""
    return {
        "task_id": f"JDK/{number}",
        "prompt": f"class A{number} {{\n    /** Joins both. */\n    int join(int a, int b) {{\n",
        "canonical_solution": f"        int joined = a {sign} (b + 1);\n        return joined;\n{END}",
        "compile_only": True,
        "split": split,
        "licence": "MIT",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Problems and a corpus beside them."""
    rows = [problem_row(at, sign, "train" if at < 6 else "test") for at, sign in enumerate(SIGNS)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "problems.jsonl").write_text(lines, encoding="utf-8")
    corpus = [
        {"prompt": "class B {\n    int f() {\n", "completion": f"        return {n};\n{END}"}
        for n in range(9)
    ]
    corpus.append({"prompt": "class B {\n", "completion": "x" * LONGEST_ROW})
    lines = "".join(json.dumps(row) + "\n" for row in corpus)
    (tmp_path / "corpus.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("grounding", ["rlcf", "compiler"])
def test_the_recipe_runs_small(folder: Path, grounding: str) -> None:
    files = {"data.problems": str(folder / "problems.jsonl"), "data.corpus": str(folder / "corpus.jsonl")}
    recipe = load_recipe("java-base-gpu", {**SMALL, **files, "objective.grounding": grounding})
    train(recipe, folder / "run", machine=Machine(rails="warn"))
    found = list(evaluations(folder / "run"))
    assert [name for name, _, _ in found] == [
        "before, T = 0.0", "before, T = 0.8", "after, T = 0.0", "after, T = 0.8",
    ]  # fmt: skip
    for _, rows, by_id in found:
        assert len(measures(rows, by_id)) == len(COLUMNS)


def test_what_compiles_is_measured_beside_stubs_and_likeness(folder: Path) -> None:
    problems = load_problems(str(folder / "problems.jsonl"), "test")
    texts = [str(problems[0].reference), f"        return 0;\n{END}", f"        return c;\n{END}"]
    with Judge() as judge:
        verdicts = judge.grade([problems[0].job(text) for text in texts])
    rows = [
        {"task_id": problems[0].task_id, "completion": text, "compiled": verdict.compiled}
        for text, verdict in zip(texts, verdicts, strict=True)
    ]
    samples, compiled, stubs, *shares = measures(rows, {problems[0].task_id: problems[0]})
    assert (samples, compiled, stubs) == ("3", "66.7%", "50.0%")
    assert all(0.333 <= float(share) < 0.7 for share in shares)
    assert likeness(problems[0], texts[0]) == (1.0, 1.0, 1.0)
    assert [is_stub(problems[0], text) for text in texts[:2]] == [False, True]


def test_long_rows_of_a_corpus_are_left_out_and_none_is_none(folder: Path) -> None:
    rows = further_rows(str(folder / "corpus.jsonl"))
    assert [completion for _, completion in rows] == [f"        return {n};\n{END}" for n in range(9)]
    assert further_rows("") == []
    with pytest.raises(BadInput, match="no such corpus"):
        further_rows(str(folder / "none.jsonl"))


def test_bases_have_the_sizes_that_their_names_say() -> None:
    sizes: tuple[tuple[Size, int], ...] = (("base-30m", 30), ("base-100m", 91))
    for name, millions in sizes:
        size, config = SHAPES[name], tiny_config(name)
        layer = 4 * config.hidden_size**2 + 3 * config.hidden_size * config.intermediate_size
        parameters = size.layers * layer + size.vocabulary * size.width
        assert parameters / 1e6 == pytest.approx(millions, rel=0.02)


def test_calibration_is_the_distance_of_what_is_said_from_what_is_so() -> None:
    assert calibration_error([(0.75, True), (0.75, True), (0.75, True), (0.75, False)]) == pytest.approx(0.0)
    assert calibration_error([(1.0, False), (0.0, True)]) == pytest.approx(1.0)
    assert calibration_error([]) == 0.0
