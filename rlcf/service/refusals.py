"""Answers that are none: HTTP statuses with words that say what to do."""

from __future__ import annotations

from starlette.exceptions import HTTPException


class Refused(HTTPException):
    """A request that is not answered, with its status and why. With `retry_after`, seconds, it may be sent
    again."""

    def __init__(self, status: int, why: str, retry_after: float | None = None) -> None:
        later = None if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
        super().__init__(status, why, later)


class Gone(Exception):
    """The client has closed its connection; nobody is answered."""


def malformed(why: str) -> Refused:
    """The body is no JSON."""
    return Refused(400, why)


def unknown(what: str) -> Refused:
    """A name that is not known here."""
    return Refused(404, what)


def unprocessable(why: str) -> Refused:
    """JSON that asks for something that can't be."""
    return Refused(422, why)


def full(why: str, seconds: float, status: int = 429) -> Refused:
    """Too much is waiting already."""
    return Refused(status, why, seconds)


def unavailable(why: str, seconds: float = 1.0, status: int = 503) -> Refused:
    """The judge has no verdict, by no fault of the program: the same request may be answered later."""
    return Refused(status, why, seconds)
