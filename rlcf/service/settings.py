"""What an operator chooses: addresses, keys, limits. Keys come from the environment or a file, never from the
command line, where every user of the machine can read them."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rlcf.errors import BadInput

KEYS = "RLCF_API_KEYS"
"""The environment variable with keys, white space or commas between."""
SHORTEST_KEY = 16
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """How the service answers."""

    host: str = "127.0.0.1"
    port: int = 8080
    grounding: str = "tests"
    keys: tuple[str, ...] = ()
    """Whoever sends one of these is let in; none: everybody who reaches the address, loopback then."""
    body_bytes: int = 8 << 20
    batch: int = 256
    """Programs of one request."""
    queue: int = 1024
    """Programs that were accepted and have no verdict yet, all requests together."""
    request_seconds: float = 600.0
    body_seconds: float = 30.0
    """For a client to send a request, and to take each part of the answer."""
    grace: float = 60.0
    """Seconds for what was accepted to be finished, after SIGTERM."""
    time_limit: float = 60.0
    """Seconds of fuel that a request may ask for a program."""
    memory_limit: int = 2048
    """Megabytes of heap, likewise."""

    def check(self) -> None:
        """Raises BadInput."""
        for field, value in (
            ("max-body", self.body_bytes),
            ("max-batch", self.batch),
            ("request-time", self.request_seconds),
            ("body-time", self.body_seconds),
            ("grace", self.grace),
            ("max-time-limit", self.time_limit),
            ("max-memory-limit", self.memory_limit),
        ):
            if not 0 < value < 1e9:
                raise BadInput(f"must be above 0, is {value}", field=field)
        if self.queue < self.batch:
            raise BadInput(f"must have room for one batch, {self.batch}, is {self.queue}", field="queue")
        if not 0 <= self.port <= 65535:
            raise BadInput(f"must be from 0 to 65535, is {self.port}", field="port")
        if self.host not in LOOPBACK and not self.keys:
            raise BadInput(
                f"on {self.host} others reach this machine, and whoever reaches it would have programs and"
                f" tests run here: set {KEYS}, or name a file with --keys",
                field="host",
            )


def read_keys(file: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The keys of the environment and of a file (one a line; empty lines and `#` are left out). Raises
    BadInput where one is short, or the file has none."""
    keys = environment.get(KEYS, "").replace(",", " ").split()
    place: str | Path = KEYS
    if file is not None:
        place = file
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"can't be read: {error}", file=file, field="keys") from error
        found = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if not found:
            raise BadInput("has no key: one a line", file=file, field="keys")
        keys += found
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise BadInput(
            f"a key has fewer than {SHORTEST_KEY} characters: openssl rand -hex 32 makes one",
            file=place,
            field="keys",
        )
    return tuple(keys)


def is_key(given: str, keys: tuple[str, ...]) -> bool:
    """Whether `given` is one of the keys, in a time that says nothing of how alike they are."""
    digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
    known = False
    for key in keys:
        known |= hmac.compare_digest(digest, hashlib.sha256(key.encode()).digest())
    return known
