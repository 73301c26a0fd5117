"""How much of a reference's data flow an answer has: the share of its entries found in the answer.

It follows CodeBLEU's data-flow match (arXiv 2009.10297) as PPOCoder uses it. Every place where a variable
stands is an entry: the variable, how it gets its value there (`comesFrom` an initialiser or an earlier value
of its own; `computedFrom` an assignment, an increment, the collection of a for-each), and the variables that
the value is made of. Variables are numbered in the order in which they are first read or written, the right
side of an assignment before the left; so names don't count. An entry with no sources is kept only if another
comes from it. An entry of the answer finds one of the reference's, not several.

A branch starts from what its condition leaves; behind it either way may have been taken. A loop's body is
gone through twice, the second time from what the first may have left, so that a use at its top comes from
an assignment at its end. A name is one variable throughout a method, whatever its scopes.

What differs from CodeBLEU: it counts literals and names of methods and classes as variables too, here only
variables count. An array's index is not computed from what is stored there; `x += y` comes from `x` too.
switch, try and do have joins of their own. What a reference without entries is worth is PPOCoder's: 0.

Not covered: jumps (break, continue, return fall through), fields of other objects, what methods change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from javalang import tree as java

from rlcf.javasource.syntax import Node, Parens, children, on_own_stack, open_method

COMES, COMPUTED = "comesFrom", "computedFrom"
MOST_NODES = 20_000
"""Nodes that are visited, loops twice: ten loops in each other are a thousand visits."""

Entry = tuple[str, str, tuple[str, ...]]
"""A variable, how it gets its value, the variables that the value is made of, sorted."""
Place = int
"""A node, by its id."""
Values = dict[str, frozenset[Place]]
"""Where each variable may have got the value that it has."""


class _TooMany(Exception):
    """More nodes than MOST_NODES."""


def dataflow_match(prompt: str, reference: str, candidate: str) -> float:
    """The share in [0, 1] of the entries of completion `reference` that `candidate` has; 0 where the
    reference has none, or javalang can't parse one of the two programs."""
    wanted, found = Counter(entries(prompt, reference)), Counter(entries(prompt, candidate))
    return (wanted & found).total() / max(1, wanted.total())


@lru_cache(maxsize=2048)
def entries(prompt: str, completion: str) -> tuple[Entry, ...]:
    """The entries of the method that `prompt` leaves open; none where javalang can't parse the program."""
    method = open_method(prompt, completion)
    if method is None:
        return ()
    flow = _Flow()

    def run() -> bool:
        flow.run(method.parameters)
        flow.run(method.body)
        return True

    try:
        done = on_own_stack(run)
    except _TooMany:
        return ()
    return _normalised(flow.places) if done else ()


@dataclass
class _Standing:
    """A variable at a place."""

    name: str
    kind: str
    sources: set[str] = field(default_factory=set)
    comes_from: set[Place] = field(default_factory=set)


def _normalised(places: dict[Place, _Standing]) -> tuple[Entry, ...]:
    used = {source for standing in places.values() for source in standing.comes_from}
    numbers: dict[str, str] = {}
    found = []
    # Places come in the order of evaluation, so that sources have their numbers already.
    for place, standing in places.items():
        if standing.sources or place in used:
            number = numbers.setdefault(standing.name, f"v{len(numbers)}")
            found.append((number, standing.kind, tuple(sorted(numbers[name] for name in standing.sources))))
    return tuple(found)


@dataclass
class _Flow:
    """Goes through a method in the order of evaluation."""

    places: dict[Place, _Standing] = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    visited: int = 0

    def run(self, value: Node) -> list[Place]:
        """Goes through the nodes of an attribute; gives the places of the variables read in them."""
        return [place for node in children(value) for place in self.visit(node)]

    def visit(self, node: Node) -> list[Place]:
        self.visited += 1
        if self.visited > MOST_NODES:
            raise _TooMany
        operators = (*(getattr(node, "prefix_operators", None) or ()), *_postfix(node))
        if "++" in operators or "--" in operators:
            return self.store(node, [], keeps=True)
        special = SPECIAL.get(type(node))
        return special(self, node) if special else self._all_of(node)

    def _all_of(self, node: Node) -> list[Place]:
        """The variable that the node names, then all that is in it."""
        name, at = _variable(node)
        own = [self.read(at, name)] if name and (_is_bare(node) or name in self.values) else []
        return [*own, *self._inside(node)]

    def _inside(self, node: Node) -> list[Place]:
        attributes = sorted(getattr(node, "attrs", ()), key=lambda name: name == "selectors")
        return [
            place
            for name in attributes
            for part in children(getattr(node, name))
            for place in (self._selector(part) if name == "selectors" else self.visit(part))
        ]

    def _selector(self, node: Node) -> list[Place]:
        """What follows an expression; its own name is a member of another object."""
        return self._inside(node)

    def read(self, node: Node, name: str) -> Place:
        standing = self.places.setdefault(id(node), _Standing(name, COMES))
        if name in self.values:
            standing.sources.add(name)
            standing.comes_from |= self.values[name]
        else:
            self.values[name] = frozenset((id(node),))
        return id(node)

    def write(self, node: Node, name: str, kind: str, sources: Iterable[Place]) -> Place:
        standing = self.places.setdefault(id(node), _Standing(name, kind))
        for source in sources:
            standing.sources.add(self.places[source].name)
            standing.comes_from.add(source)
        self.values[name] = frozenset((id(node),))
        return id(node)

    def store(self, target: Node, sources: list[Place], *, keeps: bool) -> list[Place]:
        """Writes the variable that an expression names; `keeps`: its old value goes into the new one."""
        while isinstance(target, Parens) and not target.selectors:
            target = target.expression
        name, at = _variable(target)
        read = self._inside(target)
        if not name:
            return read
        old = self.values.get(name, frozenset((id(at),))) if keeps else frozenset()
        place = self.write(at, name, COMPUTED, sources)
        if keeps:
            self.places[place].sources.add(name)
            self.places[place].comes_from |= old
        return [place, *read]

    def join(self, *ends: Values) -> None:
        """Goes on from any of `ends`."""
        self.values = {
            name: frozenset().union(*(end[name] for end in ends if name in end))
            for name in dict.fromkeys(name for end in ends for name in end)
        }

    def twice(self, turn: Callable[[], object]) -> Values:
        """Goes through a loop; gives the values that it started with."""
        start = dict(self.values)
        turn()
        self.join(start, self.values)
        turn()
        return start


def _postfix(node: Node) -> tuple[str, ...]:
    return tuple(getattr(node, "postfix_operators", None) or ())


def _variable(node: Node) -> tuple[str, Node]:
    """The variable that an expression starts with, and the node that stands for it; no name if none."""
    if isinstance(node, java.MemberReference):
        return (node.qualifier or "").partition(".")[0] or node.member or "", node
    if isinstance(node, java.MethodInvocation):
        return (node.qualifier or "").partition(".")[0], node
    if isinstance(node, java.This) and not node.qualifier and node.selectors:
        first = node.selectors[0]
        return (first.member if isinstance(first, java.MemberReference) else ""), first
    return "", node


def _is_bare(node: Node) -> bool:
    """Whether a name can be no class: nothing stands before or after it that a class may have."""
    return isinstance(node, java.This) or (isinstance(node, java.MemberReference) and not node.qualifier)


def _declared(flow: _Flow, node: Node) -> list[Place]:
    value = getattr(node, "initializer", None) or getattr(node, "value", None)
    sources = flow.run([value]) if value is not None else []
    flow.write(node, node.name, COMES, sources)
    return []


def _assigned(flow: _Flow, node: Node) -> list[Place]:
    sources = flow.visit(node.value)
    return flow.store(node.expressionl, sources, keeps=node.type != "=")


def _if(flow: _Flow, node: Node) -> list[Place]:
    flow.visit(node.condition)
    before = dict(flow.values)
    flow.run([node.then_statement])
    taken, flow.values = flow.values, before
    flow.run([node.else_statement])
    flow.join(taken, flow.values)
    return []


def _while(flow: _Flow, node: Node) -> list[Place]:
    start = flow.twice(lambda: (flow.visit(node.condition), flow.visit(node.body)))
    flow.join(start, flow.values)
    return []


def _do(flow: _Flow, node: Node) -> list[Place]:
    flow.twice(lambda: (flow.visit(node.body), flow.visit(node.condition)))
    return []


def _for(flow: _Flow, node: Node) -> list[Place]:
    control = node.control
    if isinstance(control, java.EnhancedForControl):
        (element,) = control.var.declarators

        def turn() -> None:
            flow.write(element, element.name, COMPUTED, flow.visit(control.iterable))
            flow.visit(node.body)

    else:
        flow.run(control.init)

        def turn() -> None:
            flow.run([control.condition, node.body, control.update])

    flow.join(flow.twice(turn), flow.values)
    return []


def _switch(flow: _Flow, node: Node) -> list[Place]:
    flow.visit(node.expression)
    before = dict(flow.values)
    ends = [before]
    for case in node.cases:
        # From the top, or falling through.
        flow.join(before, ends[-1])
        flow.run([case.case, case.statements])
        ends.append(flow.values)
    flow.join(*ends)
    return []


def _try(flow: _Flow, node: Node) -> list[Place]:
    flow.run(node.resources)
    before = dict(flow.values)
    flow.run(node.block)
    after = flow.values
    ends = [after]
    for catch in node.catches or ():
        flow.join(before, after)
        flow.run([catch.parameter, catch.block])
        ends.append(flow.values)
    flow.join(*ends)
    flow.run(node.finally_block)
    return []


def _lambda(flow: _Flow, node: Node) -> list[Place]:
    for parameter in node.parameters:
        # One parameter without a type is parsed as an expression.
        flow.write(parameter, getattr(parameter, "name", None) or _variable(parameter)[0], COMES, [])
    return flow.run([node.body])


def _method_reference(flow: _Flow, node: Node) -> list[Place]:
    name, at = _variable(node.expression)
    return [flow.read(at, name)] if name and name in flow.values else []


SPECIAL: dict[type, Callable[[_Flow, Node], list[Place]]] = {
    java.VariableDeclarator: _declared,
    java.FormalParameter: _declared,
    java.CatchClauseParameter: _declared,
    java.TryResource: _declared,
    java.Assignment: _assigned,
    java.IfStatement: _if,
    java.WhileStatement: _while,
    java.DoStatement: _do,
    java.ForStatement: _for,
    java.SwitchStatement: _switch,
    java.TryStatement: _try,
    java.LambdaExpression: _lambda,
    java.MethodReference: _method_reference,
}
"""The nodes that do more than read what is in them."""
