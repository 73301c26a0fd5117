"""Bars of two groups side by side, as inline SVG: they stand in the page before any script runs.

Colours are CSS classes (`c0`, `c1`), so that the page can have a light and a dark form. Every text that comes
from outside is escaped here. Not covered: curves, which the page draws (`curves.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 340


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
