"""The report: one self-contained HTML page of a run, or of two, for a browser without a network.

What was run; before and after with intervals; outcomes; learning curves; all completions, to be searched,
filtered, opened and compared (`web/`); the recipe. What a page shows of completions is packed (`blocks.py`)
and becomes text nodes; all else from the run folder is escaped here. A browser needs JavaScript and
`DecompressionStream` (every one since 2023) for what is below the tables. Not covered: more than two runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from javabox import Outcome
from rlcf.evaluation.metrics import Estimate
from rlcf.evaluation.provenance import told
from rlcf.report import assets
from rlcf.report.before_after import Change, caption, changes, decoding_name, stage_rows
from rlcf.report.blocks import Block, Packer, Row, chunks, packed_json
from rlcf.report.chart import bar_chart
from rlcf.report.curves import charts
from rlcf.report.run_folder import Run, completion_rows, read_run

REPORT = "report.html"


def write_report(run_dir: Path, against: Path | None = None) -> Path:
    """Writes `report.html` into the run folder and returns its path; beside the run `against`, where one is
    named. Raises BadInput (see `read_run`)."""
    runs = [read_run(folder) for folder in (run_dir, against) if folder is not None]
    write_page(
        run_dir / REPORT,
        title=run_dir.resolve().name,
        names=names_of(runs),
        sources=[completion_rows(run) for run in runs],
        runs=runs,
    )
    return run_dir / REPORT


def write_page(
    path: Path,
    *,
    title: str,
    names: Sequence[str],
    sources: Sequence[Iterable[Row]],
    runs: Sequence[Run] = (),
    results: str | None = None,
) -> None:
    """Writes a page that holds the rows of all `sources`, each under its name. `runs`: what was trained, for
    tables and curves; `results`: HTML in their place."""
    packer = Packer()
    blocks = (packer.block(rows, at) for at, source in enumerate(sources) for rows in chunks(source))
    held = {"runs": names, "charts": charts(runs), "live": False}
    pieces = page(title, results_of(runs) if results is None else results, runs, held, blocks)
    # Aside, since a malformed row ends it; `replacing` would make a file that nobody else may read.
    aside = path.with_name(f".{path.name}.new")
    try:
        # names may hold lone surrogates, which have no UTF-8 form
        with open(aside, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(pieces)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def page(
    title: str, results: str, runs: Sequence[Run], held: Mapping[str, Any], blocks: Iterable[Block] = ()
) -> Iterator[str]:
    """The page in pieces, as it may be large. `held`: `runs`, their names; `charts`; `live`, whether it asks
    the server that it came from for more."""
    name = escape(title)
    live = bool(held["live"])
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{assets.policy(live=live)}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'  # or a browser asks for one
        f"<title>{name} · rlcf</title>{assets.style()}</head><body>"
        f"<header><h1>{name}</h1>{''.join(map(_lead, runs))}"
        f'<p class="note" id="live" role="status">{"Asking …" if live else ""}</p></header>'
        f'<main><section id="results">{results}</section>{assets.sections()}'
        f"{_recipes(runs)}</main>"
        f'<script type="text/plain" id="held">{packed_json(held)}</script>{assets.scripts()}'
    )
    for block in blocks:
        yield f'<script type="application/json" class="block">{json.dumps(block)}</script>\n'
    yield "</body></html>\n"


def names_of(runs: Sequence[Run]) -> list[str]:
    """The folders' names; where two have the same, with what tells them apart."""
    names = [run.folder.resolve().name for run in runs]
    if len(set(names)) == len(names):
        return names
    return [f"{name} ({'first' if at == 0 else 'against'})" for at, name in enumerate(names)]


def results_of(runs: Sequence[Run]) -> str:
    """The table of each run, before and after, and its outcomes."""
    parts = []
    for name, run in zip(names_of(runs), runs, strict=True):
        of = f": {escape(name)}" if len(runs) > 1 else ""
        parts.append(f"<h2>Before and after{of}</h2>{_table(run)}")
        bars = _outcomes(run)
        parts.append(f"<h2>Outcomes{of}</h2>{bars}" if bars else "")
    return "".join(parts)


def _lead(run: Run) -> str:
    recipe = run.recipe
    lead = (
        f"{recipe.get('model.name')} on {recipe.get('data.problems')}, "
        f"grounding {recipe.get('objective.grounding')}, seed {recipe.get('seed')}"
    )
    return f'<p class="lead">{escape(lead)}</p>'


def _table(run: Run) -> str:
    found = changes(run)
    if not found:
        return '<p class="note">No evaluation was written.</p>'
    rows = []
    for at, change in enumerate(found):
        first = at == 0 or found[at - 1].decoding != change.decoding
        span = sum(other.decoding == change.decoding for other in found)
        label = f'<th rowspan="{span}">{escape(change.decoding)}</th>' if first else ""
        kind = ' class="first"' if first else ""
        rows.append(f"<tr{kind}>{label}{_cells(change)}</tr>")
    head = "<tr><th>decoding</th><th>rate</th><th>before</th><th>after</th><th>gain in points</th></tr>"
    return (
        f'<div class="wide" tabindex="0"><table><thead>{head}</thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div><p class="note">{escape(caption(run))}</p>'
        f"{_judged_by(run)}"
    )


def _judged_by(run: Run) -> str:
    """By what and under which terms, a line for each that differs."""
    found = dict.fromkeys(told(row["provenance"]) for row in run.evaluations if row.get("provenance"))
    return "".join(f'<p class="note">Judged by: {escape(one)}.</p>' for one in found)


def _cells(change: Change) -> str:
    after = estimate_cell(change.after) if change.after else "–"
    return (
        f"<td>{change.metric}</td><td>{estimate_cell(change.before)}</td><td>{after}</td>{_gain(change.gain)}"
    )


def estimate_cell(found: Estimate) -> str:
    """A rate in percent, its interval in small."""
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
    return f'<div class="grid-of-charts">{"".join(charts)}</div>' if charts else ""


def _recipes(runs: Sequence[Run]) -> str:
    told = [
        f"<details><summary>recipe.toml of {escape(name)}</summary>"
        f"<pre>{escape(run.recipe_text)}</pre></details>"
        for name, run in zip(names_of(runs), runs, strict=True)
    ]
    return f"<h2>Recipe</h2>{''.join(told)}" if told else ""
