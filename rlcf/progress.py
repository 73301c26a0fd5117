"""Progress of long work: how far, how fast, how long still, and the latest numbers.

    with progress("pre-training", total=800) as advance:
        for batch in batches:
            advance(1, loss=step(batch))

On a terminal this is one live bar, with its numbers on further lines where one is too narrow for them;
elsewhere (a pipe, a log file) a plain line every few seconds and one at the end. Both go to stderr: stdout
belongs to results. The rate is the mean since the start.

Bars may be nested. What is shown beside a live bar is printed to `console`. Not covered: calling `advance`
from several threads at once.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

SECONDS_BETWEEN_LINES = 5.0

console = Console(stderr=True)
"""The one console of all bars: rich stacks the bars of one console and garbles those of several."""
BAR_WIDTH = 12


class Advance(Protocol):
    """Reports that `steps` more are done; `numbers` are shown beside (floats with three digits)."""

    def __call__(self, steps: int = 1, **numbers: float | str) -> None: ...


def mute() -> None:
    """Nothing is shown from here on: of several processes one is enough."""
    console.quiet = True


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Advance]:
    """Shows the progress of `what` until the block ends; `total` steps, if known, give a time left."""
    if console.is_terminal:
        with _bar(what, total) as advance:
            yield advance
    else:
        with _lines(what, total) as advance:
            yield advance


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=BAR_WIDTH),
        TextColumn("{task.fields[text]}", markup=False),
    )
    # stdout stays untouched: it may be a JSON object that somebody pipes while stderr is the terminal
    with Progress(*columns, console=console, redirect_stdout=False, refresh_per_second=5) as bars:
        task = bars.add_task(what, total=total, text="")
        done, started, shown = 0, time.monotonic(), dict[str, float | str]()

        def advance(steps: int = 1, **numbers: float | str) -> None:
            nonlocal done
            done += steps
            shown.update(numbers)
            parts = _state(done, total, time.monotonic() - started, shown)
            # Rich would cut what does not fit; two spaces stand between the columns.
            bars.update(task, completed=done, text=_fill(parts, console.width - len(what) - BAR_WIDTH - 2))

        yield advance


@contextmanager
def _lines(what: str, total: int | None) -> Iterator[Advance]:
    started = last = time.monotonic()
    done, printed, shown = 0, -1, dict[str, float | str]()

    def line() -> None:
        nonlocal printed
        printed = done
        state = _state(done, total, time.monotonic() - started, shown)
        if not console.quiet:
            print(f"{what}: {', '.join(state)}", file=sys.stderr, flush=True)

    def advance(steps: int = 1, **numbers: float | str) -> None:
        nonlocal done, last
        done += steps
        shown.update(numbers)
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            line()

    yield advance
    if printed != done:
        line()


def _state(done: int, total: int | None, seconds: float, shown: dict[str, float | str]) -> list[str]:
    """`120/800`, `12.3/s`, `0:55 left`, `loss 0.312`; at the end, the time it took for that left."""
    parts = [str(done) if total is None else f"{done}/{total}"]
    if done and seconds > 0:
        rate = done / seconds
        parts.append(f"{_three_digits(rate)}/s" if rate >= 1 else f"{_three_digits(1 / rate)} s each")
        if total is not None:
            left = (total - done) / rate
            parts.append(f"{_clock(left)} left" if left > 0 else f"took {_clock(seconds)}")
    return parts + [f"{name} {_three_digits(v) if isinstance(v, float) else v}" for name, v in shown.items()]


def _fill(parts: list[str], width: int) -> str:
    """The parts with commas between them, in lines of at most `width` columns where each part allows it."""
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]}, {part}" if lines[-1] else part
        if len(joined) < width or not lines[-1]:  # a comma may follow
            lines[-1] = joined
        else:
            lines[-1] += ","
            lines.append(part)
    return "\n".join(lines)


def _three_digits(number: float) -> str:
    return f"{number:.0f}" if math.isfinite(number) and abs(number) >= 100 else f"{number:.3g}"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
