"""By what and under which terms programs were judged: what must be equal for two results to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from javabox import Job
from javabox.job import FUEL_PER_SECOND

TERMS = ("time_limit", "memory_limit", "assertions")


def terms(jobs: Iterable[Job]) -> dict[str, Any]:
    """`time_limit` in seconds of fuel, `memory_limit` in MB, `assertions` on or off in the programs' own
    code; a list of least and most where jobs differ."""
    rows = {(job.limits.fuel / FUEL_PER_SECOND, job.limits.memory_mb, job.suite.assertions) for job in jobs}
    return {name: _ends(column) for name, column in zip(TERMS, zip(*rows, strict=True), strict=False)}


class Terms:
    """The same of jobs as they come: the terms that occurred are few, however many the jobs."""

    def __init__(self) -> None:
        self._seen: dict[str, set[Any]] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Those of one job, as `terms` says them; other fields are left out."""
        for name in TERMS:
            if name in row:
                self._seen.setdefault(name, set()).add(row[name])

    def all(self) -> dict[str, Any]:
        """Those of all jobs, as `terms` says them."""
        return {name: _ends(list(values)) for name, values in self._seen.items()}


def _ends(values: Sequence[Any]) -> Any:
    least, most = min(values), max(values)
    return least if least == most else [least, most]


def told(judged_by: Mapping[str, Any]) -> str:
    """In words, for people."""
    terms = [judged_by.get(name) for name in TERMS]
    seconds, memory, asserts = ("mixed" if isinstance(one, list) else one for one in terms)
    seconds = f"{seconds:g}" if isinstance(seconds, float) else seconds
    on = "mixed" if asserts == "mixed" else "on" if asserts else "off"
    where = f"{judged_by.get('engine')} engine, isolation {judged_by.get('isolation')}"
    what = f"JDK {judged_by.get('jdk')}, {judged_by.get('judge')}"
    return f"{where}, {what}; {seconds} s and {memory} MB a program, assertions in programs {on}"
