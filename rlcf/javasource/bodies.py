"""What stands in the body of a method, from tokens: its end, what it returns, where its branches begin.

Any text has an answer, in linear time. Not covered: types; what a nested method or lambda returns counts as
the method's own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from rlcf.javasource.tokens import places

STARTERS = frozenset(("if", "else", "for", "while", "do", "switch", "try"))
_DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_NO_VALUES = (["{"], ["throw"])


def body_of(tokens: Sequence[str]) -> list[str]:
    """The tokens before the brace that closes the method; all, where none does."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token == "{") - (token == "}")
        if depth < 0:
            return list(tokens[:index])
    return list(tokens)


def returned(body: Sequence[str]) -> set[tuple[str, ...]]:
    """The different expressions that are returned; for a switch, what its arms give."""
    depths, ends = _levels(body)
    found: set[tuple[str, ...]] = set()
    at = 0
    while at < len(body):
        start, end = at + 1, ends[at + 1]
        if body[at] == "return" and body[start:end][:1] == ["switch"]:
            inner = depths[start] + 1
            for index in range(start, end):
                arrow = body[index] == "->" and depths[index] == inner
                if body[index] == "yield" or (arrow and body[index + 1 : index + 2] not in _NO_VALUES):
                    found.add(tuple(body[index + 1 : ends[index + 1]]))
            at = end
        elif body[at] == "return":
            found.add(tuple(body[start:end]))
        at += 1
    return found


def _levels(tokens: Sequence[str]) -> tuple[list[int], list[int]]:
    """How deep in brackets each token stands, and where the statement that goes on at each ends: at the first
    semicolon that is no deeper. One more than tokens."""
    depths = [0, *accumulate(_DEPTH.get(token, 0) for token in tokens)]
    ends = [len(tokens)] * len(depths)
    # Of the semicolons behind, those with no other before them that is no deeper; the last is the nearest.
    levels: list[int] = []
    indices: list[int] = []
    for index in reversed(range(len(tokens))):
        if tokens[index] == ";":
            kept = bisect_left(levels, depths[index])
            levels[kept:], indices[kept:] = [depths[index]], [index]
        shallower = bisect_right(levels, depths[index])
        if shallower:
            ends[index] = indices[shallower - 1]
    return depths, ends


@lru_cache(maxsize=4096)
def start_points(body: str) -> tuple[int, ...]:
    """Where the branches and loops of a body begin, as indices of code points, from the last to the first,
    which is 0: each `if`, `else`, `for`, `while`, `do`, `switch` and `try`, and the body of each lambda.

    Blanks before the word on its line belong to it: tokenizers of language models join them with it.
    `else if` is one start, as is `do … while`.
    """
    found = {0}
    for start in _starters(body):
        while start and body[start - 1] in " \t":
            start -= 1
        found.add(start)
    return tuple(sorted(found, reverse=True))


def _starters(code: str) -> Iterator[int]:
    """Where the words and bodies begin."""
    depth = 0
    label: int | None = None
    """How deep the present `case` stands, up to its arrow or colon."""
    open_dos: list[int] = []
    before = earlier = ""
    for match in places(code):
        token = match.group()
        ends_do = token == "while" and open_dos[-1:] == [depth] and before in ("}", ";")
        if before == "->" and earlier == "lambda":
            yield match.start()
        elif ends_do:
            open_dos.pop()
        elif token in STARTERS and (before, token) != ("else", "if"):
            yield match.start()
        depth += (token in ("{", "(")) - (token in ("}", ")"))
        if token == "do":
            open_dos.append(depth)
        # An arrow deeper than the label is a lambda's in a guard.
        earlier = "arm" if label == depth or before == "default" else "lambda"
        if token == "case":
            label = depth
        elif label == depth and token in (":", "->"):
            label = None
        before = token
