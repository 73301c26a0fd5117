"""Reward routes as trainers speak them: OpenRLHF, slime, open-instruct, NeMo Gym.

None of these protocols has a word for "no reward", so a program without a verdict is a 503, never a number.
What each host makes of that stands in docs/serve.md.
"""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from javabox import Outcome, StdinCase, Suite, SuiteCase, Verdict
from javabox.verdict import NO_VERDICT
from rlcf.evaluation.extraction import extract
from rlcf.problems import Problem
from rlcf.problems.formats.stdin import FUEL_SECONDS
from rlcf.service.json_io import Json, JsonRoute
from rlcf.service.refusals import unavailable, unprocessable
from rlcf.service.routes import bodies
from rlcf.service.routes.shared import ANSWERS, Shared, score

PATIENCE_SECONDS = 20.0
"""open-instruct gives a program 0 where its request fails, and waits 30 seconds: it is kept waiting, rather
than sent away, while others' programs run."""
LONGEST_SECONDS = 1e6
"""More than any server gives to a program, and few enough to be counted in fuel."""
_FENCE_NAME = re.compile(r"\A\s*java\s*\n")
"""What open-instruct leaves of a fence."""


def routes(shared: Shared) -> APIRouter:
    """The routes of hosts."""
    router = APIRouter(route_class=JsonRoute, responses=ANSWERS, tags=["trainers"])

    @router.post("/reward/openrlhf", response_model=bodies.OpenRLHFAnswer)
    async def openrlhf(request: Request, body: bodies.OpenRLHFBody) -> Json:
        """OpenRLHF: `--reward.remote_url http://…/reward/openrlhf`."""
        if not len(body.query) == len(body.prompts) == len(body.labels):
            counts = f"{len(body.query)}, {len(body.prompts)} and {len(body.labels)}"
            raise unprocessable(f"query, prompts and labels must be equally many, are {counts}")
        shared.count(len(body.query))
        problems = [shared.asked.of_label(one, f"labels.{index}") for index, one in enumerate(body.labels)]
        replies = [_reply(query, prompt) for query, prompt in zip(body.query, body.prompts, strict=True)]
        signals, verdicts = await shared.rewarded(request, list(zip(problems, replies, strict=True)))
        rewards = [score(*pair) for pair in zip(signals, verdicts, strict=True)]
        logs = {
            "compiled": [float(bool(verdict.compiled)) for verdict in verdicts],
            "executed": [float(bool(verdict.executed)) for verdict in verdicts],
            "passed": [float(bool(verdict.passed)) for verdict in verdicts],
        }
        return Json({"rewards": rewards, "scores": rewards, "extra_logs": logs})

    @router.post("/reward/slime", response_model=float)
    async def slime(request: Request, body: bodies.SlimeBody) -> Json:
        """slime: `--rm-type remote_rm --rm-url http://…/reward/slime`."""
        problem = shared.asked.of_label(body.label, "label")
        signals, verdicts = await shared.rewarded(request, [(problem, body.response)])
        return Json(score(signals[0], verdicts[0]))

    @router.post("/verify", response_model=bodies.VerifyAnswer)
    async def verify(request: Request, body: bodies.VerifyBody) -> Json:
        """NeMo Gym, as a resources server: the tests are in `verifier_metadata`."""
        problem = shared.asked.of_label(body.verifier_metadata, "verifier_metadata")
        signals, verdicts = await shared.rewarded(request, [(problem, _output_text(body.response))])
        reward = score(signals[0], verdicts[0])
        return Json(body.model_dump(exclude_unset=True, mode="python") | {"reward": reward})

    @router.post("/seed_session", response_model=dict[str, Any])
    async def seed_session() -> Json:
        """NeMo Gym asks for a session before each rollout; there is nothing to keep."""
        return Json({})

    @router.post("/test_program", response_model=bodies.ProgramAnswer)
    async def run_tests(request: Request, body: bodies.ProgramBody) -> Json:
        """open-instruct: `--code_api_url http://…/test_program`; tests are Java conditions, or a label."""
        return await _tested(shared, request, body)

    @router.post("/test_program_stdio", response_model=bodies.ProgramAnswer)
    async def run_stdio_tests(request: Request, body: bodies.ProgramBody) -> Json:
        """open-instruct's `code_stdio`: tests are pairs of input and output, or a label."""
        return await _tested(shared, request, body)

    return router


