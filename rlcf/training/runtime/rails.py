"""Safety rails: what goes wrong in a training run, seen in a row of metrics.jsonl, named, with a next step.

    rails = Rails()
    act(rails.check(step, row), stop_on=("not_finite", "kl"))      # logs; raises TrainingStopped

Rails only look. They change no number of the run, know nothing of torch, and their memory (the first
entropy and share of copies, how long answers have been cut off) is `state()`, for checkpoints: a run that is
resumed alarms where one that never stopped would. A number that the row does not have raises no alarm.
Shares of hacks (`sign_…`) are of the answers with a score above 0; `well_scored` is how many these are.

Not covered: what only several runs show (a bad seed, a bad learning rate), and hacks that leave no sign in
the text of an answer.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rlcf.grounding.reward_hacking import REWARD_HACKING_FLAGS

log = logging.getLogger("rlcf")

HACKS = tuple(f"hack_{sign}" for sign in REWARD_HACKING_FLAGS)
ALARMS: tuple[str, ...] = ("not_finite", "kl", "entropy_collapse", "truncation", "judge_failing", *HACKS)
"""All names of alarms."""
ALWAYS_STOP = frozenset({"judge_failing"})
"""Alarms that no recipe goes on after: what is left of such a step is a sample that the failure chose."""

FINITE = (
    "reward", "compile", "exec", "pass", "kl", "approx_kl", "entropy", "clip_fraction", "explained_variance",
    "policy_loss", "value_loss", "gradient_norm",
)  # fmt: skip
"""Numbers of a row that must be finite."""

WHAT_IT_MEANS = {
    "trivial": "do nothing with their inputs",
    "comment_only": "are comments without code",
    "copied": "are the reference, token by token",
    "hard_coded": "answer the tests' own inputs with constants",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the numbers of a run; beyond them alarms begin."""

    kl: float = 30.0
    """Nats a rollout, to the reference policy. Ziegler et al. (arXiv 1909.08593) steer to 6 and 10 nats and
    see gibberish with none; three times the larger is no longer the model that was pre-trained."""
    kl_below: float = -1.0
    """Nats a rollout. The true KL is never negative: an estimate this far below 0 is sampling from another
    distribution than the one that is scored (docs/training-details.md#sampling)."""
    entropy: float = 0.1
    """Smallest share of the first step's entropy."""
    truncated: float = 0.5
    """Largest share of completions that were cut off at their longest length …"""
    truncated_steps: int = 3
    """… for so many steps running: one step is a draw of long problems."""
    judge_errors: float = 0.05
    """Largest share of rollouts that the judge failed on; they are masked out of the loss."""
    hacks: float = 0.3
    """Largest share of the answers with a score above 0 that show one sign of hacking. `copied` is counted
    from the first share seen: a policy that was pre-trained on references starts with many."""
    hack_answers: float = 8.0
    """Fewest answers with a score above 0 that make a share: early on a step may have two."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A number of a run beyond its limit."""

    name: str
    """One of ALARMS."""
    message: str
    """What was seen, the limit, and a next step."""


class TrainingStopped(RuntimeError):
    """A run that alarms ended; `alarms` are those that did."""

    def __init__(self, alarms: Sequence[Alarm]) -> None:
        super().__init__("; ".join(f"{alarm.name}: {alarm.message}" for alarm in alarms))
        self.alarms = tuple(alarms)


