"""The judge: batches of jobs in, verdicts out, in order.

Jobs wait here, in Python; a supervisor JVM holds only as many as keep its workers busy, so little is lost
when it dies. What was in flight then is suspect: each suspect is asked again with nothing beside it, and what
brings the supervisor down alone as well, time and again, has done it: a `premature_exit`. A supervisor that
says it is worn (a compilation that can't be ended), misses its beats or answers nothing for too long is
replaced. What the wall clock ended is asked again too, once and alone, since the clock may have been the
machine's fault; so is what a signal ended, a few times, since another program may have sent it.

Not covered: several supervisors.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from javabox import wire
from javabox.cache import VerdictCache
from javabox.engines import jvm
from javabox.engines.channel import Channel
from javabox.engines.jvm import Settings
from javabox.engines.opening import Engine, Floor, Isolation, greet, open_engine
from javabox.errors import JudgeUnavailable, SuiteError
from javabox.job import Job
from javabox.line import BrokenLine, Line
from javabox.stats import Stats
from javabox.verdict import Case, Diagnostic, Outcome, Verdict

log = logging.getLogger("javabox")

Lane = Literal["auto", "warm", "strict"]
DEATHS = 3
"""Of the supervisor while it judged nothing else: then it is the program's doing."""
DEATHS_OF_MEMORY = 2
"""The same for a supervisor that ran out of memory, by javac's doing."""
DOUBTS = 3
"""As often a program that a signal ended is asked again; one that the clock ended, once."""
START_ATTEMPTS = 5
CLOSE_SECONDS = 10.0
"""Longest wait for a replacement under way, which holds the lock until its supervisor has greeted."""
SILENCE_SLACK_SECONDS = 30.0
"""A supervisor that exceeds the limits of all it holds by this much is taken for dead."""
BEATS_MISSED = 10
"""So is one that a program has stopped, or its container: it beats once a second."""


@dataclass(eq=False, slots=True)
class _Task:
    """A job that waits for its verdict, with everyone who asked for it."""

    job: Job
    futures: list[Future[Verdict]] = field(default_factory=list)
    deaths: int = 0
    """Supervisors that ended, or ran out of memory, while they had it."""
    doubts: int = 0
    """Times that it ended in a way that others may have caused."""

    @property
    def alone(self) -> bool:
        """Whether nothing else is judged beside it."""
        return self.deaths + self.doubts > 0


