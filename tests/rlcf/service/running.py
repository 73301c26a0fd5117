"""A real `rlcf serve` in a process of its own, and the JVMs below it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

ROOT = Path(__file__).parents[3]
START_SECONDS = 60.0


@dataclass
class Served:
    """A server that runs, and what it has logged."""

    process: subprocess.Popen[str]
    url: str
    log: list[dict[str, Any]] = field(default_factory=list)
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=80, retries=False, timeout=120.0)
    )

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
def served(*options: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """A server on the local engine, on a free port unless the options say which; ended at the end."""
    port = () if "--port" in options else ("--port", "0")
    command = [sys.executable, "-m", "rlcf", "serve", "--engine", "local", *port, *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | dict(environment or {}), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        running = Served(process, "")
        lines = iter(process.stderr.readline, "")
        for line in lines:
            running.log.append(read(line))
            if running.log[-1]["event"] == "ready":
                break
        running.url = running.log[-1]["url"]
        keep = threading.Thread(target=lambda: running.log.extend(map(read, lines)), daemon=True)
        keep.start()
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)
        keep.join(START_SECONDS)
        process.stderr.close()


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
