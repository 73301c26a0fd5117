"""What a benchmark has done so far, in two files, so that a killed run goes on and nothing is done twice.

`results.jsonl` gets a line as soon as a completion is judged. `results.jsonl.journal` begins with a line of
the settings and gets a line as soon as a completion arrives, so that none is asked for again that was only
waiting for its verdict. Lines are written whole and at once; one that a kill has cut is left out and written
anew. When all is judged, the results are put into the order of the problems and the journal is cut to its
first line. Of a sample of several turns each line holds all turns so far, and the last one counts.

Who goes on must have the same settings, for their answers end up in one table. Not covered: a machine that
loses power (nothing is synced to the disk); file systems without locks.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from javabox import Outcome, Verdict
from rlcf.errors import BadInput
from rlcf.evaluation.generation.asked import Ask, Completion, Key
from rlcf.files import write_lines
from rlcf.jsonl import Row, read_rows

WRITTEN = ("completion", "finish_reason", "tokens", "usage", "reasoning_content")
"""Fields of a results line that are the completion's."""


class Journal:
    """See the module; made by `open_journal`."""

    def __init__(self, out: Path, settings: Mapping[str, Any], results: BinaryIO, arrived: BinaryIO) -> None:
        self.out, self.settings = out, settings
        self._results, self._arrived = results, arrived
        self.waiting: dict[Key, Completion] = {}
        """Arrived and not yet judged."""
        self.judged: dict[Key, tuple[Completion, Verdict]] = {}
        """What an earlier run has judged."""
        self._lines: dict[Key, bytes] = {}

    def read(self) -> None:
        """What earlier runs left. Raises BadInput."""
        for row in read_rows(journal_path(self.out)):
            if row.line > 1:
                self.waiting[_key(row)] = Completion.from_json(
                    row.fields | {"completion": row.text("completion")}
                )
        for row in read_rows(self.out):
            task_id, sample, turn = key = _key(row)
            self._lines[key] = json.dumps(row.fields).encode("ascii") + b"\n"
            turns = [*row.fields.get("turns", ()), row.fields]
            for number, fields in enumerate(turns, start=turn - len(turns) + 1):
                self._judged(row, (task_id, sample, number), fields)

    def _judged(self, row: Row, key: Key, fields: Mapping[str, Any]) -> None:
        """Raises BadInput."""
        try:
            verdict = Verdict.from_json(fields)
        except ValueError as wrong:
            raise row.bad(f"{wrong}; write to another file") from wrong
        completion = Completion.from_json({name: fields[name] for name in WRITTEN if name in fields})
        if verdict.outcome is Outcome.JUDGE_ERROR:  # judged again
            self.waiting[key] = completion
        else:
            self.judged[key] = (completion, verdict)
            self.waiting.pop(key, None)

    def arrive(self, ask: Ask, completion: Completion) -> None:
        """Keeps a completion."""
        row = ask.to_json() | completion.to_json()
        self._arrived.write(json.dumps(row).encode("ascii") + b"\n")
        self._arrived.flush()

    def write(self, ask: Ask, line: bytes) -> None:
        """Keeps a line of the results."""
        self._lines[ask.key] = line
        self._results.write(line)
        self._results.flush()

    def finish(self, asks: Sequence[Ask], more: Sequence[Mapping[str, Any]] = ()) -> None:
        """Puts the results into the order of `asks`, `more` fields added to each, and empties the journal."""
        lines = [self._lines[ask.key].decode("ascii") for ask in asks]
        if any(more):
            rows = (json.loads(line) | dict(fields) for line, fields in zip(lines, more, strict=True))
            lines = [json.dumps(row) + "\n" for row in rows]
        write_lines(self.out, iter(lines))
        write_lines(journal_path(self.out), iter([_head(self.settings)]))


def journal_path(out: Path) -> Path:
    """The journal beside a results file."""
    return out.with_name(f"{out.name}.journal")


@contextmanager
def open_journal(out: Path, settings: Mapping[str, Any]) -> Iterator[Journal]:
    """The journal of `out`: a new one, or that of a run with the same settings that has ended early or is
    whole. Raises BadInput where the file is another's, other settings made it (they are named), or it is
    being written right now."""
    path = journal_path(out)
    settings = json.loads(json.dumps(settings))
    try:
        with ExitStack() as stack:
            arrived = stack.enter_context(path.open("a+b"))
            _lock(arrived, out)
            _cut(arrived)
            if arrived.tell() == 0:
                if out.exists() and out.stat().st_size:
                    raise BadInput("is there, and no run to go on with: name another", file=out, field="out")
                arrived.write(_head(settings).encode("ascii"))
                arrived.flush()
            else:
                _check(path, out, settings)
            results = stack.enter_context(out.open("a+b"))
            _cut(results)
            journal = Journal(out, settings, results, arrived)
            journal.read()
            yield journal
    except OSError as error:
        raise BadInput(f"can't be written ({error.strerror})", file=out, field="out") from error


def _head(settings: Mapping[str, Any]) -> str:
    return json.dumps({"settings": settings}) + "\n"


def _lock(file: BinaryIO, out: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadInput("another run is writing to it: wait, or name another", file=out, field="out") from None


def _cut(file: BinaryIO) -> None:
    """Cuts a line that is not whole, and goes to the end."""
    file.seek(0)
    whole = file.read()
    end = whole.rfind(b"\n") + 1
    if end < len(whole):
        file.truncate(end)
    file.seek(end)


def _check(path: Path, out: Path, settings: Mapping[str, Any]) -> None:
    first = next(iter(read_rows(path)))
    there = first.fields.get("settings")
    if not isinstance(there, dict):
        raise first.bad("is no journal of a run", "settings")
    if there != settings:
        fields = sorted(name for name in {*there, *settings} if there.get(name) != settings.get(name))
        named = "; ".join(
            f"{name}: {_told(there, name)} there, {_told(settings, name)} now" for name in fields
        )
        raise BadInput(f"was begun with other settings ({named}): name another", file=out, field="out")


def _told(settings: Mapping[str, Any], name: str) -> str:
    text = json.dumps(settings.get(name))
    return text if len(text) <= 60 else f"{text[:57]}…"


def _key(row: Row) -> Key:
    def number(name: str, otherwise: int | None = None) -> int:
        found = row.fields.get(name, otherwise)
        if not isinstance(found, int):
            raise row.bad("must be a whole number; write to another file", name)
        return found

    return row.text("task_id"), number("sample"), number("turn", 1)
