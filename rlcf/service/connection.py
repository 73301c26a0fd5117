"""A connection that has no patience without end: for a request's first lines, and for what is not taken.

uvicorn waits for both for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""For a client to send a request's first lines."""


def patient(seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's protocol, which gives a client `seconds` to take each stretch of an answer."""

    class Patient(H11Protocol):
        _heads: asyncio.TimerHandle | None = None
        _taking: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._expect()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._expect()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._taking = self.loop.call_later(seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            _end(self._taking)

        def connection_lost(self, exc: Exception | None) -> None:
            _end(self._heads)
            _end(self._taking)
            super().connection_lost(exc)

        def _expect(self) -> None:
            """Starts the time where a request has begun, or is the first; ends it where one is answered."""
            if self.cycle is not None and not self.cycle.response_complete:
                _end(self._heads)
                self._heads = None
            elif self._heads is None:
                self._heads = self.loop.call_later(HEADER_SECONDS, self._give_up)

        def _give_up(self) -> None:
            self._heads = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.abort()

    return Patient


def _end(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
