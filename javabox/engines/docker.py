"""The docker engine: the supervisor in a container that can reach nothing.

The image is built on first use from `javabox/Dockerfile` and tagged with the version and a hash of what it
is made of, so a stale one is never used. The container has no network, a read-only root whose only writable
folder is a small /tmp, no capabilities and no way to gain any, an unprivileged user, and limits on processes,
memory and CPU. Frames travel over its attached stdio.

It ends with the judge, whatever happens to the judge: by `close`, at the interpreter's exit, or, when Python
is killed outright, by the end of stdin, on which the supervisor exits and the engine removes the container.

The SDK is imported where it is used: it takes longer to load than all else of `import javabox`.

Not covered: engines behind ssh; user namespaces (rootless Docker brings its own); gVisor and other runtimes.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import io
import os
import re
import shlex
import socket
import struct
import sys
import tarfile
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from javabox.engines import jars
from javabox.engines.docker_access import no_engine
from javabox.engines.jdk import OLDEST, Wanted, release
from javabox.engines.jvm import (
    Settings,
    archive_command,
    build_commands,
    judge_archive_command,
    supervisor_command,
)
from javabox.errors import JudgeUnavailable
from javabox.protocol.channel import give_up

BASES = {17: "debian:bookworm-slim", 21: "debian:trixie-slim", 25: "debian:trixie-slim"}
"""The releases that there are images for, each with a distribution that carries it."""
JDK, FOLDER, SOURCES = Path("/opt/jdk"), Path("/opt/javabox"), Path("/usr/src/javabox")
JARS = Path("/opt/jars")
"""Where the class path's are in an image of their own."""
MIB = 1 << 20
SUPERVISOR_MB, WORKER_MB = 1024, 1024
"""Memory of the container: the supervisor's, and for each worker its warm JVM, a spare and a strict one."""
SUPERVISOR_PIDS, WORKER_PIDS = 96, 192
"""Threads count as processes here; an idle JVM has about fifteen."""
TMP, TMP_MB = "/tmp", 64
"""Programs' temporary folder, which the supervisor empties between those that can write."""
STDERR_BYTES = 8192
RECEIVED_BYTES = 1 << 16


class DockerChannel:
    """The stdio of one supervisor in a container (`javabox.protocol.channel.Channel`)."""

    def __init__(self, client: Any, container_id: str) -> None:
        self.container_id = container_id
        self._stderr: deque[bytes] = deque()
        self._pending = bytearray()
        # Attached before the start, so that not even the first frame is missed.
        options = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._attached = client.api.attach_socket(container_id, options)
        self._socket = _raw_socket(self._attached)
        self._socket.settimeout(None)
        self._received = bytearray()
        self._writing = threading.Lock()
        # A finalizer also runs at the interpreter's exit.
        self._end = weakref.finalize(self, _remove, os.getpid(), client, container_id, self._socket)

    def write(self, data: bytes) -> None:
        with self._writing:
            self._socket.sendall(data)

    def read(self, n: int) -> bytes:
        while len(self._pending) < n:
            stream, payload = self._frame()
            if stream == 1:
                self._pending += payload
            else:
                self._keep(payload)
        data = bytes(self._pending[:n])
        del self._pending[:n]
        return data

    def close(self) -> None:
        self._end()

    def let_go(self) -> None:
        self._end.detach()
        give_up([self._socket.fileno()])

    def stderr_tail(self) -> str:
        text = b"".join(self._stderr).decode(errors="replace")
        return "".join(c for c in text if c.isprintable() or c == "\n")  # programs can write there

    def _frame(self) -> tuple[int, bytes]:
        """A frame of Docker's attach protocol: a byte for the stream, three zeros, a length, the payload."""
        stream, length = struct.unpack(">BxxxL", self._exactly(8))
        return stream, self._exactly(length)

    def _exactly(self, n: int) -> bytes:
        # No file object over the socket: its lock would be held for ever in a forked child.
        while len(self._received) < n:
            try:
                data = self._socket.recv(RECEIVED_BYTES)
            except (OSError, ValueError) as error:  # closed under the reader's hands
                raise EOFError(f"the judge's container is gone: {error}") from error
            if not data:
                raise EOFError("the judge's container is gone")
            self._received += data
        data = bytes(self._received[:n])
        del self._received[:n]
        return data

    def _keep(self, payload: bytes) -> None:
        self._stderr.append(payload[-STDERR_BYTES:])
        while sum(map(len, self._stderr)) - len(self._stderr[0]) > STDERR_BYTES:
            self._stderr.popleft()


