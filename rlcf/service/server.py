"""Starts the service and ends it: the application, its socket, and what happens on SIGTERM.

On SIGTERM no more connections are taken, what was accepted is finished within `grace` seconds, then the
process ends with 0; with 1 where something had to be cut off.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import uvicorn
from fastapi import FastAPI, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from javabox import AnyJudge
from rlcf.errors import BadInput
from rlcf.grounding.table import grounding_entry, load_grounding
from rlcf.problems import Problem
from rlcf.service.asked import Asked, Known
from rlcf.service.connection import patient
from rlcf.service.gate import Gate
from rlcf.service.guard import Guard
from rlcf.service.json_io import Json
from rlcf.service.judging import Judging
from rlcf.service.routes import grading, jobs, rewards, sandbox
from rlcf.service.routes.shared import Shared
from rlcf.service.settings import Settings
from rlcf.service.telemetry import CONTENT_TYPE, Metrics, log_as_json, say

CONNECTIONS = 1024
KEEP_ALIVE_SECONDS = 30
ABOUT = "Grading and rewards for generated Java: one judge behind routes of its own and of trainers."


def application(settings: Settings, judge: AnyJudge, sets: Mapping[str, Sequence[Problem]]) -> Guard:
    """The ASGI application. Raises BadInput where the grounding needs what a problem lacks, or a
    discriminator."""
    metrics = Metrics()
    judging = Judging(judge, Gate(settings.queue), metrics, settings.request_seconds)
    entry = grounding_entry(settings.grounding)
    try:
        grounding = load_grounding(settings.grounding, weight=0.0)
    except ValueError as error:
        raise BadInput(
            f"{settings.grounding!r} needs a discriminator, which a server has not: choose another one",
            field="grounding",
        ) from error
    known = Known(sets)
    shared = Shared(settings, known, Asked(known, settings, entry), judging, entry, grounding)
    app = FastAPI(title="rlcf", description=ABOUT, redoc_url=None)
    # For the page alone, which asks for a key then: the guard is who looks at it.
    bearer = HTTPBearer(auto_error=False, description="One of the keys that `rlcf serve` was started with.")
    locked = [Security(bearer)] if settings.keys else []
    for routes in (grading.routes, jobs.routes, rewards.routes, sandbox.routes):
        app.include_router(routes(shared), dependencies=locked)
    _add_looks(app, judge, metrics, locked)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_fields)
    return Guard(app, settings, metrics)


def serve(settings: Settings, judge: AnyJudge, sets: Mapping[str, Sequence[Problem]]) -> int:
    """Answers until SIGTERM or SIGINT. The exit code. Raises BadInput where the address can't be had."""
    app = application(settings, judge, sets)
    log_as_json()
    config = uvicorn.Config(
        app,
        http=patient(settings.body_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.grace)),
    )
    with _listening(settings) as bound:
        host, port = bound.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        say("ready", url=f"http://{shown}:{port}", pid=os.getpid(), judge=judge.provenance())
        # uvicorn raises the signal that ended it once more: here it has done its work.
        before = signal.signal(signal.SIGTERM, lambda *_: None)
        server = uvicorn.Server(config)
        try:
            server.run(sockets=[bound])
        finally:
            signal.signal(signal.SIGTERM, before)
    say("ended", cut_off=app.cut_off)
    return 1 if app.cut_off else 0


def _add_looks(app: FastAPI, judge: AnyJudge, metrics: Metrics, locked: Sequence[Any]) -> None:
    """Routes for those who watch."""

    @app.get("/healthz", tags=["watching"], response_model=dict[str, str])
    async def healthz() -> Json:
        """Whether the judge can be asked; needs no key."""
        over = judge.over
        return Json({"status": "ok"}) if over is None else Json({"status": over}, status_code=503)

    @app.get("/metrics", tags=["watching"], response_class=Response, dependencies=locked)
    async def text() -> Response:
        """Counts in Prometheus's format."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Json({"detail": error.detail}, error.status_code, dict(error.headers or {}))


async def _refuse_fields(_: Request, error: Exception) -> Response:
    """The first field that is wrong, with its place."""
    assert isinstance(error, RequestValidationError)
    first: Any = error.errors()[0]
    place = ".".join(str(part)[:80] for part in first["loc"][1:]) or "the body"
    return Json({"detail": f"{place}: {first['msg']}"}, 422)


def _listening(settings: Settings) -> socket.socket:
    """A socket that listens."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        bound = socket.create_server((settings.host, settings.port), family=family, backlog=CONNECTIONS)
    except OSError as error:
        field = "host" if isinstance(error, socket.gaierror) else "port"
        where = f"{settings.host}:{settings.port}"
        raise BadInput(f"{where} can't be had: {error.strerror or error}", field=field) from error
    # Its connections inherit it: else the end of each answer waits for the client's delayed ACK, 40 ms, as
    # asyncio sets it only for sockets that name TCP.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound
