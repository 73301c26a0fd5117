"""How many processors this process may use: by affinity where the system has it, and by its cgroups' quotas.

A container with `--cpus 2` on a machine of 64 cores sees 64 of them and is stopped for most of each tenth of
a second when it uses them. A quota binds everything below the group that has it, so all groups up to the root
are asked, of version 2 (`cpu.max`) and of version 1 (`cpu.cfs_quota_us`).

Not covered: cgroup file systems that are mounted elsewhere than below /sys/fs/cgroup; shares and weights.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/proc/self/cgroup")
MOUNTED = Path("/sys/fs/cgroup")


def cores() -> int:
    """At least 1; a quota of half a processor counts as one."""
    # macOS and Windows have no affinity to ask for.
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    groups = ""
    with contextlib.suppress(OSError):  # no Linux, or no cgroups
        groups = GROUPS.read_text()
    allowed = quota(groups, MOUNTED)
    return there if allowed is None else max(1, min(there, math.ceil(allowed)))


def quota(groups: str, mounted: Path) -> float | None:
    """Processors that the groups of a process may use, None where nothing limits them.

    `groups`: the text of its /proc/PID/cgroup. `mounted`: where the cgroup file systems are.
    """
    found = [share for folder in _folders(groups, mounted) if (share := _share(folder)) is not None]
    return min(found, default=None)


def _folders(groups: str, mounted: Path) -> Iterator[Path]:
    """Of each hierarchy that may limit processors: the group's folder and those above it."""
    for line in groups.splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            tops = [mounted, mounted / "unified"]
        elif "cpu" in controllers.split(","):
            tops = [mounted / controllers, mounted / "cpu"]
        else:
            continue
        for top in tops:
            # In a container the path may be the host's, while its own group is what is mounted: both are
            # tried.
            group = Path(path.lstrip("/"))
            yield from (top / above for above in (group, *group.parents))


def _share(folder: Path) -> float | None:
    """What one group may use of each second, in processors."""
    with contextlib.suppress(OSError, ValueError):
        quota_text, period = (folder / "cpu.max").read_text().split()
        return None if quota_text == "max" else int(quota_text) / int(period)
    with contextlib.suppress(OSError, ValueError):
        microseconds = int((folder / "cpu.cfs_quota_us").read_text())
        return None if microseconds <= 0 else microseconds / int((folder / "cpu.cfs_period_us").read_text())
    return None
