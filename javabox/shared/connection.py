"""This process's connection to the shared judge: one for all handles with the same settings.

Two threads are its own: one sends, one receives. Where the judge is lost, killed say, while jobs wait, it is
found or started again and asked for them once more. A forked child has none of its parent's connections and
opens its own; verdicts that the parent waited for at the fork are the parent's.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from itertools import count
from multiprocessing import connection as sockets
from pathlib import Path
from typing import Any

from javabox.delivery import PATIENCE_SECONDS, Delivery, Promise
from javabox.errors import JudgeInChild, JudgeUnavailable
from javabox.job import Job
from javabox.shared.place import Place, place, prove
from javabox.shared.sending import STATS, Sender, receive

log = logging.getLogger("javabox")

LOSSES = 3
"""Times in a row, without a verdict in between, that the judge may be lost."""
LOOK_SECONDS = 1.0
CLIENT, SERVER = b"client", b"server"
ASKED_BEFORE = "this was asked by the process that forked this one, which gets the verdict: ask again here"

_lock = threading.RLock()  # a finalizer may come in while its own thread holds it
_connections: dict[Place, Judged] = {}


class Judged:
    """A connection to a judge that is shared. `about` is what the judge says of itself."""

    def __init__(self, settings: Mapping[str, Any], where: Place) -> None:
        """Raises JudgeUnavailable where no judge can be found or started."""
        self._settings, self._where = settings, where
        self._connection, self.about = meet(settings, where)
        self.closed = False
        """It has ended, and another one is to be had."""
        self.users: set[object] = set()
        self._waiting: dict[int, tuple[Promise, Job, object]] = {}
        self._counts: dict[int, Future[dict[str, Any]]] = {}
        self._ids = count()
        self._sender = Sender(self._connection)
        self._delivery = Delivery()
        threading.Thread(target=self._run, name="javabox-shared-receive", daemon=True).start()

    def ask(self, job: Job, asker: object) -> Promise:
        """The verdict to come; `asker` is kept alive until it is there. To be called with the lock held."""
        number = next(self._ids)
        promise = Promise(lambda done: self._settled(number, done))
        self._waiting[number] = (promise, job, asker)
        self._sender.put((number, job))
        return promise

    def stats(self) -> Future[dict[str, Any]]:
        """Counts of the judge, all that share it together. To be called with the lock held."""
        number = next(self._ids)
        future = self._counts[number] = Future()
        self._sender.put((number, STATS))
        return future

    def cancel(self, asker: object) -> None:
        """What `asker` still waits for."""
        for promise, _, by in list(self._waiting.values()):
            if by is asker:
                promise.cancel()

    def leave(self, user: object) -> None:
        """A handle needs it no longer; the last one closes it."""
        with _lock:
            self.users.discard(user)
            if not self.users:
                self._close()

    def orphan(self) -> None:
        """In a forked child: gives up its copy of the socket."""
        self.closed = True
        for promise, _, _ in list(self._waiting.values()):
            promise.orphan(JudgeInChild(ASKED_BEFORE))
        self._connection.close()

    def _close(self) -> None:
        self.closed = True
        self._sender.end()
        if _connections.get(self._where) is self:
            del _connections[self._where]

    def _settled(self, number: int, done: Future[Any]) -> None:
        if self._waiting.pop(number, None) and done.cancelled():
            self._sender.put((number, None))

    # ---- the receiving thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        losses = 0
        while True:
            try:
                if self._hear():
                    losses = 0
            except (EOFError, OSError):
                self._sender.close()
                losses += 1
                if not self._again(losses):
                    break
        self._delivery.close()

    def _hear(self) -> bool:
        """Whether there was something: it looks up now and then, for verdicts that a callback holds up."""
        if not self._connection.poll(PATIENCE_SECONDS if self._delivery.held_up() else LOOK_SECONDS):
            self._delivery.help()
            return False
        for number, answer in receive(self._connection):
            if number in self._counts:
                self._counts.pop(number).set_result(answer)
            elif waiting := self._waiting.get(number):
                promise = waiting[0]
                if isinstance(answer, Exception) or not promise.settle(answer):
                    self._delivery.put([promise], answer)
        return True

    def _again(self, losses: int) -> bool:
        """Finds or starts the judge once more where anybody waits for it; whether it is there."""
        with _lock:
            if self.closed or not (self._waiting or self._counts):
                self._close()
                return False
        failure = JudgeUnavailable("the shared judge was lost several times; its log says more")
        if losses <= LOSSES:
            log.warning("the shared judge was lost; asking it again")
            try:
                self._connection, self.about = meet(self._settings, self._where)
            except JudgeUnavailable as error:
                failure = error
            else:
                with _lock:
                    self._sender = Sender(self._connection)
                    for number, (_, job, _) in sorted(self._waiting.items()):
                        self._sender.put((number, job))
                    for number in self._counts:
                        self._sender.put((number, STATS))
                return True
        with _lock:
            self._close()
            waiting, self._waiting = self._waiting, {}
            counts, self._counts = self._counts, {}
        self._delivery.put([promise for promise, _, _ in waiting.values()], failure)
        for future in counts.values():
            future.set_exception(failure)
        return False


def joined(settings: Mapping[str, Any], user: object) -> Judged:
    """The connection for these settings, with one user more. To be called with the lock held. Raises
    JudgeUnavailable."""
    where = place({name: value for name, value in settings.items() if name != "linger"})
    found = _connections.get(where)
    if found is None or found.closed:
        found = _connections[where] = Judged(settings, where)
    found.users.add(user)
    return found


def lock() -> AbstractContextManager[object]:
    """Under which connections are looked up and asked; a forked child has another one."""
    return _lock


def meet(settings: Mapping[str, Any], where: Place) -> tuple[sockets.Connection, dict[str, Any]]:
    """A connection to the judge with these settings, which is started where there is none, and what it says
    of itself. Raises JudgeUnavailable."""
    with where.locked():
        found = _connect(where)
        if found is None:
            _start(where, settings)
            found = _connect(where)
    if found is None:
        raise JudgeUnavailable(
            f"the shared judge has started and does not answer; it may say why: {where.log}"
        )
    return found


def _connect(where: Place) -> tuple[sockets.Connection, dict[str, Any]] | None:
    connection = None
    try:
        key = where.key.read_bytes()
        connection = sockets.Client(str(where.socket), family="AF_UNIX")
        if not prove(connection, key, CLIENT, SERVER):
            raise EOFError("whoever listens there does not have the key")
        (_, about), *_ = receive(connection)
    except (EOFError, OSError):
        if connection is not None:
            connection.close()
        return None
    return connection, about


def _start(where: Place, settings: Mapping[str, Any]) -> None:
    """A process of its own, which outlives this one. It says nothing, or why there is no judge."""
    packages = str(Path(__file__).parent.parent.parent)
    paths = [packages, *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-P", "-m", "javabox.shared", str(where.socket), json.dumps(settings)]
    with open(where.log, "wb") as words:
        started = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
            cwd="/",
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
            check=False,
        )
    if (said := json.loads(started.stdout or "null")) != {}:
        last = where.log.read_text(errors="replace").strip().splitlines()[-1:]
        where.remove()
        if said is None:
            raise JudgeUnavailable(f"the shared judge did not start: {' '.join(last)}")
        raise JudgeUnavailable(said["found"], said["mend"])


def _forget_all() -> None:
    global _lock
    _lock = threading.RLock()
    for one in list(_connections.values()):
        with contextlib.suppress(OSError):
            one.orphan()
    _connections.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
