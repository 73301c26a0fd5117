"""A supervisor's private folder: removed again unless a channel comes to own it.

Ctrl-C may come at any moment of a start, also between the making of a folder and the first line that knows
of it. So the name is chosen before the folder is made. Not covered: SIGKILL in the middle of a start, which
leaves an empty folder.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def private_folder() -> Iterator[Path]:
    """A fresh folder that only this user can enter; it stays where the block ends without an exception.

    Raises OSError where none can be made.
    """
    root = Path(tempfile.gettempdir(), f"javabox-{secrets.token_hex(8)}")
    try:
        root.mkdir(mode=0o700)
        yield root
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
