"""A server that speaks OpenAI's protocol as a writer: one request a completion, many at once.

Requests go through httpx2, the client that huggingface_hub uses. One request asks for one completion, for `n`
is what servers differ in most; `seed` is sent, and whether it fixes the answer is the server's affair. What
failed for the moment (429, 5xx, timeouts, lost and refused connections) is sent again, with growing pauses or
those that the server names, until it has answered nothing for `patience` seconds: one that is started anew
within that time is noticed as a pause. What it refuses (any other 4xx) ends the benchmark, for it would
refuse the rest as well; what has arrived is kept.

The key stands in a header and nowhere else; it is cut out of whatever the server says. Not covered: streams
(a completion is cut where its class is closed, but the server writes on to a stop string, an end token or the
limit), tools, pictures.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rlcf.errors import BadInput
from rlcf.evaluation.generation.asked import Ask, Completion, Deliver, Writer
from rlcf.evaluation.generation.requests import Refused, completion_of, failure

if TYPE_CHECKING:
    import httpx2

PAUSE, LONGEST_PAUSE = 0.5, 20.0
"""Seconds before a request is sent again: the first time, doubled each time, and at most."""
CONNECT = 30.0
"""Seconds to reach the server."""
AGAIN = (408, 409, 425, 429)
"""Statuses beside 5xx after which a request is sent again."""


NEWER = "max_completion_tokens"
"""What some models of OpenAI's call `max_tokens`, and tell who uses that."""


@dataclass(frozen=True)
class Endpoint:
    """Where completions are asked for."""

    url: str
    """Of a completion, such as `http://localhost:8000/v1/chat/completions`."""
    key: str | None
    concurrency: int
    timeout: float
    """Seconds that one request may take."""
    patience: float
    """Seconds without any answer after which it is given up."""


def endpoint_writer(
    endpoint: Endpoint,
    body: Callable[[Ask], dict[str, Any]],
    cut: Callable[[Ask, Completion], Completion],
) -> Writer:
    """Asks the endpoint; `body` makes the request for a completion, `cut` ends what comes back. Raises
    BadInput where httpx2 is missing, and, once it is asked, where the server refuses or can't be reached."""
    try:
        import httpx2
    except ModuleNotFoundError as missing:
        raise BadInput("endpoints need httpx2: pip install 'rlcf[endpoint]'", field="endpoint") from missing

    def write(asks: Sequence[Ask], deliver: Deliver) -> None:
        arrived: queue.SimpleQueue[tuple[Ask, Completion] | BaseException | None] = queue.SimpleQueue()
        requests = _Requests(endpoint, body, cut, asks, arrived.put, httpx2)
        thread = threading.Thread(target=requests.run, name="rlcf endpoint", daemon=True)
        thread.start()
        try:
            while (item := arrived.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                ask, completion = item
                deliver.tokens(completion.tokens)
                deliver.completion(ask, completion)
        finally:
            requests.stop()
            thread.join()

    return write


class _Requests:
    """All requests of a benchmark, in an event loop of their own thread: the caller judges meanwhile."""

    def __init__(
        self,
        endpoint: Endpoint,
        body: Callable[[Ask], dict[str, Any]],
        cut: Callable[[Ask, Completion], Completion],
        asks: Sequence[Ask],
        put: Callable[[tuple[Ask, Completion] | BaseException | None], None],
        httpx2: Any,
    ) -> None:
        self.endpoint, self.body, self.cut, self.put, self.httpx2 = endpoint, body, cut, put, httpx2
        self.left = iter(asks)
        self.loop = asyncio.new_event_loop()
        self.task = self.loop.create_task(self._all())
        self.answered = time.monotonic()
        """When the server last gave a completion."""
        self.newer = False
        """Whether the server wants the limit by its newer name."""

    def run(self) -> None:
        """In the thread: ends with None or an exception in the queue."""
        try:
            self.loop.run_until_complete(self.task)
            self.put(None)
        except asyncio.CancelledError:
            self.put(None)
        except BaseExceptionGroup as errors:
            self.put(errors.exceptions[0])
        except BaseException as error:  # raised again by who reads the queue
            self.put(error)
        finally:
            self.loop.close()

    def stop(self) -> None:
        """From another thread: gives up what is still asked for."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self.task.cancel)

    async def _all(self) -> None:
        endpoint = self.endpoint
        headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        most = endpoint.concurrency
        limits = self.httpx2.Limits(max_connections=most, max_keepalive_connections=most)
        timeout = self.httpx2.Timeout(endpoint.timeout, connect=min(endpoint.timeout, CONNECT))
        made = self.httpx2.AsyncClient(headers=headers, timeout=timeout, limits=limits)
        async with made as client, asyncio.TaskGroup() as group:
            for _ in range(most):
                group.create_task(self._some(client))

    async def _some(self, client: httpx2.AsyncClient) -> None:
        for ask in self.left:
            self.put((ask, await self._one(client, ask)))

    async def _one(self, client: httpx2.AsyncClient, ask: Ask) -> Completion:
        pause, begun = PAUSE, time.monotonic()
        while True:
            wait, body = None, self._body(ask)
            try:
                response = await client.post(self.endpoint.url, json=body)
                status, reason = response.status_code, failure(response.status_code, response.text)
                if status == 200:
                    self.answered = time.monotonic()
                    return self.cut(ask, completion_of(response.json()))
                if status == 400 and NEWER in reason and NEWER not in body:
                    self.newer = True
                    continue
                if status < 500 and status not in AGAIN:
                    raise Refused(self._hidden(f"{ask.problem.task_id}: {reason}"), status)
                wait = _seconds(response.headers.get("retry-after"))
            except (self.httpx2.TransportError, json.JSONDecodeError) as lost:
                reason = f"{type(lost).__name__}: {lost}"
            if time.monotonic() - max(self.answered, begun) > self.endpoint.patience:
                said = self._hidden(reason)
                raise Refused(f"no answer for {self.endpoint.patience:.0f} s; last: {said}", None)
            await asyncio.sleep(wait if wait is not None else pause * (0.5 + random.random()))
            pause = min(LONGEST_PAUSE, 2 * pause)

    def _body(self, ask: Ask) -> dict[str, Any]:
        body = self.body(ask)
        if self.newer:
            body[NEWER] = body.pop("max_tokens")
        return body

    def _hidden(self, text: str) -> str:
        """Without the key, which a server may repeat."""
        return text.replace(self.endpoint.key, "***") if self.endpoint.key else text


def _seconds(retry_after: str | None) -> float | None:
    """What a server asks to wait, at most as long as `LONGEST_PAUSE` times three; a date is not read."""
    try:
        return min(max(0.0, float(retry_after or "")), 3 * LONGEST_PAUSE)
    except ValueError:
        return None
