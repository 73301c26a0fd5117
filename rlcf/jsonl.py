"""Reads JSONL that users bring: plain, .gz or `-` for standard input; errors name file, line and field.

    for row in read_rows("samples.jsonl.gz"):
        task_id = row.text("task_id")

`read_records` takes one JSON array of objects as well; a row's line is then where its object begins. It
also takes parquet, a file or a folder of files, whose rows are counted from 1 (pyarrow reads them).

Strings may hold anything that JSON can (NUL, lone surrogates, megabytes). Not covered: encodings but UTF-8.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput

PARQUET = ".parquet"
_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """A line's object, whose fields are read with their place at hand."""

    fields: dict[str, Any]
    file: str
    line: int

    def text(self, field: str) -> str:
        """A field that must be there and be a string. Raises BadInput."""
        if field not in self.fields:
            raise self.bad(f"is missing; there are {self.named()}", field)
        value = self.fields[field]
        if not isinstance(value, str):
            raise self.bad(f"must be a string, not {kind(value)}", field)
        return value

    def named(self) -> str:
        """The names of its fields, for a message about one that is not there."""
        return ", ".join(name[:80] for name in list(self.fields)[:30]) or "no fields"

    def bad(self, message: str, field: str | None = None) -> BadInput:
        """The error that says `message` of this line."""
        return BadInput(message, file=self.file, line=self.line, field=field)


def read_rows(source: str | Path, *, cut_short: bool = False) -> Iterator[Row]:
    """The objects of the lines that are not blank. Raises BadInput.

    `cut_short`: the writer may have been ended in the middle of the last line, which is then left out.
    """
    name = "stdin" if str(source) == "-" else str(source)
    number = 0
    try:
        with _open(str(source)) as lines:
            for number, line in enumerate(lines, start=1):
                if cut_short and not line.endswith(b"\n"):
                    return
                text = line.removeprefix(_UTF8_BOM) if number == 1 else line
                if text.strip():
                    yield Row(_object(text, name, number), name, number)
    except (EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise BadInput(f"is not a whole gzip file: {broken}", file=name, line=number + 1) from broken
    except OSError as unreadable:
        raise BadInput(f"can't be read: {unreadable.strerror or unreadable}", file=name) from unreadable


def read_records(source: str | Path) -> Iterator[Row]:
    """The objects of a file that holds one JSON array, or of its lines as `read_rows` has them. Raises
    BadInput. An array is read as a whole."""
    if str(source).endswith(PARQUET) or Path(source).is_dir():
        return _table_rows(Path(source))
    text = array_text(source)
    return read_rows(source) if text is None else _elements(text, str(source))


def _table_rows(source: Path) -> Iterator[Row]:
    """The rows of a parquet file, or of those in a folder, without the columns that are null in them."""
    files = sorted(source.rglob(f"*{PARQUET}")) if source.is_dir() else [source]
    if not files:
        raise BadInput(f"no *{PARQUET} in this folder", file=source)
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as missing:
        raise BadInput("parquet needs pyarrow: pip install pyarrow", file=source) from missing
    for file in files:
        number = 0
        try:
            with pyarrow.parquet.ParquetFile(file) as table:
                for batch in table.iter_batches():
                    for row in batch.to_pylist():
                        number += 1
                        told = {name: value for name, value in row.items() if value is not None}
                        yield Row(told, str(file), number)
        except (pyarrow.ArrowException, OSError) as broken:
            raise BadInput(f"can't be read as parquet: {broken}", file=file) from broken


def read_document(source: str | Path) -> dict[str, Any]:
    """The object that is all of a file. Raises BadInput."""
    try:
        with _open(str(source)) as file:
            return _object(file.read().removeprefix(_UTF8_BOM), str(source), 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise BadInput(f"is not a whole gzip file: {broken}", file=source) from broken
    except OSError as unreadable:
        raise BadInput(f"can't be read: {unreadable.strerror or unreadable}", file=source) from unreadable


def array_text(source: str | Path) -> str | None:
    """The text of a file that holds one JSON array; None where it does not begin as one, or is `-` or a pipe,
    which can't be read twice. Raises BadInput."""
    if str(source) == "-" or Path(source).is_fifo():
        return None
    try:
        with _open(str(source)) as file:
            if file.read(1 << 16).removeprefix(_UTF8_BOM).lstrip()[:1] != b"[":
                return None
            file.seek(0)
            found: bytes = file.read().removeprefix(_UTF8_BOM)
            return found.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as broken:
        raise BadInput(f"is not UTF-8: {broken.reason} at byte {broken.start}", file=source) from broken
    except (EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise BadInput(f"is not a whole gzip file: {broken}", file=source, line=1) from broken
    except OSError as unreadable:
        raise BadInput(f"can't be read: {unreadable.strerror or unreadable}", file=source) from unreadable


def _elements(text: str, name: str) -> Iterator[Row]:
    """The objects of an array, each with the line on which it begins."""
    decoder, blank = json.JSONDecoder(), re.compile(r"[ \t\r\n]*")

    def skip(at: int) -> int:
        found = blank.match(text, at)
        return found.end() if found else at

    at = skip(skip(0) + 1)
    line, counted = 1, 0
    first = True
    while True:
        line, counted = line + text.count("\n", counted, at), at
        if first and text[at : at + 1] == "]":
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as broken:
            raise BadInput(f"malformed JSON: {broken}", file=name, line=line) from broken
        if not isinstance(value, dict):
            raise BadInput(f"must be a JSON object, not {kind(value)}", file=name, line=line)
        yield Row(value, name, line)
        first, at = False, skip(at)
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            line += text.count("\n", counted, at)
            raise BadInput("malformed JSON: the array must go on with , or end with ]", file=name, line=line)
        at = skip(at + 1)
    at = skip(at + 1)
    if at != len(text):
        line += text.count("\n", counted, at)
        raise BadInput("malformed JSON: something follows the array", file=name, line=line)


def _open(source: str) -> Any:
    if source == "-":
        return open(sys.stdin.fileno(), "rb", closefd=False)
    return gzip.open(source, "rb") if source.endswith(".gz") else open(source, "rb")


def _object(line: bytes, name: str, number: int) -> dict[str, Any]:
    try:
        # surrogatepass: some writers emit lone surrogates as raw bytes rather than as an escape
        row = json.loads(line.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as broken:
        raise BadInput(
            f"is not UTF-8: {broken.reason} at byte {broken.start}", file=name, line=number
        ) from broken
    except (ValueError, RecursionError) as broken:
        raise BadInput(f"malformed JSON: {broken}", file=name, line=number) from broken
    if not isinstance(row, dict):
        raise BadInput(f"must be a JSON object, not {kind(row)}", file=name, line=number)
    return row


def kind(value: object) -> str:
    """The JSON name of a value's kind."""
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
