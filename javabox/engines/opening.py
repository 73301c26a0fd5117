"""Starts the engine that was asked for, or the best there is, and says what isolates its programs."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from javabox import wire
from javabox.engines import docker, local
from javabox.engines.channel import Channel
from javabox.engines.jvm import Settings
from javabox.errors import JudgeUnavailable
from javabox.line import BrokenLine, Line

log = logging.getLogger("javabox")

Engine = Literal["auto", "local", "docker"]
Floor = Literal["docker", "namespaces", "landlock", "none"]
"""What keeps a program from the machine."""
Isolation = Literal["auto", "namespaces", "landlock", "none"]
"""What may be asked of the local engine; auto is the best that this machine permits, and never none."""


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


def open_engine(engine: Engine, isolation: Isolation, settings: Settings) -> Opened:
    """Raises JudgeUnavailable where no engine can be started, or none that isolates."""
    if engine == "docker" and isolation != "auto":
        raise JudgeUnavailable(
            f"the docker engine isolates by its container; --isolation {isolation} is for --engine local"
        )
    if engine == "docker" or (engine == "auto" and isolation == "auto" and docker.answers()):
        try:
            line, jdk = greet(docker.start(settings))
            return Opened("docker", "docker", jdk, line, docker.start)
        except JudgeUnavailable as error:
            if engine == "docker":
                raise
            log.warning("docker answers but can't be used (%s); using the local engine", error)
    ground = local.choose(isolation)
    start = functools.partial(local.start, isolation=ground.floor)
    line, jdk = greet(start(settings))
    return Opened("local", ground.floor, jdk, line, start)


def greet(channel: Channel) -> tuple[Line, str]:
    """The line to a new supervisor, and the JDK's build, which it says first. Raises JudgeUnavailable."""
    try:
        line = Line(channel)
        frame = line.receive()
    except (EOFError, OSError, BrokenLine) as error:
        reason = channel.stderr_tail() or "no reason given"
        channel.close()
        raise JudgeUnavailable(f"the judge's JVM did not start: {reason}") from error
    assert wire.decode_id(frame) == wire.HELLO, "the first frame greets"
    return line, wire.decode_hello(frame)
