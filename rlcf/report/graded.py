"""The page of graded samples: that of a run without its curves and its recipe.

    write_graded(Path("page.html"), [Path("samples_results.jsonl"), Path("older_results.jsonl")], problems)

Prompts and references are those of the problems: a results file has neither. Not covered: results of other
problems, which are shown without prompt and reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rlcf.evaluation.metrics import METRICS, Tally, estimate
from rlcf.jsonl import read_rows
from rlcf.problems import Problem
from rlcf.report.page import estimate_cell, write_page


def write_graded(page: Path, results: Sequence[Path], problems: Sequence[Problem]) -> None:
    """Writes the page of one results file, or of two. Raises BadInput where one is malformed."""
    by_id = {problem.task_id: problem for problem in problems}
    names = [path.name.removesuffix(".jsonl").removesuffix("_results") for path in results]
    if len(set(names)) < len(names):
        names = [str(path) for path in results]
    write_page(
        page,
        title=" and ".join(names),
        names=names,
        sources=[graded_rows(path, by_id) for path in results],
        results=_rates(names, results),
    )


def graded_rows(path: Path, problems: Mapping[str, Problem]) -> Iterator[dict[str, Any]]:
    """The rows of a results file with their problem's prompt and reference."""
    for row in read_rows(path):
        problem = problems.get(str(row.fields.get("task_id")))
        known = {} if problem is None else {"prompt": problem.prompt, "reference": problem.reference}
        yield row.fields | known


def _rates(names: Sequence[str], results: Sequence[Path]) -> str:
    """A table of the rates at k = 1, a line a file."""
    lines = []
    for name, path in zip(names, results, strict=True):
        tallies: dict[str, list[int]] = {}
        for row in read_rows(path):
            flags = [row.fields.get(flag) for flag in ("compiled", "executed", "passed")]
            if None not in flags:
                counts = tallies.setdefault(str(row.fields.get("task_id")), [0, 0, 0, 0])
                for at, flag in enumerate((True, *flags)):
                    counts[at] += bool(flag)
        rates = estimate([Tally(*counts) for counts in tallies.values()], [1]) if tallies else None
        cells = "".join(f"<td>{estimate_cell(rates[metric][1]) if rates else '–'}</td>" for metric in METRICS)
        lines.append(f"<tr><th>{escape(name)}</th><td>{len(tallies)}</td>{cells}</tr>")
    head = "".join(f"<th>{name}</th>" for name in ("samples", "problems", *METRICS))
    return (
        f'<h2>Rates</h2><div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
        '<p class="note">At k = 1; in brackets 95 % intervals over problems.</p>'
    )
