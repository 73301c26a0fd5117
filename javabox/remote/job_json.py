"""Reads and writes jobs as JSON: what a judge on another machine is asked (client.py).

    job_from_json(json.loads(json.dumps(job_to_json(job)))) == job

The fields are those of the dataclasses, and a field that has a default may be left out. What is read comes
from anybody: every field is checked for its type before a job is made of it. Whether a program may use what
its limits say is for the reader to decide.
"""

from __future__ import annotations

import functools
import math
import types
from dataclasses import MISSING, asdict, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from javabox.job import Job

LARGEST = 1 << 62
"""Of whole numbers: what a frame to the supervisor has room for."""
NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def job_to_json(job: Job) -> dict[str, Any]:
    """All fields of a job, ready for JSON. Lone surrogates stay: they have an escape in ASCII."""
    return asdict(job)


def job_from_json(value: object) -> Job:
    """The job of an object as `job_to_json` makes them. Raises ValueError that names the field.

    >>> job_from_json({"source": "class A { }", "limits": {"memory_mb": 64}}).limits.memory_mb
    64
    """
    job: Job = _read(Job, value, "job")
    if not 0 <= job.completion_start <= len(job.source):
        raise ValueError(f"job.completion_start: must lie in the source, is {job.completion_start}")
    if job.tests_start is not None and not job.completion_start <= job.tests_start <= len(job.source):
        raise ValueError(f"job.tests_start: must lie behind the completion's start, is {job.tests_start}")
    return job


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: object, place: str) -> Any:
    """`value` as a `kind`: a dataclass, a tuple, a choice or a plain value. Raises ValueError."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(inner[0], value, place)
    if origin is Literal:
        if not isinstance(value, str) or value not in inner:
            raise ValueError(f"{place}: must be one of {', '.join(inner)}")
        return value
    if origin is tuple:
        return _sequence(inner, value, place)
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value, place)
    return _plain(kind, value, place)


def _sequence(inner: tuple[Any, ...], value: object, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{place}: must be an array")
    if inner[1:] == (...,):
        return tuple(_read(inner[0], one, f"{place}.{index}") for index, one in enumerate(value))
    if len(value) != len(inner):
        raise ValueError(f"{place}: must have {len(inner)} items, not {len(value)}")
    return tuple(
        _read(one, item, f"{place}.{index}")
        for index, (one, item) in enumerate(zip(inner, value, strict=True))
    )


def _object(kind: type, value: object, place: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{place}: must be an object")
    known = {field.name: field for field in fields(kind)}
    if unknown := sorted(str(name)[:80] for name in value.keys() - known.keys()):
        raise ValueError(f"{place}: has no field {unknown[0]!r}; known are {', '.join(known)}")
    required = (name for name, one in known.items() if MISSING is one.default is one.default_factory)
    if missing := [name for name in required if name not in value]:
        raise ValueError(f"{place}.{missing[0]}: is missing")
    read = {name: _read(_hints(kind)[name], one, f"{place}.{name}") for name, one in value.items()}
    try:
        return kind(**read)
    except ValueError as wrong:
        raise ValueError(f"{place}: {wrong}") from wrong


def _plain(kind: type, value: object, place: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = (
        number if kind is float else isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    )
    if not fits:
        raise ValueError(f"{place}: must be {NAMES[kind]}")
    if isinstance(value, int | float) and (abs(value) > LARGEST or not math.isfinite(value)):
        raise ValueError(f"{place}: is too large")
    return float(value) if kind is float and isinstance(value, int) else value
