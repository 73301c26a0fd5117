"""The judge: batches of jobs in, verdicts out, in order.

A judge is one process's. It refuses to be copied (pickle, deepcopy), and its copy in a forked child refuses
to judge: both say what to do instead. It ends with `close`, at the interpreter's exit, or when nobody holds
it any more and its last verdict is given.

Who gets which job, and what is asked again, is javabox/dispatch.py's.
"""

from __future__ import annotations

import atexit
import importlib.metadata
import inspect
import json
import os
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NoReturn, Self, SupportsIndex, TypedDict, cast, get_args

from javabox import delivery
from javabox.cache import VerdictCache
from javabox.cores import cores
from javabox.dispatch import Dispatcher
from javabox.engines import jars, jvm
from javabox.engines.jdk import Wanted
from javabox.engines.jvm import Settings
from javabox.engines.opening import Engine, Isolation, Opened, open_engine
from javabox.errors import JudgeInChild, JudgeUnavailable
from javabox.job import Job
from javabox.protocol.channel import Channel
from javabox.remote.client import Remote, is_url
from javabox.stats import Stats
from javabox.verdict import Verdict

Lane = Literal["auto", "warm", "strict"]


class JudgeSettings(TypedDict, total=False):
    """Those arguments of `Judge` that other judges take as well."""

    isolation: Isolation
    jdk: Wanted | None
    lane: Lane
    determinism: bool
    audit: float
    cache: Path | None
    classpath: Iterable[Path | str]


