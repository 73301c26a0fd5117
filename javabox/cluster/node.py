"""A machine's judge as a Ray actor: clients ask it jobs by number and take the verdicts as they come.

Asking returns at once and taking waits, so no job waits for another, whatever it was asked together with.
A client that has not been heard of for LOST_SECONDS is given up, its jobs with it. An actor that outlives
its clients, of a pool, ends itself when nobody has asked for its `idle_seconds`.

Where its judge is past help the actor ends: Ray starts it anew, and its clients ask again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any

from javabox.errors import JudgeUnavailable
from javabox.job import Job
from javabox.judge import Judge
from javabox.verdict import Verdict

LOST_SECONDS = 120.0
LOOK_SECONDS = 5.0


class _Client:
    """The jobs of one client, and its verdicts that it has not taken yet."""

    def __init__(self) -> None:
        self.asked: dict[int, Future[Verdict]] = {}
        self.done: list[tuple[int, Verdict | Exception]] = []
        self.some = asyncio.Event()
        self.heard = time.monotonic()

    def give_up(self) -> None:
        """Ends its jobs, and its waiting."""
        self.some.set()
        for future in list(self.asked.values()):
            future.cancel()


class Node:
    """The actor. Its methods run one at a time, on its event loop."""

    def __init__(self, settings: Mapping[str, Any], idle_seconds: float | None) -> None:
        """`settings` are arguments of `Judge`. Raises what `Judge` raises."""
        self._judge = Judge(**settings)
        self._idle_seconds = idle_seconds
        self._clients: dict[str, _Client] = {}
        self._looking: asyncio.Task[None] | None = None

    async def hello(self) -> dict[str, Any]:
        """By what is judged here, and how many programs at a time."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        return {"provenance": self._judge.provenance(), "workers": self._judge.workers, "pid": os.getpid()}

    async def ask(self, name: str, jobs: Sequence[tuple[int, Job]]) -> None:
        """Has jobs judged for a client, each by its number."""
        client, loop = self._client(name), asyncio.get_running_loop()
        for number, job in jobs:
            try:
                future = self._judge.submit(job)
            except JudgeUnavailable:
                os._exit(1)

            def done(future: Future[Verdict], number: int = number) -> None:
                loop.call_soon_threadsafe(self._done, client, number, future)

            client.asked[number] = future
            future.add_done_callback(done)

    async def take(self, name: str, seconds: float) -> list[tuple[int, Verdict | Exception]]:
        """The client's verdicts that have come since it took the last ones; waits so long for the first."""
        client = self._client(name)
        if not client.done:
            try:
                await asyncio.wait_for(client.some.wait(), seconds)
            except TimeoutError:
                return []
        taken, client.done = client.done, []
        client.some.clear()
        return taken

    async def forget(self, name: str, numbers: Sequence[int]) -> None:
        """Ends jobs that nobody waits for any more."""
        for number in numbers:
            if (future := self._client(name).asked.pop(number, None)) is not None:
                future.cancel()

    async def stats(self) -> dict[str, Any]:
        """What its judge has done so far, for whomever."""
        return self._judge.stats()

    async def leave(self, name: str) -> None:
        """The client asks no more."""
        if (client := self._clients.pop(name, None)) is not None:
            client.give_up()

    async def close(self) -> None:
        """Ends the judge and all that it started."""
        await asyncio.to_thread(self._judge.close)

    def _client(self, name: str) -> _Client:
        client = self._clients.setdefault(name, _Client())
        client.heard = time.monotonic()
        return client

    def _done(self, client: _Client, number: int, future: Future[Verdict]) -> None:
        if client.asked.pop(number, None) is None:
            return  # forgotten
        try:
            client.done.append((number, future.result()))
        except CancelledError:
            return
        except JudgeUnavailable:
            os._exit(1)
        except Exception as error:  # such as a job that can't be sent: its asker hears of it
            client.done.append((number, error))
        client.some.set()

    async def _look(self) -> None:
        """Gives up clients that are gone, and ends this actor where nobody is left for long."""
        alone_since = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for name, client in list(self._clients.items()):
                if now - client.heard > LOST_SECONDS:
                    await self.leave(name)
            if self._clients:
                alone_since = now
            elif self._idle_seconds is not None and now - alone_since > self._idle_seconds:
                await self.close()
                import ray

                ray.kill(ray.get_runtime_context().current_actor)
