"""Reads samples: one JSON object a line, `task_id` names the problem, `completion` is what a model wrote.

Any other field is carried through to the results. Everything is read and checked before anything is judged,
so that bad input leaves nothing half-written; the price is that all samples are in memory at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlcf.errors import BadInput
from rlcf.jsonl import read_rows
from rlcf.problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion of one problem."""

    problem: Problem
    completion: str
    row: Mapping[str, Any]
    """The line as it was read, every field."""


def read_samples(source: str, problems: Sequence[Problem], problem_set: str) -> list[Sample]:
    """The samples of `source`, a path or `-`. Raises BadInput naming file, line and field.

    `problem_set` is how the user named `problems`, for the message about a task_id that is not among them.

    >>> [sample.problem.task_id for sample in read_samples("samples.jsonl", problems, "mbjp")]
    ['MBJP/14', 'MBJP/14']
    """
    by_id = {problem.task_id: problem for problem in problems}
    samples = []
    for row in read_rows(source):
        task_id, completion = row.text("task_id"), row.text("completion")
        problem = by_id.get(task_id)
        if problem is None:
            known = f"the {len(by_id)} problems of {problem_set}"
            raise row.bad(f"{task_id[:80]!r} is not one of {known}", "task_id")
        samples.append(Sample(problem, completion, row.fields))
    if not samples:
        raise BadInput("holds no samples", file="stdin" if source == "-" else source)
    return samples


def unanswered(samples: Sequence[Sample], problems: Sequence[Problem]) -> list[str]:
    """The task_ids of the problems of which there are no samples, in order."""
    answered = {sample.problem.task_id for sample in samples}
    return [problem.task_id for problem in problems if problem.task_id not in answered]
