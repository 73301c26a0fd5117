"""Recursive work with a stack of its own, so that how deep it may nest does not depend on who calls."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def on_own_stack(work: Callable[[], T]) -> T | None:
    """What `work` returns or raises, on a thread of its own; None where it nests too deep."""
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            with contextlib.suppress(RecursionError):  # then there is no result, which says so
                result.append(work())
        except BaseException as error:  # raised again below, on the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run, name="java-syntax")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0] if result else None
