"""A supervisor's private folder: removed again unless a channel comes to own it.

Ctrl-C may come at any moment of a start, also between the making of a folder and the first line that knows
of it. So the name is chosen before the folder is made. SIGKILL leaves no moment to remove anything: who uses
a folder holds a lock on it (flock(2)), which ends with the process however it ends, and the next folder that
is made takes away the empty ones that nobody holds. Not covered: a folder that is not empty, and one that
another user left.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "javabox-"
STARTING_SECONDS = 60.0
"""A folder younger than this may belong to a start that has not locked it yet."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """A fresh folder that only this user can enter; it stays where the block ends without an exception.

    Raises OSError where none can be made.
    """
    with contextlib.suppress(OSError):
        _remove_abandoned()
    root = Path(tempfile.gettempdir(), f"{PREFIX}{secrets.token_hex(8)}")
    try:
        root.mkdir(mode=0o700)
        with hold(root):
            yield root
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


@contextmanager
def hold(root: str | Path) -> Iterator[None]:
    """Keep an empty folder from being taken for one that was left behind. Several may hold it."""
    descriptor = _open(root)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned() -> None:
    """Remove the empty private folders of this user that no process holds."""
    with os.scandir(tempfile.gettempdir()) as entries:
        names = [entry.path for entry in entries if entry.name.startswith(PREFIX)]
    for name in names:
        # Each may be gone, held, not empty, not a folder, or somebody else's.
        with contextlib.suppress(OSError):
            descriptor = _open(name)
            try:
                status = os.fstat(descriptor)
                if status.st_uid == os.geteuid() and time.time() - status.st_mtime > STARTING_SECONDS:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.rmdir(name)
            finally:
                os.close(descriptor)


def _open(folder: str | Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
