"""Java problems in turns for OpenEnv: `create_app(JavaEnvironment, JavaAction, JavaObservation)` serves them.

The observation says what javac or a test says of the last reply. Rewards are from 0 to 1, as openenv.yaml
declares. `reset(split=, index=)` chooses a problem, else the seed does. Not covered: rubrics.
"""

from __future__ import annotations

import random
from typing import Any

from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import State

from rlcf.adapters.openenv_tasks import JavaAction, JavaObservation, Tasks
from rlcf.adapters.rewards import cached_rewards
from rlcf.environment import Episode, Setting, Turn
from rlcf.errors import BadInput

__all__ = ["JavaAction", "JavaEnvironment", "JavaObservation"]


class JavaEnvironment(Tasks, Environment[JavaAction, JavaObservation, State]):
    """A session's, over the judge of all; it offers the problems as OpenEnv's tasks too."""

    SUPPORTS_CONCURRENT_SESSIONS = True
    episode: Episode | None = None
    state = State()  # of its own from the first reset on

    def __init__(self, problems: str = "mbjp", grounding: str = "partial", turns: int = 2) -> None:
        super().__init__()
        self.problems, self.rewards = problems, cached_rewards(grounding, problems)
        self.setting = Setting(turns=turns)

    def reset(
        self, seed: int | None = None, episode_id: str | None = None, split: str = "train", **more: Any
    ) -> JavaObservation:
        """Asks a problem: `index=` says which. Raises BadInput for an unknown split, IndexError."""
        found, index = self.of_split(split), more.get("index")
        problem = found[random.Random(seed).randrange(len(found)) if index is None else index]
        self.episode = Episode(problem, self.rewards.judge, self.setting, self.rewards.grounding)
        self.state = State(episode_id=episode_id or problem.task_id)
        return JavaObservation(text=self.episode.prompt)

    def step(self, action: JavaAction, *_: Any, **__: Any) -> JavaObservation:
        """Judges a reply. Raises BadInput before a reset and after the end."""
        return self._told(self._asked().step(action.reply))

    async def step_async(self, action: JavaAction, *_: Any, **__: Any) -> JavaObservation:
        return self._told(await self._asked().step_async(action.reply))

    def _asked(self) -> Episode:
        if self.episode is None:
            raise BadInput("nothing is asked yet: reset first", field="reply")
        return self.episode

    def _told(self, one: Turn) -> JavaObservation:
        self.state.step_count += 1
        text = one.feedback or ("" if one.done else "The reply could not be judged. Send it again.")
        return JavaObservation(text=text, outcome=str(one.verdict.outcome), reward=one.reward, done=one.done)