def start(settings: Settings, wanted: Wanted | None = None) -> DockerChannel:
    """Starts a supervisor in a fresh container; builds the image if it is missing.

    `wanted` is the JDK's release, by default 17. Raises JudgeUnavailable when no engine answers, or
    when the image can't be built or started.
    """
    number = OLDEST if wanted is None else release(wanted)
    if number not in BASES:
        there = ", ".join(map(str, BASES))
        raise JudgeUnavailable(
            f"the docker engine has JDK {there}, not {wanted}; --engine local takes any folder"
        )
    client = find_engine()
    image = with_jars(client, ensure_image(client, number), settings.classpath)
    try:
        cpus = min(settings.workers, int(client.info()["NCPU"]))
        java, *options = supervisor_command(
            JDK, FOLDER, settings, number, jars=JARS if settings.classpath else None
        )
        container = client.api.create_container(
            image,
            command=[java, f"-Djavabox.tmp={TMP}", *options],
            stdin_open=True,
            environment={
                "JAVABOX_ALONE": "1"
            },  # in its process namespace: whatever escapes a program is seen
            labels={"javabox": str(os.getpid())},
            host_config=client.api.create_host_config(**_limits(settings.workers, cpus)),
        )
        channel = DockerChannel(client, container["Id"])
    except _engine_errors() as error:
        raise JudgeUnavailable(f"the judge's container could not be made: {_words(error)}") from error
    try:
        client.api.start(container["Id"])
    except _engine_errors() as error:
        channel.close()
        raise JudgeUnavailable(
            f"the judge's container did not start: {_words(error)}; `docker info` shows what this engine "
            "can't do; `--engine local` needs no engine"
        ) from error
    return channel


def answers() -> bool:
    """Whether a Docker engine is there; says nothing of what it can do."""
    try:
        find_engine().close()
    except JudgeUnavailable:
        return False
    return True


def find_engine() -> Any:
    """A client of the engine that DOCKER_HOST names, or of the local one. Raises JudgeUnavailable."""
    import docker

    try:
        client = docker.from_env()
        client.ping()
    except _engine_errors() as error:
        raise no_engine(_words(error)) from error
    return client


def ensure_image(client: Any, number: int = OLDEST) -> str:
    """The tag of the judge's image with that release of the JDK, built first where it is missing (about a
    minute)."""
    from docker.errors import ImageNotFound

    context = dict(_context())
    archives = [archive_command(FOLDER), judge_archive_command(JDK, FOLDER)]
    commands = [*build_commands(JDK, SOURCES, FOLDER), *archives]
    arguments = {
        "BASE": BASES[number],
        "JDK": str(number),
        "BUILD_COMMANDS": " && ".join(shlex.join(command) for command in commands),
    }
    made_of = sorted(context.items()), sorted(arguments.items())
    digest = hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]
    tag = f"javabox:{importlib.metadata.version('rlcf')}-{digest}"
    try:
        client.images.get(tag)
        return tag
    except ImageNotFound:
        print(f"building the judge's image {tag} (once, about a minute)", file=sys.stderr, flush=True)
    try:
        # The host's network: a bridge may be switched off, and then apt in the build reaches nothing.
        client.images.build(
            fileobj=_tar(context),
            custom_context=True,
            buildargs=arguments,
            tag=tag,
            network_mode="host",
            use_config_proxy=True,
            rm=True,
            forcerm=True,
        )
    except _engine_errors() as error:
        raise JudgeUnavailable(
            f"the judge's image could not be built: {_build_words(error)}; "
            f"try `docker pull {BASES[number]}`, or use `--engine local`"
        ) from error
    return tag


