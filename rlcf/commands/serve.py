"""`rlcf serve`: grading and rewards over HTTP."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from rlcf.commands.options import FLAT, Judging, Limiting
from rlcf.errors import BadInput
from rlcf.problems import load_problems

EXTRA = ("fastapi", "uvicorn", "prometheus_client")


@dataclass(frozen=True)
class Serve:
    """Grade and reward over HTTP: one judge behind routes of its own, of trainers and of SandboxFusion.

    It listens on this machine alone unless told otherwise, and elsewhere only with keys: in RLCF_API_KEYS, or
    in a file. What each route takes and answers: docs/serve.md, and /docs of a running server.

    Example: rlcf serve --problems mbjp,humaneval-java
    """

    problems: Annotated[str, arg(metavar="P,…")] = ""
    """Sets that requests name by task_id: as for `rlcf grade`, with commas between. Without, each request
    brings its tests."""
    host: str = "127.0.0.1"
    """The address to listen on; another than loopback needs keys."""
    port: Annotated[int, arg(metavar="N")] = 8080
    """0: any that is free; the log says which."""
    keys: Annotated[str | None, arg(metavar="FILE")] = None
    """Keys, one a line: whoever sends one is let in. Beside those of RLCF_API_KEYS."""
    grounding: str = "tests"
    """What makes rewards of verdicts: any of `rlcf train` that needs no discriminator, or
    path/to/file.py:function."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    limiting: Annotated[Limiting, FLAT] = field(default_factory=Limiting)
    lane: Literal["auto", "warm", "strict"] = "auto"
    """How programs run, as for `rlcf grade`."""
    queue: Annotated[int, arg(metavar="N")] = 1024
    """Programs that may wait; a request that would add more is sent away for now (429)."""
    max_batch: Annotated[int, arg(metavar="N")] = 256
    """Programs of one request."""
    max_body: Annotated[int, arg(metavar="MB")] = 8
    """Megabytes of one request."""
    max_time_limit: Annotated[float, arg(metavar="SECONDS")] = 60.0
    """Seconds of fuel that a request may ask for a program."""
    max_memory_limit: Annotated[int, arg(metavar="MB")] = 2048
    """Megabytes of heap that a request may ask for a program."""
    request_time: Annotated[float, arg(metavar="SECONDS")] = 600.0
    """The longest that a request may take; its programs are ended then (503)."""
    body_time: Annotated[float, arg(metavar="SECONDS")] = 30.0
    """For a client to send a request, and to take an answer."""
    grace: Annotated[float, arg(metavar="SECONDS")] = 60.0
    """After SIGTERM, the time to finish what was accepted."""

    def run(self) -> int:
        for module in EXTRA:
            if importlib.util.find_spec(module) is None:
                raise BadInput(
                    f"rlcf serve needs {module}, which is not installed: pip install 'rlcf[serve]'"
                )
        from rlcf.service.server import serve
        from rlcf.service.settings import Settings, read_keys

        self.judging.check()
        self.limiting.check()
        settings = Settings(
            host=self.host,
            port=self.port,
            grounding=self.grounding,
            keys=read_keys(Path(self.keys) if self.keys else None),
            body_bytes=self.max_body << 20,
            batch=self.max_batch,
            queue=self.queue,
            request_seconds=self.request_time,
            body_seconds=self.body_time,
            grace=self.grace,
            time_limit=self.max_time_limit,
            memory_limit=self.max_memory_limit,
        )
        settings.check()
        names = [name for name in self.problems.split(",") if name]
        sets = {name: self.limiting.limited(load_problems(name)) for name in names}
        with self.judging.judge(lane=self.lane) as judge:
            return serve(settings, judge, sets)
