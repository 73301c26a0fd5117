"""Files that appear whole or not at all, whoever reads or kills us meanwhile; and a mark that a folder is
being written, which goes with the process."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file, open for writing bytes, that takes the place of `path` once the block has ended without an
    error. Makes the folder. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as part:
        try:
            yield part.file
            part.flush()
            os.replace(part.name, path)
        finally:
            Path(part.name).unlink(missing_ok=True)


def write_lines(path: Path, lines: Iterator[str]) -> None:
    """Writes text lines, each with its end, as UTF-8 to a file that appears whole. Raises OSError."""
    with replacing(path) as file:
        file.writelines(line.encode() for line in lines)


WRITING = ".writing"
"""The file in a folder that its writers hold a lock on. It stays; the lock is what counts."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Marks a folder as being written until the block ends, or the process does, however it ends. Makes the
    folder. Several may write one. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / WRITING, "wb") as mark:
        fcntl.flock(mark, fcntl.LOCK_SH)
        yield


def is_written(folder: Path) -> bool:
    """Whether a process on this machine is writing the folder."""
    try:
        with open(folder / WRITING, "rb") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
