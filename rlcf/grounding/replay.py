"""Partial credit, and replay without duplicates (Gorinski et al., arXiv 2310.13669).

Partial credit is the share of the cases that pass. The replay buffer holds earlier answers, first in first
out, and no program twice: two that differ only in names of local variables, white space and comments have
the same key (`normalised`). The paper gives neither its rewards nor its buffer's size; what is drawn, and
what is done with it, is the trainer's.

The key is made of two things: javalang's tree of the program, in which local variables and parameters are
numbered in the order of their declarations, each in its scope; and the program's tokens without their names,
since javalang drops a few (`default` beside a case). Where javalang can't parse the program, the key is its
tokens with their names.

Not covered: other renamings (methods, fields, classes), statements in another order. Names that an inner
class inherits are taken for locals outside it, if there are any of that name.
"""

from __future__ import annotations

import hashlib
import random
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from javalang import tree as java

from rlcf.grounding.signal import Answer, Signal
from rlcf.javasource.syntax import Node, children, on_own_stack, parsed
from rlcf.javasource.tokens import bounded, bounded_texts, is_name

T = TypeVar("T")


def partial(answers: Sequence[Answer]) -> list[Signal]:
    """The share of the cases that pass, from 0 to 1, on the last token; 0 for what does not compile."""
    return [
        Signal(
            None if answer.verdict.compiled is None else answer.verdict.pass_fraction,
            parts={"tests": answer.verdict.pass_fraction},
        )
        for answer in answers
    ]


def normalised(program: str) -> str:
    """A key that is the same for programs equal up to names of locals, white space and comments."""
    unit = parsed(program)
    tree = on_own_stack(lambda: _Writer().text(unit)) if unit is not None else None
    # A program that is too long to be taken apart is its own key.
    tokens = bounded_texts(program) if bounded(program) == program else [program]
    if tree is not None:
        tokens = ["_" if is_name(token) else token for token in tokens]
    return hashlib.sha256("\n".join([tree or "", *tokens]).encode(errors="surrogatepass")).hexdigest()


class Replay(Generic[T]):
    """The newest `capacity` different items, by their keys."""

    def __init__(self, capacity: int) -> None:
        """Raises ValueError for a capacity under 1."""
        if capacity < 1:
            raise ValueError(f"a replay buffer must hold at least one item, not {capacity}")
        self.capacity = capacity
        self._items: OrderedDict[str, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def add(self, key: str, item: T) -> bool:
        """Keeps `item` and drops the oldest where there are too many. False, and nothing changes, where the
        buffer has one with its key."""
        if key in self._items:
            return False
        self._items[key] = item
        if len(self._items) > self.capacity:
            self._items.popitem(last=False)
        return True

    def draw(self, count: int, rng: random.Random) -> list[T]:
        """`count` different items by chance, all in a random order where there are fewer."""
        return rng.sample(list(self._items.values()), min(count, len(self._items)))

    def state(self) -> list[tuple[str, T]]:
        """All keys and items, the oldest first, for a checkpoint."""
        return list(self._items.items())

    def load(self, state: Sequence[tuple[str, T]]) -> None:
        """Takes the place of what is held; of more than `capacity`, the newest stay."""
        self._items.clear()
        for key, item in state:
            self.add(key, item)


_SCOPES = (
    java.MethodDeclaration,
    java.ConstructorDeclaration,
    java.BlockStatement,
    java.ForStatement,
    java.SwitchStatement,
    java.TryStatement,
    java.CatchClause,
    java.LambdaExpression,
)
_BLOCKS = ("block", "finally_block")
_PARAMETERS = (
    java.FormalParameter,
    java.InferredFormalParameter,
    java.CatchClauseParameter,
    java.TryResource,
)


@dataclass
class _Writer:
    """Writes a tree of javalang's as text, names of locals replaced by numbers."""

    scopes: list[dict[str, str]] = field(default_factory=lambda: [{}])
    locals: int = 0

    def text(self, value: Node, *, selector: bool = False) -> str:
        if isinstance(value, list | tuple):
            return f"[{' '.join(self.text(item, selector=selector) for item in value)}]"
        if isinstance(value, set | frozenset):
            return repr(sorted(value))
        if not hasattr(value, "attrs"):
            # Names, operators and literals; `super` before `::` is left as a token.
            return repr(getattr(value, "value", value))
        fields = _fields(value)
        if not isinstance(value, _SCOPES) and not fields:
            return self._node(value, selector=selector)
        self.scopes.append(fields)
        text = self._node(value, selector=selector)
        self.scopes.pop()
        return text

    def _node(self, node: Node, *, selector: bool) -> str:
        self._declare(node)
        return f"({type(node).__name__} {' '.join(self._attributes(node, selector=selector))})"

    def _declare(self, node: Node) -> None:
        if isinstance(node, _PARAMETERS):
            self._local(node.name)
        elif isinstance(node, java.VariableDeclaration):
            for declarator in node.declarators:
                self._local(declarator.name)
        elif isinstance(node, java.LambdaExpression):
            for parameter in node.parameters:
                # One parameter without a type is parsed as an expression.
                if isinstance(parameter, java.MemberReference):
                    self._local(parameter.member)

    def _local(self, name: str) -> None:
        self.scopes[-1][name] = f"%{self.locals}"
        self.locals += 1

    def _attributes(self, node: Node, *, selector: bool) -> list[str]:
        written = []
        for name in node.attrs:
            value = getattr(node, name)
            if name == "documentation":
                continue
            if self._names_a_local(node, name, selector):
                first, dot, rest = value.partition(".")
                written.append(repr(self._known(first) + dot + rest))
            elif name in _BLOCKS:
                self.scopes.append({})
                written.append(self.text(value))
                self.scopes.pop()
            else:
                written.append(self.text(value, selector=name == "selectors"))
        return written

    def _names_a_local(self, node: Node, name: str, selector: bool) -> bool:
        """Whether an attribute is a name that may be a local's."""
        if name == "name":
            return isinstance(node, (*_PARAMETERS, java.VariableDeclarator)) and bool(node.name)
        if selector:
            return False
        if name == "qualifier":
            return bool(node.qualifier)
        return name == "member" and isinstance(node, java.MemberReference) and not node.qualifier

    def _known(self, name: str) -> str:
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), name)


def _fields(node: Node) -> dict[str, str]:
    """The fields that the body of a class declares: no locals outside it are meant by their names."""
    body = getattr(node, "body", None)
    members = getattr(body, "declarations", body)
    return {
        declarator.name: declarator.name
        for member in children(members)
        if isinstance(member, java.FieldDeclaration)
        for declarator in member.declarators
    }
