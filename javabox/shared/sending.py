"""Sends what threads leave for it over a connection, as much at once as is there.

A message is a pickled list of pairs of a number and a thing: to the judge a job, None (nobody waits for it
any more) or STATS; back a verdict, an error or counts. Pickled, because both ends are the same code, run by
the same user, and have shown each other the key (place.py) before anything is read.
"""

from __future__ import annotations

import contextlib
import copyreg
import io
import pickle
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import fields
from multiprocessing.connection import Connection
from operator import attrgetter
from typing import Any

from javabox.job import Job, Limits, StdinCase, Suite, SuiteCase
from javabox.verdict import Case, Diagnostic, ThrownException, Verdict

STATS = "stats"
MOST = 64
"""Things in a message: a verdict that is there does not wait for many others to be written."""

Item = tuple[int, Any]
RECORDS: tuple[type[Any], ...] = (
    Job, Suite, SuiteCase, StdinCase, Limits, Verdict, Case, Diagnostic, ThrownException,
)  # fmt: skip


def _by_place(record: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """How a record is pickled: its class and the values of its fields. What dataclasses with slots do by
    themselves looks every field up anew: a job there and back takes 104 microseconds, so 45 (LOG.md)."""
    values = attrgetter(*(one.name for one in fields(record)))
    return lambda made: (record, values(made))


REDUCED = copyreg.dispatch_table | {record: _by_place(record) for record in RECORDS}


class Sender:
    """A queue with a thread that sends it. `put` and `end` may be called from anywhere, also while garbage is
    collected."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._closing = threading.Lock()
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="javabox-shared-send", daemon=True).start()

    def put(self, item: Item) -> None:
        self._queue.put(item)

    def end(self) -> None:
        """Sends what is there, then ends the connection: whoever reads it, at both ends, gets an EOFError."""
        self._queue.put(None)

    def close(self) -> None:
        """Gives the connection's file back. To be called by its reader, once that has got an EOFError."""
        with self._closing:
            self._connection.close()
        self.end()

    def _run(self) -> None:
        # Where the other end is gone, the reader of the connection learns of it.
        with contextlib.suppress(OSError, ValueError):
            while items := self._next():
                self._connection.send_bytes(pickled(items))
        with self._closing, contextlib.suppress(OSError):
            # A number of a file that is closed may be another file's by now.
            if not self._connection.closed:
                end = socket.socket(fileno=self._connection.fileno())
                try:
                    end.shutdown(socket.SHUT_RDWR)
                finally:
                    end.detach()

    def _next(self) -> list[Item]:
        """What there is; nothing at the end."""
        items: list[Item] = []
        item = self._queue.get()
        with contextlib.suppress(queue.Empty):
            while item is not None:
                items.append(item)
                if len(items) == MOST:
                    return items
                item = self._queue.get_nowait()
            if items:
                self._queue.put(None)
        return items


def pickled(items: list[Item]) -> bytes:
    """A message, without its length."""
    message = io.BytesIO()
    pickler = pickle.Pickler(message, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = REDUCED
    pickler.dump(items)
    return message.getvalue()


def receive(connection: Connection) -> list[Item]:
    """The next message. Raises EOFError or OSError where the other end is gone."""
    items: list[Item] = pickle.loads(connection.recv_bytes())
    return items
