"""Charts as inline SVG, without a library: lines over steps, and bars of two groups side by side.

Colours are CSS classes (`c0`, `c1`, …), so that the page can have a light and a dark form. Every text that
comes from outside is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 8, 26
MAX_POINTS = 400
"""Points a line; more are averaged in groups, so that a page of a long run stays small."""


@dataclass(frozen=True, slots=True)
class Line:
    """One named curve: (x, y) points in order of x."""

    name: str
    points: Sequence[tuple[float, float]]


def line_chart(title: str, lines: Sequence[Line], x_name: str = "step") -> str:
    """A figure with one chart. Lines with more than 40 points get a running mean over the faint raw line."""
    shown = [Line(line.name, _thinned(line.points)) for line in lines if line.points]
    points = [point for line in shown for point in line.points]
    if not points:
        return ""
    (x_low, x_high), y_ticks = _range([x for x, _ in points]), _ticks([y for _, y in points])
    y_low, y_high = y_ticks[0], y_ticks[-1]

    def place(x: float, y: float) -> str:
        across = LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        down = TOP + (y_high - y) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return f"{across:.1f},{down:.1f}"

    parts = [_axes(y_ticks, x_low, x_high, x_name)]
    for colour, line in enumerate(shown):
        many = len(line.points) > 40
        raw = " ".join(place(x, y) for x, y in line.points)
        parts.append(f'<polyline class="line c{colour}{" faint" if many else ""}" points="{raw}"/>')
        if many:
            smooth = " ".join(place(x, y) for x, y in _smoothed(line.points))
            parts.append(f'<polyline class="line c{colour}" points="{smooth}"/>')
    return _figure(title, [line.name for line in shown], "".join(parts), HEIGHT)


def bar_chart(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Shares in percent: `groups` maps a group (`before`) to a share in [0, 1] for each label."""
    labels = list(dict.fromkeys(label for shares in groups.values() for label in shares))
    if not labels:
        return ""
    bar, left, right = 13, 112, 48
    row = bar * len(groups) + 12
    largest = max(share for shares in groups.values() for share in shares.values()) or 1.0
    parts = []
    for at, label in enumerate(labels):
        y = at * row + 4
        middle = y + bar * len(groups) / 2 + 4
        parts.append(
            f'<text class="tick" x="{left - 8}" y="{middle:.0f}" text-anchor="end">{escape(label)}</text>'
        )
        for colour, shares in enumerate(groups.values()):
            width = max(1.0, shares.get(label, 0.0) / largest * (WIDTH - left - right))
            top = y + colour * bar
            parts.append(
                f'<rect class="c{colour}" x="{left}" y="{top}" width="{width:.1f}" height="{bar - 2}"/>'
            )
            share = f"{100 * shares.get(label, 0.0):.1f} %"
            parts.append(f'<text class="tick" x="{left + width + 5:.1f}" y="{top + bar - 3}">{share}</text>')
    return _figure(title, list(groups), "".join(parts), len(labels) * row + 4)


def _figure(title: str, names: Sequence[str], drawing: str, height: int) -> str:
    keys = "".join(
        f'<span class="key"><i class="c{at}"></i>{escape(name)}</span>' for at, name in enumerate(names)
    )
    legend = f'<div class="keys">{keys if len(names) > 1 else ""}</div>'
    named = f'role="img" aria-label="{escape(title, quote=True)}"'
    svg = f'<svg viewBox="0 0 {WIDTH} {height}" {named}>{drawing}</svg>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{legend}{svg}</figure>"


def _axes(y_ticks: Sequence[float], x_low: float, x_high: float, x_name: str) -> str:
    parts = []
    for tick in y_ticks:
        y = TOP + (y_ticks[-1] - tick) / (y_ticks[-1] - y_ticks[0]) * (HEIGHT - TOP - BOTTOM)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{tick:.4g}</text>'
        )
    base = HEIGHT - 8
    parts.append(f'<text class="tick" x="{LEFT}" y="{base}">{x_low:.4g}</text>')
    parts.append(f'<text class="tick" x="{WIDTH - RIGHT}" y="{base}" text-anchor="end">{x_high:.4g}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="tick" x="{middle}" y="{base}" text-anchor="middle">{escape(x_name)}</text>')
    return "".join(parts)


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(values: Sequence[float]) -> list[float]:
    """Three to six round numbers that span the values."""
    low, high = _range(values)
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [at * step for at in range(first, last + 1)]


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Finite points, in groups averaged to at most MAX_POINTS."""
    finite = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    size = math.ceil(len(finite) / MAX_POINTS) or 1
    groups = [finite[at : at + size] for at in range(0, len(finite), size)]
    return [(g[-1][0], math.fsum(y for _, y in g) / len(g)) for g in groups]


def _smoothed(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Exponential running mean over about a twentieth of the line, unbiased at its start."""
    keep = 1 - 1 / max(2.0, len(points) / 20)
    total = weight = 0.0
    smooth = []
    for x, y in points:
        total, weight = keep * total + y, keep * weight + 1
        smooth.append((x, total / weight))
    return smooth
