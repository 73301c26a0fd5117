"""Java problems for inspect_ai: `Task(dataset=samples("mbjp"), solver=generate(), scorer=java("mbjp"))`.

A sample's id is its problem's task_id; a problem of one's own comes with the sample, as JSON in
`metadata["problem"]` (`rlcf.adapters.carried`). Scores are named rates, each with its mean and error; a
sample whose judge failed is unscored. It runs under asyncio and trio both. Not covered: tools, sandboxes.
"""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState

from rlcf.adapters.rewards import Rewards, Scored
from rlcf.evaluation.generation.prompting import request
from rlcf.problems import load_problems

RATES = ("reward", "compiled", "executed", "passed")


def samples(problems: str, split: str | None = None) -> Any:
    """A data set of a named set's or a file's problems, each put as to a chat model. Raises BadInput."""
    found = load_problems(problems, split)
    return MemoryDataset([Sample(id=one.task_id, input=request(one)) for one in found], name=problems)


@scorer(metrics={name: [mean(), stderr()] for name in RATES})
def java(problems: str = "mbjp", grounding: str = "pass") -> Scorer:
    """What a reply is worth: `reward` by the grounding, and whether it compiled, ran and passed."""
    rewards = Rewards(problems, grounding)

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        asked = state.metadata.get("problem") or str(state.sample_id)
        # wrap_future is asyncio's alone; a thread waits under trio too
        (one,) = await to_thread.run_sync(rewards.score, [asked], [state.output.completion])
        return _score(one)

    return score


def _score(one: Scored) -> Score:
    values = {"reward": one.score, **{name: one.facts[name] for name in RATES[1:]}}
    told = one.answer.verdict
    why = [one.outcome, told.detail, *(found.message for found in told.diagnostics[:1])]
    explanation = ": ".join(part for part in why if part)
    if one.score is None:
        return Score.unscored(reason="scoring_failed", explanation=explanation)
    return Score(value=values, answer=one.answer.completion, explanation=explanation)
