"""Packs completions for the page: columns for the list, texts and evidence apart, each compressed.

    packer = Packer()
    blocks = [packer.block(rows, run=0) for rows in chunks]         # in order; each says what it adds

A block holds up to BLOCK_ROWS rows of completions.jsonl, or of a results file, as three texts of base64, gzip
and JSON. `head`: one column a field that is listed or filtered by. Words are numbers into dictionaries, to
which a block adds what was not seen before, so blocks are read in order. `text`: completions, prompts and
references. `detail`: the rest of each row, read when a program is opened. Base64 has no `<`: nothing that a
model wrote can end the element that holds it.

Not covered: fields that samples merely carry through.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

BLOCK_ROWS = 2_000
LONGEST_TOLD = 160
"""Characters of what went wrong in the list."""
LEVEL = 5
"""Of gzip: at 9 a page is a fiftieth smaller and takes three times as long."""
DETAIL = (
    "cases",
    "diagnostics",
    "exception",
    "fuel",
    "wall_ms",
    "lane",
    "detail",
    "place",
    "parts",
    "spans",
    "loss_spans",
    "stopped",
    "extraction",
    "hint",
)
"""Fields that are shown of an opened program."""

Row = Mapping[str, Any]
Block = dict[str, Any]
"""`rows`, and the texts `head`, `text` and `detail`."""


class Packer:
    """Makes blocks of rows, and remembers the words that earlier blocks have."""

    def __init__(self) -> None:
        self._words: dict[str, dict[str, int]] = defaultdict(dict)

    def block(self, rows: Sequence[Row], run: int) -> Block:
        """The block of some rows of the `run`-th run of the page."""
        new: dict[str, list[str]] = defaultdict(list)

        def number(column: str, word: str | None) -> int:
            if word is None:
                return -1
            words = self._words[column]
            if word not in words:
                words[word] = len(words)
                new[column].append(word)
            return words[word]

        head = {
            "run": run,
            "moment": [number("moment", moment(row)) for row in rows],
            "task": [number("task", str(row.get("task_id"))) for row in rows],
            "outcome": [number("outcome", str(row.get("outcome"))) for row in rows],
            "exception": [number("exception", thrown(row)) for row in rows],
            "told": [number("told", told(row)[:LONGEST_TOLD] or None) for row in rows],
            "codes": [[number("code", code) for code in codes(row)] for row in rows],
            "flags": [[number("flag", str(flag)) for flag in row.get("signs") or ()] for row in rows],
            "score": [finite(row.get("score")) for row in rows],
        }
        text = {
            "completion": [str(row.get("completion")) for row in rows],
            "prompt": [number("prompt", str(row.get("prompt") or "")) for row in rows],
            "reference": [number("reference", row.get("reference")) for row in rows],
        }
        text["new"] = {column: new.pop(column, []) for column in ("prompt", "reference")}
        detail = [
            {name: row[name] for name in DETAIL if row.get(name) not in (None, [], {}, "")} for row in rows
        ]
        packed = {"head": packed_json(head | {"new": new}), "text": packed_json(text)}
        return {"rows": len(rows), **packed, "detail": packed_json(detail)}


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists of at most BLOCK_ROWS."""
    source = iter(rows)
    while found := list(islice(source, BLOCK_ROWS)):
        yield found


def moment(row: Row) -> str:
    """When a completion was sampled: `step 3`, `before, T = 0.8`; of graded samples their turn, if any."""
    stage = row.get("stage")
    if stage is None:
        return f"turn {row['turn']}" if row.get("turn") else "samples"
    if stage == "rollout":
        return f"step {row.get('step')}"
    temperature = row.get("temperature")
    how = f", T = {temperature:g}" if isinstance(temperature, int | float) and temperature else ", greedy"
    when = f" step {row.get('step')}" if stage == "during" else ""
    return f"{stage}{when}{how}"


def codes(row: Row) -> list[str]:
    """javac's codes, each once, without what all begin with."""
    found = (str(one.get("code")).removeprefix("compiler.err.") for one in row.get("diagnostics") or ())
    return list(dict.fromkeys(found))


def thrown(row: Row) -> str | None:
    """The type of the first exception."""
    exception = row.get("exception")
    return None if not exception else str(exception.get("type"))


def told(row: Row) -> str:
    """What went wrong first, in one line: javac's error, what the program threw, or the first case that did
    not pass."""
    for found in row.get("diagnostics") or ():
        return _one_line(f"line {found.get('line') or '?'}: {found.get('message')}")
    exception = row.get("exception")
    if exception and row.get("outcome") != "failed":
        return _one_line(
            f"line {exception.get('line') or '?'}: {exception.get('type')}: {exception.get('message')}"
        )
    case: Row = next((one for one in row.get("cases") or () if one.get("outcome") != "passed"), {})
    if "got" in case:
        expected = f", not {case['expected']}" if "expected" in case else ""
        return _one_line(f"{case.get('call')} gave {case['got']}{expected}")
    return _one_line(str(row.get("detail") or ""))


def finite(number: Any) -> float | None:
    """A number with five digits; None of what is none, or none that JSON has."""
    if not isinstance(number, int | float) or not math.isfinite(number):
        return None
    return float(f"{number:.5g}")


def packed_json(value: Any) -> str:
    """JSON, compressed, in base64. Numbers that JSON lacks become null."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_cleaned(value), separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("ascii"), LEVEL, mtime=0)).decode("ascii")


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _cleaned(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _one_line(text: str) -> str:
    return " ".join(text.split())