class Judge:
    """Judges Java programs. Use as a context manager; safe to use from several threads.

    `engine`: where JVMs live; `auto` is docker where an engine answers, else local. A URL is that of an `rlcf
    serve`, which judges by its own settings; its key, if it wants one, is in JAVABOX_API_KEY.
    `lane`: `auto` lets programs that a scan of their class files admits share warm JVMs, `warm` does so
    without audits, `strict` gives each program a fresh JVM.
    `isolation`: what must keep programs from the machine; `auto` takes the best there is and refuses to run
    without any, `none` runs them as this user.
    `jdk`: the JDK that compiles and runs, a release (21) that is looked for on this machine, or the folder of
    one; docker has 17, 21 and 25. By default JAVA_HOME's or the PATH's, and in docker 17.
    `workers`: programs judged at a time, by default one a core. `determinism`: clocks and random numbers are
    the same in every run. `audit`: share of warm verdicts that the strict lane checks. `cache`: an SQLite
    file that keeps verdicts from run to run. `classpath`: jars that programs and tests see; programs that
    use them run in the strict lane. Raises ClasspathUnusable where one is missing, JudgeUnavailable where no
    engine can be started.

    >>> with Judge(engine="local") as judge:
    ...     verdicts = judge.grade([problem.job(str(problem.reference)) for problem in problems])
    >>> [str(verdict.outcome) for verdict in verdicts]
    ['passed', 'passed', 'passed']
    """

    def __init__(
        self,
        engine: Engine | str = "auto",
        workers: int | None = None,
        *,
        isolation: Isolation = "auto",
        jdk: Wanted | None = None,
        lane: Lane = "auto",
        determinism: bool = True,
        audit: float = 0.01,
        cache: Path | None = None,
        classpath: Iterable[Path | str] = (),
    ) -> None:
        self._owner = os.getpid()
        self._cache = VerdictCache(cache)
        self._stats = Stats()
        seen = tuple(Path(path).absolute() for path in classpath)
        self._dispatcher: Dispatcher | Remote
        if is_url(engine):
            if (workers, isolation, jdk, lane, determinism, seen) != (None, "auto", None, "auto", True, ()):
                raise JudgeUnavailable(f"how {engine} judges is set there: rlcf serve has these options")
            self._dispatcher = there = Remote(engine, self._cache, self._stats)
            self.workers, self._provenance = there.workers, there.provenance
        else:
            jars.check(seen)
            self.workers = workers or cores()
            settings = Settings(
                self.workers,
                warm=lane != "strict",
                determinism=determinism,
                audit=audit if lane == "auto" else 0.0,
                classpath=seen,
            )
            if engine not in get_args(Engine):
                raise ValueError(f"engine is {', '.join(get_args(Engine))} or a URL, not {engine!r}")
            opened = open_engine(cast(Engine, engine), isolation, settings, jdk)
            self._provenance = _provenance(opened, settings, lane)
            self._dispatcher = Dispatcher(opened, settings, self._cache, self._stats)
        self.engine_name: str = self._provenance["engine"]
        self.isolation: str = self._provenance["isolation"]
        """What keeps programs from the machine: docker, namespaces, landlock or none."""
        self.jdk: str = self._provenance["jdk"]
        """Vendor and build of the JDK that compiles and runs."""
        self._cache.judged_by = json.dumps(self._provenance)
        # No thread holds the judge itself, so that one that is dropped is found out and ended.
        weakref.finalize(self, self._dispatcher.drop).atexit = False
        # Before the engine's own clean-up at exit, which would look like a death and start another one.
        atexit.register(self._dispatcher.close)

    def grade(self, jobs: Iterable[Job]) -> list[Verdict]:
        """One verdict a job, in the order of `jobs`. What interrupts it (Ctrl-C) ends the jobs that still
        run.

        Raises TypeError where `jobs` are no jobs, JudgeUnavailable and JudgeInChild as `submit` does.
        """
        self._refuse_in_child()
        return delivery.grade(self.submit, jobs)

    async def grade_async(self, jobs: Iterable[Job]) -> list[Verdict]:
        """`grade` for asyncio. Cancelling who awaits it, also by a timeout, ends the jobs."""
        self._refuse_in_child()
        return await delivery.grade_async(self.submit, jobs)

    def stream(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Verdict]]:
        """Pairs of a job's index and its verdict, as they are finished. Left early, it ends the other
        jobs."""
        self._refuse_in_child()
        return delivery.stream(self.submit, jobs, self._refuse_in_child)

    def submit(self, job: Job) -> Future[Verdict]:
        """The verdict to come. Identical jobs are judged once. `cancel` works until the verdict is there: a
        job that nobody else asked for is ended, running or not.

        Raises TypeError for what is no job, JudgeUnavailable once the judge is closed, JudgeInChild in a
        forked child.
        """
        self._refuse_in_child()
        delivery.require_job(job)
        known = self._cache.get(job)
        if known is None:
            return self._dispatcher.ask(job, self)
        future: Future[Verdict] = Future()
        future.set_result(known)
        return future

    def stats(self) -> dict[str, Any]:
        """What this judge has done so far, ready for JSON: jobs that were asked, those whose verdict was
        cached, and what `javabox.stats` says of the others. Raises JudgeInChild."""
        self._refuse_in_child()
        return {"asked": self._cache.asked, "cached": self._cache.known, **self._stats.to_json()}

    def provenance(self) -> dict[str, str]:
        """What judges here, for results and run folders: all that may change a verdict beside the job itself,
        whose limits and suite (assertions too) are its own."""
        return dict(self._provenance)

    @property
    def over(self) -> str | None:
        """Why it can't be asked any more: it was closed, or could not be started again. None while it can."""
        return self._dispatcher.over

    def close(self) -> None:
        """End the supervisors and all that they started; cancel what waits. Idempotent, and harmless in a
        forked child."""
        if os.getpid() == self._owner:
            atexit.unregister(self._dispatcher.close)
            self._dispatcher.close()

    def __enter__(self) -> Self:
        self._refuse_in_child()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(
            "a Judge is one process's and can't be pickled or copied: take a SharedJudge, which can, or make"
            " one where it is used, at the first use in each worker (a module-level variable, not an"
            " attribute of what is sent), and send jobs and verdicts, which can be"
        )

    @property
    def _channel(self) -> Channel | None:
        return self._dispatcher.main_channel()

    def _refuse_in_child(self) -> None:
        if os.getpid() != self._owner:
            raise JudgeInChild()


def judge_version() -> str:
    """The release, and the hash of the judge's sources that its JVM side is built from."""
    return f"javabox {importlib.metadata.version('rlcf')} {jvm.source_hash()}"


def _provenance(opened: Opened, settings: Settings, lane: Lane) -> dict[str, str]:
    """What judges here, in words that differ where a verdict may."""
    told = {
        "judge": judge_version(),
        "jdk": opened.jdk,
        "engine": opened.engine,
        "isolation": opened.isolation,
        "lane": lane,
        "determinism": "pinned" if settings.determinism else "free",
    }
    if seen := settings.classpath:
        named = zip(seen, jars.digests(seen), strict=True)
        told["classpath"] = ", ".join(f"{path.name} sha256:{digest}" for path, digest in named)
    return told


def all_settings(settings: JudgeSettings) -> dict[str, Any]:
    """These settings and the others as `Judge` has them by default. Raises TypeError for an unknown one."""
    bound = inspect.signature(Judge).bind(**settings)
    bound.apply_defaults()
    return {name: bound.arguments[name] for name in JudgeSettings.__annotations__}
