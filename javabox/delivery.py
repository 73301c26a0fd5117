"""Hands verdicts to those who asked: sets the results of futures, on a thread that does nothing else.

A future runs its callbacks where its result is set, and a callback may do anything, even ask this judge again
and wait. So a result with callbacks is set neither by the thread that hears the supervisor nor under a lock;
and where a callback holds the delivering thread up while verdicts wait, one more thread goes on with them.

`grade`, `grade_async` and `stream` are those of every judge: they need no more than its function `submit`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager
from queue import SimpleQueue

from javabox.job import Job
from javabox.verdict import Verdict

log = logging.getLogger("javabox")

PATIENCE_SECONDS = 0.02
"""So long a callback may take before verdicts behind it go another way."""

Answer = Verdict | Exception


Callback = Callable[[Future[Verdict]], object]
Submit = Callable[[Job], Future[Verdict]]


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


def grade(submit: Submit, jobs: Iterable[Job]) -> list[Verdict]:
    """One verdict a job, in the order of `jobs`. What interrupts it ends the jobs that still run."""
    with _asked(submit, jobs) as futures:
        return [future.result() for future in futures]


async def grade_async(submit: Submit, jobs: Iterable[Job]) -> list[Verdict]:
    """`grade` for asyncio. Cancelling who awaits it, also by a timeout, ends the jobs."""
    with _asked(submit, jobs) as futures:
        return list(await asyncio.gather(*map(asyncio.wrap_future, futures)))


def stream(submit: Submit, jobs: Iterable[Job], check: Callable[[], None]) -> Iterator[tuple[int, Verdict]]:
    """Pairs of a job's index and its verdict, as they are finished; `check` may raise before each wait. Left
    early, it ends the other jobs."""
    finished: SimpleQueue[tuple[int, Future[Verdict]]] = SimpleQueue()
    with _asked(submit, jobs) as futures:
        for index, future in enumerate(futures):

            def put(done: Future[Verdict], index: int = index) -> None:
                finished.put((index, done))

            if isinstance(future, Promise):
                future.add_own_callback(put)
            else:
                future.add_done_callback(put)
        for _ in futures:
            check()
            index, future = finished.get()
            yield index, future.result()


def require_job(job: object) -> None:
    """Raises TypeError for what is no job."""
    if not isinstance(job, Job):
        raise TypeError(f"not a job: {_kind(job)}; make one of a program and its tests, Job(source, suite)")


@contextmanager
def _asked(submit: Submit, jobs: Iterable[Job]) -> Iterator[list[Future[Verdict]]]:
    """Futures of all jobs; those still open at the end are cancelled."""
    if isinstance(jobs, Job | str | bytes) or not isinstance(jobs, Iterable):
        raise TypeError(f"several jobs are wanted, such as [Job(source, suite)], not {_kind(jobs)}")
    jobs = list(jobs)
    for index, job in enumerate(jobs):
        if not isinstance(job, Job):
            raise TypeError(f"item {index} is not a job: {_kind(job)}; make one with Job(source, suite)")
    futures: list[Future[Verdict]] = []
    try:
        futures.extend(map(submit, jobs))
        yield futures
    finally:
        for future in futures:
            future.cancel()


def _kind(thing: object) -> str:
    return f"an object of type {type(thing).__name__}"
