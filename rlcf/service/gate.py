"""Back-pressure: how many programs may wait, and who is sent away.

What waits has been accepted, and whoever asked holds a connection for it; without a bound a slow judge would
collect requests until their clients give up, and judge programs that nobody waits for.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from rlcf.service.refusals import full

RECENT = 200
"""Verdicts over which the pace is taken."""
LONGEST_SECONDS = 30.0


class Gate:
    """Counts programs that have no verdict yet. Everything happens on the event loop."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.waiting = 0
        self._finished: deque[float] = deque(maxlen=RECENT)
        self._freed: set[asyncio.Future[None]] = set()

    async def enter(self, count: int, patience: float = 0.0, status: int = 429) -> None:
        """Takes `count` places, waiting for them up to `patience` seconds. Raises Refused, with `status`."""
        end = time.monotonic() + patience
        while self.waiting + count > self.capacity:
            left = end - time.monotonic()
            if left <= 0:
                words = f"{self.waiting} programs wait already, of at most {self.capacity}"
                raise full(f"{words}: send this again later", self._seconds_for(count), status)
            freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._freed.add(freed)
            await asyncio.wait([freed], timeout=left)
            self._freed.discard(freed)
        self.waiting += count

    def leave(self, count: int = 1, *, judged: bool = True) -> None:
        """Gives places back."""
        self.waiting -= count
        if judged:
            self._finished.append(time.monotonic())
        if count:
            for freed in self._freed:
                if not freed.done():
                    freed.set_result(None)

    def _seconds_for(self, count: int) -> float:
        """How long `count` places take to be free, by the pace of late."""
        if len(self._finished) < 2:
            return 1.0
        pace = (len(self._finished) - 1) / max(1e-3, time.monotonic() - self._finished[0])
        return min(LONGEST_SECONDS, (self.waiting + count - self.capacity) / pace)
