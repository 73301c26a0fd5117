"""Hands verdicts to those who asked: sets the results of futures, on a thread that does nothing else.

A future runs its callbacks where its result is set, and a callback may do anything, even ask this judge again
and wait. So a result with callbacks is set neither by the thread that hears the supervisor nor under a lock;
and where a callback holds the delivering thread up while verdicts wait, one more thread goes on with them.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from queue import SimpleQueue

from javabox.verdict import Verdict

log = logging.getLogger("javabox")

PATIENCE_SECONDS = 0.02
"""So long a callback may take before verdicts behind it go another way."""

Answer = Verdict | Exception


Callback = Callable[[Future[Verdict]], object]


class Promise(Future[Verdict]):
    """A verdict to come that knows whether anybody else's code runs when it is there."""

    def __init__(self, settled: Callback) -> None:
        """`settled` is called when it is there, or cancelled."""
        super().__init__()
        self._others = threading.Lock()
        self._has_others = False
        self.add_own_callback(settled)

    def add_done_callback(self, fn: Callback) -> None:
        with self._others:
            self._has_others = True
        super().add_done_callback(fn)

    def add_own_callback(self, fn: Callback) -> None:
        """For what is known to be done at once and to ask for nothing."""
        super().add_done_callback(fn)

    def settle(self, verdict: Verdict) -> bool:
        """Sets the result, unless a callback of others would run for it; whether it is set."""
        with self._others:
            if not self._has_others:
                with contextlib.suppress(InvalidStateError):  # it was cancelled
                    self.set_result(verdict)
            return not self._has_others

    def orphan(self, error: Exception) -> None:
        """In a forked child, where a thread that is not there may have held a lock."""
        Future.__init__(self)
        self._others = threading.Lock()
        self.set_exception(error)


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
