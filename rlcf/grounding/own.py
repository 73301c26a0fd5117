"""A grounding of a user's own: a function in a file, named `path/to/file.py:function`, or passed in Python.

The file is run as Python runs a script, with its folder on the import path, but under another name than
`__main__`: a recipe that names a file runs it. A function passed in Python is recorded by its file and name
where it has both; one that is made at run time (a lambda, a closure, what `total` returns) has none and must
be passed again.

Not covered: a file that is part of a package and imports by relative names, which is passed in Python.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import math
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Grounding, Signal

FIELD = "objective.grounding"
PASS_IT = "pass the function itself: train(…, grounding=function), resume(…, grounding=function)"


def names_a_file(name: str) -> bool:
    """Whether `name` is `path/to/file.py:function`, and not the name of a grounding that is shipped."""
    return ":" in name or name.endswith(".py")


def load_function(name: str) -> Callable[..., Any]:
    """The function called `path/to/file.py:function`. Raises BadInput where there is none."""
    path, function = _parts(name)
    if not path.is_file():
        raise BadInput(
            f"no such file with a grounding; name one that is there, or {PASS_IT}", file=path, field=FIELD
        )
    module = _run(path)
    found: Any = module
    try:
        for part in function.split("."):
            found = getattr(found, part)
    except AttributeError as error:
        there = ", ".join(_functions(module)) or "none"
        message = f"has no function {function!r}; there are: {there}"
        raise BadInput(message, file=path, field=FIELD) from error
    if not callable(found):
        kind = type(found).__name__
        raise BadInput(f"{function!r} is no function but of type {kind}", file=path, field=FIELD)
    grounding: Callable[..., Any] = found
    return grounding


def resolved(name: str) -> str:
    """`name` with its path absolute, so that it holds in every folder."""
    path, function = _parts(name)
    return f"{path.resolve()}:{function}"


def recorded_name(grounding: Callable[..., Any]) -> str:
    """`path/to/file.py:function` where `load_function` would find `grounding` by it, else `<its name>`."""
    name = getattr(grounding, "__qualname__", type(grounding).__qualname__)
    try:
        file = inspect.getsourcefile(grounding)
    except TypeError:  # an instance, a partial
        file = None
    if file is None or not Path(file).is_file() or "<" in name or not inspect.isfunction(grounding):
        return f"<{name}>"
    return f"{Path(file).resolve()}:{name}"


def checked(grounding: Callable[..., Any], name: str) -> Grounding:
    """`grounding`, whose every return is looked at: one `Signal` an answer, with a finite score or None.
    Raises BadInput naming the file, the function and what is wrong."""
    file = name.rpartition(":")[0] or None
    code = getattr(inspect.unwrap(grounding), "__code__", None)
    line = code.co_firstlineno if code is not None and file else None

    def ground(answers: Sequence[Answer]) -> list[Signal]:
        signals = grounding(answers)
        if wrong := _fault(signals, len(answers)):
            raise BadInput(f"the grounding {wrong}", file=file, line=line, field=name.rpartition(":")[2])
        found: list[Signal] = signals
        return found

    return ground


def _fault(signals: Any, answers: int) -> str:
    """What is wrong with a grounding's return; empty where nothing is."""
    if not isinstance(signals, list):
        return f"returned {type(signals).__name__}, not a list of one Signal an answer"
    if len(signals) != answers:
        return f"returned {len(signals)} signals for {answers} answers; return one for each, in their order"
    for index, signal in enumerate(signals):
        if not isinstance(signal, Signal):
            return f"returned a list whose item {index} is of type {type(signal).__name__}, not a Signal"
        score = signal.score
        if score is not None and (not isinstance(score, float | int) or not math.isfinite(score)):
            kind = type(score).__name__
            return f"returned the score {score!r} ({kind}) for answer {index}; give a finite float, or None"
    return ""


def _parts(name: str) -> tuple[Path, str]:
    path, _, function = name.rpartition(":")
    if not path or not path.endswith(".py") or not function:
        raise BadInput(f"must be path/to/file.py:function, not {name!r}", field=FIELD)
    return Path(path), function


def _run(path: Path) -> ModuleType:
    """The file's module, run anew. It stays known by a name of its own, which dataclasses and pickle ask
    for."""
    name = f"_grounding_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        message = f"can't be run: {type(error).__name__}: {error}; mend it, or {PASS_IT}"
        raise BadInput(message, file=path, line=_line(error, path), field=FIELD) from error
    finally:
        sys.path.remove(folder)
    return module


def _line(error: Exception, path: Path) -> int | None:
    """The line of the file that `error` comes from: the innermost on the stack, or what is no Python."""
    stack = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        stack.append((error.filename or "", error.lineno))
    lines = [line for file, line in stack if file and Path(file).resolve() == path.resolve()]
    return lines[-1] if lines else None


def _functions(module: ModuleType) -> list[str]:
    """The names of the functions that a module defines itself."""
    found = vars(module).items()
    return [name for name, one in found if inspect.isfunction(one) and one.__module__ == module.__name__]
