"""Which lines of a Java program have code of their own, as javac's line tables would have it, from tokens.

A debugger stops at a line where a statement, an arm of `?:`, the body of a lambda, a call or `new` begins.
It never stops at a blank line, a comment, a brace, `else`, `case 1:`, `int x;`, `while (true)`, the header of
a method, or at a line that only continues a statement (`+ b`). So a line that no test was seen to execute is
either code that was not executed, or no code at all; this module tells the two apart.

Not covered, as it needs the compiler: code that javac drops or adds (a branch that is only a last `break`,
constant conditions other than `while (true)`, `return` at a closing brace, constructors that nobody wrote),
bodies of enum constants, unicode escapes. Any text gives an answer, in linear time.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from rlcf.javasource.tokens import is_name, places

_BREAK = re.compile(r"\r\n|\r|\n")
_NO_STATEMENT = frozenset(
    re.findall(
        r"\S+", "{ } ; ) ] , . @ else do try finally case default class interface enum abstract static"
    )
)
_DECLARED = frozenset(
    re.findall(
        r"\S+",
        "final var boolean byte char short int long float double extends super < > >> >>> . , [ ] ? &",
    )
)
_HEADS = frozenset(("if", "for", "while", "switch", "catch", "synchronized", "try"))
_TYPES = ("class", "interface", "enum")
_CALLED = ("this", "super")
_ENDLESS = (["while", "(", "true", ")"], ["for", "(", ";", ";", ")"])


class Line(Enum):
    """What a line is to a debugger."""

    CODE = "code"
    BELONGS_BEFORE = "before"
    """No code, inside a body: goes with the line before it."""
    BELONGS_AFTER = "after"
    """No code, between bodies (the header of a method, an annotation, a field): goes with what it heads."""


def line_starts(source: str) -> list[int]:
    """Where each line begins, by javac's line terminators: LF, CR, or the two together."""
    return [0, *(match.end() for match in _BREAK.finditer(source))]


def line_kinds(source: str) -> list[Line]:
    """What each line of `source`, a whole program, is."""
    return _Reader(source).read()


@dataclass(slots=True)
class _Frame:
    """An open bracket."""

    kind: str
    """class, block, array, or ( for all others."""
    code: bool
    """Whether what stands directly in it is executed: not in the body of a class, nor in headers."""
    head: str = ""
    """Of a parenthesis: the keyword before it, or new."""
    questions: int = 0
    """`?` whose `:` is to come."""
    label: bool = False
    """Between `case` and its `:` or `->`."""


