"""Problems from plain Java: every static method with a Javadoc in a file becomes one.

The class is reordered so that the method stands last: its prompt holds all other members, and ends in its
open body, which is the reference. Problems have no tests yet (`rlcf data tests` makes them).

Not covered: instance methods, methods of nested classes, packages (left out; a package is an error).
"""

from __future__ import annotations

import re
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.javasource.tokens import is_name, places
from rlcf.problems.cases import released_suite
from rlcf.problems.problem import Problem

_DOC = re.compile(r"/\*\*.*?\*/\s*", re.DOTALL)


def read_methods(path: Path) -> list[Problem]:
    """The problems of a Java file, in its order; their ids are NAME/method/number. Raises BadInput."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"can't be read: {error}", file=path) from error
    if re.search(r"^\s*package\b", source, re.MULTILINE):
        raise BadInput("is in a package; the judge knows none: leave that line out", file=path)
    found = [
        problem
        for number, (start, body, end) in enumerate(_members(source))
        if (problem := _problem(path.stem, source, start, body, end, number)) is not None
    ]
    if not found:
        raise BadInput("has no class with static methods that have a Javadoc", file=path)
    return found


def _members(source: str) -> list[tuple[int, int, int]]:
    """Where each member with a body starts, opens and ends, in classes that are not nested."""
    found, depth, start, opened = [], 0, 0, 0
    for token in places(source):
        text = token.group()
        if text == "{":
            depth += 1
            if depth == 1:
                start = token.end()
            elif depth == 2:
                opened = token.end()
        elif text == "}":
            depth -= 1
            if depth == 1:
                found.append((start, opened, token.end()))
                start = token.end()
        elif text == ";" and depth == 1:
            start = token.end()
    return found


def _problem(name: str, source: str, start: int, body: int, end: int, number: int) -> Problem | None:
    head = source[start:body]
    document = _DOC.search(head)
    words = [token.group() for token in places(head)]
    if document is None or "static" not in words or "(" not in words:
        return None
    method = words[words.index("(") - 1]
    if not is_name(method) or "class" in words or "=" in words:
        return None
    # The class's closing brace moves behind the method.
    close = source.rindex("}")
    prompt = source[:start] + source[end:close].rstrip() + "\n" + source[start:body].lstrip("\n")
    text = re.sub(r"^\s*(/\*\*|\*/|\*)?", "", document.group(), flags=re.MULTILINE).replace("*/", "")
    return Problem(
        task_id=f"{name}/{method}/{number}",
        prompt=prompt,
        suite=released_suite(prompt, ""),
        description=" ".join(text.split()),
        entry_point=method,
        reference=source[body:end] + "\n" + source[close:],
    )
