"""Where every route asks the judge: jobs in, verdicts out as they are finished, while somebody waits.

A client that has gone, a request whose time is up and a server that ends all leave the same way: the futures
are cancelled, and the judge ends their programs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from functools import partial

from starlette.requests import Request

from javabox import AnyJudge, Job, JudgeUnavailable, Verdict
from rlcf.service.gate import Gate
from rlcf.service.refusals import Gone, unavailable
from rlcf.service.telemetry import Metrics

BEAT_SECONDS = 5.0
"""So long nothing need be said while programs run."""
Finished = tuple[int, Verdict]
_Event = tuple[int, Future[Verdict]] | Exception


class Judging:
    """The judge with a bounded queue before it."""

    def __init__(self, judge: AnyJudge, gate: Gate, metrics: Metrics, seconds: float) -> None:
        """`seconds`: the longest that a request may take."""
        self.judge, self.gate, self.metrics, self.seconds = judge, gate, metrics, seconds
        metrics.waiting.set_function(lambda: gate.waiting)
        metrics.supervisors.set_function(lambda: judge.stats()["supervisors_replaced"])

    async def verdicts(
        self, request: Request, jobs: Sequence[Job], patience: float = 0.0, full: int = 429
    ) -> list[Verdict]:
        """One verdict a job, in order. Raises Refused: with `full` as status where no places are free after
        `patience` seconds, 503 where the judge is gone or the time is up; Gone where the client is."""
        found: dict[int, Verdict] = {}
        async with aclosing(self.stream(request, jobs, patience, full)) as events:
            async for event in events:
                if event is not None:
                    found[event[0]] = event[1]
        return [found[index] for index in range(len(jobs))]

    async def stream(
        self, request: Request, jobs: Sequence[Job], patience: float = 0.0, full: int = 429
    ) -> AsyncGenerator[Finished | None, None]:
        """Pairs of a job's index and its verdict, as they are finished: None once all are accepted, and again
        where nothing was for a while. Raises as `verdicts` does."""
        await self.gate.enter(len(jobs), patience, full)
        left = len(jobs)
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[_Event] = asyncio.Queue()
        futures: list[Future[Verdict]] = []
        late = loop.call_later(
            self.seconds, events.put_nowait, unavailable(f"not done in {self.seconds:g} s")
        )
        watching = asyncio.create_task(_tell_when_gone(request, events))
        try:
            for index, job in enumerate(jobs):
                future = self._submit(job)
                futures.append(future)
                future.add_done_callback(partial(_tell, loop, events, index))
            yield None
            while left:
                try:
                    event = await asyncio.wait_for(events.get(), BEAT_SECONDS)
                except TimeoutError:
                    yield None
                    continue
                if isinstance(event, Exception):
                    raise event
                index, future = event
                left -= 1
                self.gate.leave()
                yield index, self._verdict(future)
        finally:
            late.cancel()
            watching.cancel()
            for future in futures:
                future.cancel()
            self.gate.leave(left, judged=False)
            self.metrics.cancelled.inc(left)

    def _submit(self, job: Job) -> Future[Verdict]:
        try:
            return self.judge.submit(job)
        except JudgeUnavailable as error:
            raise unavailable(str(error)) from error

    def _verdict(self, future: Future[Verdict]) -> Verdict:
        try:
            verdict = future.result()
        except JudgeUnavailable as error:
            raise unavailable(str(error)) from error
        self.metrics.programs.labels(str(verdict.outcome)).inc()
        return verdict


def _tell(
    loop: asyncio.AbstractEventLoop, events: asyncio.Queue[_Event], index: int, future: Future[Verdict]
) -> None:
    """On whichever thread sets the result."""
    if not future.cancelled() and not loop.is_closed():
        loop.call_soon_threadsafe(events.put_nowait, (index, future))


async def _tell_when_gone(request: Request, events: asyncio.Queue[_Event]) -> None:
    """The body has been read: what comes next is the end of the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    events.put_nowait(Gone())
