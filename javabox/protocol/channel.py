"""What the protocol runs on and an engine gives: a byte channel to a running supervisor JVM.

An engine is a function `start(settings: Settings) -> Channel`. It knows how to start one supervisor and how
to end it together with everything that it started; it knows nothing of frames or jobs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Protocol


class Channel(Protocol):
    """Bytes to and from one supervisor."""

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises OSError when the supervisor is gone."""

    def read(self, n: int) -> bytes:
        """Exactly `n` bytes. Raises EOFError when the supervisor is gone."""

    def close(self) -> None:
        """Kill the supervisor and all below it. Idempotent, callable from any thread.

        Does nothing in a forked child: the supervisor is its parent's.
        """

    def let_go(self) -> None:
        """In a forked child: give up its copies of the pipes.

        Nothing that the child does, not even its end, reaches the supervisor then, and the supervisor sees
        the end of the parent though the child lives on. Takes no lock: who held it is not in the child.
        """

    def stderr_tail(self) -> str:
        """The last lines that the supervisor wrote to stderr, for error messages."""


def give_up(descriptors: Iterable[int]) -> None:
    """Puts /dev/null in the place of files that this process inherited."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor, inheritable=False)
    os.close(nowhere)
