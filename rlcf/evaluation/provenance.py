"""By what and under which terms programs were judged: what must be equal for two results to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from javabox import Job
from javabox.job import FUEL_PER_SECOND


def terms(jobs: Iterable[Job]) -> dict[str, Any]:
    """`time_limit` in seconds of fuel, `memory_limit` in MB, `assertions` on or off in the programs' own
    code; a list of least and most where jobs differ."""
    rows = {(job.limits.fuel / FUEL_PER_SECOND, job.limits.memory_mb, job.suite.assertions) for job in jobs}
    names = ("time_limit", "memory_limit", "assertions")
    return {name: _ends(column) for name, column in zip(names, zip(*rows, strict=True), strict=False)}


def _ends(values: Sequence[Any]) -> Any:
    least, most = min(values), max(values)
    return least if least == most else [least, most]


def told(judged_by: Mapping[str, Any]) -> str:
    """In words, for people."""
    terms = [judged_by.get(name) for name in ("time_limit", "memory_limit", "assertions")]
    seconds, memory, asserts = ("mixed" if isinstance(one, list) else one for one in terms)
    seconds = f"{seconds:g}" if isinstance(seconds, float) else seconds
    on = "mixed" if asserts == "mixed" else "on" if asserts else "off"
    where = f"{judged_by.get('engine')} engine, isolation {judged_by.get('isolation')}"
    what = f"JDK {judged_by.get('jdk')}, {judged_by.get('judge')}"
    return f"{where}, {what}; {seconds} s and {memory} MB a program, assertions in programs {on}"
