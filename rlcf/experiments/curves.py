"""Learning curves of an ablation's arms, and what they passed at equal samples and at equal time.

The points are the evaluations during training, on the validation split; the first is that of the policy
that all arms start from. After as many samples, or seconds of steps, as the arm that needs fewest, each arm
is read on the straight line between its evaluations; of answers in several turns the first counts. Seconds
are those of steps, evaluations apart, on a machine that may do other work too: compare them within one
ablation. Not covered: recipes with `evaluation.every = 0`, which have none.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from html import escape
from pathlib import Path
from typing import Any

from rlcf.experiments.ablation_runs import BASE, first_turn, runs_of, seed_of, tuned_rows
from rlcf.report.run_folder import read_run

COLOURS = ("#0b6fb8", "#d9770a", "#2f8f4e", "#b03060", "#7a52a8", "#6b6b2a", "#1f9aa0", "#8a4b2a")
DASHES = ("", "7 3", "2 2")
SAMPLED = 0.8


@dataclass(frozen=True, slots=True)
class Point:
    """The policy after some steps."""

    step: float
    samples: float
    """Judged for them."""
    seconds: float
    sampled: float
    """Share that passes at T = .8."""
    greedy: float


Courses = Mapping[str, Mapping[int, Sequence[Point]]]
"""By arm and seed."""


def read_courses(out: Path, arms: Sequence[str]) -> Courses:
    """The points of every run that was evaluated during training."""
    found: dict[str, dict[int, Sequence[Point]]] = {}
    for folder, name in runs_of(out, arms):
        run = read_run(folder / name)
        during = [row for row in run.evaluations if row["stage"] == "during"]
        steps = [row for row in run.metrics if "reward" in row]
        if during and steps:
            found.setdefault(name, {})[seed_of(folder)] = _points([*_start(folder / BASE), *during], steps)
    return found


def _start(base: Path) -> list[Mapping[str, Any]]:
    """The start's evaluations on validation, as those during training ask; none where it was not tuned."""
    return [
        {**row, "step": 0}
        for row in tuned_rows(base)
        if row["stage"] == "choosing" and row["decoding"]["temperature"] in (0.0, SAMPLED)
    ]


def _points(rows: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, float]]) -> list[Point]:
    passed: dict[int, dict[float, float]] = {}
    for row in map(first_turn, rows):
        passed.setdefault(row["step"], {})[row["decoding"]["temperature"]] = row["pass"]["1"] or 0.0
    return [
        Point(
            step,
            samples=sum(row["rollouts"] for row in steps[:step]),
            seconds=sum(row["seconds"] for row in steps[:step]),
            sampled=rates[SAMPLED],
            greedy=rates[0.0],
        )
        for step, rates in sorted(passed.items())
    ]


def equal_table(courses: Courses) -> str:
    """Markdown: what of the validation split passes after as many samples, and as many seconds, as the arm
    that needs fewest took; points gained over the start, mean ± standard deviation over seeds."""
    if not courses:
        return "No evaluations during training (`evaluation.every = 0`): no learning curves.\n"
    lines = ["| arm | at | steps by then | T = 0.8, pass | gain | greedy, pass | gain |"]
    lines.append("|---|---|---:|---:|---:|---:|---:|")
    by: tuple[tuple[str, Callable[[Point], float]], ...] = (
        ("samples", lambda point: point.samples),
        ("seconds of steps", lambda point: point.seconds),
    )
    for unit, measure in by:
        ends = [statistics.fmean(measure(c[-1]) for c in seeds.values()) for seeds in courses.values()]
        for name, seeds in courses.items():
            reached = [(course[0], _at(course, measure, min(ends))) for course in seeds.values()]
            step = statistics.fmean(point.step for _, point in reached)
            cells = [f"`{name}`", f"{min(ends):,.0f} {unit}", f"{step:.0f}"]
            cells += _cells([(start.sampled, point.sampled) for start, point in reached])
            cells += _cells([(start.greedy, point.greedy) for start, point in reached])
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _at(course: Sequence[Point], measure: Callable[[Point], float], budget: float) -> Point:
    """The course where `measure` is `budget`, between two of its points on a straight line; its first or last
    point where that is before or behind it."""
    later = next((at for at, point in enumerate(course) if measure(point) >= budget), len(course) - 1)
    one, other = course[max(0, later - 1)], course[later]
    between = measure(other) - measure(one)
    share = min(1.0, (budget - measure(one)) / between) if between else 1.0
    pairs = zip(astuple(one), astuple(other), strict=True)
    return Point(*((1 - share) * a + share * b for a, b in pairs))


