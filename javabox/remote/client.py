"""A judge on another machine: sends jobs over HTTP to `rlcf serve`, with retries, and brings verdicts back.

    with Judge(engine="http://judge:8080") as judge:        # the key, if there is one, in JAVABOX_API_KEY
        verdicts = judge.grade(jobs)

It stands in the place of the dispatcher. A few threads send what waits in batches and read verdicts as they
are finished. A job is a pure question, so whatever breaks is asked again: a server that restarts or refuses
because it is full (429, 503, with its Retry-After) is waited for, PATIENCE_SECONDS from the last word that
it said. Then it is as with any judge that can't be started again: what waits is a judge_error. A cancelled
batch closes its connection, and the server ends its programs.

Not covered: several servers (put a balancer before them), compressed bodies.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from functools import partial
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader

from javabox.cache import VerdictCache
from javabox.delivery import Delivery, Promise
from javabox.errors import JudgeInChild, JudgeUnavailable
from javabox.job import Job
from javabox.remote.job_json import job_to_json
from javabox.stats import Stats
from javabox.verdict import Outcome, Verdict

log = logging.getLogger("javabox")

KEY = "JAVABOX_API_KEY"
"""The environment variable with the server's key."""
SENDERS = 4
"""Batches that are under way at a time."""
BATCH = 64
PATIENCE_SECONDS = 300.0
SILENCE_SECONDS = 60.0
"""A server says something every few seconds while programs run; one that is silent so long is gone."""
LONGEST_WAIT_SECONDS = 30.0
AGAIN = (429, 502, 503, 504)
CLOSED = "this judge is closed; make a new one"


def is_url(engine: str) -> bool:
    """Whether an engine is a server."""
    return engine.startswith(("http://", "https://"))


@dataclass(eq=False, slots=True)
class _Asked:
    """A job that has no verdict yet."""

    job: Job
    body: str
    future: Promise


class _NotNow(Exception):
    """The server refuses for the moment: it is full, or not up yet."""

    def __init__(self, seconds: float | None, full: bool) -> None:
        super().__init__("later")
        self.seconds, self.full = seconds, full


class _Batch:
    """What one request asks; its connection is given up when nobody waits for any of it."""

    def __init__(self, asked: list[_Asked]) -> None:
        self._lock = threading.Lock()
        self._waiting = dict(enumerate(asked))
        self._response: urllib3.BaseHTTPResponse | None = None

    def left(self) -> list[_Asked]:
        with self._lock:
            return [one for one in self._waiting.values() if not one.future.done()]

    def take(self, index: int) -> _Asked | None:
        with self._lock:
            return self._waiting.pop(index, None)

    def open(self, response: urllib3.BaseHTTPResponse | None) -> None:
        with self._lock:
            self._response = response

    def give_up_unwanted(self) -> None:
        """Wakes whoever reads the answer, where all futures are done."""
        with self._lock:
            unwanted = all(one.future.done() for one in self._waiting.values())
            if unwanted and self._waiting and self._response is not None:
                self._response.shutdown()


