"""The online buffer of RLTF (arXiv 2307.04349, 3.1), without duplicates as in Gorinski et al. (2310.13669).

Every step adds its judged rollouts and then learns from rollouts drawn from all that are kept, first in
first out. A program that is kept already is not added again: the same problem, and the same program up to
names of locals, white space and comments. What a rollout was worth stays as it was judged; what the policy
says of it is computed anew, so the first ratio of a step is 1 for old rollouts too: RLTF has no ratio.
Its generators are up to ten minutes behind its trainer; here the policy itself generates.

Not covered: RLTF's wait until 6,400 rollouts are there (a step learns from what there is), importance weights
for the policies that generated, groups of completions (a drawn rollout has lost the others of its prompt).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rlcf.grounding.replay import Replay
from rlcf.grounding.signal import Answer
from rlcf.javasource.normalize import digest
from rlcf.policy.batch import Tokens
from rlcf.problems import Problem
from rlcf.training.rollout import Feedback, Rollout


@dataclass(frozen=True, slots=True)
class ReplayEntry:
    """A judged completion in tokens: what is left of a rollout in the buffer."""

    prompt: Tokens
    completion: Tokens
    feedback: Feedback


class ReplayBuffer:
    """Keeps rollouts; takes in a step's and gives out those to learn from. All ranks hold the same."""

    def __init__(self, capacity: int, drawn: int) -> None:
        """`drawn` rollouts a step, or as many as came in where it is 0."""
        self._kept: Replay[ReplayEntry] = Replay(capacity)
        self._drawn = drawn

    def exchange(self, rollouts: Sequence[Rollout], seed: str) -> list[ReplayEntry]:
        """Take in `rollouts` and draw others, each a group of its own. What the judge failed on is not kept.
        Fewer than wanted are drawn where there are fewer."""
        for rollout in rollouts:
            if rollout.feedback.score is not None:
                entry = ReplayEntry(rollout.prompt_ids, rollout.sampled.ids, rollout.feedback)
                self._kept.add(program_key(rollout.answer.problem, rollout.program), entry)
        drawn = self._kept.draw(self._drawn or len(rollouts), random.Random(seed))
        return [replace(one, feedback=replace(one.feedback, group=at)) for at, one in enumerate(drawn)]

    def state(self) -> list[tuple[str, dict[str, Any]]]:
        """Return all that is kept, in plain values, for a checkpoint."""
        return [(key, asdict(one)) for key, one in self._kept.state()]

    def load(self, state: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Restore what `state` returned."""
        self._kept.load(
            [
                (key, ReplayEntry(one["prompt"], one["completion"], Feedback(**one["feedback"])))
                for key, one in state
            ]
        )


def program_key(asked: Problem, program: Answer) -> str:
    """Make a key that is the same for two answers to one question that are one program; a curriculum has
    several questions of a problem."""
    return f"{asked.task_id} {len(asked.prompt)} {digest(program.problem.prompt + program.completion)}"
