"""Trees of Java up to version 8, by javalang: what CodeBLEU's syntax match is measured with where it serves.

    tree = open_body(prompt, completion)        # None where javalang can't parse the program

javalang refuses text that is no Java, and Java behind version 8 (switch expressions, records, text blocks).
Parsing is bounded by the program's length, a budget of the parser's steps and a stack of its own, never by
the clock: the same text gives the same tree anywhere.

Not covered: javalang's mistakes (`(a) - b` is a cast to it, `List<X>= y` a declaration).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

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

from rlcf.javasource.own_stack import on_own_stack
from rlcf.javasource.tokens import LONGEST

STEPS_A_TOKEN = 100
"""Looks at a token that javalang's parser may take for each token of a program, on average. 3,718 programs
of MBJP and MathQA take at most 12; an annotation that never closes takes them without end."""

Node = Any
"""A node of javalang's, which has no types."""


class Tree(NamedTuple):
    """A node by its kind, without names, operators and values of literals."""

    kind: str
    children: Sequence[tuple[str, Tree]] = ()
    """What each is to the node, empty where the kind says it, and the child."""


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


def open_body(prompt: str, completion: str) -> Tree | None:
    """The body of the method that `prompt` leaves open; None where javalang can't parse the program or finds
    no such method."""
    unit = _parsed(prompt + completion)
    if unit is None:
        return None
    end = (prompt.count("\n") + 1, len(prompt) - prompt.rfind("\n"))
    methods = [
        method
        for kind in unit.types
        for method in _methods(kind)
        if method.body is not None and method.position is not None and tuple(method.position) < end
    ]
    if not methods:
        return None
    return on_own_stack(lambda: Tree("Body", [("", _tree(node)) for node in methods[-1].body]))


@lru_cache(maxsize=16)
def _parsed(program: str) -> Node | None:
    """javalang's tree of a program of at most LONGEST characters; None where it can't parse it. No error
    leaves this."""
    return on_own_stack(lambda: _parse(program)) if len(program) <= LONGEST else None


def _parse(program: str) -> Node | None:
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
_AROUND = frozenset(("prefix_operators", "postfix_operators", "selectors"))
_UPDATES = ("++", "--")
_NAME = Tree("Name")


def _tree(node: Node) -> Tree:
    """A node of javalang's, operators and selectors around it."""
    tree = _core(node)
    for selector in getattr(node, "selectors", None) or ():
        tree = _selected(selector, tree)
    for operator in getattr(node, "postfix_operators", None) or ():
        tree = _operated(operator, tree)
    for operator in reversed(getattr(node, "prefix_operators", None) or ()):
        tree = _operated(operator, tree)
    return tree


def _core(node: Node) -> Tree:
    if isinstance(node, Parens):
        return _tree(node.expression)
    if isinstance(node, Literal):
        return Tree(_literal(node.value))
    kind = type(node).__name__
    if isinstance(node, MemberReference | MethodInvocation):
        parts = node.qualifier.split(".") if node.qualifier else []
        called = isinstance(node, MethodInvocation)
        tree = _field_chain([*parts, *([] if called else [node.member])])
        return _call(node, tree) if called else tree or _NAME
    if isinstance(node, BinaryOperation) and node.operator == "instanceof":
        kind = "InstanceOf"
    skipped = _SKIPPED | _AROUND if isinstance(node, Primary) else _SKIPPED
    return Tree(
        kind,
        [
            (name, _tree(child))
            for name in getattr(node, "attrs", ())
            if name not in skipped
            for child in _children(getattr(node, name))
        ],
    )


def _field_chain(parts: Sequence[str]) -> Tree | None:
    tree = None
    for _ in parts:
        tree = Tree("Field", [("object", tree), ("field", _NAME)]) if tree else _NAME
    return tree


def _call(node: Node, receiver: Tree | None) -> Tree:
    arguments = [("argument", _tree(argument)) for argument in node.arguments or ()]
    return Tree("Call", [*([("object", receiver)] if receiver else []), ("name", _NAME), *arguments])


def _selected(selector: Node, tree: Tree) -> Tree:
    if isinstance(selector, MethodInvocation):
        return _call(selector, tree)
    if isinstance(selector, MemberReference):
        return Tree("Field", [("object", tree), ("field", _NAME)])
    return Tree("Selected", [("object", tree), ("by", _tree(selector))])


def _operated(operator: str, tree: Tree) -> Tree:
    return Tree("Update" if operator in _UPDATES else "Unary", [("", tree)])


def _children(value: Node) -> Iterator[Node]:
    """The nodes in an attribute of a node, lists taken apart."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _children(item)
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
