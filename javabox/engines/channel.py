"""What an engine gives: a byte channel to a running supervisor JVM.

An engine is a function `start(settings: Settings) -> Channel`. It knows how to start one supervisor and how
to end it together with everything that it started; it knows nothing of frames or jobs.
"""

from __future__ import annotations

from typing import Protocol


class Channel(Protocol):
    """Bytes to and from one supervisor."""

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises OSError when the supervisor is gone."""

    def read(self, n: int) -> bytes:
        """Exactly `n` bytes. Raises EOFError when the supervisor is gone."""

    def close(self) -> None:
        """Kill the supervisor and all below it. Idempotent, callable from any thread."""

    def stderr_tail(self) -> str:
        """The last lines that the supervisor wrote to stderr, for error messages."""
