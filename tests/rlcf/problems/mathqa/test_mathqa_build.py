"""MathQA's training problems: the form of the test split, nothing from it, right by the judge."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from javabox import Judge
from rlcf.cli import main
from rlcf.errors import BadInput
from rlcf.problems import Problem, load_problems
from rlcf.problems.load import built_path
from rlcf.problems.mathqa import (
    BadFormula,
    Built,
    NoValue,
    Question,
    build,
    read_formula,
    read_questions,
    training_file,
    write,
)
from rlcf.problems.mathqa.build import convert
from rlcf.problems.mathqa.form import form_of, with_numbers
from rlcf.problems.mathqa.questions import same_text, template

pytestmark = pytest.mark.usefixtures("data_dir")

SAMPLE = 200


@pytest.fixture(scope="module")
def train() -> list[Question]:
    return read_questions(training_file("train"))


@pytest.fixture(scope="module")
def released_split() -> list[Problem]:
    return load_problems("mathqa", "test")


@pytest.fixture(scope="module")
def sample(train: list[Question], released_split: list[Problem]) -> list[Question]:
    """Training questions by chance, of the rare operations too, and all that occur in the test split."""
    tested = {same_text(problem.description) for problem in released_split}
    overlapping = [question for question in train if same_text(question.text) in tested]
    rare = [question for question in train if "sphere" in question.formula or "lcm" in question.formula][:40]
    return random.Random(0).sample(train, SAMPLE) + rare + overlapping


@pytest.fixture(scope="module")
def built(sample: list[Question], released_split: list[Problem], judge: Judge) -> Built:
    validation = read_questions(training_file("dev"))[:30]
    return build([*sample, *validation[:2]], validation, released_split, judge, sft_share=0.4)


def question(text: str, formula: str, value: float | None = None, line: int = 1) -> Question:
    return Question(text, formula, value, "train.json", line)


def test_references_of_a_sample_pass_and_those_of_another_value_do_not(
    built: Built, sample: Sequence[Question], released_split: list[Problem], judge: Judge
) -> None:
    assert len(built.train.passed) >= 0.99 * built.train.questions
    off = [Question(q.text, q.formula, (q.value or 0.0) + 1e-5, q.file, q.line) for q in sample[:40]]
    converted = convert(off, form_of(released_split[0]), judge, name="off", form="steps")
    assert converted.passed == []
    assert all(left.why.startswith("as doubles the formula gives") for left in converted.failed)


def test_every_released_problem_has_the_form_that_is_built(released_split: list[Problem]) -> None:
    shape = form_of(released_split[0])
    strange = []
    for problem in released_split:
        assert problem.suite.cases[0].expected is not None
        fields = shape.fields(problem.task_id, problem.description, float(problem.suite.cases[0].expected))
        if (fields["prompt"], fields["test"]) != (problem.prompt, problem.test):
            strange.append(problem.task_id)
    # The prompt of one says "java" where its description says "python".
    assert ["python" in problem.description for problem in released_split if problem.task_id in strange] == [
        True
    ]


def test_a_built_problem_is_a_released_one_but_for_text_and_value(
    built: Built, released_split: list[Problem]
) -> None:
    released = released_split[0]
    for problem in built.problems[:20]:
        text, asked = with_numbers(problem.description), with_numbers(released.description)
        assert problem.prompt == released.prompt.replace(asked, text)
        case, other = problem.suite.cases[0], released.suite.cases[0]
        assert problem.test == released.test.replace(str(other.expected), str(case.expected))
        assert (case.tolerance, case.code) == (1e-7, other.code)


def test_no_training_problem_occurs_in_the_test_or_validation_split(
    built: Built, released_split: list[Problem]
) -> None:
    trained = [one.description for one in built.problems if one.split in ("sft", "rl")]
    held_out = [
        one.description for one in (*released_split, *built.problems) if one.split not in ("sft", "rl")
    ]
    assert {same_text(text) for text in trained} & {same_text(text) for text in held_out} == set()
    assert len(built.in_test) >= 55  # those that README.md of the data counts
    assert len(built.in_validation) >= 2
    assert len(trained) >= SAMPLE * 0.9


def test_parts_share_no_template_and_rl_has_no_reference(built: Built) -> None:
    templates = {
        split: {template(one.description) for one in built.problems if one.split == split}
        for split in ("sft", "rl")
    }
    assert templates["sft"] & templates["rl"] == set()
    share = len(templates["sft"]) / sum(map(len, templates.values()))
    assert 0.25 < share < 0.55
    assert {(one.split, one.reference is None) for one in built.problems} == {
        ("sft", False),
        ("rl", True),
        ("validation", False),
    }


def test_withheld_problems_keep_their_references_where_they_are_asked_for(
    built: Built, sample: list[Question], released_split: list[Problem], judge: Judge
) -> None:
    kept = build(sample[:100], [], released_split, judge, sft_share=0.4, keep_references=True)
    withheld = [one for one in kept.problems if one.split == "rl"]
    assert withheld
    assert all(one.reference for one in withheld)
    without = {one.task_id: one for one in built.problems}
    assert {one.split for one in map(without.get, (one.task_id for one in withheld)) if one} == {"rl"}


def test_the_division_depends_on_nothing_but_template_and_share(
    built: Built, sample: list[Question], released_split: list[Problem], judge: Judge
) -> None:
    again = build(sample[:100][::-1], [], released_split, judge, sft_share=0.4)
    split_of = {one.description: one.split for one in built.problems}
    assert all(split_of.get(one.description, one.split) == one.split for one in again.problems)
    more = build(sample[:100], [], released_split, judge, sft_share=0.7)
    grown = {one.description for one in more.problems if one.split == "sft"}
    assert {one.description for one in again.problems if one.split == "sft"} < grown


def test_numbers_and_templates_are_those_of_the_published_lists(
    train: list[Question], released_split: list[Problem], data_dir: Path
) -> None:
    known = {template(question.text) for question in train}
    disjoint = {one.task_id for one in released_split if template(one.description) not in known}
    listed = set((data_dir / "mathqa" / "test_template_disjoint.txt").read_text().split())
    assert disjoint == listed
    assert {one.task_id for one in released_split if one.part == "template-disjoint"} == listed
    texts = {same_text(question.text) for question in train}
    occurring = {one.task_id for one in released_split if same_text(one.description) in texts}
    assert occurring >= set((data_dir / "mathqa" / "test_exact_in_train.txt").read_text().split())


def test_what_is_written_is_loaded_by_name_and_by_path(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(BadInput, match="rlcf data build mathqa"):
        load_problems("mathqa", "train")
    write(built, built_path("mathqa"))
    first = built_path("mathqa").read_bytes()
    write(built, built_path("mathqa"))
    assert built_path("mathqa").read_bytes() == first
    by_split = Counter(problem.split for problem in built.problems)
    for split, count in by_split.items():
        assert len(load_problems("mathqa", split)) == count
        assert load_problems(str(built_path("mathqa")), split) == load_problems("mathqa", split)
    trained = load_problems("mathqa", "train")
    assert Counter(one.split for one in trained) == {"sft": by_split["sft"], "rl": by_split["rl"]}
    assert trained == [one for one in built.problems if one.split != "validation"]
    assert len(load_problems("mathqa")) == 1883


def test_array_and_lines_are_read_alike(tmp_path: Path) -> None:
    rows = [
        {"Problem": f"what is {n} + 1 ?", "linear_formula": "add(n0,n1)|", "options": "a ) 1"} for n in (1, 2)
    ]
    lines, array, pretty = (tmp_path / name for name in ("a.jsonl", "a.json", "pretty.json"))
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    array.write_text("[" + ",\n".join(json.dumps(row) for row in rows) + "]\n")
    pretty.write_text(json.dumps(rows, indent=4))
    found = [[(q.text, q.formula, q.value) for q in read_questions(path)] for path in (lines, array, pretty)]
    assert found[0] == found[1] == found[2]
    assert [[q.line for q in read_questions(path)] for path in (lines, array, pretty)] == [
        [1, 2],
        [1, 2],
        [2, 7],
    ]


def test_without_a_value_the_formulas_is_expected(released_split: list[Problem], judge: Judge) -> None:
    asked = [question("what is 7 % of 50 ?", "divide(n0,const_100)|multiply(#0,n1)|")]
    converted = convert(asked, form_of(released_split[0]), judge, name="one")
    assert converted.passed[0][1].suite.cases[0].expected == "3.5000000000000004"


@pytest.mark.parametrize(
    ("formula", "kind", "message"),
    [
        ("add(n0,n1)|cube_root(#0)|", BadFormula, r"step 1: there is no operation 'cube_root'"),
        ("add(#1,n1)|add(n0,n1)|", BadFormula, r"step 0: #1: only 0 steps come before it"),
        ("add(n0,n2)|", BadFormula, r"step 0: n2: the text has 2 numbers"),
        ("add(n0)|", BadFormula, r"step 0: add takes 2 arguments, not 1"),
        ("add(n0,const_ten)|", BadFormula, r"'const_ten' is neither"),
        ("add(n0,n1", BadFormula, r"is not operation"),
        ("add(n0,n1)||add(n0,n1)|", BadFormula, r"step 1: '' is not operation"),
        ("", BadFormula, r"has no step"),
        ("subtract(n0,n0)|divide(n1,#0)|", NoValue, r"step 1: divide\(n1,#0\) divides by zero"),
        ("subtract(n0,n0)|reminder(n1,#0)|", NoValue, r"step 1: reminder\(n1,#0\) divides by zero"),
        ("power(const_1000,const_1000)|", NoValue, r"too large for a double"),
        ("power(const_10,const_180)|multiply(#0,#0)|", NoValue, r"step 1: .* too large for a double"),
        ("negate(n1)|sqrt(#0)|", NoValue, r"not defined for its arguments"),
        ("negate(n1)|factorial(#0)|", NoValue, r"not defined for its arguments"),
        ("power(const_10,const_6)|choose(#0,#0)|", NoValue, r"too large"),
    ],
)
def test_a_formula_that_cannot_be_used_is_refused_with_its_place(
    formula: str, kind: type[BadInput], message: str
) -> None:
    with pytest.raises(kind, match=rf"^train.json:17: field 'linear_formula': .*{message}"):
        read_formula(formula, [3.0, 2.0], file="train.json", line=17)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '{"Problem": "1 + 1", "linear_formula": "add(n0,n1)|"}\n{"Problem": ',
            r"bad.json:2: malformed JSON",
        ),
        ('[{"Problem": "1", "linear_formula": "sqrt(n0)"},\n{"Problem": ]', r"bad.json:2: malformed JSON"),
        ('[{"Problem": "1", "linear_formula": "sqrt(n0)"}\n{}]', r"bad.json:2: malformed JSON: the array"),
        ('[{"Problem": "1", "linear_formula": "sqrt(n0)"},\n\n3]', r"bad.json:3: must be a JSON object"),
        ('[{"Problem": "1", "linear_formula": "sqrt(n0)"}]\nmore', r"bad.json:2: malformed JSON: something"),
        (
            '[{"Problem": "1", "linear_formula": "sqrt(n0)"},\n{"Problem": "1"}]',
            r"bad.json:2: field 'linear_formula'",
        ),
        ('{"Problem": " ", "linear_formula": "sqrt(n0)"}', r"bad.json:1: field 'Problem'"),
        ('{"Problem": "1", "linear_formula": "sqrt(n0)", "value": "1"}', r"bad.json:1: field 'value'"),
        ('{"Problem": "1", "linear_formula": "sqrt(n0)", "value": NaN}', r"bad.json:1: field 'value'"),
        ('{"Problem": "1", "linear_formula": "sqrt(n0)", "value": 1' + "0" * 400 + "}", r"field 'value'"),
        ("[]", r"bad.json: is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(
    content: str, message: str, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(content)
    with pytest.raises(BadInput, match=message):
        read_questions(bad)


def test_a_formula_without_a_value_is_left_out_with_its_place(
    released_split: list[Problem], judge: Judge
) -> None:
    asked = [
        question("what is 3 / 0 ?", "divide(n0,n1)|", line=4),
        question("what is 3 / 2 ?", "divide(n0,n1)|", line=5),
    ]
    converted = convert(asked, form_of(released_split[0]), judge, name="two")
    assert [problem.task_id for _, problem in converted.passed] == ["two/1"]
    assert [(left.question.line, left.why) for left in converted.failed] == [
        (4, "no value: step 0: divide(n0,n1) divides by zero")
    ]


def test_the_command_builds_and_refuses(
    complaint: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str], judge: Judge
) -> None:
    assert judge.jdk  # the JVM side is compiled
    rows = [{"Problem": f"what is {n} times 12 ?", "linear_formula": "multiply(n0,n1)"} for n in range(8)]
    rows += [{"Problem": f"what is the root of {n} ?", "linear_formula": "sqrt(n0)|"} for n in range(8)]
    (tmp_path / "dev.json").write_text(json.dumps(rows[:1]))
    (tmp_path / "train.json").write_text(json.dumps(rows))
    files = ("--train", str(tmp_path / "train.json"), "--validation", str(tmp_path / "dev.json"))
    out = tmp_path / "built.jsonl"
    assert main(["data", "build", "mathqa", *files, "--out", str(out), "--sft-share", "1"]) == 0
    printed = capsys.readouterr().out
    assert "training: 16 of 16 (100.000%)" in printed
    assert [one.split for one in load_problems(str(out), "train")] == ["sft"] * 15  # one is in validation
    assert "sft_share" in complaint("data", "build", "mathqa", *files, "--sft-share", "1.5")
    assert "none of: mathqa" in complaint("data", "build", "mbjp")
    rows[3]["linear_formula"] = "twice(n0)"
    (tmp_path / "train.json").write_text(json.dumps(rows, indent=0))
    line = complaint("data", "build", "mathqa", *files)
    assert (
        f"{tmp_path / 'train.json'}:14: field 'linear_formula': step 0: there is no operation 'twice'" in line
    )
