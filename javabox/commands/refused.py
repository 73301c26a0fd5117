"""What the command `javabox` can't begin with: bad input, said in one line that names it."""

from __future__ import annotations

from pathlib import Path


class Refused(ValueError):
    """Bad input; the message names the file and what to do."""

    def __init__(self, words: str, file: Path | None = None) -> None:
        super().__init__(f"{file}: {words}" if file else words)
