"""How much of a reference's syntax an answer has: the share of the reference's sub-trees found in it.

It follows CodeBLEU's syntax match (arXiv 2009.10297) as PPOCoder uses it: a sub-tree is a node with all that
is under it, written as an s-expression of node kinds; names, operators and values of literals don't count,
nodes without children (names, literals, types) are no sub-trees of their own. Every occurrence in the
reference counts, and one occurrence in the answer finds them all: the paper clips that count, the published
code, which gave the published numbers, does not.

What differs: the trees are javalang's (Java 8) instead of tree-sitter's; and only the body of the method
that the prompt leaves open is looked at, since the head is the prompt's and would pay an empty body.

javalang refuses text that is no Java, and Java behind version 8 (switch expressions, records, text blocks).
`token_trees` reads any text instead: brackets as nesting, statements within braces, kinds of tokens as
leaves. The two kinds of trees are never compared with each other.

Not covered: methods beside the open one; javalang's mistakes (`(a) - b` is a cast to it). Parsing is bounded
by the program's length, a budget of the parser's steps and a stack of its own, never by the clock: the
same text gives the same trees anywhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from javalang.parser import JavaParserBaseException, Parser
from javalang.tokenizer import LexerError, Operator, tokenize
from javalang.tree import (
    BinaryOperation,
    ConstructorDeclaration,
    Declaration,
    EnumBody,
    Literal,
    MemberReference,
    MethodDeclaration,
    MethodInvocation,
    Primary,
)

from rlcf.javasource.tokens import KEYWORDS, LONGEST, bounded_texts, is_name

STEPS_A_TOKEN = 100
"""Looks at a token that javalang's parser may take for each token of a program, on average. 3,718 programs
of MBJP and MathQA take at most 12; an annotation that never closes takes them without end."""
LONGEST_EXPRESSION = 160
"""Characters of an s-expression; longer ones are replaced by their hash."""

Node = Any
"""A node of javalang's, which has no types."""
T = TypeVar("T")


@dataclass
class Parens:
    """An expression in parentheses, which javalang merges with what is inside, dropping operators and
    selectors: `-(-x)` becomes `-x`, `(a[i])++` becomes `a++`. Also a cast behind operators: `-(int) x`."""

    expression: Node
    prefix_operators: Sequence[str] = ()
    selectors: Sequence[Node] = ()
    postfix_operators: Sequence[str] = ()
    attrs = ("prefix_operators", "postfix_operators", "expression", "selectors")


class _TooMuch(Exception):
    """The parser took more steps than its budget."""


def ast_match(prompt: str, reference: str, candidate: str) -> float | None:
    """The share in [0, 1] of the sub-trees of completion `reference` that `candidate` has.

    None where javalang can't parse one of the two programs.
    """
    wanted, found = sub_trees(prompt, reference), sub_trees(prompt, candidate)
    return None if wanted is None or found is None else share(wanted, found)


def token_match(reference: str, candidate: str) -> float:
    """As `ast_match`, over trees of tokens; any text has one."""
    return share(token_trees(reference), token_trees(candidate))


def share(wanted: Sequence[str], found: Sequence[str]) -> float:
    """The share of `wanted` that is in `found`, not clipped."""
    known = set(found)
    return sum(tree in known for tree in wanted) / len(wanted)


@lru_cache(maxsize=2048)
def sub_trees(prompt: str, completion: str) -> tuple[str, ...] | None:
    """The s-expressions of the body of the open method; None where javalang can't parse the program."""
    method = open_method(prompt, completion)
    if method is None:
        return None
    trees = _Trees()
    # The root is one even where it is empty.
    root = on_own_stack(lambda: trees.node("Body", [("", trees.of(node)) for node in method.body]))
    if root is None:
        return None
    return tuple(trees.found) or (root,)


@lru_cache(maxsize=16)
def parsed(program: str) -> Node | None:
    """javalang's tree of a program of at most LONGEST characters; None where it can't parse it. No error
    leaves this."""
    return on_own_stack(lambda: _parsed(program)) if len(program) <= LONGEST else None


def open_method(prompt: str, completion: str) -> Node | None:
    """javalang's declaration of the method that `prompt` leaves open; None where it can't parse the program
    or finds no such method."""
    unit = parsed(prompt + completion)
    if unit is None:
        return None
    end = (prompt.count("\n") + 1, len(prompt) - prompt.rfind("\n"))
    methods = [
        method
        for kind in unit.types
        for method in _methods(kind)
        if method.body is not None and method.position is not None and tuple(method.position) < end
    ]
    return methods[-1] if methods else None


def on_own_stack(work: Callable[[], T]) -> T | None:
    """What `work` returns, on a thread of its own, so that how deep it may nest does not depend on who calls;
    None where it nests too deep."""
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


def _parsed(program: str) -> Node | None:
    try:
        tokens = list(tokenize(program))
        return _parser(tokens).parse()
    except (JavaParserBaseException, LexerError, _TooMuch):
        return None
    except (StopIteration, AttributeError, IndexError, TypeError, ValueError):
        # What javalang trips over in broken text: tokens after the end, escapes that are none.
        return None


