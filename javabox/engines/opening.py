"""Starts the engine that was asked for, or the best there is, and says what isolates its programs."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from javabox.engines import docker, jvm, local
from javabox.engines.jdk import Wanted, find_jdk, jdk_in, reinstall, release
from javabox.engines.jvm import Settings
from javabox.errors import JudgeUnavailable
from javabox.protocol import codec as wire
from javabox.protocol.channel import Channel
from javabox.protocol.sealed import BrokenLine, Line

log = logging.getLogger("javabox")

Engine = Literal["auto", "local", "docker"]
Floor = Literal["docker", "namespaces", "landlock", "none"]
"""What keeps a program from the machine."""
Isolation = Literal["auto", "namespaces", "landlock", "none"]
"""What may be asked of the local engine; auto is the best that this machine permits, and never none."""


REMAKE_IMAGE = "docker rmi --force $(docker images --quiet javabox)"
"""The next start builds it again."""
FRAME = b"\0"
"""How a frame begins, being shorter than 16 MB, and no word does."""
WORDS_BYTES, WORDS_SHOWN, WORDS_SECONDS = 4096, 800, 5.0
SHORT_OF_MEMORY = ("reserve enough space", "insufficient memory", "Cannot allocate memory", "native thread")


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine with its first supervisor, which has greeted."""

    engine: str
    isolation: Floor
    jdk: str
    """Vendor and build of the JDK that compiles and runs."""
    line: Line
    start: Callable[[Settings], Channel]
    """Starts another supervisor of the same kind."""


def open_engine(
    engine: Engine, isolation: Isolation, settings: Settings, wanted: Wanted | None = None
) -> Opened:
    """`wanted` is the JDK. Raises JudgeUnavailable where no engine can be started, or none that isolates."""
    if engine == "docker" and isolation != "auto":
        raise JudgeUnavailable(
            f"the docker engine isolates by its container; --isolation {isolation} is for --engine local"
        )
    dockers = wanted is None or release(wanted) in docker.BASES
    if engine == "docker" or (engine == "auto" and isolation == "auto" and dockers and docker.answers()):
        start_in_docker = functools.partial(docker.start, wanted=wanted)
        try:
            line, jdk = greet(start_in_docker(settings), REMAKE_IMAGE)
            return Opened("docker", "docker", jdk, line, start_in_docker)
        except JudgeUnavailable as error:
            if engine == "docker":
                raise
            log.warning("docker answers but can't be used (%s); using the local engine", error)
    # Found once: a supervisor that takes another's place judges with the same one.
    home = find_jdk(wanted).home
    if isolation in ("auto", "namespaces") and local.namespaces_untried():
        # The start is the trial, which takes as long as a third of it. Where it fails, the trial says why.
        start = functools.partial(local.start, isolation="namespaces", home=home)
        with contextlib.suppress(JudgeUnavailable):
            line, jdk = greet(start(settings))
            return Opened("local", "namespaces", jdk, line, start)
    ground = local.choose(isolation, home)
    start = functools.partial(local.start, isolation=ground.floor, home=home)
    line, jdk = _greet_locally(start, settings, home)
    return Opened("local", ground.floor, jdk, line, start)


def _greet_locally(start: Callable[[Settings], Channel], settings: Settings, home: Path) -> tuple[Line, str]:
    """Starts once more where the first start met a broken build, which is ours and is made again."""
    try:
        return greet(start(settings))
    except JudgeUnavailable as error:
        if error.mend:  # it did not come to a start
            raise
        if jvm.mended(jdk_in(home)):
            return greet(start(settings), reinstall(home))
        # What was built is as it was built: left are the JDK, whose words these are, and the machine.
        short = any(word in error.found for word in SHORT_OF_MEMORY)
        raise JudgeUnavailable(
            f"{error.found} ({'memory is short' if short else f'said by the JDK in {home}'})",
            None if short else reinstall(home),
        ) from error


def greet(channel: Channel, mend: str | None = None) -> tuple[Line, str]:
    """The line to a new supervisor, and the JDK's build, which it says first.

    Raises JudgeUnavailable with what the JVM says instead, on stdout or stderr, and with the given mend.
    """
    said = b""
    try:
        line = Line(channel)
        said = channel.read(1)
        if said != FRAME:
            said += _rest(channel)
            raise BrokenLine("no frame")
        frame = line.receive(said)
    except (EOFError, OSError, BrokenLine) as error:
        words = "".join(c if c.isprintable() and c != "#" else " " for c in said.decode(errors="replace"))
        heard = " ".join(words.split())[:WORDS_SHOWN] or " ".join(channel.stderr_tail().split())
        channel.close()
        heard = heard or "it ended without a word, as a process does that is killed"
        raise JudgeUnavailable(f"the judge's JVM did not start: {heard}", mend) from error
    except BaseException:  # Ctrl-C: nobody else knows of the channel yet
        channel.close()
        raise
    assert wire.decode_id(frame) == wire.HELLO, "the first frame greets"
    return line, wire.decode_hello(frame)


def _rest(channel: Channel) -> bytes:
    """What else a JVM says that does not start: it speaks on stdout and ends, or else is ended."""
    patience = threading.Timer(WORDS_SECONDS, channel.close)
    patience.start()
    said = bytearray()
    with contextlib.suppress(EOFError, OSError, ValueError):  # also: closed under the reader's hands
        while len(said) < WORDS_BYTES:
            said += channel.read(1)
    patience.cancel()
    return bytes(said)
