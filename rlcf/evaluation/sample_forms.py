"""Forms in which benchmarks and servers write what models wrote: each text, read with its problem's name.

| form | what a file holds |
|---|---|
| mxeval | a row a line: `task_id`, `completion` |
| EvalPlus | `task_id`, `solution`, a whole program |
| CodeGeeX | `task_id`, `generation` |
| chat | `task_id`, `messages` or a `completion`, `[{role, content}, …]`: the assistant's last |
| OpenAI | `task_id` or `custom_id`, and `choices`, by itself or within a `response` |
| MultiPL-E | `name`, `completions`; also a folder with a file a problem |
| lists | `task_id`, and `completions`, `generations`, `samples` or `code_list`: several texts a row |
| by name | one JSON object, as APPS's `all_codes.json`: a list of texts, or a text, by `task_id` |
| bigcode | one JSON array (`generations.json`): a list of texts, or a text, a problem, in their order |

Rows come as JSONL or as one JSON array. A text that begins with its problem's prompt, as bigcode's and
EvalPlus's do, is what follows it; only a `completion` stays as it is. Which program a text means is not asked
here. Not covered: arrays from standard input or a pipe.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.jsonl import Row, array_text, kind, read_document, read_records

NAMES = ("task_id", "name", "question_id", "problem_id", "custom_id")
"""Fields that name a problem."""
MANY = ("completions", "generations", "samples", "code_list")
"""Fields that hold several texts."""
TEXTS = ("completion", "solution", "generation", "messages", "choices", "response", *MANY)
"""Fields that hold what was written, the first that is there."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text, and where it was."""

    name: str | int
    """The problem's task_id, or its place among the problems."""
    text: str
    restated: bool
    """Whether its form has prompts in front."""
    row: Row
    """What is carried through, with its place; without what was written."""


def read_written(source: str) -> Iterator[Written]:
    """The texts of a file, a folder or `-`, in order. Raises BadInput."""
    if source != "-" and Path(source).is_dir():
        for file in _completions_files(Path(source)):
            yield from _of_row(Row(read_document(file), str(file), 1))
        return
    text = array_text(source)
    document = _document(source) if text is None else None
    items = _positional(text) if text is not None else _by_name(document or {})
    if items is None:
        rows = read_records(source) if document is None else [Row(document, source, 1)]
        for row in rows:
            yield from _of_row(row)
        return
    for name, item in items:
        row = Row({}, source, 1)
        for one in item if isinstance(item, list) and not _is_chat(item) else [item]:
            yield Written(name, _text(one, row, None, f"item {name}"), True, row)


def _document(source: str) -> dict[str, Any] | None:
    """The object that a .json file is; None where it is lines."""
    if not source.endswith((".json", ".json.gz")):
        return None
    try:
        return read_document(source)
    except BadInput:
        return None  # what is wrong with which line, the reader of lines says


def _by_name(document: dict[str, Any]) -> list[tuple[str | int, Any]] | None:
    """The items of an object of names; None where it is a row, or is not there."""
    return None if not document or {*NAMES, *TEXTS} & document.keys() else list(document.items())


def _positional(text: str) -> list[tuple[str | int, Any]] | None:
    """The items of an array that are in the problems' order; None where they are rows."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None  # which row it is, their reader says
    rows = not isinstance(items, list) or all(isinstance(item, dict) for item in items)
    return None if rows else list(enumerate(items))


def _completions_files(folder: Path) -> list[Path]:
    found = [
        file
        for file in sorted(folder.iterdir())
        if file.name.endswith((".json", ".json.gz")) and ".results." not in file.name and file.is_file()
    ]
    if not found:
        raise BadInput(
            "is a folder without a NAME.json or NAME.json.gz a problem, as MultiPL-E writes", file=folder
        )
    return found


def _of_row(row: Row) -> Iterator[Written]:
    named = next((field for field in NAMES if field in row.fields), "task_id")
    name = row.fields.get(named)
    if named == "task_id" or not isinstance(name, int):
        name = row.text(named)
    field = next((field for field in TEXTS if field in row.fields), None)
    if field is None:
        raise row.bad(f"is missing, and so are {', '.join(TEXTS[1:])}; there are {row.named()}", TEXTS[0])
    value = row.fields[field]
    carried = {key: value for key, value in row.fields.items() if key not in (field, named)}
    for one in _many(value, row, field):
        yield Written(
            str(name), _text(one, row, field), field != "completion", Row(carried, row.file, row.line)
        )


def _many(value: Any, row: Row, field: str) -> list[Any]:
    if field in MANY:
        if not isinstance(value, list) or _is_chat(value):
            raise row.bad(f"must be an array of texts, not {kind(value)}", field)
        return value
    if field == "response" and isinstance(value, dict):
        body = value.get("body", value)
        value = body.get("choices") if isinstance(body, dict) else None
        field = "choices"
    if field == "choices":
        if not isinstance(value, list) or not value:
            raise row.bad(
                "must hold choices, each with a message or a text",
                "response" if "response" in row.fields else field,
            )
        return [one.get("message", one.get("text")) if isinstance(one, dict) else one for one in value]
    return [value]


def _is_chat(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and "role" in one for one in value)
    )


def _text(value: Any, row: Row, field: str | None, item: str = "") -> str:
    """The text of a string, a message or a conversation. Raises BadInput."""
    if _is_chat(value):
        value = next((one for one in reversed(value) if one["role"] in ("assistant", "model")), None)
        if value is None:
            raise row.bad("has no message of the assistant's", field)
    if isinstance(value, dict) and "content" in value:
        value = value["content"]
    if (
        isinstance(value, list)
        and value
        and all(isinstance(one, dict) and isinstance(one.get("text"), str) for one in value)
    ):
        value = "".join(one["text"] for one in value)  # a message in parts
    if not isinstance(value, str):
        raise row.bad(f"{item} must be a string, not {kind(value)}".strip(), field)
    return value
