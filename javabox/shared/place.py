"""Where the processes that share a judge meet: a folder of this user's, with a socket, a key and a lock.

The folder is below XDG_RUNTIME_DIR, else below the folder for temporary files, and only this user can enter
it; two users have two. The name of what is in it is made of all that the judge depends on (its settings, the
JDK and the Docker engine that the environment names, this code), so those who want another judge meet
elsewhere.

The key is a second wall against programs that are judged, after the one that lets them have no sockets: who
can't read a file of this folder is not read, though it runs as this user.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import hmac
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from javabox.errors import JudgeUnavailable

ENVIRONMENT = ("JAVA_HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "XDG_CACHE_HOME", "HOME")
"""What a judge takes from its environment, beside the JDK that the PATH finds."""
LONGEST_SOCKET = 100
"""Bytes of a socket's path: unix(7) has 108 of them."""
KEY_BYTES = 32
PROOF_SECONDS = 10.0


@dataclass(frozen=True)
class Place:
    """The files of one shared judge."""

    socket: Path
    key: Path
    lock: Path
    log: Path

    @contextmanager
    def locked(self, *, wait: bool = True) -> Iterator[None]:
        """Alone among those who start this judge, connect to it or end it. Raises BlockingIOError where
        somebody else is and `wait` is False."""
        while True:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                # The judge that ends removes the file: whoever waited for the old one takes the new one.
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(descriptor), os.stat(self.lock)):
                        yield
                        return
            finally:
                # A child that was forked meanwhile has the descriptor too, and would keep the lock.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                os.close(descriptor)

    def remove(self) -> None:
        """All of it. To be called with the lock held."""
        for file in (self.socket, self.key, self.log, self.lock):
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another judge's files are in it
            self.socket.parent.rmdir()


def place(settings: Mapping[str, Any]) -> Place:
    """That of the judge with these settings. Raises JudgeUnavailable where no safe folder can be had."""
    depends = [
        settings,
        {name: os.environ.get(name) for name in ENVIRONMENT},
        shutil.which("javac"),
        os.uname().nodename,  # a folder may be on a disk that machines share
        _code(),
    ]
    name = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]
    folder = _folder(name)
    return Place(*(folder / f"{name}{ending}" for ending in ("", ".key", ".lock", ".log")))


def make_key(file: Path) -> bytes:
    """A new key, which only this user can read. What is there is replaced."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "wb") as out:
        out.write(key)
    return key


def prove(connection: Connection, key: bytes, own: bytes, others: bytes) -> bool:
    """Shows the other end that this one has the key, and whether the other has it too. `own` and `others` are
    the parts of the two ends, so that none can answer with what it was sent. Raises EOFError, OSError."""
    question = secrets.token_bytes(KEY_BYTES)
    connection.send_bytes(question)
    connection.send_bytes(hmac.digest(key, own + _short(connection), "sha256"))
    return hmac.compare_digest(_short(connection), hmac.digest(key, others + question, "sha256"))


def _short(connection: Connection) -> bytes:
    if not connection.poll(PROOF_SECONDS):
        raise EOFError("the other end says nothing")
    return connection.recv_bytes(KEY_BYTES)


def _folder(name: str) -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    candidates = [Path(runtime, "javabox")] if runtime and Path(runtime).is_dir() else []
    candidates.append(Path(tempfile.gettempdir(), f"javabox.{os.getuid()}"))
    short = [folder for folder in candidates if len(os.fsencode(folder / name)) <= LONGEST_SOCKET]
    if not short:
        raise JudgeUnavailable(
            f"the path of a socket can't be as long as {candidates[-1] / name}",
            "export TMPDIR=/tmp",
        )
    refused = []
    for folder in short:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
        except OSError as error:
            refused.append(str(error))
            continue
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
            return folder
        refused.append(f"{folder} is not a folder that you alone can enter")
    raise JudgeUnavailable(
        f"the processes that share a judge have no place to meet: {'; '.join(refused)}",
        "set XDG_RUNTIME_DIR to a folder of your own with mode 700",
    )


@functools.cache
def _code() -> str:
    """Names this version of javabox: what is sent must mean the same at both ends."""
    digest = hashlib.sha256()
    root = Path(__file__).parent.parent
    for source in sorted([*root.rglob("*.py"), *root.rglob("*.java"), *root.rglob("*.sh")]):
        digest.update(str(source.relative_to(root)).encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()
