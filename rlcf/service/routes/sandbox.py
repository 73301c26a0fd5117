"""SandboxFusion's `POST /run_code` for Java: a program with its standard input, and what it printed.

Where the judge fails the answer is a SandboxError, in the protocol's own words, with status 504: clients
then ask again (verl at no other status, `sandbox-fusion` at all but 200).

Not covered: languages but Java, files that are no Java source, files that a program leaves behind.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from javabox import Job, Limits, Outcome, StdinCase, Suite, Verdict
from javabox.job import FUEL_PER_SECOND
from javabox.verdict import NO_VERDICT
from rlcf.problems.formats.stdin import FUEL_SECONDS
from rlcf.service.json_io import Json, JsonRoute
from rlcf.service.refusals import unprocessable
from rlcf.service.routes import bodies
from rlcf.service.routes.shared import ANSWERS, Shared

PATIENCE_SECONDS = 20.0
"""verl waits that long at least, and gives a program up that is sent away but with a 504."""
FULL = 504
LONGEST_SECONDS = 1e6
"""More than any server gives to a program, and few enough to be counted in fuel."""
EXIT = re.compile(r"exit code (-?\d+)")
KILLED = 137
"""The exit code of what a limit of memory or output ended."""


def routes(shared: Shared) -> APIRouter:
    """The route of SandboxFusion."""
    answers = ANSWERS | {504: {"model": bodies.RunAnswer, "description": "the judge failed, or is full"}}
    router = APIRouter(route_class=JsonRoute, responses=answers, tags=["sandbox"])

    @router.post("/run_code", response_model=bodies.RunAnswer)
    async def run_code(request: Request, body: bodies.RunBody) -> Json:
        """Run a Java program: SandboxFusion's protocol, as verl's `reward.sandbox_fusion.url` speaks it."""
        job = _job(body)
        shared.asked.check(job.limits, "run_code")
        verdict = (await shared.judging.verdicts(request, [job], PATIENCE_SECONDS, FULL))[0]
        if verdict.outcome in NO_VERDICT:
            failed = {
                "status": "SandboxError",
                "message": verdict.detail or str(verdict.outcome),
                "files": {},
            }
            return Json(failed, status_code=FULL, headers={"Retry-After": "1"})
        return Json(_answer(verdict))

    return router


def _job(body: bodies.RunBody) -> Job:
    """Raises Refused (422)."""
    limits = Limits(
        fuel=round(min(FUEL_SECONDS * body.run_timeout, LONGEST_SECONDS) * FUEL_PER_SECOND),
        wall_seconds=max(60.0, 15.0 * body.run_timeout),
        idle_seconds=max(3.0, body.run_timeout),
        compile_seconds=max(20.0, body.compile_timeout),
        memory_mb=body.memory_limit_MB if body.memory_limit_MB > 0 else Limits().memory_mb,
    )
    files = tuple((path, _source(path, text)) for path, text in body.files.items() if text is not None)
    suite = Suite(stdin=(StdinCase("run", body.stdin or ""),))
    try:
        return Job(body.code, suite, limits, files=files)
    except ValueError as wrong:
        raise unprocessable(f"files: {wrong}") from wrong


def _source(path: str, encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError) as wrong:
        raise unprocessable(f"files: {path[:80]!r} is not base64 of UTF-8: {wrong}") from wrong


def _answer(verdict: Verdict) -> dict[str, Any]:
    """The outcome in SandboxFusion's words."""
    seconds = round(verdict.wall_ms / 1000, 4)
    if verdict.compiled is False:
        said = "".join(f"Main.java:{error.line}: error: {error.message}\n" for error in verdict.diagnostics)
        return _said("Failed", _finished(seconds, 1, "", said), None)
    compiled = _finished(0.0, 0, "", "")
    printed = (verdict.cases[0].value if verdict.cases else None) or ""
    if verdict.outcome is Outcome.PASSED:
        return _said("Success", compiled, _finished(seconds, 0, printed, ""))
    if verdict.outcome is Outcome.TIME_LIMIT:
        timed_out = {
            "status": "TimeLimitExceeded",
            "execution_time": seconds,
            "stdout": printed,
            "stderr": "",
        }
        return _said("Failed", compiled, timed_out)
    if verdict.outcome is Outcome.RUNTIME_ERROR:
        how = (verdict.cases[0].got if verdict.cases else None) or ""
        code = EXIT.fullmatch(how)
        if code:
            return _said("Failed", compiled, _finished(seconds, int(code.group(1)), printed, ""))
        said = f'Exception in thread "main" {how}\n'
        return _said("Failed", compiled, _finished(seconds, 1, printed, said))
    return _said("Failed", compiled, _finished(seconds, KILLED, printed, f"{verdict.outcome}\n"))


def _finished(seconds: float, code: int, stdout: str, stderr: str) -> dict[str, Any]:
    return {
        "status": "Finished",
        "execution_time": seconds,
        "return_code": code,
        "stdout": stdout,
        "stderr": stderr,
    }


def _said(status: str, compiled: dict[str, Any], run: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "status": status,
        "message": "",
        "compile_result": compiled,
        "run_result": run,
        "executor_pod_name": None,
        "files": {},
    }
