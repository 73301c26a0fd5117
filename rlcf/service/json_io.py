"""JSON in and out: any text that a model may write, lone surrogates included, and no number that JSON lacks.

Python's own reader takes NaN and infinities, and FastAPI's own writer can't write a lone surrogate.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from rlcf.service.refusals import malformed


def read(body: bytes) -> Any:
    """The value of a body. Raises Refused (400)."""
    try:
        text = body.decode("utf-8", "surrogatepass")
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as deep:
        raise malformed("the body is no JSON: it nests too deep") from deep
    except ValueError as broken:  # also: not UTF-8, a number of too many digits
        raise malformed(f"the body is no JSON: {broken}") from broken


def write(value: Any) -> bytes:
    """A value as ASCII. Raises Refused (400) where a request's own fields, sent back, nest too deep."""
    try:
        return json.dumps(value, ensure_ascii=True, allow_nan=False).encode("ascii")
    except RecursionError as deep:
        raise malformed("the body nests too deep to be sent back") from deep


class Json(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return write(content)


class JsonRoute(APIRoute):
    """FastAPI's route, whose bodies are read by `read`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            return await handler(_JsonRequest(request.scope, request.receive))

        return answer


class _JsonRequest(Request):
    async def json(self) -> Any:
        return read(await self.body())


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large for a number")
    return number
