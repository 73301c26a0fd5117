"""Which actor gets which job, and what is asked again when one dies.

As in `javabox/dispatch.py`, one level up: jobs wait here, and an actor holds only as many as keep its workers
busy. When one dies (a machine is gone, somebody has killed it) the jobs that it held are suspects, each of
which is asked again alone, on an actor that has nothing else meanwhile; the others go on. A job at which
actors die time and again has done it: a `premature_exit`. Ray starts an actor anew on its machine; what can't
be started again is left out, and where nothing is left every job is a `judge_error`.

A thread for each actor takes its verdicts. The state is under one lock, in which nothing waits.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from javabox.cluster.pool import Actor
from javabox.delivery import Delivery, Promise
from javabox.dispatch import CLOSED, DEATHS
from javabox.errors import JudgeUnavailable
from javabox.job import Job
from javabox.verdict import Case, Outcome, Verdict

log = logging.getLogger("javabox")

TAKE_SECONDS = 5.0
RETRY_SECONDS = 0.5
GONE_SECONDS = 120.0
"""So long an actor may take to come back."""


class _Task:
    """A job with those who asked for it, and what has become of it so far."""

    def __init__(self, job: Job, number: int) -> None:
        self.job, self.number = job, number
        self.futures: list[Promise] = []
        self.deaths = 0
        self.holder: _Holder | None = None


class _Holder:
    """An actor with the jobs that it has."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.most = 3 * actor.workers + 2
        self.tasks: dict[int, _Task] = {}
        self.up = True
        self.gone = False
        """Whether it is down for good."""

    def room(self) -> int:
        return self.most - len(self.tasks)

    def on_trial(self) -> bool:
        """Whether it has a suspect."""
        return any(task.deaths for task in self.tasks.values())


