"""The command line as a typed value: tyro does the work, its complaints become one line."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import tyro

from rlcf.errors import BadInput

CONFIG = (tyro.conf.FlagCreatePairsOff,)


def parse(form: Any, prog: str, argv: Sequence[str], *, see: str, **options: Any) -> Any:
    """A value of type `form`. Prints help and raises SystemExit(0) if asked to; raises BadInput.

    `see`: the command whose --help tells more.
    """
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(form, prog=prog, args=argv, config=CONFIG, **options)
    except SystemExit as stopped:
        if not stopped.code:
            raise
        raise BadInput(f"{_first_words(complaint.getvalue())}; see `{see} --help`") from None


def _first_words(box: str) -> str:
    """What stands in tyro's box before its first rule or empty row."""
    words: list[str] = []
    for row in box.splitlines():
        text = row.strip("│ ")
        if row.startswith(("╭", "╰")) or (not words and not text):
            continue
        if text.startswith("──") or not text:
            break
        words.append(text)
    return " ".join(words).rstrip(".")
