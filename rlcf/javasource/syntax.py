"""How much of a reference's syntax an answer has: the share of the reference's sub-trees found in it.

It follows CodeBLEU's syntax match (arXiv 2009.10297) as PPOCoder uses it: a sub-tree is a node with all that
is under it, written as an s-expression of node kinds; names, operators and values of literals don't count,
nodes without children (names, literals, types) are no sub-trees of their own. Every occurrence in the
reference counts, and one occurrence in the answer finds them all: the paper clips that count, the published
code, which gave the published numbers, does not.

What differs: the trees are javalang's where it parses both programs, otherwise those of tree-sitter's grammar
for both, never one of each; and only the body of the method that the prompt leaves open is looked at, since
the head is the prompt's and would pay an empty body.

`token_trees` reads any text instead: brackets as nesting, statements within braces, kinds of tokens as
leaves. They are never compared with trees of a parser's.

Not covered: methods beside the open one. All work is bounded by the program's length, with a stack of its
own: the same text gives the same trees anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from rlcf.javasource import grammar, java8
from rlcf.javasource.tokens import KEYWORDS, bounded_texts, is_name

LONGEST_EXPRESSION = 160
"""Characters of an s-expression; longer ones are replaced by their hash."""

T = TypeVar("T")


def ast_match(prompt: str, reference: str, candidate: str) -> float | None:
    """The share in [0, 1] of the sub-trees of completion `reference` that `candidate` has.

    None where neither parser can parse both programs.
    """
    return match_of_programs((prompt, reference), (prompt, candidate))


def match_of_programs(reference: tuple[str, str], candidate: tuple[str, str]) -> float | None:
    """As `ast_match`, for completions of different prompts: each is given as prompt and completion."""
    for read in PARSERS.values():
        wanted, found = read(*reference), read(*candidate)
        if wanted is not None and found is not None:
            return share(wanted, found)
    return None


def token_match(reference: str, candidate: str) -> float:
    """As `ast_match`, over trees of tokens; any text has one."""
    return share(token_trees(reference), token_trees(candidate))


def share(wanted: Sequence[str], found: Sequence[str]) -> float:
    """The share of `wanted` that is in `found`, not clipped."""
    known = set(found)
    return sum(tree in known for tree in wanted) / len(wanted)


@lru_cache(maxsize=2048)
def java8_trees(prompt: str, completion: str) -> tuple[str, ...] | None:
    """The s-expressions of the body of the open method; None where javalang can't parse the program."""
    body = java8.open_body(prompt, completion)
    return None if body is None else _expressions(body, lambda tree: tree)


@lru_cache(maxsize=2048)
def grammar_trees(prompt: str, completion: str) -> tuple[str, ...] | None:
    """The same by tree-sitter's grammar; None where the program has an error of syntax."""
    method = grammar.open_method(prompt, completion)
    body = None if method is None else method.get("body")
    return None if body is None else _expressions(body, _taken_apart)


PARSERS = {"javalang": java8_trees, "tree-sitter": grammar_trees}
"""In the order in which they are asked."""

_LITERALS = {
    "string_literal": "String",
    "character_literal": "Character",
    "decimal_floating_point_literal": "Float",
    "hex_floating_point_literal": "Float",
    **{f"{base}_integer_literal": "Integer" for base in ("decimal", "hex", "octal", "binary")},
}
_SKIPPED = ("modifiers", "annotation", "marker_annotation")


def _taken_apart(node: grammar.Node) -> tuple[str, Sequence[tuple[str, grammar.Node]]]:
    """Kind and children of a node of the grammar: parentheses and what a literal is made of don't count."""
    while node.kind == "parenthesized_expression" and len(node.children) == 1:
        (node,) = node.children
    if node.kind in _LITERALS:
        return _LITERALS[node.kind], ()
    return node.kind, [(child.role, child) for child in node.children if child.kind not in _SKIPPED]


@dataclass
class _Trees:
    """Builds s-expressions from the leaves up and keeps those of nodes with children."""

    found: list[str] = field(default_factory=list)

    def node(self, kind: str, children: Sequence[str]) -> str:
        text = f"({' '.join((kind, *children))})"
        if len(text) > LONGEST_EXPRESSION:
            text = "#" + hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        if children:
            self.found.append(text)
        return text


def _expressions(root: T, taken_apart: Callable[[T], tuple[str, Sequence[tuple[str, T]]]]) -> tuple[str, ...]:
    """The s-expressions of a tree, those of a node's children before its own; the root is one even where it
    is empty."""
    trees = _Trees()
    # Of every open node: what it is to its parent, its kind, its children, and the texts of those done.
    stack: list[tuple[str, str, Sequence[tuple[str, T]], list[str]]] = [("", *taken_apart(root), [])]
    while True:
        role, kind, children, done = stack[-1]
        if len(done) < len(children):
            child_role, child = children[len(done)]
            stack.append((child_role, *taken_apart(child), []))
            continue
        text = trees.node(kind, done)
        stack.pop()
        if not stack:
            return tuple(trees.found) or (text,)
        stack[-1][3].append(f"{role}:{text}" if role else text)


@lru_cache(maxsize=2048)
def token_trees(completion: str) -> tuple[str, ...]:
    """The s-expressions of a completion by its tokens alone, up to the brace that closes the method."""
    trees = _Trees()
    # Of every open bracket: its kind, what is finished in it, and the statement that is not.
    stack: list[tuple[str, list[str], list[str]]] = [("{", [], [])]

    def end_statement() -> None:
        _, finished, statement = stack[-1]
        if statement:
            finished.append(trees.node("Statement", statement))
            statement.clear()

    def close() -> str:
        kind, finished, rest = stack[-1]
        if kind == "{":
            end_statement()
        stack.pop()
        return trees.node(kind, [*finished, *rest])

    for token in bounded_texts(completion):
        if token in ("(", "[", "{"):
            stack.append((token, [], []))
        elif token in (")", "]", "}"):
            if len(stack) > 1:
                block = stack[-1][0] == "{"
                stack[-2][2].append(close())
                if block and stack[-1][0] == "{":
                    end_statement()
            elif token == "}":
                break
        elif token == ";" and stack[-1][0] == "{":
            end_statement()
        else:
            stack[-1][2].append(trees.node(_token_kind(token), []))
    while len(stack) > 1:
        stack[-2][2].append(close())
    root = close()
    return tuple(trees.found) or (root,)


def _token_kind(token: str) -> str:
    if token in KEYWORDS:
        return token
    if is_name(token):
        return "Name"
    first = token[0]
    if len(token) > 1 and (first in "\"'" or first == "."):
        return "String" if first == '"' else "Character" if first == "'" else "Number"
    return "Number" if first.isdigit() else "Operator"
