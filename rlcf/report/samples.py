"""Completions to look at: held-out problems before and after, rollouts of the last step with their signal.

They are spread evenly over what the run wrote and chosen by nothing else: neither by outcome nor by looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, TypeVar

from rlcf.report.run_folder import Run, completion_rows

PAIRS, ROLLOUTS = 10, 6
LONGEST = 4_000
"""Characters of a completion that are shown."""
LONGEST_REASON = 900
"""Characters of what went wrong: the judge cuts each of call, got and expected before
(`verdict.TEXT_LIMIT`)."""

Row = Mapping[str, Any]
T = TypeVar("T")


def sample_sections(run: Run) -> str:
    """Two sections of the page; empty where the run holds no completions."""
    first: dict[str, dict[str, Row]] = {"before": {}, "after": {}}
    rollouts: list[Row] = []
    for row in completion_rows(run):
        stage = str(row.get("stage"))
        if stage in first:
            first[stage].setdefault(str(row.get("task_id")), row)
        elif stage == "rollout":
            if rollouts and rollouts[-1].get("step") != row.get("step"):
                rollouts = []
            rollouts.append(row)
    return _pairs(first["before"], first["after"]) + _rollouts(rollouts)


def _pairs(before: Mapping[str, Row], after: Mapping[str, Row]) -> str:
    names = _spread([name for name in (before or after) if not after or name in after], PAIRS)
    if not names:
        return ""
    samples = []
    for name in names:
        stages = [
            (stage, rows[name]) for stage, rows in (("before", before), ("after", after)) if name in rows
        ]
        boxes = "".join(f"<div><h4>{stage}: {_outcome(row)}</h4>{_code(row)}</div>" for stage, row in stages)
        samples.append(_sample(name, stages[0][1], boxes))
    note = "The first completion of problems spread evenly over the split; chosen by nothing else."
    return f'<h2>Held-out problems</h2><p class="note">{note}</p>{"".join(samples)}'


def _rollouts(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    samples = []
    for row in _spread(rows, ROLLOUTS):
        box = f"<div><h4>{_outcome(row)} · {_signal(row)}</h4>{_code(row)}</div>"
        samples.append(_sample(str(row.get("task_id")), row, box))
    title = f"Rollouts of step {escape(str(rows[0].get('step')))}"
    note = "What the policy was given for each: the score, the token it was placed on, its parts."
    return f'<h2>{title}</h2><p class="note">{note}</p>{"".join(samples)}'


def _sample(name: str, row: Row, boxes: str) -> str:
    prompt = row.get("prompt")
    asked = f"<pre>{escape(str(prompt))}</pre>" if prompt else ""
    return f'<div class="sample"><h3>{escape(name)}</h3>{asked}<div class="pair">{boxes}</div></div>'


def _outcome(row: Row) -> str:
    outcome = escape(str(row.get("outcome")))
    return f'<span class="outcome {outcome}">{outcome}</span>'


def _code(row: Row) -> str:
    """The completion, and in one line what went wrong first."""
    text = str(row.get("completion"))
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text):,} characters)"
    reason = _reason(row)
    why = f'<p class="why">{escape(reason[:LONGEST_REASON])}</p>' if reason else ""
    return f"<pre>{escape(shown)}</pre>{why}"


def _reason(row: Row) -> str:
    """What went wrong first: javac's error, what the program threw, or the first case that did not pass with
    its call, what came out and what was expected, where the run keeps these."""
    for found in row.get("diagnostics") or ():
        return f"line {found.get('line')}: {found.get('message')}"
    told = []
    thrown = row.get("exception")
    if thrown and row.get("outcome") != "failed":
        told.append(f"line {thrown.get('line')}: {thrown.get('type')}: {thrown.get('message')}")
    case: Row = next((one for one in row.get("cases") or () if one.get("outcome") != "passed"), {})
    known = {name: case[name] for name in ("call", "got", "expected") if name in case}
    if known:
        told += [f"case {case.get('name')}", *(f"{name}: {text}" for name, text in known.items())]
    if row.get("detail"):
        told.append(str(row["detail"]))
    return " · ".join(told)


def _signal(row: Row) -> str:
    score, place = row.get("score"), row.get("place")
    if score is None:
        return "no signal"
    where = "on the last token" if place is None else f"at character {place}"
    parts = ", ".join(f"{name} {value:+.2f}" for name, value in (row.get("parts") or {}).items() if value)
    return escape(f"score {score:+.2f} {where}" + (f" ({parts})" if parts else ""))


def _spread(items: Sequence[T], most: int) -> list[T]:
    if len(items) <= most:
        return list(items)
    return [items[at * (len(items) - 1) // (most - 1)] for at in range(most)]
