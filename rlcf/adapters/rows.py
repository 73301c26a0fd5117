"""Rows of a data set for other trainers: what the model reads, and the problem that its reply is judged by.

A row carries its problem whole, as JSON, so that a worker on another machine needs no data set. Its tests are
in it: a row is for the reward, never for the model. Not covered: a chat template, which is the host's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rlcf.errors import BadInput
from rlcf.evaluation.generation.prompting import Prompting
from rlcf.jsonl import Row
from rlcf.problems import kept, load_problems
from rlcf.problems.formats import problem_of
from rlcf.problems.formats.carried import carried_problem
from rlcf.problems.problem import Problem


def rows(
    problems: Iterable[Problem], *, chat: bool = True, system: str | None = None
) -> list[dict[str, Any]]:
    """A row a problem: `prompt` (messages, or with `chat` false the text that a base model goes on from),
    `task_id`, and `problem`, its JSON.

    >>> rows(load_problems("mbjp", "train"), chat=False)[0].keys()
    dict_keys(['prompt', 'task_id', 'problem'])
    """
    form = Prompting(system=system)
    return [
        {
            "prompt": form.messages(problem) if chat else form.text(problem),
            "task_id": problem.task_id,
            "problem": carried(problem),
        }
        for problem in problems
    ]


def carried(problem: Problem) -> str:
    """A problem as the JSON that `problem_of_row` reads."""
    return kept.line(problem).rstrip("\n")


def problem_of_row(asked: str, problems: str) -> Problem:
    """The problem that a row names: its JSON (as `carried` gives it, or a row in a format of docs/data.md),
    or the task_id of one of the data set or file `problems`. Raises BadInput."""
    return _read(asked) if asked.lstrip().startswith("{") else _named(asked, problems)


@lru_cache(maxsize=8192)
def _read(text: str) -> Problem:
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise BadInput(f"is no JSON ({error}); rlcf.adapters.rows makes it", field="problem") from error
    if not isinstance(fields.get("suite"), dict):
        return problem_of(Row(fields, "the row", 1))
    return carried_problem(Row({"problem": text}, "the row", 1))


@lru_cache(maxsize=8)
def _by_id(problems: str) -> dict[str, Problem]:
    return {problem.task_id: problem for problem in load_problems(problems)}


def _named(task_id: str, problems: str) -> Problem:
    found = _by_id(problems).get(task_id)
    if found is None:
        message = f"{task_id[:80]!r} is none of {problems}; name its data set, Rewards(problems=…)"
        raise BadInput(message, field="task_id")
    return found
