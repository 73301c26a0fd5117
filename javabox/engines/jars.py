"""The user's jars: looked at, named by their checksums, and copied to where programs can read them.

Programs see no file of the user's, so each class path has a folder of copies in the user's cache, named after
what is in it. The local engine shows that folder to programs, read-only; docker.py puts it into an image. The
jars are trusted as the user's tests are: they are not metered, and what they do is the program's doing.

Not covered: folders of classes, jars named in a jar's manifest.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from javabox.errors import ClasspathUnusable


def check(classpath: Sequence[Path]) -> None:
    """Raises ClasspathUnusable naming the first path that is no jar."""
    for path in classpath:
        if not path.exists():
            raise ClasspathUnusable(f"{path} is on the class path and does not exist")
        if not path.is_file() or not zipfile.is_zipfile(path):
            raise ClasspathUnusable(f"{path} is on the class path and is no jar")


def digests(classpath: Sequence[Path]) -> list[str]:
    """The sha256 of each jar, as 64 digits. Raises ClasspathUnusable where one can't be read."""
    try:
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in classpath]
    except OSError as error:
        raise ClasspathUnusable(f"{error.filename} can't be read: {error.strerror}") from error


def name(classpath: Sequence[Path]) -> str:
    """What a folder with these jars in this order is called."""
    made_of = "\n".join(map(" ".join, zip(digests(classpath), copies(classpath), strict=True)))
    return hashlib.sha256(made_of.encode()).hexdigest()[:16]


def copies(classpath: Sequence[Path]) -> list[str]:
    """The names of the copies, in order."""
    return [f"{number}.jar" for number in range(len(classpath))]


def keep(classpath: Sequence[Path], cache: Path) -> Path:
    """The folder of copies below `cache`, made where it is not there. Raises ClasspathUnusable, OSError."""
    folder = cache / "jars" / name(classpath)
    wanted = digests(classpath)
    if folder.is_dir() and wanted == digests([folder / copy for copy in copies(classpath)]):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)  # whatever the umask: programs may run as another user
    scratch = Path(tempfile.mkdtemp(prefix=".jars-", dir=folder.parent))
    try:
        for path, copy in zip(classpath, copies(classpath), strict=True):
            shutil.copyfile(path, scratch / copy)
            (scratch / copy).chmod(0o444)
        scratch.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)  # damaged
        try:
            os.rename(scratch, folder)
        except OSError:
            if not folder.is_dir():  # no other judge was first
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder
