"""Parts of OpenEnv's Java environment beside its sessions: action, observation, problems as tasks.

Not covered: an environment (`openenv.py`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from openenv.core.env_server.types import Action, Observation

from rlcf.problems import Problem, load_problems

_problems = lru_cache(maxsize=16)(load_problems)


class JavaAction(Action):
    """A reply: a program, in a fence or bare."""

    reply: str


class JavaObservation(Observation):
    """What the model reads next, and the outcome of its program."""

    text: str = ""
    outcome: str = ""


class Tasks:
    """The problems of a named data set or a file, as OpenEnv asks for tasks. Each call raises BadInput where
    there is no such set or split."""

    problems: str

    def of_split(self, split: str) -> list[Problem]:
        return _problems(self.problems, split)

    def list_splits(self) -> list[str]:
        return sorted({one.split for one in _problems(self.problems)})

    def num_tasks(self, split: str) -> int:
        return len(self.of_split(split))

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        return {"id": self.of_split(split)[index].task_id, "index": index}

    def get_task_range(self, split: str, start: int | None = None, stop: int | None = None) -> list[Any]:
        return [self.get_task(split, index) for index in range(self.num_tasks(split))[start:stop]]

    def list_tasks(self, split: str) -> list[Any]:
        return self.get_task_range(split)
