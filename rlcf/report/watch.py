"""Serves the page of a run while it is trained: new steps appear in it, and it ends with the training.

    rlcf report runs/quickstart --watch       # prints where, and stays until the training has ended

The page is that of `rlcf report`, but holds no completions: it asks every second or two for the blocks that
it lacks, the curves and the tables. It is served on the loopback address alone, read only, and to requests
that name it by that address, so that no page of elsewhere can read it through a name of its own. The training
marks its folder (`rlcf.files.writing`); once the mark is gone the page is told, and the server ends.

Not covered: another machine's browser (forward the port), and trainings on another machine.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rlcf.errors import BadInput
from rlcf.files import is_written
from rlcf.report.blocks import Block, Packer, chunks
from rlcf.report.curves import charts
from rlcf.report.page import page, results_of
from rlcf.report.run_folder import Run, read_run

LOOPBACK = "127.0.0.1"
LOOK_EVERY = 1.0
"""Seconds between looks into the folder."""
MOST_READ = 64 << 20
"""Bytes of completions at once; no line is as long."""
FAREWELL = 4.0
"""Seconds after the end in which pages learn of it: they ask every 1.5 (`web/page.js`)."""


class Watched:
    """A run folder as pages see it, which grows. Locked: requests come from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises BadInput where the folder is no run."""
        self.folder, self.ended = folder, False
        self.run: Run = read_run(folder)
        self.blocks: list[Block] = []
        self._packer, self._read, self._version, self._generation = Packer(), 0, 0, 0
        self._seen: tuple[int, ...] = ()
        self._lock = threading.Lock()

    def look(self) -> None:
        """Reads what was written since the last look. A run that was resumed may have fewer rows than
        before: then all is read anew, and pages begin again."""
        with self._lock:
            self._look_at_rows()
            sizes = tuple(_size(self.folder / name) for name in ("metrics.jsonl", "evaluation.jsonl"))
            if sizes != self._seen:
                self.run, self._seen, self._version = read_run(self.folder), sizes, self._version + 1

    def _look_at_rows(self) -> None:
        path = self.folder / "completions.jsonl"
        if _size(path) < self._read:
            self.blocks, self._packer, self._read = [], Packer(), 0
            self._generation += 1
        while rows := self._next_rows(path):
            self.blocks += [self._packer.block(chunk, 0) for chunk in chunks(rows)]

    def _next_rows(self, path: Path) -> list[dict[str, Any]]:
        """The next whole lines, of at most MOST_READ bytes. Raises BadInput."""
        if not path.exists():
            return []
        with open(path, "rb") as file:
            file.seek(self._read)
            text = file.read(MOST_READ)
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        try:
            return [json.loads(line) for line in whole.split(b"\n") if line.strip()]
        except ValueError as broken:
            raise BadInput(f"malformed JSON: {broken}", file=path) from broken

    def page(self) -> bytes:
        """The page without what it asks for."""
        with self._lock:
            name = self.folder.resolve().name
            held = {"runs": [name], "charts": charts([self.run]), "live": True}
            pieces = page(name, results_of([self.run]), [self.run], held)
            return "".join(pieces).encode("utf-8", "backslashreplace")

    def state(self, since: int, version: int) -> dict[str, Any]:
        """What a page lacks that has the first `since` blocks, and curves and tables of `version`."""
        with self._lock:
            step = next((row["step"] for row in reversed(self.run.metrics) if "reward" in row), 0)
            found: dict[str, Any] = {
                "generation": self._generation,
                "blocks": self.blocks[since:],
                "version": self._version,
                "ended": self.ended,
                "progress": f"step {step} of {self.run.recipe.get('objective.steps')}",
            }
            if version != self._version:
                found |= {"charts": charts([self.run]), "results": results_of([self.run])}
            return found


def watch(folder: Path, port: int = 0) -> int:
    """Serves until the training of `folder` has ended; returns 0. Raises BadInput where nothing trains there,
    or the port is taken."""
    watched = Watched(folder)
    if not is_written(folder):
        raise BadInput(f"is not being trained: rlcf report {folder}", file=folder, field="watch")
    try:
        server = serve(watched, port)
    except OSError as error:
        raise BadInput(f"{port} can't be used ({error.strerror}); 0 finds one", field="port") from error
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://{LOOPBACK}:{server.server_address[1]}/ until the training ends", flush=True)
        while is_written(folder):
            watched.look()
            time.sleep(LOOK_EVERY)
        watched.look()
        watched.ended = True
        time.sleep(FAREWELL)
        server.shutdown()
    print(f"rlcf: the training has ended; rlcf report {folder} writes its page", file=sys.stderr)
    return 0


def serve(watched: Watched, port: int = 0) -> ThreadingHTTPServer:
    """A server of the page and its state, not yet answering. Raises OSError."""

    class Handler(BaseHTTPRequestHandler):
        """Answers / and /state; nothing else is there, and no file is read by a name from outside."""

        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if self.headers.get("Host", "").partition(":")[0] not in (LOOPBACK, "localhost"):
                self.send_error(HTTPStatus.FORBIDDEN)
            elif place.path == "/":
                self._answer(watched.page(), "text/html; charset=utf-8")
            elif place.path == "/state":
                asked = parse_qs(place.query)
                state = watched.state(_number(asked, "from"), _number(asked, "version"))
                self._answer(json.dumps(state).encode("ascii"), "application/json")
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(HTTPStatus.OK)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not told: the terminal is the training's."""

    return ThreadingHTTPServer((LOOPBACK, port), Handler)


def _number(asked: Mapping[str, list[str]], name: str) -> int:
    text = asked.get(name, ["0"])[0]
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 12 else 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
