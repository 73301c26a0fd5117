"""Answers as lines of JSON, each sent as soon as it is known (application/x-ndjson)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse

from rlcf.service.json_io import write
from rlcf.service.refusals import Refused

NDJSON = "application/x-ndjson"
BEAT = b"\n"
"""An empty line, where there is nothing to say yet."""


def line(row: dict[str, Any]) -> bytes:
    return write(row) + b"\n"


def streamed(lines: AsyncIterator[bytes]) -> StreamingResponse:
    """What goes wrong after the first line is the last one, `{"error": …}`, since the status is said."""
    return StreamingResponse(_with_its_error(lines), media_type=NDJSON)


def described(what: str) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI page says of such an answer."""
    said = f'a JSON object a line, {{"index": …, "{what}": …}}; empty lines while programs run'
    return {200: {"description": said, "content": {NDJSON: {"schema": {"type": "string"}}}}}


async def _with_its_error(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for one in lines:
            yield one
    except Refused as refusal:
        yield line({"error": refusal.detail})
