"""Processes in the judge's tests: forked children that are waited for, and who is alive."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

CHILD_SECONDS = 30.0
UNANSWERED = 77
"""Exit code of a child that found all to be as it should be."""


def in_child(body: Callable[[], None], leave: Callable[[int], object] = os._exit) -> int:
    """The exit code of a forked child that runs `body`: UNANSWERED where it returns."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            body()
            code = UNANSWERED
        except BaseException as error:
            print(f"in the child: {error!r}", file=sys.stderr)
        finally:
            leave(code)
    end = time.monotonic() + CHILD_SECONDS
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("the child hangs")


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.05)
    return condition()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> set[int]:
    """What this process started, by whichever thread."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):  # a thread that ended meanwhile
            found |= set(map(int, (task / "children").read_text().split()))
    return found


def shared_judges(folder: Path) -> list[int]:
    """Processes that have a judge which is met in `folder`; from /proc, since a bare Debian has no `pgrep`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"javabox.shared" in words and any(str(folder).encode() in word for word in words):
                found.append(int(process.name))
    return [pid for pid in found if alive(pid)]
