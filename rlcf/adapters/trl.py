"""Rewards for TRL's trainers: `GRPOTrainer(reward_funcs=[reward], …)`, or on the command line
`trl grpo --reward_funcs rlcf.adapters.trl.reward`.

The data set has the columns of `rlcf.adapters.rows`; `JavaReward(Rewards(grounding="pass"))` is another
reward. Chat and plain completions both are read. A sample whose judge failed gets None, which TRL leaves out.
What is here can be pickled, as AsyncGRPO wants. Not covered: rewards on tokens, for which TRL has no place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rlcf.adapters.rewards import Rewards, Scored


@dataclass(frozen=True)
class JavaReward:
    """A reward function, called in TRL's thread: a batch of completions in, a score or None each out."""

    rewards: Rewards = field(default_factory=Rewards)

    def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
        return told(self.rewards.score(asked(columns), completions), columns)


@dataclass(frozen=True)
class AsyncJavaReward:
    """The same for TRL's event loop: while programs run, other rewards are computed."""

    rewards: Rewards = field(default_factory=Rewards)

    async def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
        return told(await self.rewards.score_async(asked(columns), completions), columns)


def asked(columns: dict[str, Any]) -> Sequence[str]:
    """The rows' problems, else their task_ids. Raises ValueError where they have neither."""
    found = columns.get("problem") or columns.get("task_id")
    if not found:
        raise ValueError("the data set has no column `problem` or `task_id`: rlcf.adapters.rows makes both")
    return list(found)


def told(scored: Sequence[Scored], columns: dict[str, Any]) -> list[float | None]:
    """The scores; rates go to TRL's metrics, outcomes beside its logged completions."""
    if log_metric := columns.get("log_metric"):
        for name in scored[0].facts if scored else ():
            log_metric(f"java/{name}", sum(one.facts[name] for one in scored) / len(scored))
    if log_extra := columns.get("log_extra"):
        log_extra("outcome", [one.outcome for one in scored])
    return [one.score for one in scored]


reward, reward_async = JavaReward(), AsyncJavaReward()
"""Compiler and tests, of problems that the rows carry."""
