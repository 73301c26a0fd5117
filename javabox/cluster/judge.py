"""The judge of a Ray cluster: jobs in, verdicts out, as one `Judge` gives them.

It has `Judge`'s methods, and the same verdicts: each actor holds a `Judge` of its machine, and machines that
would judge otherwise are refused. With `pool` the actors stay, found by name by whoever asks for them; then
it can be pickled, and each process that it comes to has a connection of its own.
"""

from __future__ import annotations

import atexit
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from javabox import delivery
from javabox.cache import VerdictCache
from javabox.cluster.pool import open_pool
from javabox.cluster.spread import Spread
from javabox.errors import JudgeInChild
from javabox.job import Job
from javabox.judge import JudgeSettings, all_settings
from javabox.verdict import Verdict

STATS_SECONDS = 10.0


class RayJudge:
    """Judges Java programs on a Ray cluster. Use as a context manager; safe to use from several threads.

    The cluster is the one that this process is connected to, else RAY_ADDRESS's, else a Ray of its own on
    this machine. `workers`: programs that an actor judges at a time, and the CPUs that it takes; there are as
    many actors as CPUs are free for, by default one a machine with all that are. `pool`: the name of actors
    that stay when this judge is closed, and end when nobody has used them for ten minutes (or by `end_pool`).
    The other arguments are those of `Judge`, for each machine; `cache` is a file of this one. Raises
    JudgeUnavailable where Ray or a judge on it can't be started.

    >>> with RayJudge(workers=1) as judge:
    ...     verdicts = judge.grade([problem.job(str(problem.reference)) for problem in problems])
    """

    def __init__(
        self, workers: int | None = None, *, pool: str | None = None, **settings: Unpack[JudgeSettings]
    ) -> None:
        self._owner = os.getpid()
        each = {"workers": workers, **all_settings(settings)}
        cache = each.pop("cache")
        each["classpath"] = [str(Path(path).absolute()) for path in each["classpath"]]
        self._made_with = {**each, "pool": pool, "cache": cache}
        self._cache = VerdictCache(cache)
        self._pool = open_pool(each, pool)
        first = self._pool.actors[0]
        self._provenance = first.provenance
        self._cache.judged_by = json.dumps(self._provenance)
        self.workers = sum(actor.workers for actor in self._pool.actors)
        """Programs judged at a time, on all machines together."""
        self.engine_name = first.provenance["engine"]
        self.isolation = first.provenance["isolation"]
        self.jdk = first.provenance["jdk"]
        self._spread = Spread(self._pool.actors, self._cache.put)
        # Before Ray's own end at exit, which would look like the death of every actor.
        atexit.register(self.close)

    @property
    def over(self) -> str | None:
        """Why it can't be asked any more: it was closed, or no actor is left. None while it can."""
        return self._spread.over

    def grade(self, jobs: Iterable[Job]) -> list[Verdict]:
        """One verdict a job, in the order of `jobs`. What interrupts it (Ctrl-C) ends the jobs that still
        run. Raises what `submit` raises."""
        return delivery.grade(self.submit, jobs)

    async def grade_async(self, jobs: Iterable[Job]) -> list[Verdict]:
        """`grade` for asyncio. Cancelling who awaits it ends the jobs."""
        return await delivery.grade_async(self.submit, jobs)

    def stream(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Verdict]]:
        """Pairs of a job's index and its verdict, as they are finished. Left early, it ends the others."""
        return delivery.stream(self.submit, jobs, self._refuse_in_child)

    def submit(self, job: Job) -> Future[Verdict]:
        """The verdict to come. Identical jobs are judged once; `cancel` works until the verdict is there.

        Raises TypeError for what is no job, JudgeUnavailable once the judge is closed or no actor is left,
        JudgeInChild in a forked child.
        """
        self._refuse_in_child()
        delivery.require_job(job)
        known = self._cache.get(job)
        if known is None:
            return self._spread.ask(job)
        future: Future[Verdict] = Future()
        future.set_result(known)
        return future

    def stats(self) -> dict[str, Any]:
        """What was asked here, how many verdicts were known, how often an actor was lost, and what each actor
        has done, for others too where it is a pool's. Raises JudgeInChild."""
        import ray

        self._refuse_in_child()
        asked = [handle.stats.remote() for handle in self._spread.handles()]
        done, _ = ray.wait(asked, num_returns=len(asked), timeout=STATS_SECONDS) if asked else ([], [])
        found = ray.get(done)
        return {
            "asked": self._cache.asked,
            "cached": self._cache.known,
            "judged": sum(one["judged"] for one in found),
            "actors_lost": self._spread.lost,
            "actors": found,
        }

    def provenance(self) -> dict[str, str]:
        """What judges here: that of each actor, which are alike."""
        return dict(self._provenance)

    def close(self) -> None:
        """Cancels what waits, ends actors that are of no pool, and a Ray that was started for them.
        Idempotent, and harmless in a forked child."""
        if os.getpid() == self._owner:
            atexit.unregister(self.close)
            self._owner = -1
            self._spread.close()
            self._pool.close()
            self._cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._made_with["pool"] is None:
            raise TypeError(
                "a RayJudge whose actors end with it can't be pickled: name them, RayJudge(pool='rewards'),"
                " and each process that it is sent to finds them"
            )
        return _made_again, (self._made_with,)

    def _refuse_in_child(self) -> None:
        if os.getpid() != self._owner and self._owner != -1:
            raise JudgeInChild()


def _made_again(made_with: dict[str, Any]) -> RayJudge:
    return RayJudge(**made_with)
