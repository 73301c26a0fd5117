"""A Ray of this machine for the tests, what listens on it, and the mark of tests that need it."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.processes import descendants

if TYPE_CHECKING:
    from javabox.cluster import RayJudge

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: .ci/ray runs this"
)
LISTENS = "0A"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
"""127.0.0.1 as IPv4, as IPv6, and ::1, as the kernel writes them."""


@contextmanager
def two_actors() -> Iterator[RayJudge]:
    """A judge of two actors with one worker each, on a Ray of its own."""
    from javabox.cluster import RayJudge

    assert "RAY_ADDRESS" not in os.environ, "the tests start Rays of their own"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("javabox.cluster.pool.cores", lambda: 2)
        with RayJudge(workers=1) as judge:
            yield judge


def listening() -> dict[str, set[str]]:
    """Local addresses on which processes below this one listen for TCP, by process name."""
    names = {}
    for process in descendants(os.getpid()):
        try:
            links = [os.readlink(link) for link in Path(f"/proc/{process}/fd").iterdir()]
            name = Path(f"/proc/{process}/comm").read_text().strip()
        except OSError:
            continue  # it has just ended
        names |= {found[1]: name for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    found_on: dict[str, set[str]] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for row in Path(table).read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == LISTENS and fields[9] in names:
                found_on.setdefault(names[fields[9]], set()).add(fields[1].partition(":")[0])
    return found_on
