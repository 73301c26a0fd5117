"""Hands verdicts to those who asked: sets the results of futures, on a thread that does nothing else.

A future runs its callbacks where its result is set, and a callback may do anything, even ask this judge again
and wait. So results are set neither by the thread that hears the supervisor nor under a lock; and where a
callback holds the delivering thread up while verdicts wait, one more thread goes on with them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from queue import SimpleQueue

from javabox.verdict import Verdict

log = logging.getLogger("javabox")

PATIENCE_SECONDS = 0.02
"""So long a callback may take before verdicts behind it go another way."""

Answer = Verdict | Exception


class Delivery:
    """A queue of answers with the threads that deliver them. `put`, `help` and `close` are one thread's."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Sequence[Future[Verdict]], Answer] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._free = 0
        self._taken = 0.0
        self._add_thread()

    def put(self, futures: Sequence[Future[Verdict]], answer: Answer) -> None:
        self._queue.put((futures, answer))

    def held_up(self) -> bool:
        """Whether answers wait and no thread is free for them."""
        return self._free == 0 and not self._queue.empty()

    def help(self) -> None:
        """Adds a thread where a callback has held the others up for too long. To be called now and then."""
        with self._lock:
            late = time.monotonic() - self._taken > PATIENCE_SECONDS
        if late and self.held_up():
            self._add_thread()

    def close(self) -> None:
        """Deliver what is there; then the threads end."""
        self._queue.put(None)

    def _add_thread(self) -> None:
        with self._lock:
            self._free += 1
        threading.Thread(target=self._deliver, name="javabox-deliver", daemon=True).start()

    def _deliver(self) -> None:
        while (item := self._queue.get()) is not None:
            with self._lock:
                self._free -= 1
                self._taken = time.monotonic()
            _settle_all(*item)
            del item  # what its callbacks hold (a judge, say) is not kept until the next answer
            with self._lock:
                if self._free > 0:
                    return  # another thread waits already
                self._free += 1
        self._queue.put(None)  # for the others


def _settle_all(futures: Sequence[Future[Verdict]], answer: Answer) -> None:
    for future in futures:
        try:
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        except InvalidStateError:
            log.debug("a verdict came after its future was cancelled")
        except BaseException:  # SystemExit in a callback, say: it ends nobody else's answers
            log.exception("a callback of a verdict failed")
