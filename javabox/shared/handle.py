"""A judge that all processes of this user on this machine share, behind a handle that can be sent anywhere.

The handle holds no more than settings: it pickles, deep-copies and survives fork and spawn. At its first use
in a process it finds the judge that has these settings, or starts it, a process of its own that ends when
nobody has been connected to it for a while. So eight reward workers, or the ranks of one training, have the
workers and the memory of one judge, and its memory of verdicts.

Not covered: several machines (`rlcf serve` has a judge behind HTTP), and users of one machine, who have a
judge each. It runs where its first user's process may run: within that one's processors and its control
group.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from javabox import delivery
from javabox.engines.opening import Engine
from javabox.job import Job
from javabox.judge import JudgeSettings, all_settings
from javabox.shared import connection
from javabox.verdict import Verdict

LINGER_SECONDS = 60.0


class SharedJudge:
    """Judges Java programs as `Judge` does, in one process for all that ask on this machine.

    Arguments are those of `Judge`; handles with the same ones share a judge. `linger`: seconds that the judge
    stays when nobody is connected, as whoever starts it says. Nothing is started before the first use, which
    raises JudgeUnavailable where `Judge` would.

    >>> judge = pickle.loads(pickle.dumps(SharedJudge()))
    >>> [str(verdict.outcome) for verdict in judge.grade([Job("class A { int f() { return 1; } }")])]
    ['passed']
    """

    def __init__(
        self,
        engine: Engine | str = "auto",
        workers: int | None = None,
        *,
        linger: float = LINGER_SECONDS,
        **settings: Unpack[JudgeSettings],
    ) -> None:
        own = all_settings(settings)
        own["jdk"] = str(own["jdk"]) if isinstance(own["jdk"], Path) else own["jdk"]
        own["cache"] = own["cache"] and str(Path(own["cache"]).absolute())
        own["classpath"] = [str(Path(path).absolute()) for path in own["classpath"]]
        self._settings = {"engine": engine, "workers": workers, "linger": linger, **own}
        self._begin()

    def _begin(self) -> None:
        self._token = object()
        self._connected: connection.Judged | None = None

    @property
    def engine_name(self) -> str:
        """Where its JVMs live."""
        return str(self._about("engine_name"))

    @property
    def isolation(self) -> str:
        """What keeps programs from the machine."""
        return str(self._about("isolation"))

    @property
    def jdk(self) -> str:
        """Vendor and build of the JDK that compiles and runs."""
        return str(self._about("jdk"))

    @property
    def workers(self) -> int:
        """Programs judged at a time, whoever asks."""
        return int(self._about("workers"))

    @property
    def over(self) -> None:
        """It can always be asked: a judge that is lost is started again."""
        return None

    def grade(self, jobs: Iterable[Job]) -> list[Verdict]:
        """One verdict a job, in the order of `jobs`, as `Judge.grade`."""
        return delivery.grade(self.submit, jobs)

    async def grade_async(self, jobs: Iterable[Job]) -> list[Verdict]:
        """`grade` for asyncio. Cancelling who awaits it, also by a timeout, ends the jobs."""
        return await delivery.grade_async(self.submit, jobs)

    def stream(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Verdict]]:
        """Pairs of a job's index and its verdict, as they are finished."""
        return delivery.stream(self.submit, jobs, lambda: None)

    def submit(self, job: Job) -> Future[Verdict]:
        """The verdict to come. Identical jobs are judged once, whoever asks.

        Raises TypeError for what is no job, JudgeUnavailable where no judge can be started. The future has
        a JudgeUnavailable where the judge was lost for good.
        """
        delivery.require_job(job)
        with connection.lock():
            return self._judged().ask(job, self)

    def stats(self) -> dict[str, Any]:
        """What the judge has done so far, for all that share it."""
        with connection.lock():
            future = self._judged().stats()
        return future.result()

    def provenance(self) -> dict[str, str]:
        """What judges here, as `Judge.provenance`."""
        return dict(self._about("provenance"))

    def close(self) -> None:
        """Cancels what this handle waits for and gives up its connection; the judge ends when nobody else
        has one. Idempotent; the next use connects again."""
        with connection.lock():
            connected, self._connected = self._connected, None
        if connected is not None and not connected.closed:
            connected.cancel(self)
            connected.leave(self._token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return self._settings

    def __setstate__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._begin()

    def _about(self, what: str) -> Any:
        with connection.lock():
            return self._judged().about[what]

    def _judged(self) -> connection.Judged:
        """The connection; to be called with the lock held."""
        if self._connected is None or self._connected.closed:
            self._connected = connection.joined(self._settings, self._token)
            weakref.finalize(self, self._connected.leave, self._token).atexit = False
        return self._connected