class Judge:
    """Judges Java programs. Use as a context manager; safe to use from several threads.

    `engine`: where JVMs live; `auto` is docker where an engine answers, else local. `lane`: `auto` lets
    programs that a scan of their class files admits share warm JVMs, `warm` does so without audits, `strict`
    gives each program a fresh JVM.
    `isolation`: what must keep programs from the machine; `auto` takes the best there is and refuses to run
    without any, `none` runs them as this user.
    `workers`: programs judged at a time, by default one a core. `determinism`: clocks and random numbers are
    the same in every run. `audit`: share of warm verdicts that the strict lane checks. `cache`: an SQLite
    file that keeps verdicts from run to run. Raises JudgeUnavailable where no engine can be started.
    """

    def __init__(
        self,
        engine: Engine = "auto",
        workers: int | None = None,
        *,
        isolation: Isolation = "auto",
        lane: Lane = "auto",
        determinism: bool = True,
        audit: float = 0.01,
        cache: Path | None = None,
    ) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))
        self._settings = Settings(
            self.workers,
            warm=lane != "strict",
            determinism=determinism,
            audit=audit if lane == "auto" else 0.0,
        )
        self._stats = Stats()
        self._lock = threading.Condition()
        self._ending = threading.Event()
        self._waiting: deque[_Task] = deque()
        self._suspects: deque[_Task] = deque()
        self._asked: dict[Job, _Task] = {}
        self._in_flight: dict[int, _Task] = {}
        self._deadline = 0.0
        self._heard = 0.0
        self._next_id = 0
        self._worn = False
        self._closed = False
        self._cache = VerdictCache(cache)
        opened = open_engine(engine, isolation, self._settings)
        self.engine_name: str = opened.engine
        self.isolation: Floor = opened.isolation
        """What keeps programs from the machine: docker, namespaces, landlock or none."""
        self.jdk = opened.jdk
        """Vendor and build of the JDK that compiles and runs."""
        self._start, self._line = opened.start, opened.line
        self._cache.judged_by = f"{jvm.source_hash()} {self.jdk} {lane} {determinism}"
        self._pump = threading.Thread(target=self._keep_sending, name="javabox-send", daemon=True)
        self._pump.start()
        self._listen(self._line)
        threading.Thread(target=self._watch, name="javabox-watch", daemon=True).start()
        # Before the engine's own clean-up at exit, which would look like a death and start another one.
        atexit.register(self.close)

    def grade(self, jobs: Sequence[Job]) -> list[Verdict]:
        """One verdict a job, in the order of `jobs`. Raises SuiteError where a suite is broken."""
        return [future.result() for future in [self.submit(job) for job in jobs]]

    def stream(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Verdict]]:
        """Pairs of a job's index and its verdict, as they are finished. Raises SuiteError as `grade` does."""
        finished: queue.SimpleQueue[tuple[int, Future[Verdict]]] = queue.SimpleQueue()
        count = 0
        for index, job in enumerate(jobs):
            count += 1

            def put(done: Future[Verdict], index: int = index) -> None:
                finished.put((index, done))

            self.submit(job).add_done_callback(put)
        for _ in range(count):
            index, future = finished.get()
            yield index, future.result()

    def submit(self, job: Job) -> Future[Verdict]:
        """The verdict to come. Identical jobs are judged once."""
        future: Future[Verdict] = Future()
        known = self._cache.get(job)
        self._stats.asked(cached=known is not None)
        if known is not None:
            future.set_result(known)
            return future
        with self._lock:
            if self._closed:
                raise JudgeUnavailable("this judge is closed; make a new one")
            task = self._asked.get(job)
            if task is None:
                task = self._asked[job] = _Task(job)
                self._waiting.append(task)
                self._lock.notify_all()
            task.futures.append(future)
        return future

    def stats(self) -> dict[str, Any]:
        """What this judge has done so far, ready for JSON: see `javabox.stats`."""
        return self._stats.to_json()

    def close(self) -> None:
        """End the supervisor and all that it started; cancel what waits. Idempotent."""
        held = self._lock.acquire(timeout=CLOSE_SECONDS)
        try:
            if self._closed:
                return
            self._closed = True
            self._ending.set()
            atexit.unregister(self.close)
            tasks = list(self._asked.values())
            self._asked.clear()
            if held:
                self._lock.notify_all()
        finally:
            if held:
                self._lock.release()
        self._line.channel.close()
        self._cache.close()
        for task in tasks:
            for future in task.futures:
                future.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- to the supervisor -------------------------------------------------------------------------------

    def _keep_sending(self) -> None:
        while True:
            with self._lock:
                while not self._closed and (task := self._take()) is None:
                    self._lock.wait()
                if self._closed:
                    return
                assert task is not None
                job_id = self._next_id = self._next_id + 1
                self._in_flight[job_id] = task
                limits = task.job.limits
                allowance = limits.wall_seconds + limits.compile_seconds + SILENCE_SLACK_SECONDS
                self._deadline = max(self._deadline, time.monotonic() + allowance)
                line = self._line
            try:
                line.send(wire.encode_job(job_id, task.job))
            except (OSError, ValueError):
                continue  # gone: the listener sees the end and asks again

    def _take(self) -> _Task | None:
        """The next job to send, if it may be sent now. Holds the lock."""
        if self._worn:
            return None  # let it finish what it has; the listener then replaces it
        if self._suspects:
            return None if self._in_flight else self._suspects.popleft()
        if self._waiting and len(self._in_flight) < 3 * self.workers + 2 and not self._alone():
            return self._waiting.popleft()
        return None

    def _alone(self) -> bool:
        return any(task.alone for task in self._in_flight.values())

    # ---- from the supervisor -----------------------------------------------------------------------------

    def _listen(self, line: Line) -> None:
        self._heard = time.monotonic()
        threading.Thread(target=self._hear, args=(line,), name="javabox-receive", daemon=True).start()

    def _hear(self, line: Line) -> None:
        try:
            while True:
                frame = line.receive()
                self._heard = time.monotonic()
                if wire.decode_id(frame) == wire.BEAT:
                    continue
                self._answer(wire.decode_id(frame), frame)
                with self._lock:
                    if self._worn and not self._in_flight:
                        break
        except (EOFError, OSError, ValueError, BrokenLine) as error:
            log.info("supervisor ended: %s %s", error, line.channel.stderr_tail())
        self._replace(line.channel)

    def _answer(self, job_id: int, frame: bytes) -> None:
        with self._lock:
            if job_id not in self._in_flight:
                raise BrokenLine(f"an answer to job {job_id}, which nobody waits for")
            task = self._in_flight.pop(job_id)
            reply = wire.decode_reply(frame, task.job)
            self._worn |= reply.report.worn
            limits = task.job.limits
            self._deadline = (
                time.monotonic() + limits.wall_seconds + limits.compile_seconds + SILENCE_SLACK_SECONDS
            )
            verdict = reply.verdict
            self._stats.replied(reply)
            if verdict.outcome is Outcome.JUDGE_ERROR:
                self._suspect(task, verdict)
            elif reply.doubtful and task.doubts < _doubts(verdict):
                task.doubts += 1
                self._suspects.append(task)
            else:
                self._finish(task, verdict, "")
            self._lock.notify_all()

    def _suspect(self, task: _Task, verdict: Verdict) -> None:
        """Ask again, alone; then give up. Holds the lock."""
        out_of_memory = "OutOfMemoryError" in verdict.detail
        if task.deaths < (DEATHS_OF_MEMORY if out_of_memory else DEATHS):
            task.deaths += 1
            self._suspects.append(task)
        elif out_of_memory:
            # Alone in the supervisor and still too much for javac: that is the program's doing.
            error = Diagnostic("javabox.compiler.limit", None, None, "the compiler ran out of memory")
            self._finish(task, Verdict(Outcome.COMPILE_ERROR, diagnostics=(error,), deterministic=False), "")
        else:
            log.warning("%s: %s", verdict.outcome, verdict.detail)
            self._finish(task, verdict, "")

    def _finish(self, task: _Task, verdict: Verdict | None, detail: str) -> None:
        """Give everyone who asked the answer. Holds the lock."""
        self._asked.pop(task.job, None)
        if verdict is not None:
            self._stats.judged(verdict)
            self._cache.put(task.job, verdict)
        for future in task.futures:
            try:
                if verdict is None:
                    future.set_exception(SuiteError(detail))
                else:
                    future.set_result(verdict)
            except InvalidStateError:
                log.debug("a verdict came after its future was cancelled")

    def _replace(self, dead: Channel) -> None:
        """Put a new supervisor in the place of one that is gone or worn."""
        dead.close()
        with self._lock:
            if self._closed:
                return
            lost = [self._in_flight.pop(job_id) for job_id in sorted(self._in_flight)]
            for task in lost:
                detail = f"the supervisor ended while it judged this program: {dead.stderr_tail()}".strip()
                ended = Outcome.PREMATURE_EXIT
                cases = tuple(Case(case.name, ended) for case in task.job.suite.cases)
                self._suspect(task, Verdict(ended, cases, deterministic=False, detail=detail))
            for attempt in range(START_ATTEMPTS):
                try:
                    self._line, _ = greet(self._start(self._settings))
                    break
                except (JudgeUnavailable, OSError) as error:
                    if attempt == START_ATTEMPTS - 1:
                        self._give_up(error)
                        return
            if self._closed:
                self._line.channel.close()
                return
            self._worn = False
            self._stats.supervisor_replaced()
            self._listen(self._line)
            self._lock.notify_all()

    def _give_up(self, error: Exception) -> None:
        """No supervisor can be had any more: everything that waits is a judge error. Holds the lock."""
        log.error("the judge could not be started again: %s", error)
        verdict = Verdict(Outcome.JUDGE_ERROR, deterministic=False, detail=f"no supervisor: {error}")
        for task in list(self._asked.values()):
            self._finish(task, verdict, "")
        self._closed = True
        self._ending.set()
        self._lock.notify_all()

    def _watch(self) -> None:
        """Close a supervisor that holds jobs and has been silent for too long."""
        missed = 0
        while not self._ending.wait(1.0):
            with self._lock:
                now = time.monotonic()
                waiting, line = bool(self._in_flight), self._line
                # Looks are counted, not seconds: this process may have been stopped itself.
                missed = missed + 1 if now - self._heard > 1.5 else 0
            if waiting and (now > self._deadline or missed > BEATS_MISSED):
                log.warning("the supervisor is silent; replacing it")
                missed = 0
                line.channel.close()


def _doubts(verdict: Verdict | None) -> int:
    return 1 if verdict is not None and verdict.outcome is Outcome.TIME_LIMIT else DOUBTS
