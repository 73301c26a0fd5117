"""A real `rlcf serve` in a process of its own, and the JVMs below it.

Most are forked from a process that has imported all (tests/rlcf/processes.py); `started` ones begin as from a
shell.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from rlcf.cli import main
from rlcf.service import connection
from tests.rlcf.processes import Running, begin

ROOT = Path(__file__).parents[3]
START_SECONDS = 60.0


@dataclass
class Served:
    """A server that runs, and what it has logged."""

    process: subprocess.Popen[bytes] | Running
    err: Path
    url: str = ""
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=80, retries=False, timeout=120.0)
    )

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines that were written whole."""
        return [read(line) for line in self.err.read_text().splitlines(True) if line.endswith("\n")]

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def ask(
        self, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """GET without a body; what is no bytes is sent as JSON."""
        method = "GET" if body is None else "POST"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self.pool.request(method, self.url + path, body=data, headers=sent)

    def post(self, path: str, body: object) -> Any:
        """The JSON of an answer that must be good."""
        answer = self.ask(path, body)
        assert answer.status == 200, (answer.status, answer.data[:500])
        return answer.json()

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = self.ask("/metrics").data.decode().splitlines()
        rows = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
        return sum(float(value) for left, value in rows if left.partition("{")[0] == name)

    def jvms(self) -> list[int]:
        """The JVMs that the server started, from /proc."""
        parents, names = {}, {}
        for stat in (process / "stat" for process in Path("/proc").glob("[0-9]*")):
            try:
                number, rest = stat.read_text().split(" (", 1)
            except OSError:  # it ended meanwhile
                continue
            name, fields = rest.rsplit(") ", 1)
            names[int(number)], parents[int(number)] = name, int(fields.split()[1])
        below = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in below} - below:
            below |= more
        return sorted(pid for pid in below if names.get(pid) == "java")


@contextmanager
def served(
    *options: str,
    environment: Mapping[str, str] | None = None,
    started: bool = False,
    command: Callable[[list[str]], int] = main,
) -> Iterator[Served]:
    """A server on the local engine, on a free port unless the options say which; ended at the end.

    `command`: what a forked one runs, instead of `rlcf` itself."""
    port = () if "--port" in options else ("--port", "0")
    words = ["serve", "--engine", "local", *port, *options]
    more = dict(environment or {})
    with tempfile.TemporaryDirectory() as folder:
        if started:
            err = Path(folder, "err")
            with err.open("wb") as file:
                command = [sys.executable, "-m", "rlcf", *words]
                shell = subprocess.Popen(command, cwd=ROOT, env=os.environ | more, stderr=file)
            running = Served(shell, err)
        else:
            forked = begin(command, words, folder=Path(folder), more=more)
            running = Served(forked, forked.err)
        try:
            assert until(lambda: "ready" in {row["event"] for row in running.log}, START_SECONDS), running.log
            running.url = next(row["url"] for row in running.log if row["event"] == "ready")
            yield running
        finally:
            if running.process.poll() is None:
                running.signal(signal.SIGTERM)
            running.process.wait(START_SECONDS)


def impatient(words: list[str]) -> int:
    """`rlcf`, whose server lets go of whoever sends no request after one second and not ten."""
    connection.HEADER_SECONDS = 1.0
    return main(words)


def read(line: str) -> dict[str, Any]:
    """A line of the log; what is no JSON is its own event."""
    try:
        row: dict[str, Any] = json.loads(line)
        return row
    except ValueError:
        return {"event": "no JSON", "text": line}


def until(condition: Any, seconds: float = 30.0) -> bool:
    """Whether a condition has come true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.05)
    return bool(condition())
