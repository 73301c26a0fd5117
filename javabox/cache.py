"""Verdicts that can be reused: the same job has the same verdict unless a clock took part in it.

In memory always, and in an SQLite file where one is given, which several processes may share. The file's key
is a hash of the job (source, suite, limits, coverage) and of what judged it: sources of the JVM side, JDK
build, lane, determinism.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import sqlite3
import threading
from collections import OrderedDict
from pathlib import Path

from javabox.errors import CacheUnusable
from javabox.job import Job
from javabox.verdict import NO_VERDICT, Verdict

log = logging.getLogger("javabox")

BUSY_SECONDS = 30.0
FORMAT = "results line"
"""How a file has its verdicts, a part of the key: what was written otherwise is not found."""


class VerdictCache:
    """The most recently used verdicts. Safe to use from several threads."""

    def __init__(self, file: Path | None = None, judged_by: str = "", capacity: int = 50_000) -> None:
        """Raises CacheUnusable where `file` can't be opened."""
        self.judged_by = judged_by
        self.asked = 0
        """Jobs that were looked up."""
        self.known = 0
        """Those of them whose verdict was there."""
        self._capacity = capacity
        self._verdicts: OrderedDict[Job, Verdict] = OrderedDict()
        self._lock = threading.Lock()
        self._file = _open(file) if file else None

    def get(self, job: Job) -> Verdict | None:
        with self._lock:
            self.asked += 1
            verdict = self._verdicts.get(job)
            if verdict is not None:
                self._verdicts.move_to_end(job)
            elif rows := self._execute("SELECT verdict FROM verdicts WHERE job = ?", job):
                verdict = Verdict.from_json(json.loads(rows[0][0]))
                self._keep(job, verdict)
            self.known += verdict is not None
            return verdict

    def put(self, job: Job, verdict: Verdict) -> None:
        """Keeps `verdict` unless the clock decided it or the judge failed."""
        if not verdict.deterministic or verdict.outcome in NO_VERDICT:
            return
        with self._lock:
            self._keep(job, verdict)
            if self._file is not None:
                record = json.dumps(verdict.to_json())
                self._execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?)", job, record)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _execute(self, statement: str, job: Job, *values: str) -> list[tuple[str]]:
        """A file that fails (a full disk) is given up: judging goes on without it."""
        if self._file is None:
            return []
        try:
            return self._file.execute(statement, (self._key(job), *values)).fetchall()
        except sqlite3.Error as error:
            log.warning("verdicts are no longer kept: %s", error)
            self._file.close()
            self._file = None
            return []

    def _keep(self, job: Job, verdict: Verdict) -> None:
        self._verdicts[job] = verdict
        if len(self._verdicts) > self._capacity:
            self._verdicts.popitem(last=False)

    def _key(self, job: Job) -> str:
        # JSON escapes what has no UTF-8 form
        made_of = json.dumps([FORMAT, self.judged_by, dataclasses.asdict(job)])
        return hashlib.sha256(made_of.encode()).hexdigest()


def _open(file: Path) -> sqlite3.Connection:
    try:
        return _connect(file)
    except sqlite3.Error as error:
        raise CacheUnusable(f"{file} can't keep verdicts: {error}") from error


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS verdicts (job TEXT PRIMARY KEY, verdict TEXT) WITHOUT ROWID"
    )
    return connection
