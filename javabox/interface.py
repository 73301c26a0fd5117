"""What every judge offers, whoever runs its JVMs: jobs in, verdicts out, in order.

`AnyJudge` is what code that only asks should name: `Judge` runs them in this process, `SharedJudge` in one
process for all of this user. `grade`, `grade_async` and `stream` need no more than a function `submit`, and
are written once, here.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, Self

from javabox.delivery import Promise
from javabox.job import Job
from javabox.verdict import Verdict

Submit = Callable[[Job], Future[Verdict]]


class AnyJudge(Protocol):
    """Gets verdicts for jobs. Safe to use from several threads; see `javabox.Judge` for each method."""

    @property
    def engine_name(self) -> str:
        """Where JVMs live."""

    @property
    def isolation(self) -> str:
        """What keeps programs from the machine."""

    @property
    def jdk(self) -> str:
        """Vendor and build of the JDK that compiles and runs."""

    @property
    def workers(self) -> int:
        """Programs judged at a time."""

    @property
    def over(self) -> str | None:
        """Why it can't be asked any more; None while it can."""

    def grade(self, jobs: Iterable[Job]) -> list[Verdict]:
        """One verdict a job, in the order of `jobs`."""

    async def grade_async(self, jobs: Iterable[Job]) -> list[Verdict]:
        """`grade` for asyncio."""

    def stream(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Verdict]]:
        """Pairs of a job's index and its verdict, as they are finished."""

    def submit(self, job: Job) -> Future[Verdict]:
        """The verdict to come."""

    def stats(self) -> dict[str, Any]:
        """What the judge has done so far."""

    def provenance(self) -> dict[str, str]:
        """What judges: all that may change a verdict beside the job itself."""

    def close(self) -> None:
        """End what was started for it. Idempotent."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


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
    finished: queue.SimpleQueue[tuple[int, Future[Verdict]]] = queue.SimpleQueue()
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
