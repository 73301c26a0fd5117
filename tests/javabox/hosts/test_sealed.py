"""The line to the supervisor: what is not sealed by the other end is refused."""

from __future__ import annotations

import struct

import pytest

from javabox.protocol.sealed import KEY_BYTES, BrokenLine, Line


class Loop:
    """A channel that gives back what was written to it."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def read(self, n: int) -> bytes:
        if len(self.data) < n:
            raise EOFError
        head, self.data = self.data[:n], self.data[n:]
        return head

    def close(self) -> None: ...

    def stderr_tail(self) -> str:
        return ""


def _line() -> tuple[Loop, Line]:
    channel = Loop()
    line = Line(channel)
    assert len(channel.read(KEY_BYTES)) == KEY_BYTES
    return channel, line


def test_frames_come_as_they_were_sent() -> None:
    _, line = _line()
    payloads = [b"", b"\0", bytes(range(256)) * 100]
    for payload in payloads:
        line.send(payload)
    assert [line.receive() for _ in payloads] == payloads


@pytest.mark.parametrize("place", [4, 19, 20, -1])
def test_a_changed_byte_breaks_the_line(place: int) -> None:
    channel, line = _line()
    line.send(b"a verdict")
    changed = bytearray(channel.data)
    changed[place] ^= 1
    channel.data = bytes(changed)
    with pytest.raises(BrokenLine):
        line.receive()


def test_another_supervisors_seal_is_none() -> None:
    channel, line = _line()
    other_channel, other = _line()
    other.send(b"a verdict")
    channel.data = other_channel.data
    with pytest.raises(BrokenLine):
        line.receive()


@pytest.mark.parametrize("length", [-1, 0, 15])
def test_a_frame_too_short_for_a_seal_breaks_the_line(length: int) -> None:
    channel, line = _line()
    channel.write(struct.pack(">i", length) + bytes(20))
    with pytest.raises(BrokenLine):
        line.receive()
