"""What the page's charts show: series of metrics.jsonl by chart, as plain numbers.

The page draws them with uPlot: 50 kB, no further packages, quick with many points, and one plain script, as a
page without a network or a build needs. Smoothing and colours are the page's (`web/charts.js`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rlcf.report.blocks import finite
from rlcf.report.run_folder import Run

CURVES: Sequence[tuple[str, Mapping[str, str]]] = (
    ("Reward", {"reward": "reward", "baseline": "baseline"}),
    ("Parts of the reward", {f"part_{part}": part for part in ("compiler", "tests", "discriminator")}),
    ("Rates of the rollouts", {"compile": "compile", "exec": "exec", "pass": "pass"}),
    ("Rates of problems that were never asked before", {"first_compile": "compile", "first_pass": "pass"}),
    ("KL to the reference, nats a completion", {"kl": "KL"}),
    ("Entropy, nats a token", {"entropy": "entropy"}),
    ("Discriminator's accuracy on new pairs", {"discriminator_accuracy": "accuracy"}),
    (
        "Variance of the returns that is explained",
        {"explained_variance": "critic", "explained_by_others": "mean of the prompt's other completions"},
    ),
    ("Critic's accuracy in telling how programs end", {"class_accuracy": "accuracy"}),
    ("Tokens a completion", {"response_tokens": "tokens"}),
    (
        "Throughput, tokens a second",
        {"tokens_per_second": "read and written", "generated_tokens_per_second": "generated"},
    ),
    (
        "Share of reward hacking flags in what was paid",
        {f"sign_{name}": name for name in ("trivial", "comment_only", "copied", "hard_coded")},
    ),
    ("Loss of supervised training", {"supervised_loss": "loss"}),
)
"""Title of a chart, and its curves: the name in metrics.jsonl and the name shown."""
TIMES = {
    "seconds_generate": "generate",
    "seconds_baseline": "baseline",
    "seconds_resample": "resample",
    "seconds_logps": "log-probs",
    "seconds_judge_exposed": "waiting for the judge",
    "seconds_update": "update",
    "seconds_discriminator": "discriminator",
}
"""Parts of a step's time, stacked in one chart; judging that runs beside generation costs none."""

Chart = dict[str, Any]


def charts(runs: Sequence[Run]) -> list[Chart]:
    """`title`, `stacked` and `lines` (`name`, `run`, `x`, `y`) of each chart that has a point."""
    found = [_chart(title, names, list(enumerate(runs))) for title, names in CURVES]
    for at, run in enumerate(runs):  # stacks of two runs would cover each other
        of = f" of {run.folder.resolve().name}" if len(runs) > 1 else ""
        found.append(_chart(f"Seconds of a step{of}", TIMES, [(at, run)]) | {"stacked": True})
    return [chart for chart in found if chart["lines"]]


def _chart(title: str, names: Mapping[str, str], runs: Sequence[tuple[int, Run]]) -> Chart:
    lines = [
        {"name": shown, "run": at, "x": [x for x, _ in points], "y": [y for _, y in points]}
        for at, run in runs
        for name, shown in names.items()
        if (points := _points(run.metrics, name)) and any(y for _, y in points)
    ]
    return {"title": title, "stacked": False, "lines": lines}


def _points(rows: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    found = [(finite(row.get("step")), finite(row.get(name))) for row in rows if name in row]
    return [(x, y) for x, y in found if x is not None and y is not None]
