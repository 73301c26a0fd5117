"""Rewards for verl: `reward.custom_reward_function.path=FILE`, where FILE imports `compute_score`.

verl's reward loop asks a sample at a time, in many processes; all meet in one judge. A data set's
`reward_model.ground_truth` is the problem (`rlcf.adapters.carried`). verl can't leave a sample out:
where the judge failed its score is 0 and `judged` is 0, in `reward_extra_info` beside the rates; the mean of
`judged` must be 1. Not covered: rewards on tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlcf.adapters.rewards import Scored, cached_rewards


async def compute_score(
    data_source: str,  # noqa: ARG001
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, Any] | None = None,  # noqa: ARG001
    *,
    grounding: str = "tests",
    **_: Any,
) -> dict[str, float]:
    """The `score` of a reply to the problem in `ground_truth`, and how it did. `grounding` and others come
    from `reward.custom_reward_function.reward_kwargs`."""
    (one,) = await cached_rewards(grounding).score_async([ground_truth], [solution_str])
    return _told(one)


def compute_scores(
    data_sources: Sequence[str],  # noqa: ARG001
    solution_strs: Sequence[str],
    ground_truths: Sequence[str],
    extra_infos: Sequence[Any] | None = None,  # noqa: ARG001
    *,
    grounding: str = "tests",
    **_: Any,
) -> list[dict[str, float]]:
    """The same of a batch, as verl's BatchRewardManager calls it."""
    return [_told(one) for one in cached_rewards(grounding).score(ground_truths, solution_strs)]


def _told(one: Scored) -> dict[str, float]:
    return {"score": 0.0 if one.score is None else one.score, **one.facts}
