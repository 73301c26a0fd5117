"""Files that appear whole or not at all, whoever reads or kills us meanwhile."""

from __future__ import annotations

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
