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
from dataclasses import dataclass, fields, replace
from typing import Any

from rlcf.grounding.replay import Replay
from rlcf.grounding.signal import Answer
from rlcf.javasource.normalize import digest
from rlcf.policy.batch import Tokens
from rlcf.training.objectives.experience import Feedback

BY_BATCH = ("groups", "anchors", "examples")
"""Fields of Feedback that are no rollout's own."""
OWN = tuple(one.name for one in fields(Feedback) if one.name not in BY_BATCH)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step learns from."""

    prompts: list[Tokens]
    completions: list[Tokens]
    feedback: Feedback


class OnlineBuffer:
    """Keeps rollouts; a step's batch in, the batch to learn from out. All ranks hold the same."""

    def __init__(self, capacity: int, drawn: int) -> None:
        """`drawn` rollouts a step, or as many as came in where it is 0."""
        self._kept: Replay[dict[str, Any]] = Replay(capacity)
        self._drawn = drawn

    def exchange(self, keys: Sequence[str], batch: Batch, seed: str) -> Batch:
        """Takes in the rollouts of `batch`, `keys` naming their programs, and gives out others. What the
        judge failed on is not kept. Fewer than wanted are drawn where there are fewer; the anchors stay."""
        for row, key in enumerate(keys):
            if batch.feedback.scores[row] is not None:
                self._kept.add(key, _item(batch, row))
        items = self._kept.draw(self._drawn or len(keys), random.Random(seed))
        own = {name: [item[name] for item in items] for name in OWN if items and name in items[0]}
        feedback = replace(batch.feedback, groups=list(range(len(items))), **own)
        return Batch([item["prompt"] for item in items], [item["ids"] for item in items], feedback)

    def state(self) -> list[tuple[str, dict[str, Any]]]:
        """For a checkpoint."""
        return self._kept.state()

    def load(self, state: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """What `state` gave."""
        self._kept.load([(key, dict(item)) for key, item in state])


def program_key(answer: Answer) -> str:
    """The same for two answers to one question that are one program; a curriculum has several questions."""
    problem = answer.problem
    return f"{problem.task_id} {len(problem.prompt)} {digest(problem.prompt + answer.completion)}"


def _item(batch: Batch, row: int) -> dict[str, Any]:
    told = {name: getattr(batch.feedback, name) for name in OWN}
    own = {name: rows[row] for name, rows in told.items() if len(rows)}
    return {"prompt": batch.prompts[row], "ids": batch.completions[row], **own}
