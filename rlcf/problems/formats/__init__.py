"""The formats of problem rows: which one a row is in, told from its fields, and the problem that it makes.

| format | told by | module |
|---|---|---|
| MultiPL-E | `name`, `tests` | `multiple.py` |
| HumanEval-X | `declaration`, `test` | `humanevalx.py` |
| LiveCodeBench | `question_content`, `public_test_cases` | `livecodebench.py` |
| CodeContests | `description`, `public_tests` | `codecontests.py` |
| APPS | `question`, `input_output` | `apps.py` |
| rows that carry their problem | `problem`, no tests beside it | `carried.py` |
| mxeval | all others | `mxeval.py` |
"""

from __future__ import annotations

from collections.abc import Callable

from rlcf.jsonl import Row
from rlcf.problems.formats.apps import apps_problem
from rlcf.problems.formats.carried import carried_problem, carries
from rlcf.problems.formats.codecontests import codecontests_problem
from rlcf.problems.formats.humanevalx import humanevalx_problem
from rlcf.problems.formats.livecodebench import livecodebench_problem
from rlcf.problems.formats.multiple import multiple_problem
from rlcf.problems.formats.mxeval import mxeval_problem
from rlcf.problems.problem import Problem

FORMATS: tuple[tuple[str, frozenset[str], Callable[[Row], Problem]], ...] = (
    ("MultiPL-E", frozenset({"name", "tests"}), multiple_problem),
    ("HumanEval-X", frozenset({"declaration", "test"}), humanevalx_problem),
    ("LiveCodeBench", frozenset({"question_content", "public_test_cases"}), livecodebench_problem),
    ("CodeContests", frozenset({"description", "public_tests"}), codecontests_problem),
    ("APPS", frozenset({"question", "input_output"}), apps_problem),
)
"""Name, the fields that tell the format, and what reads a row."""


def problem_of(row: Row) -> Problem:
    """The problem of a row. Raises BadInput; LeftOut where it asks for what is not judged."""
    for _, fields, read in FORMATS:
        if fields <= row.fields.keys():
            return read(row)
    return carried_problem(row) if carries(row) else mxeval_problem(row)
