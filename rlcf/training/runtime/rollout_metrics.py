"""What a step's row says of its rollouts: rates, counts, shares of reward hacking; and of answers in turns.

Where programs that do not pass are answered again, `reward`, `compile`, `exec` and `pass` are of the last
program of each answer, as in a benchmark of several turns; counts, tokens and signs are of every program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from javabox import Outcome
from rlcf.grounding.reward_hacking import REWARD_HACKING_FLAGS
from rlcf.training.rollout import Rollout

OF_ANSWERS = ("reward", "compile", "exec", "pass")


def step_metrics(rollouts: Sequence[Rollout]) -> dict[str, float]:
    """Compute `rollout_metrics`, and with further turns of each how many were asked again (`turn2_asked`, a
    share of the answers), and what compiles and passes of that turn's programs (`turn1_pass`)."""
    row = rollout_metrics(rollouts)
    turns = max(one.turn for one in rollouts)
    if turns == 1:
        return row
    of_turn = {turn: [one for one in rollouts if one.turn == turn] for turn in range(1, turns + 1)}
    rates = rollout_metrics([one for one in rollouts if one.is_last])
    row |= {name: rates[name] for name in OF_ANSWERS if name in rates}
    for turn, some in of_turn.items():
        found = rollout_metrics(some)
        row |= {f"turn{turn}_{name}": found[name] for name in OF_ANSWERS[1:] if name in found}
        if turn > 1:
            row[f"turn{turn}_asked"] = len(some) / len(of_turn[1])
    return row


def about(rollout: Rollout) -> dict[str, Any]:
    """Say of a rollout what completions.jsonl has beside its verdict and signal."""
    row = {"stopped": rollout.sampled.stopped, "signs": sorted(rollout.reward_hacking_flags)}
    if rollout.exchanges:
        row |= {"turn": rollout.turn, "feedback": rollout.exchanges[-1].feedback}
    return row


def rollout_metrics(rollouts: Sequence[Rollout]) -> dict[str, float]:
    """Compute means over the rollouts that were judged. `exec` and `pass` only where tests were run."""
    judged = [rollout for rollout in rollouts if rollout.signal.score is not None]
    count = max(1, len(judged))
    unknown = [rollout.answer.verdict.outcome for rollout in rollouts if rollout.signal.score is None]
    broken = sum(outcome is Outcome.SUITE_ERROR for outcome in unknown)
    row: dict[str, float] = {
        "reward": sum(rollout.signal.score or 0.0 for rollout in judged) / count,
        "compile": sum(bool(rollout.answer.verdict.compiled) for rollout in judged) / count,
        "rollouts": float(len(rollouts)),
        "judge_errors": float(len(unknown) - broken),
        "suite_errors": float(broken),
        "response_tokens": sum(len(rollout.sampled.ids) for rollout in rollouts) / len(rollouts),
        "truncated": sum(not rollout.sampled.stopped for rollout in rollouts) / len(rollouts),
        "distinct": len({(r.answer.problem.task_id, r.answer.completion) for r in rollouts}) / len(rollouts),
    }
    if any(rollout.answer.verdict.cases for rollout in judged):
        row["exec"] = sum(bool(rollout.answer.verdict.executed) for rollout in judged) / count
        row["pass"] = sum(bool(rollout.answer.verdict.passed) for rollout in judged) / count
    parts: Counter[str] = Counter()
    for rollout in judged:
        parts.update(rollout.signal.parts)
    return row | {f"part_{name}": total / count for name, total in parts.items()} | _flag_shares(judged)


def _flag_shares(judged: Sequence[Rollout]) -> dict[str, float]:
    """Compute the share of each reward hacking flag in the rollouts with a score above 0."""
    paid = [rollout.reward_hacking_flags for rollout in judged if (rollout.signal.score or 0.0) > 0]
    shares = {
        f"sign_{name}": sum(name in flags for flags in paid) / max(1, len(paid))
        for name in REWARD_HACKING_FLAGS
    }
    return {"well_scored": float(len(paid)), **shares}
