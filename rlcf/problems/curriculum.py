"""StepCoder's curriculum of completion sub-tasks (arXiv 2402.01391, CCCS).

A problem with a reference is first asked with most of the reference in the prompt: the policy writes from the
last branch or loop on. Where it succeeds at least half of the time, the start moves to the branch or loop
before, and in the end to the open method body, which is the problem itself. The paper leaves the threshold
open; the half is ours (docs/methods.md#curriculum).

    curriculum = Curriculum()
    asked = curriculum.problem(problem)                    # prompt + reference[:start], reference[start:]
    curriculum.seen(problem.task_id, passed=…)             # once for every answer to it

Completions are judged as whole programs with the problem's own suite. Not covered: references that do not
pass (leave them out before), moving back to later starts, branches of `?:` and `case`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rlcf.javasource.bodies import start_points
from rlcf.problems.problem import Problem

WINDOW = 8
"""Answers at the present start, the newest, that decide; fewer never do. Eight is half of the paper's 16
rollouts a problem."""
SUCCESS = 0.5
"""Least share of them that passed for the start to move."""


@dataclass(slots=True)
class _Progress:
    """Where a problem stands."""

    stage: int = 0
    """Index in its start points."""
    passed: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    """The newest answers at this stage."""


class Curriculum:
    """The present start of every problem. Starts move when a problem is asked for, never between the answers
    to one question; with several processes all must see the same answers."""

    def __init__(self) -> None:
        self._progress: dict[str, _Progress] = {}

    def problem(self, problem: Problem) -> Problem:
        """`problem` as it is to be asked now: from its present start, which moves first if enough passed.
        A problem without a reference stays what it is."""
        if problem.reference is None:
            return problem
        points = start_points(problem.reference)
        progress = self._progress.setdefault(problem.task_id, _Progress())
        ready = len(progress.passed) == WINDOW and sum(progress.passed) >= SUCCESS * WINDOW
        if ready and progress.stage < len(points) - 1:
            progress.stage += 1
            progress.passed.clear()
        start = points[min(progress.stage, len(points) - 1)]
        return replace(
            problem, prompt=problem.prompt + problem.reference[:start], reference=problem.reference[start:]
        )

    def seen(self, task_id: str, passed: bool) -> None:
        """An answer to the question that `problem` gave last for `task_id` was judged. Answers that the judge
        failed on are not told."""
        self._progress.setdefault(task_id, _Progress()).passed.append(passed)

    def state(self) -> dict[str, Any]:
        """For checkpoints, as JSON holds it: by task_id the stage and its answers."""
        return {
            task_id: {"stage": progress.stage, "passed": list(progress.passed)}
            for task_id, progress in self._progress.items()
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """What `state` gave."""
        self._progress = {
            task_id: _Progress(one["stage"], deque(one["passed"], maxlen=WINDOW))
            for task_id, one in state.items()
        }
