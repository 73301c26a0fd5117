"""The window of a stream of jobs: verdicts in the order in which their jobs were asked, in bounded memory.

At most IN_FLIGHT jobs are with the judge. What is judged behind a program that takes its time is finished at
once, into a line of bytes, and waits as such; so a slow program holds up no other, until HELD_BYTES wait.

Not covered: reading ahead of a source that is slow. What is done is given out when its next item comes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from javabox import AnyJudge, Job, Verdict

IN_FLIGHT = 4096
"""Far more than a judge has workers, so that none of them waits for the reader."""
HELD_BYTES = 64 << 20
"""Of sources that are with the judge, and of lines that wait for one before them."""
WRITE_SECONDS = 0.1
LOOK_SECONDS = 0.25
"""So often it is looked what is done behind the first: all that are open are, which costs a millisecond."""

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Slot(Generic[T]):
    item: T
    size: int
    future: Future[Verdict]
    line: bytes | None = None


def judged_in_order(
    asked: Iterable[tuple[T, Job]],
    judge: AnyJudge,
    finish: Callable[[T, Verdict], bytes],
    write: Callable[[bytes], object],
) -> None:
    """Writes what `finish` makes of each item and the verdict on its job, in the order of `asked`, which is
    read as there is room. `finish` is called as verdicts come, in any order; `write` with one or more whole
    lines, at least every WRITE_SECONDS, and before anything is waited for. Ended early, the other jobs are
    cancelled. Raises what the judge raises."""
    window, written = _Window(finish), time.monotonic()
    try:
        for item, job in asked:
            window.add(item, len(job.source), judge.submit(job))
            window.take()
            if window.lines and time.monotonic() - written > WRITE_SECONDS:
                window.write(write)
                written = time.monotonic()
            while window.full():
                window.write(write)
                window.wait()
        while window.slots:
            window.write(write)
            window.wait()
    finally:
        window.write(write)
        for slot in window.open:
            slot.future.cancel()


class _Window(Generic[T]):
    """The jobs between the last one asked and the first that is not given out."""

    def __init__(self, finish: Callable[[T, Verdict], bytes]) -> None:
        self.slots: deque[_Slot[T]] = deque()
        self.open: dict[_Slot[T], None] = {}
        """Those whose verdict was not there when it was last looked."""
        self.lines: list[bytes] = []
        """Those that may be written."""
        self._finish = finish
        self._held = 0

    def add(self, item: T, size: int, future: Future[Verdict]) -> None:
        slot = _Slot(item, size, future)
        self.slots.append(slot)
        self.open[slot] = None
        self._held += size

    def full(self) -> bool:
        return len(self.open) >= IN_FLIGHT or self._held >= HELD_BYTES

    def take(self) -> None:
        """Takes out the lines at the front."""
        while self.slots and (line := self._line(self.slots[0])) is not None:
            self._held -= self.slots.popleft().size
            self.lines.append(line)

    def write(self, write: Callable[[bytes], object]) -> None:
        """Those that were taken out, none twice, even where writing is interrupted."""
        if self.lines:
            lines, self.lines = self.lines, []
            write(b"".join(lines))

    def wait(self) -> None:
        """For the first; where that takes long, finishes what is done behind it."""
        try:
            self.slots[0].future.result(timeout=LOOK_SECONDS)
        except TimeoutError:
            for slot in list(self.open):
                self._line(slot)
        self.take()

    def _line(self, slot: _Slot[T]) -> bytes | None:
        if slot.line is None and slot.future.done():
            slot.line = self._finish(slot.item, slot.future.result())
            del self.open[slot]
            self._held += len(slot.line) - slot.size
            slot.size = len(slot.line)
        return slot.line