class Remote:
    """Gets verdicts from a server. `ask`, `close` and `drop` may be called from any thread."""

    def __init__(self, url: str, cache: VerdictCache, stats: Stats) -> None:
        """Raises JudgeUnavailable where no such server answers, or it wants another key."""
        self.over: str | None = None
        """Why nothing can be asked any more."""
        self._owner, self._closed = os.getpid(), False
        self._url, self._cache, self._stats = url.rstrip("/"), cache, stats
        key = os.environ.get(KEY, "").strip()
        own = {"Authorization": f"Bearer {key}"} if key else {}
        self._headers = {"Content-Type": "application/json", **own}
        timeout = urllib3.Timeout(connect=10.0, read=SILENCE_SECONDS)
        self._pool = urllib3.PoolManager(maxsize=SENDERS, retries=False, timeout=timeout)
        told = self._greet()
        self.provenance: dict[str, str] = told["provenance"]
        self.workers: int = told["workers"]
        self._batch: int = min(BATCH, told["batch"])
        self._bytes: int = told["body_bytes"]
        self._queue: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._promised: dict[Promise, object] = {}
        self._batches: dict[Promise, _Batch] = {}
        self._delivery = Delivery()
        _open.add(self)
        for number in range(SENDERS):
            threading.Thread(target=self._send_all, name=f"javabox-remote-{number}", daemon=True).start()

    def ask(self, job: Job, asker: object) -> Promise:
        """The verdict to come. `asker` is kept alive until it is there. Raises JudgeUnavailable, TypeError
        for a field that JSON can't hold."""
        body = json.dumps(job_to_json(job))
        future = Promise(self._settled)
        self._promised[future] = asker
        self._queue.put(_Asked(job, body, future))
        # Asked after the job is in the queue: what ended meanwhile never looks into it again.
        if self.over is not None:
            future.cancel()
            raise JudgeUnavailable(self.over)
        return future

    def close(self) -> None:
        """Cancel what waits. Idempotent, and harmless in a forked child."""
        if os.getpid() == self._owner:
            self.drop()
            for future in list(self._promised):
                future.cancel()

    def drop(self) -> None:
        """No more is asked; may be called by the garbage collector."""
        if os.getpid() != self._owner or self._closed:
            return
        self._closed = True
        if self.over is None:
            self._end(CLOSED)
        self._delivery.close()
        self._pool.clear()

    def main_channel(self) -> None:
        """No supervisor is here."""

    def orphan(self) -> None:
        """In a forked child: nobody waits for what only the parent will know."""
        self.over = str(JudgeInChild())
        for future in list(self._promised):
            future.orphan(JudgeInChild())

    def _settled(self, future: Future[Verdict]) -> None:
        assert isinstance(future, Promise)
        self._promised.pop(future, None)
        batch = self._batches.pop(future, None)
        if batch is not None and future.cancelled():
            batch.give_up_unwanted()

    def _end(self, reason: str) -> None:
        self.over = reason
        self._cache.close()
        _open.discard(self)
        for _ in range(SENDERS):
            self._queue.put(None)

    # ---- the threads -------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        held: _Asked | None = None
        while first := held or self._queue.get():
            asked, held = self._more(first)
            try:
                self._judge(asked)
            except Exception as error:  # a fault of this module: nobody may wait for ever
                log.exception("asking the server failed")
                self._give_up(f"asking the server failed: {error!r}", asked)

    def _more(self, first: _Asked) -> tuple[list[_Asked], _Asked | None]:
        """The first and what waits behind it, as much as the server takes; and the next, if it was taken."""
        asked, size = [first], len(first.body)
        while len(asked) < self._batch:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)  # for the next look
                break
            size += len(more.body) + 2
            if size > self._bytes // 2:
                return asked, more
            asked.append(more)
        return asked, None

    def _judge(self, asked: list[_Asked]) -> None:
        """Asks until every one has its verdict or nobody waits for it."""
        failing, tries = time.monotonic(), 0
        while asked := [one for one in asked if not one.future.done()]:
            if self.over is not None:
                self._give_up(self.over, asked)
                return
            batch = _Batch(asked)
            self._batches |= {one.future: batch for one in asked}
            wait: float | None = None
            full = False
            try:
                self._ask_once(batch, asked)
            except _NotNow as refusal:
                wait, full = refusal.seconds, refusal.full
            except (HTTPError, OSError, ValueError, KeyError) as broken:
                log.info("the server %s is asked again: %s", self._url, broken)
            finally:
                batch.open(None)
            left = batch.left()
            if full or tries == 0 or len(left) < len(asked):
                failing = time.monotonic()
            tries = 1 if len(left) < len(asked) else tries + 1
            if left and time.monotonic() - failing > PATIENCE_SECONDS:
                self._give_up(f"the server {self._url} has not answered for {PATIENCE_SECONDS:.0f} s", left)
            elif left:
                seconds = 0.1 * 2.0 ** min(tries, 10) if wait is None else wait
                time.sleep(min(seconds, LONGEST_WAIT_SECONDS) * random.uniform(1.0, 1.25))

    def _ask_once(self, batch: _Batch, asked: list[_Asked]) -> None:
        """Sends a batch and hands out its verdicts. Raises _NotNow, and what a connection can."""
        body = '{"jobs": [' + ", ".join(one.body for one in asked) + "]}"
        response = self._pool.request(
            "POST",
            f"{self._url}/v1/jobs",
            body=body.encode("ascii"),
            headers=self._headers,
            preload_content=False,
            redirect=False,
        )
        batch.open(response)
        batch.give_up_unwanted()
        try:
            if response.status == 200:
                for line in _lines(response):
                    self._take(batch, json.loads(line))
                return
            said = response.read(4096).decode("utf-8", "replace")
        finally:
            response.close()
        if response.status in AGAIN:
            raise _NotNow(_retry_after(response), full=response.status == 429)
        reason = f"the server {self._url} refuses ({response.status}): {said[:300]}"
        if response.status == 413 and len(asked) == 1:
            self._refuse(batch, 0, reason)
        else:
            self._give_up(reason, asked)

    def _take(self, batch: _Batch, row: dict[str, Any]) -> None:
        """One line of an answer: what judges there, a verdict, or why a job is not judged."""
        if "provenance" in row:
            if row["provenance"] != self.provenance:
                reason = f"the server {self._url} judges by other terms than before: {row['provenance']}"
                self._give_up(f"{reason}; make a new judge", batch.left())
        elif "refused" in row:
            self._refuse(batch, row["index"], f"the server refuses this job: {row['refused']}")
        else:
            verdict = Verdict.from_json(row["verdict"])
            asked = batch.take(row["index"])
            if asked is not None:
                self._stats.judged(verdict)
                self._cache.put(asked.job, verdict)
                if not asked.future.settle(verdict):
                    self._delivery.put([asked.future], verdict)

    def _refuse(self, batch: _Batch, index: int, reason: str) -> None:
        asked = batch.take(index)
        if asked is not None:
            self._delivery.put([asked.future], ValueError(reason))

    def _give_up(self, reason: str, asked: list[_Asked]) -> None:
        """The server can't be asked any more: what waits is a judge_error, here and in the other threads."""
        if self.over is None:
            log.error("%s", reason)
            self._end(reason)
        verdict = Verdict(Outcome.JUDGE_ERROR, deterministic=False, detail=self.over or reason)
        with contextlib.suppress(queue.Empty):
            while more := self._queue.get_nowait():
                asked = [*asked, more]
        self._queue.put(None)  # for the others
        for one in asked:
            with contextlib.suppress(InvalidStateError):
                if not one.future.done() and not one.future.settle(verdict):
                    self._delivery.put([one.future], verdict)

    def _greet(self) -> dict[str, Any]:
        """What the server judges with. Raises JudgeUnavailable."""
        ask = partial(self._pool.request, "GET", f"{self._url}/v1/judge", headers=self._headers)
        try:
            response = ask(
                retries=urllib3.Retry(status=3, connect=0, read=0, redirect=0, status_forcelist=AGAIN)
            )
        except HTTPError as error:
            raise JudgeUnavailable(
                f"no server answers at {self._url}: {error}", "rlcf serve there, and look at the URL"
            ) from error
        if response.status in (401, 403):
            raise JudgeUnavailable(f"{self._url} wants another key", f"export {KEY}=…")
        try:
            told: dict[str, Any] = response.json()
            assert {"provenance", "workers", "batch", "body_bytes"} <= told.keys()
        except (ValueError, AttributeError, AssertionError) as error:
            words = f"{self._url} is no judge (status {response.status})"
            raise JudgeUnavailable(words, "name the URL of rlcf serve, without a path") from error
        return told


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """The lines of an answer that hold something, as they come."""
    rest = b""
    for chunk in response.stream(1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """The seconds of a Retry-After; None where there is none that can be read."""
    value = response.headers.get("Retry-After")
    try:
        return None if value is None else urllib3.Retry().parse_retry_after(value)
    except InvalidHeader:
        return None


_open: set[Remote] = set()
"""What a forked child has to give up."""


def _orphan_all() -> None:
    for remote in list(_open):
        remote.orphan()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_orphan_all)
