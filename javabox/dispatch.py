"""Who gets which job; what is asked again, and how often.

Jobs wait here, in Python; a supervisor JVM holds only as many as keep its workers busy, so little is lost
when it dies. Which of several gets a job, javabox/posts.py says. What was in flight then is suspect, and so
is what made a supervisor run out of memory: each suspect is asked again alone, in *quarantine*: a supervisor
of one worker, started for the first suspect and ended when no more come, while the others go on. What brings
a supervisor down alone as well, time and again, has done it: a `premature_exit`. What the wall clock ended is
asked again too, once, since the clock may have been the machine's fault; so is what a signal ended, a few
times, since another program may have sent it. A supervisor that is worn (a compilation that can't be ended)
or silent is replaced.

Everything here happens on one thread; others leave calls in its inbox, and nothing is locked. So a fork at
any moment leaves no lock behind that the child could wait for, and a judge can be dropped on any thread.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from javabox.cache import VerdictCache
from javabox.delivery import PATIENCE_SECONDS, Delivery, Promise
from javabox.engines.jvm import Settings
from javabox.engines.opening import Opened, greet
from javabox.errors import JudgeInChild, JudgeUnavailable
from javabox.job import Job
from javabox.posts import Post, Posts
from javabox.protocol import codec as wire
from javabox.protocol.channel import Channel
from javabox.protocol.sealed import Line
from javabox.stats import Stats
from javabox.supervisor import Supervisor, Task
from javabox.verdict import Case, Diagnostic, Outcome, Verdict

log = logging.getLogger("javabox")

DEATHS = 3
"""Of the supervisor while it judged nothing else: then it is the program's doing."""
DEATHS_OF_MEMORY = 2
"""The same for a supervisor that ran out of memory, by javac's doing."""
DOUBTS = 3
"""As often a program that a signal ended is asked again; one that the clock ended, once."""
BY_CLOCK = (Outcome.TIME_LIMIT, Outcome.SUITE_ERROR)
START_ATTEMPTS = 5
CLOSE_SECONDS = 10.0
"""Longest wait at the end for a supervisor that is just being started."""
QUARANTINE_SECONDS = 10.0
"""So long the second supervisor stays without a job."""
LOOK_SECONDS = 1.0
BURST = 64
"""Calls that are taken at once."""
CLOSED = "this judge is closed; make a new one"

_open: set[Dispatcher] = set()
"""What a forked child has to give up."""


