"""The door of the service, before any route: who is let in, how much and how slowly one may send.

One ASGI application around another. The whole body is read here, up to a limit and a time, and handed on; so
a route that runs has all that it asks with. Each request is counted and leaves one line in the log.

Not covered: what a client sends before its request is one, and what it does not take (`connection.py`).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
import uuid
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rlcf.service.json_io import Json
from rlcf.service.refusals import Gone, Refused
from rlcf.service.settings import LOOPBACK, Settings, is_key
from rlcf.service.telemetry import Metrics, say

OPEN = ("/healthz",)
"""What needs no key: a balancer asks."""
DRAINED_BYTES = 64 << 20
"""So much of a body that is too large is taken and thrown away: who still sends hears no answer."""
GONE = 499
"""What the log says where nobody was there for an answer any more."""


class Guard:
    """Lets requests through to `app`, or answers them."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self.cut_off = 0
        """Requests that the end of the server did not wait for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, told = time.monotonic(), _Told(send)
        try:
            await self._answer(scope, receive, told)
        except Gone:
            told.status = GONE
        except asyncio.CancelledError:
            told.status = GONE
            self.cut_off += 1
            raise
        finally:
            seconds = time.monotonic() - started
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(route, str(told.status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            client = (scope.get("client") or ("",))[0]
            fields = {"method": scope["method"], "path": scope["path"], "status": told.status}
            say("request", id=told.id, **fields, ms=round(1000 * seconds, 1), client=client)

    async def _answer(self, scope: Scope, receive: Receive, told: _Told) -> None:
        headers = Headers(scope=scope)
        try:
            self._let_in(scope, headers)
            body = await self._body(headers, receive)
        except Refused as refusal:
            answer = Json({"detail": refusal.detail}, refusal.status_code, dict(refusal.headers or {}))
            await answer(scope, receive, told.send)
            return
        left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_again() -> Message:
            return left.pop() if left else await receive()

        await self._app(scope, receive_again, told.send)

    def _let_in(self, scope: Scope, headers: Headers) -> None:
        """Raises Refused: 401 without one of the keys, 403 where a browser was led here by another name."""
        if scope["path"] in OPEN:
            return
        if self._settings.keys:
            if not is_key(_given(headers), self._settings.keys):
                how = {"WWW-Authenticate": 'Basic realm="rlcf"'}
                refusal = Refused(401, "a key is needed: Authorization: Bearer KEY")
                refusal.headers = how
                raise refusal
        elif _host(headers) not in LOOPBACK:
            raise Refused(403, "the Host header must be localhost where no key is needed")

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        """Raises Refused: 413, 408; Gone."""
        most = self._settings.body_bytes
        parts, size = [], 0
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                if _length(headers) > most + DRAINED_BYTES:
                    raise _too_large(most)
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Gone()
                    part = message.get("body", b"")
                    size += len(part)
                    if size <= most:
                        parts.append(part)
                    else:
                        parts.clear()
                    if size > most + DRAINED_BYTES or (size > most and not message.get("more_body")):
                        raise _too_large(most)
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError as slow:
            raise Refused(408, f"the body did not come within {self._settings.body_seconds:g} s") from slow


class _Told:
    """The answer as it is sent, and its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500
        self.id = uuid.uuid4().hex[:16]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message["headers"], (b"x-request-id", self.id.encode())]}
        await self._send(message)


def _given(headers: Headers) -> str:
    """The key that a request brings: as a bearer's, or as the password of a URL (`http://any:KEY@host`),
    which is all that some trainers can send."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("utf-8", "replace").partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


def _host(headers: Headers) -> str:
    """The Host header without its port."""
    host = headers.get("host", "localhost")
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _length(headers: Headers) -> int:
    said: Any = headers.get("content-length", "0")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0


def _too_large(most: int) -> Refused:
    return Refused(413, f"the body is larger than {most} bytes: send fewer programs at a time")