def _parser(tokens: Sequence[Node]) -> Node:
    """javalang's parser with a budget, and with parentheses kept."""
    parser = Parser(tokens)
    look, primary, operand = parser.tokens.look, parser.parse_primary, parser.parse_expression_3
    left = STEPS_A_TOKEN * (len(tokens) + 1)

    def counted(ahead: int = 0) -> Node:
        nonlocal left
        left -= 1
        if left < 0:
            raise _TooMuch
        return look(ahead)

    def kept() -> Node:
        in_parens = look().value == "("
        expression = primary()
        return Parens(expression) if in_parens else expression

    def with_prefix() -> Node:
        operators = []
        while look().value in Operator.PREFIX:
            operators.append(parser.tokens.next().value)
        expression = operand()
        return Parens(expression, prefix_operators=operators) if operators else expression

    parser.tokens.look, parser.parse_primary, parser.parse_expression_3 = counted, kept, with_prefix
    return parser


def _methods(declaration: Node) -> Iterator[Node]:
    """The methods of a class and of the classes in it, in the order of the text."""
    body = declaration.body
    for member in (body.declarations or ()) if isinstance(body, EnumBody) else body:
        if isinstance(member, MethodDeclaration | ConstructorDeclaration):
            yield member
        elif isinstance(member, Declaration) and hasattr(member, "body"):
            yield from _methods(member)


_SKIPPED = frozenset(("documentation", "modifiers", "annotations"))
_UPDATES = ("++", "--")


@dataclass
class _Trees:
    """Builds s-expressions from the leaves up and keeps those of nodes with children."""

    found: list[str] = field(default_factory=list)

    def node(self, kind: str, children: Sequence[tuple[str, str]]) -> str:
        inner = "".join(f" {label}:{child}" if label else f" {child}" for label, child in children)
        text = f"({kind}{inner})"
        if len(text) > LONGEST_EXPRESSION:
            text = "#" + hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        if children:
            self.found.append(text)
        return text

    def of(self, node: Node) -> str:
        """The s-expression of a node of javalang's, operators and selectors around it."""
        tree = self._core(node)
        for selector in getattr(node, "selectors", None) or ():
            tree = self._selected(selector, tree)
        for operator in getattr(node, "postfix_operators", None) or ():
            tree = self._operated(operator, tree)
        for operator in reversed(getattr(node, "prefix_operators", None) or ()):
            tree = self._operated(operator, tree)
        return tree

    def _core(self, node: Node) -> str:
        if isinstance(node, Parens):
            return self.of(node.expression)
        if isinstance(node, Literal):
            return self.node(_literal(node.value), [])
        kind = type(node).__name__
        if isinstance(node, MemberReference | MethodInvocation):
            parts = node.qualifier.split(".") if node.qualifier else []
            called = isinstance(node, MethodInvocation)
            tree = self._field_chain([*parts, *([] if called else [node.member])])
            return self._call(node, tree) if called else tree
        if isinstance(node, BinaryOperation) and node.operator == "instanceof":
            kind = "InstanceOf"
        skipped = (
            {"prefix_operators", "postfix_operators", "selectors"} if isinstance(node, Primary) else set()
        )
        attributes = getattr(node, "attrs", ())
        return self.node(
            kind,
            [
                (name, self.of(child))
                for name in attributes
                if name not in _SKIPPED and name not in skipped
                for child in children(getattr(node, name))
            ],
        )

    def _field_chain(self, parts: Sequence[str]) -> str:
        tree = ""
        for _ in parts:
            name = self.node("Name", [])
            tree = self.node("Field", [("object", tree), ("field", name)]) if tree else name
        return tree

    def _call(self, node: Node, receiver: str) -> str:
        arguments = [("argument", self.of(argument)) for argument in node.arguments or ()]
        target = [("object", receiver)] if receiver else []
        return self.node("Call", [*target, ("name", "(Name)"), *arguments])

    def _selected(self, selector: Node, tree: str) -> str:
        if isinstance(selector, MethodInvocation):
            return self._call(selector, tree)
        if isinstance(selector, MemberReference):
            return self.node("Field", [("object", tree), ("field", "(Name)")])
        return self.node("Selected", [("object", tree), ("by", self.of(selector))])

    def _operated(self, operator: str, tree: str) -> str:
        return self.node("Update" if operator in _UPDATES else "Unary", [("", tree)])


def children(value: Node) -> Iterator[Node]:
    """The nodes in an attribute of a node, lists taken apart."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from children(item)
    elif hasattr(value, "attrs"):
        yield value


def _literal(value: str) -> str:
    if value[0] in "\"'":
        return "String" if value[0] == '"' else "Character"
    if value in ("true", "false", "null"):
        return value.capitalize()
    number = value.lower()
    whole = number.startswith(("0x", "0b")) or not set(number) & set(".efd")
    return "Integer" if whole else "Float"


@lru_cache(maxsize=2048)
def token_trees(completion: str) -> tuple[str, ...]:
    """The s-expressions of a completion by its tokens alone, up to the brace that closes the method."""
    trees = _Trees()
    # Of every open bracket: its kind, what is finished in it, and the statement that is not.
    stack: list[tuple[str, list[str], list[str]]] = [("{", [], [])]

    def end_statement() -> None:
        _, finished, statement = stack[-1]
        if statement:
            finished.append(trees.node("Statement", [("", leaf) for leaf in statement]))
            statement.clear()

    def close() -> str:
        kind, finished, rest = stack[-1]
        if kind == "{":
            end_statement()
        stack.pop()
        return trees.node(kind, [("", child) for child in [*finished, *rest]])

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
