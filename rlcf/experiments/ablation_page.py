"""The page and the plots of an ablation, written beside its runs: the text, ablation.svg, curves.svg.

All of it is read from the runs, so that it can be written again without training. Sections: gains by
decoding, equal samples and equal time, what changed in the programs, what it cost, the paper's numbers.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from rlcf.experiments.ablation_runs import RECIPES, runs_of
from rlcf.experiments.ablation_tables import plot, read_gains, table, turns_table
from rlcf.experiments.cost import cost_of
from rlcf.experiments.curves import curves_plot, equal_table, read_courses
from rlcf.experiments.paper import paper_table
from rlcf.experiments.programs import programs_table
from rlcf.recipes import load_recipe


def write_page(out: Path, names: Sequence[str]) -> str:
    """Write page and plots; returns the page's text. Raises BadInput where a run is missing or not done."""
    found, courses = read_gains(out, names), read_courses(out, names)
    (out / "ablation.svg").write_text(plot(found), encoding="utf-8")
    if courses:
        (out / "curves.svg").write_text(curves_plot(courses), encoding="utf-8")
    recipe = load_recipe(str(out / RECIPES / f"{names[0]}.toml"))
    sections = (
        ("Gains", f"Points gained, mean ± standard deviation over seeds; an arm is `{RECIPES}/ARM.toml`.\n"),
        ("", table(found)),
        ("Pass in several turns", turns_table(out, names)),
        ("Equal samples, equal time", equal_table(courses)),
        ("What changed in the programs", programs_table(out, names)),
        ("Cost", cost_table(out, names)),
        ("Beside the paper", paper_table(found, recipe.model.name, recipe.data.problems)),
    )
    text = "\n".join(f"## {title}\n\n{body}" if title else body for title, body in sections if body)
    (out / "ablation.md").write_text(text, encoding="utf-8")
    return text


def cost_table(out: Path, names: Sequence[str]) -> str:
    """Markdown: what a run of each arm cost beside the pre-training that all share, the mean over seeds."""
    lines = [
        "| arm | completions | of them run | judged, with evaluations | minutes of steps | CPU minutes |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in names:
        costs = [cost_of(folder / name) for folder, _ in runs_of(out, [name])]
        spent = [cost.cpu_seconds for cost in costs if cost.cpu_seconds is not None]
        minutes = f"{statistics.fmean(spent) / 60:.1f}" if spent else "–"
        stopped = len(costs) - len(spent)
        means = [statistics.fmean(getattr(c, of) for c in costs) for of in ("completions", "run", "judged")]
        seconds = statistics.fmean(cost.step_seconds for cost in costs)
        lines.append(
            f"| `{name}` | {' | '.join(f'{mean:,.0f}' for mean in means)} | {seconds / 60:.1f} | "
            f"{minutes}{f' (without {stopped} that were stopped)' if stopped else ''} |"
        )
    return "\n".join(lines) + "\n"
