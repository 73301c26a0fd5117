"""Checksums of what was built, kept beside it: whether a file is still what the build left there.

A JVM that reads a damaged archive or image does not start, or crashes, and says little of why. The manifest
names the file. `write` looks at the files once they are whole; `wrong` compares. By default a file whose size
and time of change are those of the manifest is believed, as git does it (3 ms a build); `contents` reads all
of them (0.1 s) and wants no file that was not taken down.

Not covered: somebody who damages on purpose. Who may write the files may write the manifest.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

NAME = "complete"
"""The file with the checksums. It is written last: a folder without it is half a build."""
SCRATCH = ".new-"


def write(folder: Path, *, below: Path | None = None) -> None:
    """Takes down in `folder` all files below it, or below another folder.

    Replaces what was taken down before, whole or not at all.
    """
    entries = {}
    for file in _files(below or folder):
        stat, name = file.stat(), str(file.relative_to(below or folder))
        entries[name] = [stat.st_size, stat.st_mtime_ns, _digest(file)]
    handle, scratch = tempfile.mkstemp(prefix=SCRATCH, dir=folder)
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            json.dump(entries, stream, indent=0)
        os.chmod(scratch, 0o644)
        os.replace(scratch, folder / NAME)
    except BaseException:
        os.unlink(scratch)
        raise


def wrong(folder: Path, *, contents: bool = False, below: Path | None = None) -> str | None:
    """The first file, by name, that is not what was taken down, or the manifest itself; None if all are."""
    try:
        entries = json.loads((folder / NAME).read_text(encoding="utf-8"))
        for name, (size, changed, digest) in sorted(entries.items()):
            if not _same((below or folder) / name, size, None if contents else changed, digest):
                return str(name)
        if contents:
            found = {str(file.relative_to(below or folder)) for file in _files(below or folder)}
            if more := sorted(found - entries.keys()):  # half an archive, of somebody who was killed
                return str(more[0])
    except (OSError, ValueError, TypeError, AttributeError):  # no JSON, or not of this shape
        return NAME
    return None if entries else NAME


def _same(file: Path, size: int, changed: int | None, digest: str) -> bool:
    with contextlib.suppress(OSError):
        stat = file.stat()
        return stat.st_size == size and (stat.st_mtime_ns == changed or _digest(file) == digest)
    return False


def _files(folder: Path) -> list[Path]:
    """Not links: what they lead to is taken down by its own name, or is not ours (legal texts)."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in found if path.name != NAME and not path.name.startswith(SCRATCH))


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
