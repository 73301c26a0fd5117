"""Data files: from the folder named by RLCF_DATA, else downloaded once and kept in the user's cache.

A file is known by its sha256; a download that does not have it is thrown away, so that nobody trains or
is graded on a file that changed under its name. Files in RLCF_DATA are the user's own: they are not checked.

Not covered: archives, resuming a download, mirrors.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO

from rlcf.errors import BadInput
from rlcf.files import replacing

TIMEOUT_SECONDS = 60
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class DataFile:
    """A public file: its path in a data folder, its home, and what it must be."""

    path: str
    """Relative, the same in RLCF_DATA and in the cache."""
    url: str
    sha256: str
    """Of the file as it is kept."""
    without: tuple[str, ...] = ()
    """Fields of its rows that are not kept, as paths of the machine that it was made on."""


def cache_folder() -> Path:
    """Where downloads and built data are kept: $XDG_CACHE_HOME/rlcf or ~/.cache/rlcf. Raises BadInput."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rlcf"
    except RuntimeError as error:  # a user id without a name, and no HOME
        raise BadInput("no home folder to keep data in; name one with XDG_CACHE_HOME or RLCF_DATA") from error


def place(file: DataFile) -> Path:
    """Where the file is or would be."""
    folder = os.environ.get("RLCF_DATA")
    return (Path(folder) if folder else cache_folder() / "data") / file.path


def locate(file: DataFile) -> Path:
    """The file on this machine, downloaded if it has to be. Raises BadInput with the way out."""
    path = place(file)
    if os.path.isfile(path):  # False where a folder on the way can't be searched
        return path
    if os.environ.get("RLCF_DATA"):
        raise BadInput(
            f"not in the folder that RLCF_DATA names; put it there ({file.url}) or unset RLCF_DATA", file=path
        )
    download(file, path)
    return path


def download(file: DataFile, path: Path) -> None:
    """Downloads to `path`, unpacked, all or nothing. Raises BadInput if that fails or the sha256 differs."""
    try:
        with replacing(path) as part, urllib.request.urlopen(file.url, timeout=TIMEOUT_SECONDS) as answer:
            digest = hashlib.sha256()
            for chunk in _content(file, answer):
                part.write(chunk)
                digest.update(chunk)
            if digest.hexdigest() != file.sha256:
                raise BadInput(f"{file.url} has sha256 {digest.hexdigest()}, not {file.sha256}", file=path)
    except (OSError, EOFError, zlib.error, HTTPException, json.JSONDecodeError) as error:
        raise BadInput(
            f"can't be downloaded from {file.url} ({error}); fetch it by hand into the folder that RLCF_DATA"
            " names",
            file=path,
        ) from error


def _content(file: DataFile, answer: IO[bytes]) -> Iterator[bytes]:
    """What is kept of a download, in pieces."""
    if file.url.endswith(".gz"):
        with gzip.GzipFile(fileobj=answer) as unpacked:
            yield from iter(lambda: unpacked.read(CHUNK_BYTES), b"")
    elif file.without:
        for line in answer:
            row = json.loads(line)
            yield json.dumps({name: row[name] for name in row if name not in file.without}).encode() + b"\n"
    else:
        yield from iter(lambda: answer.read(CHUNK_BYTES), b"")
