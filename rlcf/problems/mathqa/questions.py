"""MathQA's questions as they were published: one JSON array, or a JSON object a line.

Both carry `Problem` and `linear_formula`. Where a row has `value` too, the formula evaluated by whoever made
the file, that is what is expected; the official files have none. Other fields are not read.

The numbers of a text are found as MathQA finds them, since formulas count them: `n0` is the first.
"""

from __future__ import annotations

import itertools
import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.jsonl import Row, read_records
from rlcf.problems.fetch import cache_folder
from rlcf.problems.mathqa.formula import Formula, read_formula
from rlcf.problems.problem import Problem

HOME = "https://math-qa.github.io"
_NUMBER = re.compile(r"[-+]?[.]?[\d]+(?:,\d\d\d)*[\.]?\d*(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Question:
    """A row of a MathQA file."""

    text: str
    formula: str
    value: float | None
    """What the file says that the formula gives, where it says so."""
    file: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    def read(self, *, named: bool = False) -> Formula:
        """Its numbers written out or `named`. Raises BadFormula and NoValue."""
        return read_formula(self.formula, numbers(self.text), named=named, file=self.file, line=self.line)


def read_questions(path: str | Path) -> list[Question]:
    """The rows of a MathQA file, in its order. Raises BadInput naming file, line and field."""
    found = [_question(row) for row in read_records(path)]
    if not found:
        raise BadInput("is empty: it must hold questions", file=path)
    return found


def training_file(name: str) -> Path:
    """`train` or `dev` in the folder with the data, as JSONL or as the official array. Raises BadInput."""
    folder = Path(os.environ.get("RLCF_DATA") or cache_folder() / "data") / "mathqa"
    for kind in ("jsonl", "json"):
        if (path := folder / f"{name}.{kind}").is_file():
            return path
    raise BadInput(
        f"is in no {folder}: put {name}.json from MathQA.zip ({HOME}) there, or name the file",
        file=f"{name}.json",
    )


def numbers(text: str) -> list[float]:
    """The numbers of a text, in their order; signs belong to them, commas are dropped."""
    return [float(found.replace(",", "")) for found in _NUMBER.findall(text)]


def numbers_named(text: str) -> str:
    """The text with every number's name in its place: `n0` is the first, as formulas call it."""
    count = itertools.count()
    return _NUMBER.sub(lambda _: f"n{next(count)}", text)


def words_masked(text: str) -> str:
    """The text with every number masked: problems that differ in their numbers alone are one."""
    return _NUMBER.sub("NUM", text)


def template(text: str) -> str:
    """What questions of one kind share: the letters of the text, its numbers masked."""
    return re.sub(r"[^a-z]", "", words_masked(text).lower())


def same_text(text: str) -> str:
    """What one question keeps under other spaces and signs: its letters and digits."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def unseen(questions: Iterable[Question], held_out: Iterable[Problem]) -> list[Question]:
    """The questions whose text is none of the problems'."""
    texts = {same_text(problem.description) for problem in held_out}
    return [question for question in questions if same_text(question.text) not in texts]


def _question(row: Row) -> Question:
    text, formula, value = row.text("Problem"), row.text("linear_formula"), row.fields.get("value")
    if not text.strip():
        raise row.bad("must not be empty", "Problem")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise row.bad("must be a number", "value")
    try:
        expected = None if value is None else float(value)
    except OverflowError:
        expected = math.inf
    if expected is not None and not math.isfinite(expected):
        raise row.bad("must be finite", "value")
    return Question(text, formula, expected, row.file, row.line)
