"""Routes for a `Judge(engine=URL)` elsewhere: jobs in, verdicts out, and what judges here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import StreamingResponse

from javabox import Job
from javabox.remote.job_json import job_from_json
from rlcf.service.json_io import Json, JsonRoute
from rlcf.service.refusals import Refused
from rlcf.service.routes import bodies
from rlcf.service.routes.ndjson import BEAT, described, line, streamed
from rlcf.service.routes.shared import ANSWERS, Shared


def routes(shared: Shared) -> APIRouter:
    """The routes that take jobs."""
    router = APIRouter(prefix="/v1", route_class=JsonRoute, responses=ANSWERS, tags=["rlcf"])

    @router.post("/jobs", response_class=StreamingResponse, responses=described("verdict"))
    async def jobs(request: Request, body: bodies.JobsBody) -> StreamingResponse:
        """Judge jobs (`javabox.Job`) for a `Judge(engine=URL)`: lines `{"provenance": …}`, then `{"index": …,
        "verdict": …}`, each when its program is finished, or `{"index": …, "refused": why}`."""
        shared.count(len(body.jobs))
        found = [_job(shared, row) for row in body.jobs]
        good = [(index, job) for index, job in enumerate(found) if isinstance(job, Job)]
        events = shared.judging.stream(request, [job for _, job in good])
        await anext(events)

        async def lines() -> AsyncIterator[bytes]:
            async with aclosing(events):
                yield line({"provenance": shared.judging.judge.provenance()})
                for index, job in enumerate(found):
                    if isinstance(job, str):
                        yield line({"index": index, "refused": job})
                async for event in events:
                    if event is None:
                        yield BEAT
                    else:
                        yield line({"index": good[event[0]][0], "verdict": event[1].to_json()})

        return streamed(lines())

    @router.get("/judge", response_model=bodies.JudgeAnswer)
    async def judge() -> Json:
        """What judges here, the loaded problems, and how much may be asked at a time."""
        return Json(
            {
                "provenance": shared.judging.judge.provenance(),
                "workers": shared.judging.judge.workers,
                "batch": shared.settings.batch,
                "body_bytes": shared.settings.body_bytes,
                "problems": {name: len(problems) for name, problems in shared.known.sets.items()},
            }
        )

    return router


def _job(shared: Shared, row: dict[str, Any]) -> Job | str:
    """The job of a row, or why it is not judged."""
    try:
        job = job_from_json(row)
        shared.asked.check(job.limits, "job")
    except ValueError as wrong:
        return str(wrong)
    except Refused as refusal:
        return str(refusal.detail)
    return job
