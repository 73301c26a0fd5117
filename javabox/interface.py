"""What every judge offers, whoever runs its JVMs: jobs in, verdicts out, in order.

`AnyJudge` is what code that only asks should name: `Judge` runs them in this process, `SharedJudge` in one
process for all of this user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Protocol, Self

from javabox.job import Job
from javabox.verdict import Verdict


class AnyJudge(Protocol):
    """Gets verdicts for jobs. Safe to use from several threads; see `javabox.Judge` for each method."""

    @property
    def engine_name(self) -> str:
        """Where JVMs live."""

    @property
    def isolation(self) -> str:
        """What keeps programs from the machine."""

    @property
    def jdk(self) -> str:
        """Vendor and build of the JDK that compiles and runs."""

    @property
    def workers(self) -> int:
        """Programs judged at a time."""

    @property
    def over(self) -> str | None:
        """Why it can't be asked any more; None while it can."""

    def grade(self, jobs: Iterable[Job]) -> list[Verdict]:
        """One verdict a job, in the order of `jobs`."""

    async def grade_async(self, jobs: Iterable[Job]) -> list[Verdict]:
        """`grade` for asyncio."""

    def stream(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Verdict]]:
        """Pairs of a job's index and its verdict, as they are finished."""

    def submit(self, job: Job) -> Future[Verdict]:
        """The verdict to come."""

    def stats(self) -> dict[str, Any]:
        """What the judge has done so far."""

    def provenance(self) -> dict[str, str]:
        """What judges: all that may change a verdict beside the job itself."""

    def close(self) -> None:
        """End what was started for it. Idempotent."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
