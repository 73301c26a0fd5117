"""Builds MathQA's training problems for Java: every reference judged, nothing in them from the test split.

Every question becomes a problem in the form of the test split with its formula as the reference; expected is
the file's `value`, else what the formula gives. Then are left out, each with its reason and its place:

- formulas without a finite value (they divide by zero, they overflow),
- references that do not compile or do not pass. The known causes: factorials beyond 2^53, rounded in
  another order; the floor of a cube root that is whole and the lcm of a fraction, where the file is wrong;
- training problems whose text, by letters and digits, occurs in the test or validation split, and
  validation problems that occur in the test split.

Training problems are divided by template (letters, numbers masked): the share `sft_share` of the templates,
chosen by their hash, is the split `sft`, with references; the others are `rl`, tests only: RL on problems
that supervised training has memorised has nothing to learn. `keep_references` leaves them theirs, for
groundings that compare with them; supervised training takes the split `sft` all the same. Where a problem
goes depends on nothing but its template and the share.

Not covered: questions with the same text and another formula are all kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from javabox import AnyJudge, Outcome, Verdict
from rlcf.errors import BadInput
from rlcf.files import write_lines
from rlcf.jsonl import Row
from rlcf.problems.formats.mxeval import mxeval_problem
from rlcf.problems.load import DISJOINT
from rlcf.problems.mathqa.form import MathqaForm, form_of
from rlcf.problems.mathqa.formula import Formula, NoValue
from rlcf.problems.mathqa.java import Form, completion
from rlcf.problems.mathqa.questions import Question, same_text, template
from rlcf.problems.problem import Problem
from rlcf.progress import progress

EXACT = 2.0**53
"""Whole numbers beyond it are not all doubles; their last digits depend on the order of the computation."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that became no problem."""

    question: Question
    why: str


@dataclass(frozen=True, slots=True)
class Converted:
    """The questions of one file, after the judge."""

    questions: int
    passed: Sequence[tuple[Question, Problem]]
    """What compiles and gives its value, in the order of the file, with references."""
    failed: Sequence[LeftOut]


@dataclass(frozen=True, slots=True)
class Built:
    """The problems, and what was left out of them."""

    train: Converted
    validation: Converted
    problems: Sequence[Problem] = field(repr=False)
    """Of the splits sft, rl and validation."""
    in_test: Sequence[Question]
    """Questions of both files whose text occurs in the test split."""
    in_validation: Sequence[Question]
    """Training questions whose text occurs in the validation split."""
    disjoint: Sequence[str] = field(repr=False)
    """task_ids of the test split whose template no training question has."""


def build(
    train: Sequence[Question],
    validation: Sequence[Question],
    test: Sequence[Problem],
    judge: AnyJudge,
    *,
    form: Form = "nested",
    named: bool = False,
    sft_share: float = 0.25,
    keep_references: bool = False,
) -> Built:
    """The problems of MathQA's training and development questions, their numbers written out or `named`;
    `test` is the released test split.

    Raises BadFormula where a formula can't be read, naming file and line.
    """
    if not 0 <= sft_share <= 1:
        raise BadInput(f"must be a share, from 0 to 1, is {sft_share}", field="sft_share")
    shape = form_of(test[0], named=named)
    tested = {same_text(problem.description) for problem in test}
    checked = {same_text(question.text) for question in validation}
    # Both files are read before the first program is judged, which takes minutes.
    asked = [
        _asked(train, shape, "MathQA-train", form),
        _asked(validation, shape, "MathQA-dev", form),
    ]
    trained, measured = (_judged(one, judge) for one in asked)
    problems = [
        _divided(problem, question, sft_share, keep_references)
        for question, problem in trained.passed
        if same_text(question.text) not in tested | checked
    ]
    problems += [
        replace(problem, split="validation")
        for question, problem in measured.passed
        if same_text(question.text) not in tested
    ]
    in_test = [question for question in (*train, *validation) if same_text(question.text) in tested]
    in_validation = [question for question in train if same_text(question.text) in checked]
    templates = {template(question.text) for question in train}
    disjoint = [problem.task_id for problem in test if template(problem.description) not in templates]
    return Built(trained, measured, problems, in_test, in_validation, disjoint)