def with_jars(client: Any, image: str, classpath: Sequence[Path]) -> str:
    """The tag of that image with these jars in it, made where it is missing. Raises JudgeUnavailable."""
    if not classpath:
        return image
    from docker.errors import ImageNotFound

    tag = f"{image}-{jars.name(classpath)}"
    try:
        client.images.get(tag)
        return tag
    except ImageNotFound:
        context = {
            f"jars/{copy}": path.read_bytes()
            for path, copy in zip(classpath, jars.copies(classpath), strict=True)
        }
    context["Dockerfile"] = f"FROM {image}\nCOPY jars/ {JARS}/\n".encode()
    try:
        client.images.build(fileobj=_tar(context), custom_context=True, tag=tag, rm=True, forcerm=True)
    except _engine_errors() as error:
        raise JudgeUnavailable(
            f"the judge's image could not be given its jars: {_build_words(error)}"
        ) from error
    return tag


def _limits(workers: int, cpus: int) -> dict[str, Any]:
    """What the container may not do and how much it may use: Docker's own words for it."""
    from docker.types import LogConfig, Ulimit

    memory = (SUPERVISOR_MB + WORKER_MB * workers) * MIB
    return {
        "auto_remove": True,
        "init": True,
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {TMP: f"size={TMP_MB}m,mode=1777,nosuid,nodev,noexec"},
        "ipc_mode": "none",  # no /dev/shm, which is writable
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": SUPERVISOR_PIDS + WORKER_PIDS * workers,
        "mem_limit": memory,
        "memswap_limit": memory,  # the same number: no swap beside it
        "nano_cpus": cpus * 10**9,
        # No queue either (/dev/mqueue), which would outlive the program that made it.
        "ulimits": [Ulimit(name=name, soft=0, hard=0) for name in ("core", "msgqueue")],
        # The frames are the container's stdout; by default the engine would write them all to a file.
        "log_config": LogConfig(type=LogConfig.types.NONE),
    }


def _context() -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every file that the image is built from."""
    package = resources.files("javabox")
    yield "Dockerfile", package.joinpath("Dockerfile").read_bytes()
    yield from _sources(package.joinpath("java"), "java")


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every Java file below `folder`, which is at `path` in the image's context."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{path}/{entry.name}")
        elif entry.name.endswith(".java"):
            yield f"{path}/{entry.name}", entry.read_bytes()


def _tar(context: dict[str, bytes]) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in sorted(context.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    packed.seek(0)
    return packed


def _raw_socket(attached: Any) -> socket.socket:
    """The SDK hands out a reader over a unix or TCP socket, or a TLS socket itself."""
    raw: socket.socket = getattr(attached, "_sock", attached)
    return raw


def _remove(owner: int, client: Any, container_id: str, attached: socket.socket) -> None:
    """Kills and removes the container; nothing to do where it is gone already or just going, or where this is
    a forked child of the process that started it."""
    if os.getpid() != owner:
        return
    from docker.errors import APIError

    with contextlib.suppress(OSError):  # the other end may have closed first
        attached.shutdown(socket.SHUT_RDWR)  # wakes a reader that waits in another thread
    try:
        client.api.remove_container(container_id, force=True)
    except APIError as error:
        if error.response.status_code not in (404, 409):  # it ended by itself, or its removal is under way
            raise
    finally:
        attached.close()
        client.close()


def _engine_errors() -> tuple[type[Exception], ...]:
    """The SDK's own; it lets errors of its HTTP library through, which are OSErrors."""
    from docker.errors import DockerException

    return DockerException, OSError


def _build_words(error: Exception) -> str:
    """The last lines of a failed build; its own error names only the command."""
    from docker.errors import BuildError

    if not isinstance(error, BuildError):
        return _words(error)
    log = "".join(str(line.get("stream") or line.get("error") or "") for line in error.build_log)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log)
    return " | ".join([line.strip() for line in plain.splitlines() if line.strip()][-8:])


def _words(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
