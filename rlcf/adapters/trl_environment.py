"""Java problems in turns for TRL: `GRPOTrainer(environment_factory=JavaEnvironment, …)`.

The model calls the tool `submit` with a program and reads what javac or a test says of it. The reward is the
last program's; who submits nothing has written nothing, which does not compile.
`functools.partial(JavaEnvironment, grounding="pass", turns=3)` is another factory. TRL resets an environment
for each row, with its columns (`rlcf.adapters.rows`). Not covered: a program in a reply without the tool.
"""

from __future__ import annotations

from typing import Any

from rlcf.adapters.rewards import cached_rewards
from rlcf.adapters.rows import carried, problem_of_row
from rlcf.environment import Episode, Setting

OVER = "The problem is finished; no further program is judged."
AGAIN = "The program could not be judged. Submit it again."


class JavaEnvironment:
    """One rollout's: reset by TRL, then told programs."""

    def __init__(self, grounding: str = "tests", turns: int = 2, problems: str = "mbjp") -> None:
        self._rewards = cached_rewards(grounding, problems)
        self._setting = Setting(turns=turns)

    def reset(self, task_id: str = "", problem: str = "", **_: Any) -> None:
        """Begins a row's problem, whose question is in the row's prompt. Raises BadInput."""
        asked = problem_of_row(problem or task_id, self._rewards.problems)
        self._episode = Episode(asked, self._rewards.judge, self._setting, self._rewards.grounding)
        self._submitted = False

    def submit(self, program: str) -> str:
        """Compile a Java program and run the problem's tests on it.

        Args:
            program: The whole program, the class that was given included.

        Returns:
            What the compiler or the first failing test says, or that all tests pass.
        """
        if self._episode.done:
            return OVER
        self._submitted = True
        turn = self._episode.step(program)
        passed = "All tests pass." if turn.verdict.passed else ""
        return passed or turn.feedback or (OVER if turn.done else AGAIN)

    def get_reward(self) -> float | None:
        """The last program's; None where the judge failed."""
        if self._submitted:
            return self._episode.reward
        return self._rewards.score([carried(self._episode.problem)], [""])[0].score
