"""Errors that a user can mend, each naming its place."""

from __future__ import annotations

from pathlib import Path


class BadInput(ValueError):
    """Bad input from the user: one line naming file, line and field. The command line exits with 2."""

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        place = ":".join(str(part) for part in (file, line) if part is not None)
        named = f"field '{field}': {message}" if field else message
        super().__init__(f"{place}: {named}" if place else named)
        self.message, self.file, self.line, self.field = message, file, line, field
