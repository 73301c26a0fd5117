"""Problems that are divided into `sft` and `rl`: the corpus is of the one part, PPO asks the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.grounding.table import grounding_entry
from rlcf.problems import load_problems
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.check import check_parts, needs_references
from rlcf.training.data import load_data
from tests.rlcf.conftest import SmallSet


@pytest.fixture
def divided(small_set: SmallSet, tmp_path: Path) -> Recipe:
    """Six problems of `sft`, of which one has no reference, four of `rl` without any, two of `validation`."""
    rows = [dict(small_set.rows[0]) for _ in range(12)]
    for index, row in enumerate(rows):
        row["task_id"], row["prompt"] = f"T/{index}", f"// {index}\n{row['prompt']}"
        row["split"] = "sft" if index < 6 else "rl" if index < 10 else "validation"
        if row["split"] == "rl" or index == 0:
            row["canonical_solution"] = None
    path = tmp_path / "divided.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return override(
        Recipe(),
        {
            "data.problems": str(path),
            "evaluation.split": "validation",
            "data.corpus_problems": 0,
            "data.corpus_noise": 0.0,
        },
    )


def test_the_parts_of_a_file_stay_apart(divided: Recipe, judge: Judge) -> None:
    data = load_data(divided, judge, references=False)
    by_id = {problem.task_id: problem for problem in load_problems(divided.data.problems)}
    assert {problem.task_id for problem in data.train} == {f"T/{index}" for index in range(6, 10)}
    assert {problem.prompt for problem, _ in data.corpus} == {
        by_id[f"T/{index}"].prompt for index in range(1, 6)
    }
    assert {problem.task_id for problem in data.evaluation} == {"T/10", "T/11"}
    fewer = load_data(override(divided, {"data.corpus_problems": 3}), judge, references=False)
    assert len({problem.prompt for problem, _ in fewer.corpus}) in (
        2,
        3,
    )  # the one without a reference may be of them
    assert fewer.train == data.train


def test_a_grounding_that_needs_references_finds_none_in_the_withheld_part(
    divided: Recipe, judge: Judge
) -> None:
    with pytest.raises(BadInput, match=r"withheld for RL .* no references"):
        load_data(divided, judge, references=True)


def test_an_anchor_on_the_corpus_needs_no_references_of_the_withheld_part(
    divided: Recipe, judge: Judge
) -> None:
    fields = {"objective.sft_coef": 1.0, "objective.sft_problems": 2, "supervised.steps": 0}
    recipe = override(divided, {**fields, "model.name": "a/model"})
    assert not needs_references(recipe, grounding_entry("tests"))
    data = load_data(recipe, judge, references=False)
    assert {problem.task_id for problem in data.solved} == {f"T/{index}" for index in range(1, 6)}
    with pytest.raises(BadInput, match=r"sft_problems.*sft_coef"):
        check_parts(override(recipe, {"objective.sft_coef": 0.0}), grounding_entry("tests"))


def test_a_split_that_no_file_can_have_is_refused(divided: Recipe, tmp_path: Path) -> None:
    row = json.loads(Path(divided.data.problems).read_text().splitlines()[0])
    bad = tmp_path / "bad.jsonl"
    bad.write_text(json.dumps(row | {"split": "dev"}))
    with pytest.raises(BadInput, match=r"bad.jsonl:1: field 'split': must be one of .*sft, rl, not 'dev'"):
        load_problems(str(bad))


def test_problems_for_rl_alone_are_those_that_a_generator_makes(divided: Recipe, judge: Judge) -> None:
    same = load_data(override(divided, {"data.rl_problems": 5}), judge, references=False)
    assert same.train == load_data(divided, judge, references=False).train, "nothing makes more of a file"
    fields = {"data.train_problems": 60, "data.corpus_problems": 40, "data.rl_problems": 30}
    made = override(Recipe(), fields | {"evaluation.split": "validation", "evaluation.every": 2})
    data = load_data(made, judge, references=False)
    assert {problem.split for problem in data.train} == {"rl"}
    assert len(data.train) == 30
    assert {problem.split for problem, _ in data.corpus} == {"train"}
    assert data.validation == data.evaluation
    assert not load_data(override(made, {"evaluation.every": 0}), judge, references=False).validation


def test_without_a_validation_split_there_is_no_evaluation_on_it(
    small_set: SmallSet, tmp_path: Path, judge: Judge
) -> None:
    rows = [dict(small_set.rows[0], task_id=f"T/{at}", split=("train", "test")[at % 2]) for at in range(4)]
    path = tmp_path / "two.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = {"data.problems": str(path), "data.corpus_problems": 0, "evaluation.every": 5}
    with pytest.raises(BadInput, match=r"evaluation\.every.*no split 'validation'.*0 evaluates before"):
        load_data(override(Recipe(), fields), judge, references=False)
