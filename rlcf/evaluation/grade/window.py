"""The window of a stream of jobs: verdicts in the order in which their jobs were asked, in bounded memory.

At most IN_FLIGHT jobs are with the judge. What is judged behind a program that takes its time is finished at
once, into a line of bytes, and waits as such; so a slow program holds up no other, until HELD_BYTES wait.

Not covered: reading ahead of a source that is slow. What is done is given out when its next item comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from javabox import AnyJudge, Job, Verdict

IN_FLIGHT = 4096
"""Far more than a judge has workers, so that none of them waits for the reader."""
HELD_BYTES = 64 << 20
"""Of sources that are with the judge, and of lines that wait for one before them."""
LOOK_SECONDS = 0.25
"""So often it is looked what is done behind the first: all that are open are, which costs a millisecond."""

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Slot(Generic[T]):
    item: T
    size: int
    future: Future[Verdict]
    line: bytes | None = None


def in_order(
    asked: Iterable[tuple[T, Job]], judge: AnyJudge, finish: Callable[[T, Verdict], bytes]
) -> Iterator[bytes]:
    """What `finish` makes of each item and the verdict on its job, in the order of `asked`, which is read as
    there is room. `finish` is called as verdicts come, in any order. Ended early, the other jobs are
    cancelled. Raises what the judge raises."""
    window = _Window(finish)
    try:
        for item, job in asked:
            window.add(item, len(job.source), judge.submit(job))
            yield from window.ready()
            while window.full():
                window.wait()
                yield from window.ready()
        while window.slots:
            window.wait()
            yield from window.ready()
    finally:
        for slot in window.open:
            slot.future.cancel()


class _Window(Generic[T]):
    """The jobs between the last one asked and the first that is not given out."""

    def __init__(self, finish: Callable[[T, Verdict], bytes]) -> None:
        self.slots: deque[_Slot[T]] = deque()
        self.open: dict[_Slot[T], None] = {}
        """Those whose verdict was not there when it was last looked."""
        self._finish = finish
        self._held = 0

    def add(self, item: T, size: int, future: Future[Verdict]) -> None:
        slot = _Slot(item, size, future)
        self.slots.append(slot)
        self.open[slot] = None
        self._held += size

    def full(self) -> bool:
        return len(self.open) >= IN_FLIGHT or self._held >= HELD_BYTES

    def ready(self) -> Iterator[bytes]:
        """Takes out the lines at the front."""
        while self.slots and (line := self._line(self.slots[0])) is not None:
            self._held -= self.slots.popleft().size
            yield line

    def wait(self) -> None:
        """For the first; where that takes long, finishes what is done behind it."""
        try:
            self.slots[0].future.result(timeout=LOOK_SECONDS)
        except TimeoutError:
            for slot in list(self.open):
                self._line(slot)

    def _line(self, slot: _Slot[T]) -> bytes | None:
        if slot.line is None and slot.future.done():
            slot.line = self._finish(slot.item, slot.future.result())
            del self.open[slot]
            self._held += len(slot.line) - slot.size
            slot.size = len(slot.line)
        return slot.line
