"""Memory of this process's descendants, as the kernel counts it."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class Memory:
    """Watches the memory of this process's descendants; use as a context manager.

    RSS counts a page once a process that maps it, PSS once in all; the most that was seen, every 50 ms.
    """

    def __init__(self) -> None:
        self.rss_mb = self.pss_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            found = [memory_kb(process) for process in descendants(os.getpid())]
            self.rss_mb = max(self.rss_mb, sum(rss for rss, _ in found) / 1024)
            self.pss_mb = max(self.pss_mb, sum(pss for _, pss in found) / 1024)


def descendants(ancestor: int) -> list[int]:
    """Ids of the processes below `ancestor`, itself not among them."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        children.setdefault(parent, []).append(int(process.name))
    found: list[int] = []
    new = [ancestor]
    while new:
        new = [child for parent in new for child in children.get(parent, [])]
        found += new
    return found


def memory_kb(process: int) -> tuple[int, int]:
    """RSS and PSS; zeros of a process that is gone."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0, 0
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return kb.get("Rss", 0), kb.get("Pss", 0)