def convert(
    questions: Sequence[Question], shape: MathqaForm, judge: AnyJudge, *, name: str, form: Form = "nested"
) -> Converted:
    """Every question as a judged problem `name/INDEX`, counted from 0 over all. Raises BadFormula."""
    return _judged(_asked(questions, shape, name, form), judge)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What goes to the judge."""

    problems: Sequence[tuple[Question, Problem, Formula]]
    without_value: Sequence[LeftOut]


def _asked(questions: Sequence[Question], shape: MathqaForm, name: str, form: Form) -> _Asked:
    problems, without_value = [], []
    for index, question in enumerate(questions):
        try:
            formula = question.read(named=shape.named)
        except NoValue as none:
            without_value.append(LeftOut(question, f"no value: {none.message}"))
            continue
        value = formula.value if question.value is None else question.value
        fields = shape.fields(f"{name}/{index}", question.text, value)
        fields["canonical_solution"] = completion(formula, form)
        row = Row(dict(fields), question.file, question.line)
        problems.append((question, mxeval_problem(row), formula))
    return _Asked(problems, without_value)


def _judged(asked: _Asked, judge: AnyJudge) -> Converted:
    jobs = [problem.job(str(problem.reference)) for _, problem, _ in asked.problems]
    verdicts: dict[int, Verdict] = {}
    with progress("judging references", len(jobs)) as advance:
        for index, verdict in judge.stream(jobs):
            verdicts[index] = verdict
            advance()
    passed, failed = [], list(asked.without_value)
    for index, (question, problem, formula) in enumerate(asked.problems):
        if verdicts[index].passed:
            passed.append((question, problem))
        else:
            failed.append(LeftOut(question, _why(question, formula, verdicts[index])))
    failed.sort(key=lambda one: one.question.line)
    return Converted(len(jobs) + len(asked.without_value), passed, failed)


def _why(question: Question, formula: Formula, verdict: Verdict) -> str:
    if verdict.outcome is not Outcome.FAILED:
        codes = ", ".join(diagnostic.code for diagnostic in verdict.diagnostics[:1])
        return f"{verdict.outcome} {codes or verdict.detail}".strip()
    if formula.largest > EXACT:
        return "rounding: a result on the way is beyond 2^53, where the last digits depend on the order"
    return f"as doubles the formula gives {formula.value!r}, the file says {question.value!r}"


def _divided(problem: Problem, question: Question, sft_share: float, keep_references: bool) -> Problem:
    """A training problem with its split, decided by its template alone."""
    digest = hashlib.sha256(template(question.text).encode()).digest()
    if int.from_bytes(digest[:8]) < sft_share * 2**64:
        return replace(problem, split="sft")
    return replace(problem, split="rl", reference=problem.reference if keep_references else None)


def write(built: Built, path: Path) -> None:
    """The problems as a file in the mxeval format with a field `split`, whole or not at all; beside it the
    list of the template-disjoint test problems. Raises BadInput."""
    lines = (json.dumps(_row(problem)) + "\n" for problem in built.problems)
    try:
        write_lines(path, lines)
        write_lines(path.with_name(DISJOINT), (f"{task_id}\n" for task_id in built.disjoint))
    except OSError as error:
        raise BadInput(f"can't be written ({error.strerror})", file=path, field="out") from error


def _row(problem: Problem) -> dict[str, str | None]:
    return {
        "task_id": problem.task_id,
        "language": "java",
        "prompt": problem.prompt,
        "canonical_solution": problem.reference,
        "entry_point": problem.entry_point,
        "test": problem.test,
        "description": problem.description,
        "split": problem.split,
    }
