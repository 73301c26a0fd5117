"""Routes of our own: verdicts and rewards of samples."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import StreamingResponse

from javabox import Job, Verdict
from rlcf.evaluation.extraction import Extraction, extract
from rlcf.evaluation.extraction.extraction import Mode
from rlcf.evaluation.grade import results_line
from rlcf.evaluation.provenance import terms
from rlcf.evaluation.samples import Sample
from rlcf.service.json_io import Json, JsonRoute, write
from rlcf.service.routes import bodies
from rlcf.service.routes.ndjson import BEAT, described, streamed
from rlcf.service.routes.shared import ANSWERS, Shared


def routes(shared: Shared) -> APIRouter:
    """The routes that take samples."""
    router = APIRouter(prefix="/v1", route_class=JsonRoute, responses=ANSWERS, tags=["rlcf"])

    @router.post("/grade", response_model=bodies.GradeAnswer)
    async def grade(request: Request, body: bodies.GradeBody) -> Json:
        """Judge samples; the results are the lines that `rlcf grade` writes, in order."""
        graded = await _prepared(shared, body)
        verdicts = await shared.judging.verdicts(request, graded.jobs)
        lines = [graded.line(shared, index, verdict) for index, verdict in enumerate(verdicts)]
        return Json({"results": []}) if not lines else _joined(lines)

    @router.post("/grade/stream", response_class=StreamingResponse, responses=described("result"))
    async def grade_stream(request: Request, body: bodies.GradeBody) -> StreamingResponse:
        """The same as lines: `{"index": …, "result": …}`, each sent when its program is finished."""
        graded = await _prepared(shared, body)
        events = shared.judging.stream(request, graded.jobs)
        await anext(events)  # accepted, or refused with a status of its own

        async def lines() -> AsyncIterator[bytes]:
            async with aclosing(events):
                async for event in events:
                    if event is None:
                        yield BEAT
                    else:
                        index, verdict = event
                        line = graded.line(shared, index, verdict)
                        yield b'{"index": %d, "result": %s}\n' % (index, line)

        return streamed(lines())

    @router.post("/rewards", response_model=bodies.RewardAnswer)
    async def rewards(request: Request, body: bodies.RewardBody) -> Json:
        """A reward a sample, by the server's grounding: null where the judge failed or tests are broken."""
        asked = [(one.task_id, one.completion) for one in body.samples]
        problems = shared.asked.of_samples([name for name, _ in asked], body.problems)
        pairs = [(problem, text) for problem, (_, text) in zip(problems, asked, strict=True)]
        signals, verdicts = await shared.rewarded(request, pairs)
        outcomes = [str(verdict.outcome) for verdict in verdicts]
        return Json({"rewards": [signal.score for signal in signals], "outcomes": outcomes})

    return router


@dataclass(frozen=True)
class _Graded:
    """Samples with the programs that are judged for them."""

    samples: Sequence[Sample]
    found: Sequence[Extraction]
    jobs: Sequence[Job]
    expected_values: bool

    def line(self, shared: Shared, index: int, verdict: Verdict) -> bytes:
        """As `rlcf grade` writes it, without the end of the line."""
        found = self.found[index]
        judged_by = shared.judging.judge.provenance() | terms(self.jobs[index : index + 1])
        told = found.verdict(verdict)
        row = (self.samples[index], found, told, judged_by)
        return results_line(*row, expected_values=self.expected_values).rstrip(b"\n")


async def _prepared(shared: Shared, body: bodies.GradeBody) -> _Graded:
    """Raises Refused."""
    shared.count(len(body.samples))
    names = [sample.task_id for sample in body.samples]
    mode: Mode = body.extract

    def prepare() -> _Graded:
        problems = shared.asked.of_samples(names, body.problems)
        samples = [
            Sample(
                problem, one.completion, {"task_id": one.task_id, "completion": one.completion, **_more(one)}
            )
            for problem, one in zip(problems, body.samples, strict=True)
        ]
        found = [extract(one.completion, one.problem, mode) for one in samples]
        jobs = [one.job(sample.problem) for sample, one in zip(samples, found, strict=True)]
        return _Graded(samples, found, jobs, body.expected_values)

    return await asyncio.to_thread(prepare)


def _more(sample: bodies.SampleBody) -> dict[str, Any]:
    write(sample.model_extra)  # what can't be sent back is refused before anything is judged
    return dict(sample.model_extra or {})


def _joined(lines: Sequence[bytes]) -> Json:
    answer = Json({})
    answer.body = b'{"results": [' + b", ".join(lines) + b"]}"
    answer.headers["content-length"] = str(len(answer.body))
    return answer
