"""Reads samples: what a model wrote for which problem, in any of the forms of `sample_forms.py`.

    {"task_id": "MBJP/11", "completion": "        return 0;\\n    }\\n}"}

Any other field is carried through to the results. `Samples` reads one row at a time, and a file as often as
it is iterated: once to check and to count, so that bad input leaves nothing half-written, and once to grade,
in memory that does not grow with the file. Standard input and pipes are read once, and checked as they come.

Not covered: one JSON array or object as a whole file; it is read at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.evaluation.sample_forms import Written, read_written
from rlcf.jsonl import Row
from rlcf.problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion of one problem."""

    problem: Problem
    completion: str
    row: Mapping[str, Any]
    """`task_id`, `completion`, and every other field of the line as it was read."""


class Samples:
    """The samples of `source`, a path, a folder or `-`, anew at each iteration, which raises BadInput naming
    file, line and field.

    `problem_set` is how the user named `problems`, for the message about a task_id that is not among them.

    >>> [sample.problem.task_id for sample in Samples("samples.jsonl", problems, "mbjp")]
    ['MBJP/14', 'MBJP/14']
    """

    def __init__(self, source: str, problems: Sequence[Problem], problem_set: str) -> None:
        self.counts: Counter[str] = Counter()
        """By task_id, of what the last iteration has come to."""
        self.problems = problems
        self._source, self._set = source, problem_set

    @property
    def name(self) -> str:
        """For messages."""
        return "stdin" if self._source == "-" else self._source

    @property
    def lasting(self) -> bool:
        """Whether it can be read again; a pipe can't."""
        place = Path(self._source)
        return self._source != "-" and (not place.exists() or place.is_file() or place.is_dir())

    def __iter__(self) -> Iterator[Sample]:
        asked = _Asked(self.problems, self._set)
        counts: Counter[str] = Counter()
        self.counts = counts
        for one in read_written(self._source):
            problem = asked.problem(one)
            counts[problem.task_id] += 1
            text = one.text
            if one.restated and text.startswith(problem.prompt):
                text = text.removeprefix(problem.prompt).removesuffix(problem.suffix)
            row = {"task_id": problem.task_id, "completion": text, **one.row.fields}
            yield Sample(problem, text, row)
        asked.end()
        if not counts:
            raise BadInput("holds no samples", file=self.name)

    def check(self) -> None:
        """Reads all and counts them. Raises BadInput."""
        for _ in self:
            pass

    def unanswered(self) -> list[str]:
        """The task_ids of the problems of which there are no samples, in order; once all are read."""
        return [problem.task_id for problem in self.problems if problem.task_id not in self.counts]


def read_samples(source: str, problems: Sequence[Problem], problem_set: str) -> list[Sample]:
    """All samples of `source` at once, as `Samples` reads them. Raises BadInput naming file, line and field.

    >>> [sample.problem.task_id for sample in read_samples("samples.jsonl", problems, "mbjp")]
    ['MBJP/14', 'MBJP/14']
    """
    return list(Samples(source, problems, problem_set))


class _Asked:
    """The problems by what samples call them."""

    def __init__(self, problems: Sequence[Problem], problem_set: str) -> None:
        self._problems = problems
        self._by_id: dict[str, list[Problem]] = {}
        for problem in problems:
            self._by_id.setdefault(problem.sample_id or problem.task_id, []).append(problem)
        self._set = problem_set
        self._shared: dict[str, tuple[Row, int]] = {}
        """By name of several problems: the first row of that name, and how many there were."""

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
        if len(found) == 1:
            return found[0]
        first, seen = self._shared.get(name, (row, 0))
        self._shared[name] = (first, seen + 1)
        return found[seen % len(found)]

    def end(self) -> None:
        """After the last sample. Raises BadInput where problems that share a name have not one each."""
        for name, (row, seen) in self._shared.items():
            if seen != (there := len(self._by_id[name])):
                counts = f"{there} problems and {seen} samples"
                raise row.bad(f"{name[:80]!r} names {counts}: one each, in order, or other names", "task_id")