def _reply(query: str, prompt: str) -> str:
    """What the model wrote: OpenRLHF's query is the prompt and the reply, with the tokens around them."""
    start = query.find(prompt)
    return query if start < 0 else query[start + len(prompt) :]


def _output_text(response: bodies.Responded) -> str:
    """What OpenAI's client calls `output_text`, which is not sent: the texts of all messages."""
    texts = []
    for item in response.output:
        if item.type != "message" or item.content is None:
            continue
        if isinstance(item.content, str):
            texts.append(item.content)
        else:
            texts += [part.text for part in item.content if part.type == "output_text"]
    return "".join(texts)


async def _tested(shared: Shared, request: Request, body: bodies.ProgramBody) -> Json:
    """A result a test. Raises Refused."""
    program = _FENCE_NAME.sub("", body.program)
    if isinstance(body.tests, list):
        suite = _suite(body.tests)
        times = 1 if suite.stdin else max(1, len(suite.cases))
        seconds = min(FUEL_SECONDS * body.max_execution_time * times, LONGEST_SECONDS)
        problem = Problem("inline", "", suite, time_limit=seconds)
        shared.asked.check(problem.limits, "max_execution_time")
    else:
        problem = shared.asked.of_label(body.tests, "tests")
    shared.count(1)
    if not body.tests:
        return Json({"results": [], "runtimes": []})
    job = extract(program, problem).job(problem)
    verdict = (await shared.judging.verdicts(request, [job], PATIENCE_SECONDS))[0]
    if verdict.outcome in NO_VERDICT:
        raise unavailable(f"no results: {verdict.outcome}: {verdict.detail[:200]}")
    passed = _passed(problem.suite, verdict)
    seconds = verdict.wall_ms / 1000 / max(1, len(passed))
    return Json({"results": passed, "runtimes": [round(seconds, 4) if one else -1.0 for one in passed]})


def _passed(suite: Suite, verdict: Verdict) -> list[int]:
    """1 or 0 a case, in the order of the suite; of a whole suite that of the suite."""
    if not suite.names:
        return [int(bool(verdict.passed))]
    outcomes = {case.name: case.outcome for case in verdict.cases}
    return [int(outcomes.get(name) is Outcome.PASSED) for name in suite.names]


def _suite(tests: list[Any]) -> Suite:
    """The suite of open-instruct's list: texts that are Java conditions, or pairs of input and output."""
    if all(isinstance(test, str) for test in tests):
        return Suite(cases=tuple(_condition(str(index), test) for index, test in enumerate(tests)))
    cases = []
    for index, test in enumerate(tests):
        pair = (test.get("input"), test.get("output")) if isinstance(test, dict) else (None, None)
        if not all(isinstance(text, str) for text in pair):
            raise unprocessable(
                f"tests.{index}: must be a Java condition, or have the texts input and output"
            )
        cases.append(StdinCase(str(index), str(pair[0]), (str(pair[1]),), "tokens"))
    try:
        return Suite(stdin=tuple(cases))
    except ValueError as wrong:
        raise unprocessable(f"tests: {wrong}") from wrong


def _condition(name: str, test: str) -> SuiteCase:
    """A case that holds where the condition does, `assert` or not."""
    condition = test.strip().removesuffix(";").removeprefix("assert ").strip()
    return SuiteCase(name, f"boolean holds = ({condition}\n);", "holds", "true", "boolean")