class Rails:
    """Watches a run."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self._memory: dict[str, float] = {}

    def state(self) -> dict[str, float]:
        """Return what is remembered of the steps so far; numbers by name."""
        return dict(self._memory)

    def load(self, state: Mapping[str, float]) -> None:
        """Restore what `state` returned."""
        self._memory = dict(state)

    def check(self, step: int, row: Mapping[str, float]) -> list[Alarm]:
        """Find the alarms of 1-based `step`, in the order of ALARMS. Steps are given once each, in order."""
        alarms = [
            self._not_finite(row),
            self._kl(row),
            self._entropy(row),
            self._truncation(row),
            self._judge(row),
            *(self._hack(sign, row) for sign in REWARD_HACKING_FLAGS),
        ]
        return [Alarm(alarm.name, f"step {step}: {alarm.message}") for alarm in alarms if alarm is not None]

    def _not_finite(self, row: Mapping[str, float]) -> Alarm | None:
        names = [f"{name} = {row[name]}" for name in FINITE if name in row and not math.isfinite(row[name])]
        skipped = row.get("skipped_updates", 0.0)
        if skipped > 0:
            names.append(f"{skipped:.0f} optimiser steps left out, their loss or gradient was not finite")
        if not names:
            return None
        advice = "lower objective.lr, or train in float32"
        return Alarm("not_finite", f"{', '.join(names)}; {advice}")

    def _kl(self, row: Mapping[str, float]) -> Alarm | None:
        kl = row.get("kl", 0.0)
        if kl > self.limits.kl:
            advice = "raise kl.coef, lower objective.lr, or go back to an earlier checkpoint"
            return Alarm(
                "kl", f"{kl:.3g} nats a rollout to the reference, limit {self.limits.kl:g}; {advice}"
            )
        if kl < self.limits.kl_below:
            advice = (
                "tokens are sampled from another distribution than is scored: check temperature and top-k"
            )
            return Alarm("kl", f"{kl:.3g} nats a rollout, limit {self.limits.kl_below:g}; {advice}")
        return None

    def _entropy(self, row: Mapping[str, float]) -> Alarm | None:
        entropy = row.get("entropy", math.nan)
        if not math.isfinite(entropy):
            return None
        first = self._memory.setdefault("first_entropy", entropy)
        if first <= 0 or entropy >= self.limits.entropy * first:
            return None
        seen = f"entropy {entropy:.3g} nats a token, {entropy / first:.1%} of the first step's {first:.3g}"
        advice = "the policy repeats itself: raise rollout.temperature or kl.coef, or lower objective.lr"
        return Alarm("entropy_collapse", f"{seen}, limit {self.limits.entropy:.0%}; {advice}")

    def _truncation(self, row: Mapping[str, float]) -> Alarm | None:
        share = row.get("truncated", 0.0)
        over = share > self.limits.truncated
        steps = self._memory.get("truncated_steps", 0.0) + 1 if over else 0.0
        self._memory["truncated_steps"] = steps
        if steps < self.limits.truncated_steps:
            return None
        seen = (
            f"{share:.0%} of the completions cut off, for {steps:.0f} steps above {self.limits.truncated:.0%}"
        )
        return Alarm(
            "truncation", f"{seen}; raise rollout.max_new_tokens, or check that the model learnt to end"
        )

    def _judge(self, row: Mapping[str, float]) -> Alarm | None:
        errors, rollouts = row.get("judge_errors", 0.0), row.get("rollouts", 0.0)
        if not errors > self.limits.judge_errors * rollouts:
            return None
        seen = f"the judge failed on {errors:.0f} of {rollouts:.0f} rollouts"
        advice = "run `rlcf doctor`, mend what it names, and resume"
        return Alarm("judge_failing", f"{seen}, limit {self.limits.judge_errors:.0%}; {advice}")

    def _hack(self, sign: str, row: Mapping[str, float]) -> Alarm | None:
        share = row.get(f"sign_{sign}", math.nan)
        if not math.isfinite(share) or row.get("well_scored", math.inf) < self.limits.hack_answers:
            return None
        first = self._memory.setdefault("first_copied", share) if sign == "copied" else 0.0
        if share <= first + self.limits.hacks:
            return None
        since = f", {first:.0%} at first" if sign == "copied" else ""
        seen = f"{share:.0%} of the answers with a score above 0 {WHAT_IT_MEANS[sign]}{since}"
        advice = "look at them in completions.jsonl; mend the tests, the grounding or the prompt"
        return Alarm(f"hack_{sign}", f"{seen}, limit {self.limits.hacks:.0%}; {advice}")


def act(alarms: Sequence[Alarm], stop_on: Collection[str]) -> None:
    """Log every alarm as a warning; raises TrainingStopped where one is in `stop_on` or ALWAYS_STOP."""
    for alarm in alarms:
        log.warning("%s: %s", alarm.name, alarm.message)
    ending = [alarm for alarm in alarms if alarm.name in stop_on or alarm.name in ALWAYS_STOP]
    if ending:
        raise TrainingStopped(ending)