class Spread:
    """Verdicts for jobs from several actors. `ask` and `close` may be called from any thread."""

    def __init__(self, actors: Sequence[Actor], keep: Any) -> None:
        """`keep` is called with each job and its verdict."""
        self.over: str | None = None
        """Why nothing can be asked any more."""
        self.lost = 0
        """How often an actor died."""
        self._name = uuid.uuid4().hex
        self._keep = keep
        self._lock = threading.RLock()
        self._asked: dict[Job, _Task] = {}
        self._waiting: deque[_Task] = deque()
        self._suspects: deque[_Task] = deque()
        self._count = 0
        self._delivery = Delivery()
        self._holders = [_Holder(actor) for actor in actors]
        self._threads = [
            threading.Thread(target=self._serve, args=(holder,), name="javabox-cluster", daemon=True)
            for holder in self._holders
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, job: Job) -> Promise:
        """The verdict to come. Raises JudgeUnavailable."""
        future = Promise(partial(self._settled, job))
        with self._lock:
            if self.over is not None:
                raise JudgeUnavailable(self.over)
            task = self._asked.get(job)
            if task is None:
                self._count += 1
                task = self._asked[job] = _Task(job, self._count)
                self._waiting.append(task)
            task.futures.append(future)
            self._send()
        return future

    def close(self) -> None:
        """Cancels what waits. Idempotent."""
        with self._lock:
            self.over = self.over or CLOSED
            futures = [future for task in self._asked.values() for future in task.futures]
        for future in futures:
            future.cancel()
        for holder in self._holders:
            if holder.up:
                holder.actor.handle.leave.remote(self._name)
        for thread in self._threads:
            thread.join(timeout=2 * TAKE_SECONDS)
        self._delivery.close()

    def handles(self) -> list[Any]:
        """Of the actors that are there."""
        return [holder.actor.handle for holder in self._holders if holder.up]

    # ---- under the lock ----------------------------------------------------------------------------------

    def _send(self) -> None:
        """Gives out what may be given out: suspects one at a time, the others wherever there is room."""
        up = [holder for holder in self._holders if holder.up]
        alone = next(filter(_Holder.on_trial, up), None)
        if alone is None and self._suspects and up:
            alone = up[0]  # it gets nothing else, and the first suspect once it has nothing left
        if alone is not None and self._suspects and not alone.tasks:
            self._give(alone, [self._suspects.popleft()])
        others = [holder for holder in up if holder is not alone]
        while self._waiting and others:
            holder = max(others, key=_Holder.room)
            rest = sorted((one.room() for one in others if one is not holder), reverse=True)
            fair = holder.room() - (rest[0] if rest else 0)
            count = min(holder.room(), max(1, fair), len(self._waiting))
            if count <= 0:
                return
            self._give(holder, [self._waiting.popleft() for _ in range(count)])

    def _give(self, holder: _Holder, tasks: Sequence[_Task]) -> None:
        tasks = [task for task in tasks if task.futures]
        for task in tasks:
            task.holder = holder
            holder.tasks[task.number] = task
        if tasks:
            jobs = [(task.number, task.job) for task in tasks]
            holder.actor.handle.ask.remote(self._name, jobs)

    def _answer(self, task: _Task, answer: Verdict | Exception) -> None:
        if isinstance(answer, Exception):
            self._asked.pop(task.job, None)
            self._delivery.put(task.futures, answer)
        elif answer.outcome is Outcome.JUDGE_ERROR:
            self._suspect(task, answer)
        else:
            self._finish(task, answer)

    def _finish(self, task: _Task, verdict: Verdict) -> None:
        if self._asked.get(task.job) is task:
            del self._asked[task.job]
        self._keep(task.job, verdict)
        if waiting := [future for future in task.futures if not future.settle(verdict)]:
            self._delivery.put(waiting, verdict)

    def _suspect(self, task: _Task, verdict: Verdict) -> None:
        """Asks again, alone; then gives up."""
        if task.deaths < DEATHS and self.over is None:
            task.deaths += 1
            task.holder = None
            self._suspects.append(task)
        else:
            log.warning("%s: %s", verdict.outcome, verdict.detail)
            self._finish(task, verdict)

    # ---- what happens ------------------------------------------------------------------------------------

    def _settled(self, job: Job, future: Future[Verdict]) -> None:
        """A future has its verdict, or was cancelled: where nobody else asked, its job is ended."""
        if not future.cancelled():
            return
        with self._lock:
            task = self._asked.get(job)
            if task is None or future not in task.futures:
                return
            task.futures = [one for one in task.futures if one is not future]
            if not task.futures:
                del self._asked[job]
                holder = task.holder
                if holder is not None and holder.tasks.pop(task.number, None) is not None:
                    holder.actor.handle.forget.remote(self._name, [task.number])
                self._send()

    def _serve(self, holder: _Holder) -> None:
        import ray

        handle = holder.actor.handle
        while self.over is None:
            try:
                answers = ray.get(handle.take.remote(self._name, TAKE_SECONDS))
            except ray.exceptions.RayError as error:
                if self.over is None and not self._back(holder, error):
                    return
                continue
            with self._lock:
                for number, answer in answers:
                    if (task := holder.tasks.pop(number, None)) is not None:  # else it was cancelled
                        self._answer(task, answer)
                self._send()
                if self._delivery.held_up():
                    self._delivery.help()

    def _back(self, holder: _Holder, error: Exception) -> bool:
        """An actor has died: its jobs are asked again, and it is waited for. Whether it came back."""
        import ray

        with self._lock:
            self.lost += 1
            holder.up = False
            tasks, holder.tasks = list(holder.tasks.values()), {}
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            for task in reversed(tasks):
                detail = f"the actor that judged this program ended ({said})"
                cases = tuple(Case(name, Outcome.PREMATURE_EXIT) for name in task.job.suite.names)
                ended = Verdict(Outcome.PREMATURE_EXIT, cases, deterministic=False, detail=detail)
                self._suspect(task, ended)
            self._send()
        log.warning("an actor of the judge ended, %d programs are asked again: %s", len(tasks), said)
        until = time.monotonic() + GONE_SECONDS
        while self.over is None and time.monotonic() < until:
            try:
                hello = ray.get(holder.actor.handle.hello.remote(), timeout=GONE_SECONDS)
            except ray.exceptions.ActorDiedError:
                break  # for good
            except ray.exceptions.RayError:
                time.sleep(RETRY_SECONDS)
                continue
            if hello["provenance"] != holder.actor.provenance:
                log.error("an actor came back on another machine that judges otherwise; it is left out")
                break
            with self._lock:
                holder.up = True
                self._send()
            return True
        self._give_up(holder)
        return False

    def _give_up(self, holder: _Holder) -> None:
        """An actor stays away: where it was the last, nothing can be judged any more."""
        with self._lock:
            holder.gone = True
            if self.over is None:
                log.error("an actor of the judge can't be started again")
            if not all(one.gone for one in self._holders) or self.over is not None:
                return
            self.over = "no actor of this judge is left; make a new one"
            verdict = Verdict(Outcome.JUDGE_ERROR, deterministic=False, detail=self.over)
            for task in list(self._asked.values()):
                self._finish(task, verdict)
