"""Java problems in turns for OpenEnv: `create_app(JavaEnvironment, JavaAction, JavaObservation)` serves them.

An action is a reply with a program; the observation says what javac or a test says of it. Rewards are from 0
to 1, as openenv.yaml declares. `reset(split=, index=)` chooses a problem, else the seed does. Sessions run at
the same time, over one judge. Not covered: rubrics.
"""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any

from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, Observation, State

from rlcf.adapters.rewards import cached_rewards
from rlcf.environment import Episode, Setting, Turn
from rlcf.errors import BadInput
from rlcf.problems import Problem, load_problems

_problems = lru_cache(maxsize=16)(load_problems)
AGAIN = "The reply could not be judged. Send it again."


class JavaAction(Action):
    """A reply: a program, in a fence or bare."""

    reply: str


class JavaObservation(Observation):
    """What the model reads next, and the outcome of its program."""

    text: str = ""
    outcome: str = ""


class JavaEnvironment(Environment[JavaAction, JavaObservation, State]):
    """A session's; it offers the problems as OpenEnv's tasks too."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, problems: str = "mbjp", grounding: str = "partial", turns: int = 2) -> None:
        super().__init__()
        self.problems, self.turns = problems, turns
        self.rewards = cached_rewards(grounding, problems)
        self.episode: Episode | None = None
        self._state = State()

    def reset(
        self,
        seed: int | None = None,
        episode_id: str | None = None,
        split: str = "train",
        index: int | None = None,
        **_: Any,
    ) -> JavaObservation:
        """Asks a problem. Raises BadInput for an unknown split, IndexError for an index that is too large."""
        found = self._tasks(split)
        problem = found[random.Random(seed).randrange(len(found)) if index is None else index]
        setting = Setting(turns=self.turns)
        self.episode = Episode(problem, self.rewards.judge, setting, self.rewards.grounding)
        self._state = State(episode_id=episode_id or problem.task_id)
        return JavaObservation(text=self.episode.prompt)

    def step(self, action: JavaAction, *_: Any, **__: Any) -> JavaObservation:
        """Judges a reply. Raises BadInput before a reset and after the end."""
        return self._told(self._asked().step(action.reply))

    async def step_async(self, action: JavaAction, *_: Any, **__: Any) -> JavaObservation:
        return self._told(await self._asked().step_async(action.reply))

    @property
    def state(self) -> State:
        return self._state

    def list_splits(self) -> list[str]:
        return sorted({one.split for one in _problems(self.problems)})

    def num_tasks(self, split: str) -> int:
        return len(self._tasks(split))

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        return {"id": self._tasks(split)[index].task_id, "index": index}

    def get_task_range(self, split: str, start: int | None = None, stop: int | None = None) -> list[Any]:
        return [self.get_task(split, index) for index in range(self.num_tasks(split))[start:stop]]

    def list_tasks(self, split: str) -> list[Any]:
        return self.get_task_range(split)

    def _tasks(self, split: str) -> list[Problem]:
        return _problems(self.problems, split)

    def _asked(self) -> Episode:
        if self.episode is None:
            raise BadInput("nothing is asked yet: reset first", field="reply")
        return self.episode

    def _told(self, turn: Turn) -> JavaObservation:
        self._state.step_count += 1
        text = turn.feedback or ("" if turn.done else AGAIN)
        return JavaObservation(
            text=text, outcome=str(turn.verdict.outcome), reward=turn.reward, done=turn.done
        )