def _cells(pairs: Sequence[tuple[float, float]]) -> list[str]:
    gains = [100 * (point - start) for start, point in pairs]
    spread = f" ± {statistics.stdev(gains):.1f}" if len(gains) > 1 else ""
    rate = 100 * statistics.fmean(point for _, point in pairs)
    return [f"{rate:.1f}", f"{statistics.fmean(gains):+.1f}{spread}"]


def curves_plot(courses: Courses) -> str:
    """An SVG: the share of the validation split that passes at T = .8 over samples and over seconds of
    steps, a line an arm, the mean over its seeds, which have thin ones where arms are few."""
    with_seeds = len(courses) <= len(COLOURS)
    height = 260 + 18 * ((len(courses) + 2) // 3)
    points = [point for seeds in courses.values() for course in seeds.values() for point in course]
    low, high = min(p.sampled for p in points), max(p.sampled for p in points)
    parts = []
    panels: tuple[tuple[int, str, Callable[[Point], float]], ...] = (
        (50, "samples", lambda point: point.samples),
        (380, "seconds of steps", lambda point: point.seconds),
    )
    for left, unit, measure in panels:
        last = max(map(measure, points)) or 1.0

        def place(x: float, y: float, left: int = left, last: float = last) -> str:
            return f"{left + 250 * x / last:.1f},{220 - 180 * (y - low) / ((high - low) or 1.0):.1f}"

        parts.append(
            f'<path d="M{left},40V220H{left + 250}" fill="none" stroke="#999"/>'
            f'<text x="{left}" y="238">0</text>'
            f'<text x="{left + 250}" y="238" text-anchor="end">{last:,.0f} {unit}</text>'
            f'<text x="{left - 6}" y="46" text-anchor="end">{100 * high:.0f}</text>'
            f'<text x="{left - 6}" y="220" text-anchor="end">{100 * low:.0f}</text>'
        )
        for at, seeds in enumerate(courses.values()):
            for course in seeds.values() if with_seeds else ():
                parts.append(_line(" ".join(place(measure(p), p.sampled) for p in course), at, thin=True))
            parts.append(_line(" ".join(place(*xy) for xy in _mean(seeds, measure)), at, thin=False))
    for at, name in enumerate(courses):
        x, y = 50 + 200 * (at % 3), 262 + 18 * (at // 3)
        parts.append(f'<path d="M{x},{y - 4}h22" {_style(at, thin=False)}/>')
        parts.append(f'<text x="{x + 27}" y="{y}" fill="{COLOURS[at % len(COLOURS)]}">{escape(name)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 {height}" font-family="sans-serif" '
        f'font-size="13"><rect width="100%" height="100%" fill="white"/><text x="50" y="20">'
        f"passes on validation at T = 0.8, %{'; thin: a seed' if with_seeds else ''}</text>"
        f"{''.join(parts)}</svg>\n"
    )


def _mean(
    seeds: Mapping[int, Sequence[Point]], measure: Callable[[Point], float]
) -> list[tuple[float, float]]:
    """The mean course over seeds, of the steps that all have."""
    common = set.intersection(*({point.step for point in course} for course in seeds.values()))
    by_step: dict[float, list[Point]] = {step: [] for step in sorted(common)}
    for course in seeds.values():
        for point in course:
            if point.step in by_step:
                by_step[point.step].append(point)
    return [
        (statistics.fmean(map(measure, points)), statistics.fmean(p.sampled for p in points))
        for points in by_step.values()
    ]


def _line(path: str, at: int, *, thin: bool) -> str:
    return f'<polyline points="{path}" {_style(at, thin=thin)}/>'


def _style(at: int, *, thin: bool) -> str:
    """Of the arm at this place: a colour, and dashes where all colours are taken."""
    width, opacity = ("1", "0.4") if thin else ("2.5", "1")
    dashes = DASHES[at // len(COLOURS) % len(DASHES)]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'fill="none" stroke="{COLOURS[at % len(COLOURS)]}" stroke-width="{width}" '
        f'stroke-opacity="{opacity}"{dashed}'
    )