class _Reader:
    """The tokens of a source, read once from left to right."""

    def __init__(self, source: str) -> None:
        found = places(source)
        self.tokens = [match.group() for match in found]
        self.starts = line_starts(source)
        self.lines = [bisect_right(self.starts, match.start()) - 1 for match in found]
        self.stack = [_Frame("class", code=False)]
        self.closed = self.stack[0]
        """The frame that was closed last."""
        self.next = "statement"
        """What the next token begins: a statement (or member), a value, or nothing."""
        self.declares = self.makes = False
        """Behind `class` and before its `{`; behind `new` and before its first bracket."""
        self.begun = 0
        """The first token of the present statement."""
        self.code: set[int] = set()

    def read(self) -> list[Line]:
        heads: dict[int, Line] = {}
        level = [False]
        for at, token in enumerate(self.tokens):
            in_code = self.stack[-1].code
            if self.lines[at] not in heads:
                before = in_code or token == "}"
                heads[self.lines[at]] = Line.BELONGS_BEFORE if before else Line.BELONGS_AFTER
            self._mark(at, token)
            self._step(at, token)
            level.append(self.stack[-1].code)
        kinds = []
        for line in range(len(self.starts)):
            if line in self.code:
                kinds.append(Line.CODE)
            elif line in heads:
                kinds.append(heads[line])
            else:  # blank or a comment
                inside = level[bisect_right(self.lines, line)]
                kinds.append(Line.BELONGS_BEFORE if inside else Line.BELONGS_AFTER)
        return kinds

    def _at(self, index: int) -> str:
        return self.tokens[index] if 0 <= index < len(self.tokens) else ""

    def _mark(self, at: int, token: str) -> None:
        """Notes the line of a token where code begins."""
        top, before = self.stack[-1], self._at(at - 1)
        if self.next == "statement":
            self.begun = at
            begins = top.kind == "block" and self._is_executable(at)
        else:
            begins = self.next == "value" and token != "{"
        calls = token == "(" and (is_name(before) or before in _CALLED) and self._at(at - 2) != "@"
        if begins or token == "catch" or (top.code and not self.declares and (calls or self._is_made(at))):
            self.code.add(self.lines[at])
        if token == "=" and top.kind == "class":
            top.code = True
            if not {"static", "final"} <= set(self.tokens[self.begun : at]):
                self.code.add(self.lines[at - 1])

    def _is_made(self, at: int) -> bool:
        """Whether an object, and no array, is made here."""
        if self.tokens[at] != "new":
            return False
        end = at + 1
        while self._at(end) not in ("", "(", "[", "{", ";"):
            end += 1
        return self._at(end) == "("

    def _is_executable(self, at: int) -> bool:
        """Whether the statement that begins here has code at its beginning."""
        token = self.tokens[at]
        if token in _NO_STATEMENT or self._is_record(at) or (is_name(token) and self._at(at + 1) == ":"):
            return False
        if any(self.tokens[at : at + len(words)] == words for words in _ENDLESS):
            return False
        # javac drops jumps to what follows anyway; behind a statement they are executed where that was.
        if token in ("break", "continue") and self._at(at - 1) == ";":
            return False
        end = at
        if token != "yield":
            while self._at(end) in _DECLARED or is_name(self._at(end)):
                end += 1
        return self._at(end) not in ("static", "abstract", *_TYPES, ";")

    def _is_record(self, at: int) -> bool:
        return self._at(at) == "record" and is_name(self._at(at + 1)) and self._at(at + 2) in ("(", "<")

    def _step(self, at: int, token: str) -> None:
        """Keeps the brackets, and says what the next token begins."""
        top, self.next = self.stack[-1], ""
        if (token in _TYPES and self._at(at - 1) != ".") or self._is_record(at):
            self.declares = True
        elif token == "new":
            self.makes = True
        elif token in ("(", "[", "{"):
            self._open(at, token)
        elif token in (")", "]", "}"):
            self._close(token)
        elif token == ";" and top.kind in ("block", "class"):
            top.code, top.questions, self.next = top.kind == "block", 0, "statement"
        elif token in ("else", "do"):
            self.next = "statement"
        elif token in ("case", "default"):
            top.label = True
        elif token == "->":
            self.next, top.label = "value", False
        elif token == "?" and not self._is_wildcard(at):
            top.questions, self.next = top.questions + 1, "value"
        elif token == ":":
            self._colon(at, top)

    def _is_wildcard(self, at: int) -> bool:
        after = (">", ">>", ">>>", ",", "extends", "super")
        return self._at(at - 1) in ("<", ",") and self._at(at + 1) in after

    def _colon(self, at: int, top: _Frame) -> None:
        if top.questions:
            top.questions, self.next = top.questions - 1, "value"
        elif top.label or (top.kind == "block" and self.begun == at - 1):
            top.label, self.next = False, "statement"

    def _open(self, at: int, token: str) -> None:
        top, before = self.stack[-1], self._at(at - 1)
        if token != "{":
            head = "new" if self.makes else before if before in _HEADS else ""
            frame = _Frame("(", top.code and not self.declares, head)
        elif self.declares or (before == ")" and self.closed.head == "new"):
            frame, self.declares, self.next = _Frame("class", code=False), False, "statement"
        elif before in ("=", "]", "(") or (top.kind == "array" and before in ("{", ",")):
            frame = _Frame("array", top.code)
        else:
            frame, self.next = _Frame("block", code=True), "statement"
        self.makes = False
        self.stack.append(frame)

    def _close(self, token: str) -> None:
        if len(self.stack) > 1:
            self.closed = self.stack.pop()
        top = self.stack[-1]
        body = token == "}" and self.closed.kind != "array" and top.kind in ("block", "class")
        head = token == ")" and self.closed.head in _HEADS and top.kind == "block"
        if body or head:
            self.next = "statement"
