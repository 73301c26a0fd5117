"""What a run changed: the rates before and after and their paired difference, from evaluation.jsonl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlcf.evaluation.metrics import METRICS, Estimate, estimate, gain
from rlcf.report.run_folder import Run, tallies


@dataclass(frozen=True, slots=True)
class Change:
    """One rate under one decoding."""

    decoding: str
    """`greedy`, or `T = 0.8, 4 samples`."""
    metric: str
    """`compile`, `exec` or `pass`, at k = 1, or `pass@8`: whether one of so many samples passes. Of
    answers in turns, after the last one; `turn 1`: what passes after the first."""
    before: Estimate
    after: Estimate | None
    """None: the run ended before it was evaluated again."""
    gain: Estimate | None
    """after - before, paired by problem."""


def changes(run: Run) -> list[Change]:
    """A change for each decoding that was evaluated before and each metric; pass@n too, of all n samples."""
    found = []
    for before in stage_rows(run, "before"):
        after = next((row for row in stage_rows(run, "after") if _same_question(row, before)), None)
        old = tallies(before)
        new = tallies(after) if after else {}
        common = [task_id for task_id in old if task_id in new]
        found += _earlier_turns(before, after)
        n, label = int(before["decoding"]["n"]), decoding_name(before["decoding"])
        ks = sorted({1, n})
        rates, rates_after = (estimate(list(counts.values()), ks) for counts in (old, new))
        for k in ks:
            gains = gain([old[t] for t in common], [new[t] for t in common], k) if after else {}
            for metric in METRICS if k == 1 else ("pass",):
                name = metric if k == 1 else f"{metric}@{k}"
                later = rates_after[metric][k] if after else None
                found.append(Change(label, name, rates[metric][k], later, gains.get(metric)))
    return found


def _earlier_turns(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> list[Change]:
    """What passes after each turn but the last."""
    found = []
    for at, turn in enumerate(before.get("turns", ())[:-1]):
        old = tallies(turn)
        later = after["turns"][at] if after and len(after.get("turns", ())) > at + 1 else None
        new = tallies(later) if later else {}
        common = [task_id for task_id in old if task_id in new]
        gains = gain([old[t] for t in common], [new[t] for t in common], 1) if later else {}
        passed, passes = (estimate(list(counts.values()), [1])["pass"][1] for counts in (old, new))
        name, label = f"turn {turn['turn']}", decoding_name(before["decoding"])
        found.append(Change(label, name, passed, passes if later else None, gains.get("pass")))
    return found


def stage_rows(run: Run, stage: str) -> list[Mapping[str, Any]]:
    """The evaluations of one stage."""
    return [row for row in run.evaluations if row["stage"] == stage]


def decoding_name(decoding: Mapping[str, Any]) -> str:
    if decoding["temperature"] == 0:
        return "greedy"
    samples = "1 sample" if decoding["n"] == 1 else f"{decoding['n']} samples"
    return f"T = {decoding['temperature']:g}, {samples}"


def caption(run: Run) -> str:
    """What the columns are, in words: where the policy came from, what was done to it, what it was asked."""
    recipe, rows = run.recipe, stage_rows(run, "before")
    objective, grounding = recipe.get("objective.name"), recipe.get("objective.grounding")
    after = f"{recipe.get('objective.steps')} steps of {objective} with the grounding {grounding}"
    asked = ""
    if rows:
        problems = f"{len(rows[0]['counts'])} {recipe.get('data.problems')} problems"
        asked = f" Rates on {problems}, split {rows[0]['split']}."
    return (
        f"Before: {_start(recipe)}. After: {after}.{asked} In brackets 95 % intervals over "
        "problems; the gain is paired by problem. The spread between training seeds is not in them."
    )


def _start(recipe: Mapping[str, Any]) -> str:
    """Where the policy came from."""
    if recipe.get("start"):
        return f"the policy that {recipe['start']} had before PPO"
    if not recipe.get("supervised.steps"):
        return f"{recipe.get('model.name')} as it was"
    rows = "a corpus"
    if recipe.get("data.corpus_noise"):
        share = 100 * recipe["data.corpus_noise"]
        rows += f", {share:.3g} % of it with a corrupted body (as noisy as scraped code)"
    return f"{recipe.get('model.name')} after {recipe['supervised.steps']} supervised steps on {rows}"


def text_table(found: Sequence[Change]) -> str:
    """The changes as plain text, for the terminal."""
    head = f"{'':<20}{'':<9}{'before':<24}{'after':<24}gain in points"
    lines = [head]
    for at, change in enumerate(found):
        label = change.decoding if at == 0 or found[at - 1].decoding != change.decoding else ""
        after = change.after.percent() if change.after else "-"
        difference = change.gain.points() if change.gain else "-"
        lines.append(f"{label:<20}{change.metric:<9}{change.before.percent():<24}{after:<24}{difference}")
    return "\n".join(lines)


def _same_question(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return bool(a["split"] == b["split"] and a["decoding"] == b["decoding"])
