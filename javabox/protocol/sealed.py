"""Frames to and from a supervisor, each under a seal that no program can make.

A program runs as the judge's user, so nothing but the seal keeps it from writing into the pipes of the judge
or of its container's first process: a reply that says `passed`, or a job under its own number that does. The
key is drawn for each supervisor and goes to it before any program runs; its memory is closed to programs
(engines/sandbox.sh, Dockerfile). A frame: its length (4 bytes, big-endian), an HMAC-SHA256 of the payload cut
to 16 bytes, the payload. javabox/java/judge/protocol/Seal.java holds the other end.

Not covered: frames that are taken away. The line is broken then, and the supervisor replaced.
"""

from __future__ import annotations

import hmac
import secrets
import struct

from javabox.protocol.channel import Channel

KEY_BYTES = 32
SEAL_BYTES = 16


class BrokenLine(Exception):
    """What came is not what the supervisor sent."""


class Line:
    """Sealed frames over a channel. `send` and `receive` may be called from two threads."""

    def __init__(self, channel: Channel) -> None:
        """Raises OSError when the supervisor is gone."""
        self.channel = channel
        self._key = secrets.token_bytes(KEY_BYTES)
        channel.write(self._key)

    def send(self, payload: bytes) -> None:
        """Raises OSError or ValueError when the supervisor is gone."""
        self.channel.write(struct.pack(">i", SEAL_BYTES + len(payload)) + _seal(self._key, payload) + payload)

    def receive(self, begun: bytes = b"") -> bytes:
        """The next payload; `begun` is what was read of its length already.

        Raises EOFError when the supervisor is gone, BrokenLine on a false seal.
        """
        length = struct.unpack(">i", begun + self.channel.read(4 - len(begun)))[0]
        if length < SEAL_BYTES:
            raise BrokenLine(f"a frame of {length} bytes")
        frame = self.channel.read(length)
        payload = frame[SEAL_BYTES:]
        if not hmac.compare_digest(frame[:SEAL_BYTES], _seal(self._key, payload)):
            raise BrokenLine("a frame without the supervisor's seal")
        return payload


def _seal(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, "sha256")[:SEAL_BYTES]
