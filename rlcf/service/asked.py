"""What a request asks about: problems by task id, label or row, and whether their limits are allowed.

A label says which tests judge an answer. It is the task_id of a problem that the server has loaded, or JSON,
as text or as an object: `{"task_id": …}` alone is the same, anything more is a problem of its own, in any
of the formats of problem files (docs/data.md#formats).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from javabox import Limits
from javabox.job import FUEL_PER_SECOND
from rlcf.errors import BadInput
from rlcf.grounding.table import Entry, check_needs
from rlcf.jsonl import Row
from rlcf.problems import Problem
from rlcf.problems.formats import problem_of
from rlcf.problems.formats.stdin import LeftOut
from rlcf.service.refusals import unknown, unprocessable
from rlcf.service.settings import Settings

INLINE = "inline"
"""The task_id of a problem that comes without one."""
LARGEST_OUTPUT, LARGEST_ALLOCATION = 64 << 20, 1 << 20
COMPILE_SECONDS = 60.0


class Known:
    """The problems that the server has loaded, by set and by task_id."""

    def __init__(self, sets: Mapping[str, Sequence[Problem]]) -> None:
        """Raises BadInput where two problems have one task_id."""
        self.sets = {name: {one.task_id: one for one in problems} for name, problems in sets.items()}
        self._all: dict[str, Problem] = {}
        for name, problems in self.sets.items():
            for task_id, problem in problems.items():
                if task_id in self._all:
                    raise BadInput(f"{task_id!r} is another set's too: load one of them", file=name)
                self._all[task_id] = problem

    def problem(self, task_id: str, among: str | None = None) -> Problem:
        """Raises Refused (404)."""
        if among is not None and among not in self.sets:
            raise unknown(f"problems {among[:80]!r} are not loaded here; {self.named()}")
        found = (self._all if among is None else self.sets[among]).get(task_id)
        if found is None:
            where = among or self.named()
            raise unknown(f"task_id {task_id[:80]!r} is not among the problems of this server ({where})")
        return found

    def named(self) -> str:
        return f"loaded are {', '.join(self.sets)}" if self.sets else "none are loaded"


class Asked:
    """Reads what requests name."""

    def __init__(self, known: Known, settings: Settings, entry: Entry) -> None:
        """`entry` is the grounding's."""
        self._known, self._settings, self._entry = known, settings, entry

    def of_label(self, label: object, place: str) -> Problem:
        """The problem that a label means; `place` is where it stands. Raises Refused."""
        if isinstance(label, str):
            if not label.lstrip().startswith("{"):
                return self._known.problem(label)
            try:
                label = json.loads(label)
            except (ValueError, RecursionError) as broken:
                raise unprocessable(f"{place}: begins with a brace and is no JSON: {broken}") from broken
        if not isinstance(label, dict):
            raise unprocessable(f"{place}: must be a task_id or a problem")
        if set(label) == {"task_id"} and isinstance(label["task_id"], str):
            return self._known.problem(label["task_id"])
        return self.of_row(label, place)

    def of_row(self, row: dict[str, Any], place: str) -> Problem:
        """The problem of a row as problem files have them. Raises Refused (422)."""
        try:
            problem = problem_of(Row({"task_id": INLINE, **row}, place, 1))
            self.check(problem.limits, place)
            return problem
        except BadInput as bad:
            field = f"{place}.{bad.field}" if bad.field else place
            raise unprocessable(f"{field}: {bad.message}") from bad
        except LeftOut as other:
            raise unprocessable(f"{place}.{other.field}: {other}; only Java is judged") from other

    def of_samples(self, names: Sequence[str], problems: str | list[dict[str, Any]] | None) -> list[Problem]:
        """The problem of each task_id, among a loaded set, among rows of the request, or among all that are
        loaded. Raises Refused."""
        if not isinstance(problems, list):
            return [self._known.problem(name, problems) for name in names]
        own: dict[str, Problem] = {}
        for index, row in enumerate(problems):
            problem = self.of_row(row, f"problems.{index}")
            if problem.task_id in own:
                raise unprocessable(f"problems.{index}.task_id: {problem.task_id[:80]!r} occurs twice")
            own[problem.task_id] = problem
        for index, name in enumerate(names):
            if name not in own:
                raise unknown(f"samples.{index}.task_id: {name[:80]!r} is not among the request's problems")
        return [own[name] for name in names]

    def grounded(self, problems: Sequence[Problem]) -> None:
        """Raises Refused (422) where the server's grounding needs what one of the problems lacks."""
        try:
            check_needs(self._settings.grounding, self._entry, problems)
        except BadInput as bad:
            raise unprocessable(bad.message) from bad

    def check(self, limits: Limits, place: str) -> None:
        """Raises Refused (422) where a client asks for more than this server gives to a program."""
        seconds = self._settings.time_limit
        for name, value, most in (
            ("fuel", limits.fuel, seconds * FUEL_PER_SECOND),
            ("wall_seconds", limits.wall_seconds, max(60.0, 15 * seconds)),
            ("idle_seconds", limits.idle_seconds, max(3.0, seconds)),
            ("compile_seconds", limits.compile_seconds, COMPILE_SECONDS),
            ("memory_mb", limits.memory_mb, self._settings.memory_limit),
            ("allocation_mb", limits.allocation_mb, LARGEST_ALLOCATION),
            ("output_bytes", limits.output_bytes, LARGEST_OUTPUT),
        ):
            least = 16 if name == "memory_mb" else 1 if isinstance(value, int) else 0.001
            if not least <= value <= most:
                raise unprocessable(
                    f"{place}: limits.{name} must be from {least} to {most:.15g} here, is {value:.15g}"
                )