class Dispatcher:
    """Gets verdicts for jobs from an opened engine. `ask`, `close` and `drop` may be called from any
    thread."""

    def __init__(self, opened: Opened, settings: Settings, cache: VerdictCache, stats: Stats) -> None:
        self.over: str | None = None
        """Why nothing can be asked any more."""
        self._owner = os.getpid()
        self._start, self._cache, self._stats = opened.start, cache, stats
        self._asked: dict[Job, Task] = {}
        self._promised: dict[Promise, object] = {}
        self._next_id = 0
        self._looked = time.monotonic()
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._delivery = Delivery()
        self._ended = threading.Event()
        self._posts = Posts(settings)
        self._quarantine = Post(replace(settings, workers=1), 1)
        self._started(next(iter(self._posts)), opened.line)
        _open.add(self)
        self._thread = threading.Thread(target=self._run, name="javabox-dispatch", daemon=True)
        self._thread.start()

    def ask(self, job: Job, asker: object) -> Promise:
        """The verdict to come. `asker` is kept alive until it is there. Raises JudgeUnavailable."""
        future = Promise(partial(self._settled, job))
        if self.over is None:
            self._promised[future] = asker
            self._inbox.put(partial(self._take_up, job, future))
        # Asked after the job is in the inbox: what ended meanwhile never looks into it again.
        if self.over is not None:
            future.cancel()
            raise JudgeUnavailable(self.over)
        return future

    def close(self) -> None:
        """End the supervisors and all that they started; cancel what waits. Idempotent."""
        if os.getpid() != self._owner:
            return
        self.drop()
        self._ended.wait(CLOSE_SECONDS)
        for future in list(self._promised):
            future.cancel()

    def drop(self) -> None:
        """The same without waiting; may be called by the garbage collector, whatever is under way."""
        if os.getpid() == self._owner:
            self._inbox.put(partial(self._end, CLOSED))

    def main_channel(self) -> Channel | None:
        """That of the first supervisor, for those who look at its processes; None while it is replaced."""
        supervisor = next(iter(self._posts)).supervisor
        return None if supervisor is None else supervisor.line.channel

    def orphan(self) -> None:
        """In a forked child: nobody waits for what only the parent will know, and nothing of it is
        touched."""
        self.over = str(JudgeInChild())
        for post in (*self._posts, self._quarantine):
            if post.supervisor is not None:
                post.supervisor.line.channel.let_go()
        for future in list(self._promised):
            future.orphan(JudgeInChild())

    # ---- calls from other threads, answered on this one's ------------------------------------------------

    def _settled(self, job: Job, future: Future[Verdict]) -> None:
        """A future has its verdict, or was cancelled."""
        assert isinstance(future, Promise)
        self._promised.pop(future, None)
        if future.cancelled():
            self._inbox.put(partial(self._forget, job, future))

    def _take_up(self, job: Job, future: Promise) -> None:
        if future.cancelled():
            return
        task = self._asked.get(job)
        if task is None:
            task = self._asked[job] = Task(job)
            self._posts.home(job.suite).queue.append(task)
        task.futures.append(future)

    def _forget(self, job: Job, future: Promise) -> None:
        """Nobody is told; when that was the last who asked, the job is ended wherever it is."""
        task = self._asked.get(job)
        if task is None or future not in task.futures:
            return
        task.futures.remove(future)
        if not task.futures:
            del self._asked[job]
            for post in (*self._posts, self._quarantine):
                if post.supervisor is not None:
                    post.supervisor.cancel(task)

    def _heard(self, post: Post, supervisor: Supervisor, frame: bytes | None) -> None:
        if supervisor is not post.supervisor:
            return  # it has been given up already
        task = supervisor.take(wire.decode_id(frame)) if frame is not None else None
        if frame is None or task is None:
            self._lose(post, supervisor)
        else:
            self._answer(supervisor, task, wire.decode_reply(frame, task.job))

    # ---- the thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self.over is None or any(post.starting for post in (*self._posts, self._quarantine)):
                held_up = self._delivery.held_up()
                self._take_calls(PATIENCE_SECONDS if held_up else LOOK_SECONDS)
                if self.over is None:
                    for post in (*self._posts, self._quarantine):
                        self._serve(post)
                    self._look()
                if held_up:
                    self._delivery.help()
        except Exception as error:  # a fault of this module: nobody may wait for ever
            log.exception("the judge failed")
            self._end(f"the judge failed: {error!r}; make a new one")
            self._take_rest()
            for task in self._asked.values():
                self._delivery.put(task.futures, JudgeUnavailable(self.over or CLOSED))
        finally:
            for post in (*self._posts, self._quarantine):
                if post.supervisor is not None:
                    post.supervisor.close()
            self._cache.close()
            self._delivery.close()
            _open.discard(self)
            self._ended.set()

    def _take_calls(self, seconds: float) -> None:
        """What is in the inbox, once there is something: to look who may be sent what takes as long."""
        with contextlib.suppress(queue.Empty):
            self._inbox.get(timeout=seconds)()
            for _ in range(BURST):
                self._inbox.get_nowait()()

    def _take_rest(self) -> None:
        """After the end: who asks now sees it and is refused, so what was asked before is in the inbox."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._inbox.get_nowait()()

    def _end(self, reason: str) -> None:
        self.over = self.over or reason

    def _serve(self, post: Post) -> None:
        """Sends what may be sent; replaces a supervisor that is worn, starts one that is missing."""
        supervisor, alone = post.supervisor, post is self._quarantine
        if supervisor is None:
            if not post.starting and (post.queue if alone else self._posts.wanted(post)):
                self._bring(post)
        elif supervisor.worn:
            if supervisor.load() == 0:
                self._lose(post, supervisor)
        else:
            while supervisor.has_room(post.most) and (task := self._next_task(post)):
                self._send(supervisor, task)

    def _next_task(self, post: Post) -> Task | None:
        if post is not self._quarantine:
            return self._posts.next_for(post)
        return post.queue.popleft() if post.queue else None

    def _send(self, supervisor: Supervisor, task: Task) -> None:
        if not task.futures:
            return  # cancelled
        self._next_id += 1
        try:
            supervisor.send(self._next_id, task)
        except Exception as error:  # whatever is in the fields of a job, its asker hears of it
            self._asked.pop(task.job, None)
            words = f"this job can't be asked, look at the types of its fields: {error!r}"
            self._delivery.put(task.futures, TypeError(words))

    def _look(self) -> None:
        """Once a second: gives up what is silent, and the quarantine when it is no longer needed."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        for post in (*self._posts, self._quarantine):
            if post.supervisor is not None and post.supervisor.silent():
                log.warning("the supervisor is silent; replacing it")
                self._lose(post, post.supervisor)
        unused = self._quarantine.supervisor
        if unused is not None and unused.unused_seconds() > QUARANTINE_SECONDS:
            self._retire(self._quarantine, unused)

    # ---- verdicts ----------------------------------------------------------------------------------------

    def _answer(self, supervisor: Supervisor, task: Task, reply: wire.Reply) -> None:
        supervisor.worn |= reply.report.worn
        self._stats.replied(supervisor.number, reply)
        verdict = reply.verdict
        if verdict.outcome is Outcome.JUDGE_ERROR:
            self._suspect(task, verdict)
        elif reply.doubtful and task.doubts < (1 if verdict.outcome in BY_CLOCK else DOUBTS):
            task.doubts += 1
            self._ask_again(task)
        else:
            self._finish(task, verdict)

    def _suspect(self, task: Task, verdict: Verdict) -> None:
        """Ask again, alone; then give up."""
        out_of_memory = "OutOfMemoryError" in verdict.detail
        if task.deaths < (DEATHS_OF_MEMORY if out_of_memory else DEATHS):
            task.deaths += 1
            self._ask_again(task)
        elif out_of_memory:
            # Alone in the supervisor and still too much for javac: that is the program's doing.
            error = Diagnostic("javabox.compiler.limit", None, None, "the compiler ran out of memory")
            self._finish(task, Verdict(Outcome.COMPILE_ERROR, diagnostics=(error,), deterministic=False))
        else:
            log.warning("%s: %s", verdict.outcome, verdict.detail)
            self._finish(task, verdict)

    def _ask_again(self, task: Task) -> None:
        if task.futures:
            self._stats.asked_again()
            self._quarantine.queue.append(task)

    def _finish(self, task: Task, verdict: Verdict) -> None:
        """Give everyone who asked the answer."""
        if not task.futures and verdict.outcome is Outcome.JUDGE_ERROR:
            return  # cancelled
        if self._asked.get(task.job) is task:
            del self._asked[task.job]
        self._stats.judged(verdict)
        self._cache.put(task.job, verdict)
        if waiting := [future for future in task.futures if not future.settle(verdict)]:
            self._delivery.put(waiting, verdict)

    # ---- supervisors -------------------------------------------------------------------------------------

    def _lose(self, post: Post, dead: Supervisor) -> None:
        """A supervisor is gone, worn and empty, or silent: another takes its place, where one is needed."""
        words = dead.line.channel.stderr_tail()
        detail = f"the supervisor ended while it judged this program: {words}".strip()
        if post is self._quarantine:
            self._retire(post, dead)
        else:
            self._stats.supervisor_replaced()
            self._bring(post, dead)
        # The youngest first: who brought it down has most likely been at it for long.
        for task in reversed(dead.take_all()):
            ended = Outcome.PREMATURE_EXIT
            cases = tuple(Case(name, ended) for name in task.job.suite.names)
            self._suspect(task, Verdict(ended, cases, deterministic=False, detail=detail))

    def _retire(self, post: Post, supervisor: Supervisor) -> None:
        post.supervisor = None
        threading.Thread(target=supervisor.close, name="javabox-end", daemon=True).start()

    def _bring(self, post: Post, dead: Supervisor | None = None) -> None:
        """Ends what was there and starts another, on a thread of its own: it takes seconds."""
        post.supervisor, post.starting = None, True
        arguments = (post, dead)
        threading.Thread(target=self._open, args=arguments, name="javabox-start", daemon=True).start()

    def _open(self, post: Post, dead: Supervisor | None) -> None:
        if dead is not None:
            dead.close()
        failure: Exception = JudgeUnavailable(CLOSED)
        for _ in range(START_ATTEMPTS):
            if self.over is not None:
                break
            try:
                line, _ = greet(self._start(post.settings))
            except (JudgeUnavailable, OSError) as error:
                failure = error
            else:
                self._inbox.put(partial(self._started, post, line))
                return
        self._inbox.put(partial(self._failed, post, failure))

    def _started(self, post: Post, line: Line) -> None:
        post.starting = False
        post.supervisor = Supervisor(
            line, post.settings.workers, lambda *answer: self._inbox.put(partial(self._heard, post, *answer))
        )

    def _failed(self, post: Post, error: Exception) -> None:
        """A supervisor can't be had any more: others do its work; where there is none, everything that waits
        is a judge error."""
        post.starting = False
        if self.over is not None:
            return
        log.error("a supervisor could not be started again: %s", error)
        alone = post is self._quarantine
        if not alone and self._posts.give_up(post):
            return
        verdict = Verdict(Outcome.JUDGE_ERROR, deterministic=False, detail=f"no supervisor: {error}")
        if not alone:
            self._end(f"this judge could not be started again: {error}")
            self._take_rest()
        waiting = list(post.queue) if alone else list(self._asked.values())
        post.queue.clear()
        for task in waiting:
            self._finish(task, verdict)


def _orphan_all() -> None:
    for dispatcher in list(_open):
        dispatcher.orphan()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_orphan_all)
