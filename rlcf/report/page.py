"""The report: one self-contained HTML page of a run, for a browser without a network.

What was run; before and after with intervals; outcomes; learning curves; completions before and after;
the recipe. Not covered: comparing runs, live updates. Everything from the run folder is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from javabox import Outcome
from rlcf.evaluation.metrics import Estimate
from rlcf.evaluation.provenance import told
from rlcf.report.before_after import Change, caption, changes, decoding_name, stage_rows
from rlcf.report.chart import Line, bar_chart, line_chart
from rlcf.report.run_folder import Run, read_run
from rlcf.report.samples import sample_sections
from rlcf.report.style import CSS

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
    ("Loss of supervised training", {"supervised_loss": "loss"}),
)
"""Title of a chart, and its curves: the name in metrics.jsonl and the name shown."""


def write_report(run_dir: Path) -> Path:
    """Writes `report.html` into the run folder and returns its path. Raises BadInput (see `read_run`)."""
    run = read_run(run_dir)
    path = run_dir / "report.html"
    # a completion may hold lone surrogates, which have no UTF-8 form
    path.write_text(render(run), encoding="utf-8", errors="backslashreplace")
    return path


def render(run: Run) -> str:
    """The page."""
    name = escape(run.folder.resolve().name)
    body = "".join(
        (_header(run), _table(run), _outcomes(run), _curves(run), sample_sections(run), _recipe(run))
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name} · rlcf</title><style>{CSS}</style></head><body>{body}</body></html>\n"
    )


def _header(run: Run) -> str:
    recipe = run.recipe
    lead = (
        f"{recipe.get('model.name')} on {recipe.get('data.problems')}, "
        f"grounding {recipe.get('objective.grounding')}, seed {recipe.get('seed')}"
    )
    name = escape(run.folder.resolve().name)
    return f'<header><h1>{name}</h1><p class="lead">{escape(lead)}</p></header>'


def _table(run: Run) -> str:
    found = changes(run)
    if not found:
        return '<h2>Before and after</h2><p class="note">No evaluation was written.</p>'
    rows = []
    for at, change in enumerate(found):
        first = at == 0 or found[at - 1].decoding != change.decoding
        span = sum(other.decoding == change.decoding for other in found)
        label = f'<th rowspan="{span}">{escape(change.decoding)}</th>' if first else ""
        kind = ' class="first"' if first else ""
        rows.append(f"<tr{kind}>{label}{_cells(change)}</tr>")
    head = "<tr><th>decoding</th><th>rate</th><th>before</th><th>after</th><th>gain in points</th></tr>"
    return (
        f'<h2>Before and after</h2><div class="wide"><table><thead>{head}</thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div><p class="note">{escape(caption(run))}</p>'
        f"{_judged_by(run)}"
    )


def _judged_by(run: Run) -> str:
    """By what and under which terms, a line for each that differs."""
    found = dict.fromkeys(told(row["provenance"]) for row in run.evaluations if row.get("provenance"))
    return "".join(f'<p class="note">Judged by: {escape(one)}.</p>' for one in found)


def _cells(change: Change) -> str:
    after = _estimate(change.after) if change.after else "–"
    return f"<td>{change.metric}</td><td>{_estimate(change.before)}</td><td>{after}</td>{_gain(change.gain)}"


def _estimate(found: Estimate) -> str:
    rate, _, interval = found.percent().rpartition(" [")
    return f"{rate} <i>[{interval}</i>"


def _gain(found: Estimate | None) -> str:
    """Coloured only where the interval leaves out 0."""
    if found is None:
        return "<td>–</td>"
    kind = ' class="up"' if found.low > 0 else ' class="down"' if found.high < 0 else ""
    rate, _, interval = found.points().replace("-", "−").partition(" [")
    return f"<td><span{kind}>{rate}</span> <i>[{interval}</i></td>"


def _outcomes(run: Run) -> str:
    """A chart for each decoding: the share of every outcome, before and after."""
    charts = []
    for before in stage_rows(run, "before"):
        counts = {}
        for stage in ("before", "after"):
            same = [row for row in stage_rows(run, stage) if row["decoding"] == before["decoding"]]
            if same:
                counts[stage] = same[0]["outcomes"]
        names = [str(outcome) for outcome in Outcome if any(outcome in found for found in counts.values())]
        groups = {
            stage: {name: found.get(name, 0) / max(1, sum(found.values())) for name in names}
            for stage, found in counts.items()
        }
        charts.append(bar_chart(decoding_name(before["decoding"]), groups))
    return f'<h2>Outcomes</h2><div class="grid-of-charts">{"".join(charts)}</div>' if charts else ""


def _curves(run: Run) -> str:
    charts = []
    for title, names in CURVES:
        lines = [Line(shown, _points(run.metrics, name)) for name, shown in names.items()]
        charts.append(line_chart(title, lines))
    if not any(charts):
        return ""
    note = '<p class="note">Curves with many points: faint as measured, strong as a running mean.</p>'
    return f'<h2>Learning curves</h2><div class="grid-of-charts">{"".join(charts)}</div>{note}'


def _points(rows: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    found = []
    for row in rows:
        x, y = row.get("step"), row.get(name)
        if isinstance(x, int | float) and isinstance(y, int | float):
            found.append((float(x), float(y)))
    return found


def _recipe(run: Run) -> str:
    text = f"<pre>{escape(run.recipe_text)}</pre>"
    return f"<h2>Recipe</h2><details><summary>recipe.toml</summary>{text}</details>"
