"""Reads samples: what a model wrote for which problem, in any of the forms of `sample_forms.py`.

    {"task_id": "MBJP/11", "completion": "        return 0;\\n    }\\n}"}

Any other field is carried through to the results. Everything is read and checked before anything is judged,
so that bad input leaves nothing half-written; the price is that all samples are in memory at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlcf.errors import BadInput
from rlcf.evaluation.sample_forms import Written, read_written
from rlcf.problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion of one problem."""

    problem: Problem
    completion: str
    row: Mapping[str, Any]
    """`task_id`, `completion`, and every other field of the line as it was read."""


def read_samples(source: str, problems: Sequence[Problem], problem_set: str) -> list[Sample]:
    """The samples of `source`, a path, a folder or `-`. Raises BadInput naming file, line and field.

    `problem_set` is how the user named `problems`, for the message about a task_id that is not among them.

    >>> [sample.problem.task_id for sample in read_samples("samples.jsonl", problems, "mbjp")]
    ['MBJP/14', 'MBJP/14']
    """
    written = list(read_written(source))
    if not written:
        raise BadInput("holds no samples", file="stdin" if source == "-" else source)
    asked = _Asked(problems, problem_set, Counter(one.name for one in written))
    samples = []
    for one in written:
        problem = asked.problem(one)
        text = one.text
        if one.restated and text.startswith(problem.prompt):
            text = text.removeprefix(problem.prompt).removesuffix(problem.suffix)
        samples.append(
            Sample(problem, text, {"task_id": problem.task_id, "completion": text, **one.row.fields})
        )
    return samples


class _Asked:
    """The problems by what samples call them."""

    def __init__(self, problems: Sequence[Problem], problem_set: str, samples: Counter[str | int]) -> None:
        self._problems = problems
        self._by_id: dict[str, list[Problem]] = {}
        for problem in problems:
            self._by_id.setdefault(problem.sample_id or problem.task_id, []).append(problem)
        self._set = problem_set
        self._samples = samples
        self._seen: Counter[str | int] = Counter()

    def problem(self, written: Written) -> Problem:
        """Raises BadInput."""
        name, row = written.name, written.row
        if isinstance(name, int):
            if name >= len(self._problems):
                raise row.bad(f"has item {name + 1} for {len(self._problems)} problems of {self._set}")
            return self._problems[name]
        found = self._by_id.get(name)
        if found is None:
            known = f"the {len(self._problems)} problems of {self._set}"
            raise row.bad(f"{name[:80]!r} is not one of {known}", "task_id")
        if len(found) > 1 and self._samples[name] != len(found):
            counts = f"{len(found)} problems and {self._samples[name]} samples"
            raise row.bad(f"{name[:80]!r} names {counts}: one each, in order, or other names", "task_id")
        self._seen[name] += 1
        return found[(self._seen[name] - 1) % len(found)]


def unanswered(samples: Sequence[Sample], problems: Sequence[Problem]) -> list[str]:
    """The task_ids of the problems of which there are no samples, in order."""
    answered = {sample.problem.task_id for sample in samples}
    return [problem.task_id for problem in problems if problem.task_id not in answered]
