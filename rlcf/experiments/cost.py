"""What an arm cost: completions, judged programs, time.

CPU seconds are those of this process and of all that it started, as the kernel counts them: the policy's and
the judge's. Not covered: a judge elsewhere (Docker's daemon, a service), and what a run took before it was
killed; a run that went on says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.experiments.ablation_runs import DONE
from rlcf.grounding.table import GROUNDINGS
from rlcf.report.run_folder import completion_rows, read_run

GREEDY = ("greedy", "coderl")
"""Advantages for which a greedy completion of each prompt is judged too."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run, its pre-training apart."""

    completions: float
    """Sampled by the steps."""
    run: float
    """Of those, programs that the grounding had run; the others were compiled."""
    judged: float
    """All programs: evaluations during and after training too."""
    step_seconds: float
    cpu_seconds: float | None
    """Of the whole run; None where it was stopped in between."""


def cpu_seconds() -> float:
    """CPU seconds so far of this process and its descendants, also of those that ended and were waited
    for."""
    spent: dict[int, float] = {}
    parents: dict[int, int] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        fields = text.rpartition(")")[2].split()
        parents[int(process.name)] = int(fields[1])
        spent[int(process.name)] = sum(map(int, fields[11:15])) / tick
    own, new = {os.getpid()}, {os.getpid()}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - own
        own |= new
    return sum(spent.get(process, 0.0) for process in own)


def cost_of(folder: Path) -> Cost:
    """Read what the run in `folder` cost."""
    run = read_run(folder)
    steps = [row for row in run.metrics if "reward" in row]
    completions = sum(row["rollouts"] for row in steps)
    grounding = GROUNDINGS[run.recipe["objective.grounding"]]
    asked = sum(row["stage"] != "before" for row in completion_rows(run))
    if run.recipe["ppo.advantage"] in GREEDY:
        asked += len(steps) * run.recipe["rollout.prompts_per_step"]
    return Cost(
        completions=completions,
        run=completions if grounding.runs else 0,
        judged=asked,
        step_seconds=sum(row["seconds"] for row in steps),
        cpu_seconds=_spent(folder / DONE).get("cpu_seconds"),
    )


def _spent(path: Path) -> Mapping[str, Any]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return dict(json.loads(text)) if text else {}
