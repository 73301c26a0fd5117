"""What all routes share: the judge behind its queue, the problems, the grounding that makes rewards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from javabox import Verdict
from rlcf.evaluation.extraction import extract
from rlcf.grounding.signal import Grounding, Signal
from rlcf.grounding.table import Entry
from rlcf.problems import Problem
from rlcf.service.asked import Asked, Known
from rlcf.service.judging import Judging
from rlcf.service.refusals import Refused, unavailable
from rlcf.service.routes.bodies import Error
from rlcf.service.settings import Settings

ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"model": Error, "description": words}
    for status, words in (
        (400, "the body is no JSON"),
        (401, "no key, or another one"),
        (403, "the Host header names another machine, which a web page may have done"),
        (404, "a task_id or a set of problems that is not loaded"),
        (408, "the body did not come in time"),
        (413, "the body is too large, or has too many programs"),
        (422, "JSON that asks for something that can't be"),
        (429, "too many programs wait: send it again after Retry-After seconds"),
        (503, "no verdict, by no fault of the program: send it again"),
    )
}
"""What every route may answer beside 200."""


@dataclass(frozen=True)
class Shared:
    """One for the application."""

    settings: Settings
    known: Known
    asked: Asked
    judging: Judging
    entry: Entry
    """Of the grounding."""
    grounding: Grounding

    def count(self, programs: int) -> None:
        """Raises Refused (413) where a request has too many programs."""
        if programs > self.settings.batch:
            most = self.settings.batch
            raise Refused(413, f"{programs} programs in one request: send at most {most} at a time")

    async def rewarded(
        self,
        request: Request,
        asked: Sequence[tuple[Problem, str]],
        patience: float = 0.0,
    ) -> tuple[list[Signal], list[Verdict]]:
        """What the grounding makes of replies to problems, and their verdicts, places counted in the reply.
        Raises as `Judging.verdicts` does."""
        self.count(len(asked))
        problems = [problem for problem, _ in asked]
        self.asked.grounded(problems)
        found = await asyncio.to_thread(lambda: [extract(reply, problem) for problem, reply in asked])
        compile_only, coverage = not self.entry.runs, self.entry.covers
        jobs = [
            one.job(problem, compile_only=compile_only, coverage=coverage)
            for one, problem in zip(found, problems, strict=True)
        ]
        verdicts = await self.judging.verdicts(request, jobs, patience)
        answers = [one.answer(p, v) for one, p, v in zip(found, problems, verdicts, strict=True)]
        signals = self.grounding(answers) if answers else []
        told = [one.verdict(verdict) for one, verdict in zip(found, verdicts, strict=True)]
        return signals, told


def score(signal: Signal, verdict: Verdict) -> float:
    """A reward for a host that has no word for none. Raises Refused (503) where there is none."""
    if signal.score is None:
        raise unavailable(f"no reward: {verdict.outcome}: {verdict.detail[:200]}")
    return signal.score
