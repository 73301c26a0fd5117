"""Trees of whole Java programs, by tree-sitter's grammar: records, switch expressions, patterns, text blocks.

    unit = parse(program)                       # None where the grammar finds an error
    method = open_method(prompt, completion)    # the method that the prompt leaves open

A tree holds what the grammar names, comments left out; keywords, operators and brackets are in the text.
The work is bounded by the program's length; the same text gives the same tree anywhere.

Not covered: unicode escapes outside texts and characters, which are an error here; what only types tell;
what javac refuses though it is in the grammar (statements outside classes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import tree_sitter
import tree_sitter_java

from rlcf.javasource.tokens import LONGEST

_JAVA = tree_sitter.Language(tree_sitter_java.language())
_CHECKS, _CHARACTERS_A_CHECK = 50, 10
"""The parser asks every hundred steps whether to go on. Programs without an error have it ask at most once in
thirteen characters (5,200 of MBJP, MathQA and HumanEval-X); to mend errors takes it quadratic time."""
_COMMENTS = ("line_comment", "block_comment")
TYPES = (
    "class_declaration",
    "interface_declaration",
    "enum_declaration",
    "record_declaration",
    "annotation_type_declaration",
)
METHODS = ("method_declaration", "constructor_declaration", "compact_constructor_declaration")
_BODIES = ("class_body", "interface_body", "enum_body", "enum_body_declarations", "annotation_type_body")


@dataclass(slots=True, eq=False)
class Node:
    """A named node of the grammar."""

    kind: str
    role: str
    """What it is to its parent (`name`, `body`, `condition`), empty where the grammar gives it no field."""
    start: int
    """Its place in the program, in code points."""
    end: int
    source: str = field(repr=False)
    operator: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.source[self.start : self.end]

    def get(self, role: str) -> Node | None:
        """The first child in this role."""
        return next((child for child in self.children if child.role == role), None)

    def all(self, *roles: str) -> list[Node]:
        """The children in these roles."""
        return [child for child in self.children if child.role in roles]


@lru_cache(maxsize=16)
def parse(program: str) -> Node | None:
    """The tree of a program of at most LONGEST characters; None where it is longer or has an error."""
    if len(program) > LONGEST:
        return None
    tree = _bounded(_ascii(program))
    return None if tree is None or tree.root_node.has_error else _copied(tree.walk(), program)


def _bounded(code: bytes) -> tree_sitter.Tree | None:
    """The parser's tree; None where it took more steps than its budget."""
    left = _CHECKS + len(code) // _CHARACTERS_A_CHECK

    def read(offset: int, _: object) -> bytes:
        return code[offset:]

    def stop(_: int, __: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    # A parser is no thread's but the one's that made it.
    try:
        return tree_sitter.Parser(_JAVA).parse(read, progress_callback=stop)
    except ValueError:  # what it says when it was stopped
        return None


def open_method(prompt: str, completion: str) -> Node | None:
    """The declaration of the method that `prompt` leaves open; None where the program has an error or the
    prompt has no such method."""
    unit = parse(prompt + completion)
    before = [] if unit is None else [method for method in _methods(unit) if method.start < len(prompt)]
    return max(before, key=lambda method: method.start, default=None)


def _methods(unit: Node) -> Iterator[Node]:
    """The methods with bodies of all classes but those in methods."""
    left = [unit]
    while left:
        for child in left.pop().children:
            if child.kind in METHODS and child.get("body"):
                yield child
            elif child.kind in TYPES or child.kind in _BODIES:
                left.append(child)


def _ascii(program: str) -> bytes:
    """The program with one byte for each character, so that the parser's places are Python's: letters for
    letters, and what Java allows in texts and comments alone for everything else."""
    if program.isascii() and not _CONTROL.search(program):
        return program.encode()
    return "".join(map(_plain, program)).encode()


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
"""Control characters that Java has no use for; the parser would end at a zero."""


def _plain(character: str) -> str:
    if character.isascii():
        return "#" if _CONTROL.match(character) else character
    return "a" if f"a{character}".isidentifier() else "#"


def _copied(cursor: tree_sitter.TreeCursor, program: str) -> Node:
    """The tree under a cursor that stands on its root."""
    root = _node(cursor, program)
    path = [root]
    while True:
        if cursor.goto_first_child():
            path.append(_child(cursor, path[-1], program))
            continue
        while not cursor.goto_next_sibling():
            path.pop()
            if not cursor.goto_parent() or len(path) == 1:
                return root
        path[-1] = _child(cursor, path[-2], program)


def _child(cursor: tree_sitter.TreeCursor, parent: Node, program: str) -> Node:
    node = _node(cursor, program)
    found = cursor.node
    if found is not None and found.is_named:
        if node.kind not in _COMMENTS:
            parent.children.append(node)
    elif node.role == "operator":
        parent.operator = node.text
    return node


def _node(cursor: tree_sitter.TreeCursor, program: str) -> Node:
    found = cursor.node
    assert found is not None
    return Node(found.type, cursor.field_name or "", found.start_byte, found.end_byte, program)
