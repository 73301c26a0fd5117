"""The process that has the judge: takes jobs of all that connect, gives each his verdicts, ends when unused.

A thread reads each connection, another writes it (sending.py); verdicts are handed over by the judge's own
thread. What a client that is gone has asked for is cancelled.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from javabox.delivery import Promise
from javabox.errors import JudgeUnavailable
from javabox.job import Job
from javabox.judge import Judge
from javabox.shared.connection import CLIENT, SERVER
from javabox.shared.place import Place, prove
from javabox.shared.sending import STATS, Sender, receive
from javabox.verdict import Verdict

log = logging.getLogger("javabox")

LOOK_SECONDS = 0.25
BACKLOG = 128


class Server:
    """Serves `judge` at `place` until nobody has been connected for `linger` seconds, or the judge fails."""

    def __init__(self, judge: Judge, place: Place, key: bytes, linger: float) -> None:
        self._judge, self._place, self._key, self._linger = judge, place, key, linger
        self._listener = _listen(place)
        self._made = _identity(place.socket)
        self._clients: set[Connection] = set()
        self._used = time.monotonic()
        self._failed = False

    def serve(self) -> None:
        """Returns at the end; then, as after an exception, nothing of it is left at its place."""
        try:
            while not self._failed:
                self._accept()
                unused = not self._clients and time.monotonic() - self._used > self._linger
                if unused and self._ended():
                    return
        finally:
            self._listener.close()
            with self._place.locked():
                self._remove()

    def _accept(self) -> bool:
        try:
            accepted, _ = self._listener.accept()
        except (TimeoutError, BlockingIOError):
            return False
        accepted.setblocking(True)
        pid, user, _ = struct.unpack("3i", accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        connection = Connection(accepted.detach())
        if user != os.getuid():
            log.warning("process %s of user %s is none of ours", pid, user)
            connection.close()
            return False
        name = f"javabox-client-{pid}"
        threading.Thread(target=self._client, args=(connection,), name=name, daemon=True).start()
        return True

    def _ended(self) -> bool:
        """Ends unless somebody is just coming: whoever does holds the lock, or is in the queue."""
        try:
            with self._place.locked(wait=False):
                self._listener.settimeout(0.0)
                if self._accept():
                    self._listener.settimeout(LOOK_SECONDS)
                    self._used = time.monotonic()
                    return False
                self._listener.close()  # whoever comes next finds nobody, and starts another
                return True
        except BlockingIOError:
            return False

    def _remove(self) -> None:
        # Not those of a judge that was started when this one could not be found any more.
        with contextlib.suppress(FileNotFoundError):
            if _identity(self._place.socket) == self._made:
                self._place.remove()

    def _client(self, connection: Connection) -> None:
        try:
            if not prove(connection, self._key, SERVER, CLIENT):
                raise EOFError("it does not have the key")
        except (EOFError, OSError) as error:
            log.warning("a process has connected that is no client: %s", error)
            connection.close()
            return
        self._clients.add(connection)
        sender = Sender(connection)
        names = ("engine_name", "isolation", "jdk", "workers")
        about = {name: getattr(self._judge, name) for name in names}
        sender.put((-1, about | {"provenance": self._judge.provenance()}))
        asked: dict[int, Future[Verdict]] = {}
        try:
            while True:
                for number, thing in receive(connection):
                    self._take(number, thing, asked, sender.put)
        except (EOFError, OSError) as end:
            log.debug("a client has gone: %r", end)
        finally:
            for future in list(asked.values()):
                future.cancel()
            sender.close()
            self._used = time.monotonic()
            self._clients.discard(connection)

    def _take(
        self,
        number: int,
        thing: Job | str | None,
        asked: dict[int, Future[Verdict]],
        answer: Callable[[tuple[int, object]], None],
    ) -> None:
        if thing is None:
            if future := asked.get(number):
                future.cancel()
        elif thing == STATS:
            answer((number, self._judge.stats()))
        else:
            assert isinstance(thing, Job)
            try:
                future = asked[number] = self._judge.submit(thing)
            except JudgeUnavailable as error:
                self._failed = True
                answer((number, error))
                return
            done = partial(_answered, number, asked, answer)
            if isinstance(future, Promise):
                future.add_own_callback(done)
            else:
                future.add_done_callback(done)


def _answered(
    number: int,
    asked: dict[int, Future[Verdict]],
    answer: Callable[[tuple[int, object]], None],
    future: Future[Verdict],
) -> None:
    asked.pop(number, None)
    if not future.cancelled():
        answer((number, future.exception() or future.result()))


def _identity(file: Path) -> tuple[int, int]:
    """A number of a file is given again."""
    found = file.stat()
    return found.st_ino, found.st_mtime_ns


def _listen(place: Place) -> socket.socket:
    """The socket, which only this user can connect to. What is there, left by a judge that was killed, is
    replaced."""
    place.socket.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place.socket))
    place.socket.chmod(0o600)
    listener.listen(BACKLOG)
    listener.settimeout(LOOK_SECONDS)
    return listener
