"""What `rlcf data build jdk` does and prints."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

from rlcf.commands.grade import check_folder
from rlcf.commands.options import Judging
from rlcf.problems.fetch import cache_folder
from rlcf.problems.jdk.build import CORPUS, Built, build
from rlcf.problems.jdk.fetch import fetch_sources
from rlcf.problems.load import built_path

AT_A_TIME = 8
"""Processes at most: a unit is a hundredth of the sources."""


def build_problems(sources: str | None, *, permissive: bool, out: str | None, judging: Judging) -> None:
    """Fetches the sources where none are named, builds, writes and says what was left out. Raises BadInput
    and JudgeUnavailable."""
    path = Path(out) if out else built_path("jdk")
    if out:
        check_folder(path)
    if sources is None:
        began = time.monotonic()
        fetched = fetch_sources(cache_folder() / "jdk")
        print(f"sources: {fetched.folder}, {time.monotonic() - began:.0f} s")
        if fetched.missing:
            print(f"    apt has not: {', '.join(fetched.missing)}")
    folder = Path(sources) if sources else fetched.folder
    processes = max(1, min(AT_A_TIME, len(os.sched_getaffinity(0))))
    with judging.judge() as judge:
        built = build(folder, path, judge, permissive=permissive, processes=processes)
        print(f"judged with {judge.workers} workers, {judge.engine_name} engine, JDK {judge.jdk}")
    print("\n".join(told(built)))
    print(f"problems: {path}\ncorpus: {path.with_name(CORPUS)}")


def told(built: Built) -> list[str]:
    """The counts and seconds, a line each."""
    taken = ", ".join(f"{part} {seconds:.0f}" for part, seconds in built.seconds.items())
    lines = [f"{sum(built.seconds.values()):.0f} s ({taken})"]
    lines += [f"{count:>8}  {what}" for what, count in built.counts.items()]
    lines.append(f"{built.corpus_rows:>8}  corpus: rows")
    licences = Counter(task.candidate.origin.licence for task in built.tasks)
    lines.append(f"licences: {', '.join(f'{count} {name}' for name, count in licences.most_common())}")
    return lines
