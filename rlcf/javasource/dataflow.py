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
switch, try and do have joins of their own. A variable of a pattern comes from what is matched; a switch that
gives a value is made of what it looks at and of what its arms give, as `?:` is. What a reference without
entries is worth is PPOCoder's: 0.

Not covered: jumps (break, continue, return fall through), fields of other objects, what methods change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from rlcf.javasource.grammar import Node, open_method
from rlcf.javasource.own_stack import on_own_stack

COMES, COMPUTED = "comesFrom", "computedFrom"
MOST_NODES = 20_000
"""Nodes that are visited, loops twice: ten loops in each other are a thousand visits."""

Entry = tuple[str, str, tuple[str, ...]]
"""A variable, how it gets its value, the variables that the value is made of, sorted."""
Place = int
"""Where a variable stands in the program."""
Values = dict[str, frozenset[Place]]
"""Where each variable may have got the value that it has."""


class _TooMany(Exception):
    """More nodes than MOST_NODES."""


def dataflow_match(prompt: str, reference: str, candidate: str) -> float:
    """The share in [0, 1] of the entries of completion `reference` that `candidate` has; 0 where the
    reference has none, or one of the two programs has an error of syntax."""
    wanted, found = Counter(entries(prompt, reference)), Counter(entries(prompt, candidate))
    return (wanted & found).total() / max(1, wanted.total())


@lru_cache(maxsize=2048)
def entries(prompt: str, completion: str) -> tuple[Entry, ...]:
    """The entries of the method that `prompt` leaves open; none where the program has an error of syntax."""
    method = open_method(prompt, completion)
    if method is None:
        return ()
    flow = _Flow()

    def run() -> bool:
        flow.run(method.all("parameters", "body"))
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
    matched: list[Place] = field(default_factory=list)
    """Of what the present pattern is matched with."""
    yielded: list[Place] = field(default_factory=list)
    """Of what the present switch gives."""
    visited: int = 0

    def run(self, nodes: Iterable[Node | None]) -> list[Place]:
        """Goes through nodes, as far as there are any; gives the places of the variables read in them."""
        return [place for node in nodes if node is not None for place in self.visit(node)]

    def visit(self, node: Node) -> list[Place]:
        self.visited += 1
        if self.visited > MOST_NODES:
            raise _TooMany
        special = SPECIAL.get(node.kind)
        return special(self, node) if special else self.run(node.children)

    def read(self, name: Node) -> list[Place]:
        standing = self.places.setdefault(name.start, _Standing(name.text, COMES))
        if name.text in self.values:
            standing.sources.add(name.text)
            standing.comes_from |= self.values[name.text]
        else:
            self.values[name.text] = frozenset((name.start,))
        return [name.start]

    def owner(self, node: Node) -> list[Place]:
        """Goes through what stands before a dot: where it is a name and no variable's, it is a class's."""
        return [] if node.kind == "identifier" and node.text not in self.values else self.visit(node)

    def write(self, name: Node, kind: str, sources: Iterable[Place]) -> Place:
        standing = self.places.setdefault(name.start, _Standing(name.text, kind))
        for source in sources:
            standing.sources.add(self.places[source].name)
            standing.comes_from.add(source)
        self.values[name.text] = frozenset((name.start,))
        return name.start

    def store(self, target: Node, sources: list[Place], *, keeps: bool) -> list[Place]:
        """Writes the variable that an expression starts with; `keeps`: from its old value, too."""
        name, rest = _stored(target)
        read = self.run(rest)
        if name is None:
            return read
        old = self.values.get(name.text, frozenset((name.start,))) if keeps else frozenset()
        place = self.write(name, COMPUTED, sources)
        if keeps:
            self.places[place].sources.add(name.text)
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


def _stored(target: Node) -> tuple[Node | None, list[Node]]:
    """The name of the variable that an assigned expression starts with, None if none; and what else is in it,
    in the order of evaluation."""
    while target.kind == "parenthesized_expression":
        (target,) = target.children
    rest: list[Node] = []
    while target.kind != "identifier":
        before = target.get("array" if target.kind == "array_access" else "object")
        if before is None or target.kind not in ("field_access", "array_access", "method_invocation"):
            return None, [target, *rest]
        if before.kind == "this" and target.kind == "field_access":
            return target.get("field"), rest
        rest[:0] = target.all("index", "arguments")
        target = before
    return target, rest


def _field(flow: _Flow, node: Node) -> list[Place]:
    before, name = node.get("object"), node.get("field")
    if before is None or name is None:
        return []
    return flow.read(name) if before.kind == "this" and name.kind == "identifier" else flow.owner(before)


def _call(flow: _Flow, node: Node) -> list[Place]:
    before = [place for one in node.all("object") for place in flow.owner(one)]
    return [*before, *flow.run(node.all("arguments"))]


def _operation(flow: _Flow, node: Node) -> list[Place]:
    """Of two operands; a long sum is nested as deep as it is long."""
    operands: list[Node] = []
    left: Node | None = node
    while left is not None and left.kind == "binary_expression":
        operands += left.all("right")
        left = left.get("left")
    return flow.run([left, *reversed(operands)])


def _declared(flow: _Flow, node: Node) -> list[Place]:
    sources = flow.run(node.all("value"))
    name = node.get("name")
    if name is None:  # a variable among the resources of a `try`
        return flow.run(node.children)
    flow.write(name, COMES, sources)
    return []


def _assigned(flow: _Flow, node: Node) -> list[Place]:
    sources = flow.run(node.all("right"))
    return [
        place
        for target in node.all("left")
        for place in flow.store(target, sources, keeps=node.operator != "=")
    ]


def _updated(flow: _Flow, node: Node) -> list[Place]:
    return flow.store(node.children[0], [], keeps=True)


def _if(flow: _Flow, node: Node) -> list[Place]:
    flow.run(node.all("condition"))
    before = dict(flow.values)
    flow.run(node.all("consequence"))
    taken, flow.values = flow.values, before
    flow.run(node.all("alternative"))
    flow.join(taken, flow.values)
    return []


def _while(flow: _Flow, node: Node) -> list[Place]:
    start = flow.twice(lambda: flow.run(node.all("condition", "body")))
    flow.join(start, flow.values)
    return []


def _do(flow: _Flow, node: Node) -> list[Place]:
    flow.twice(lambda: flow.run(node.all("body", "condition")))
    return []


def _for(flow: _Flow, node: Node) -> list[Place]:
    flow.run(node.all("init"))
    start = flow.twice(lambda: flow.run([*node.all("condition", "body"), *node.all("update")]))
    flow.join(start, flow.values)
    return []


def _for_each(flow: _Flow, node: Node) -> list[Place]:
    def turn() -> None:
        sources = flow.run(node.all("value"))
        for name in node.all("name"):
            flow.write(name, COMPUTED, sources)
        flow.run(node.all("body"))

    start = flow.twice(turn)
    flow.join(start, flow.values)
    return []


def _switch(flow: _Flow, node: Node) -> list[Place]:
    subject = flow.run(node.all("condition"))
    matched, flow.matched = flow.matched, subject
    yielded, flow.yielded = flow.yielded, []
    before = dict(flow.values)
    ends, complete = [before], False
    for case in (case for block in node.all("body") for case in block.children):
        # From the top; before statements after a colon also falling through.
        flow.join(before, *([] if case.kind == "switch_rule" else ends[-1:]))
        labels = [child for child in case.children if child.kind == "switch_label"]
        flow.run(labels)
        complete |= any(label.text.endswith("default") for label in labels)
        given = flow.run(child for child in case.children if child.kind != "switch_label")
        if case.kind == "switch_rule" and case.children[-1].kind == "expression_statement":
            flow.yielded += given
        ends.append(flow.values)
    # Without a default none of the arms may have been taken.
    flow.join(*(ends[1:] if complete and len(ends) > 1 and _has_rules(node) else ends))
    given, flow.yielded, flow.matched = flow.yielded, yielded, matched
    return [*subject, *given] if given else []


def _has_rules(node: Node) -> bool:
    return any(case.kind == "switch_rule" for block in node.all("body") for case in block.children)


def _label(flow: _Flow, node: Node) -> list[Place]:
    """Patterns and guards; a name alone is a constant's."""
    return flow.run(child for child in node.children if child.kind != "identifier")


def _yield(flow: _Flow, node: Node) -> list[Place]:
    found = flow.run(node.children)
    flow.yielded += found
    return found


def _instance_of(flow: _Flow, node: Node) -> list[Place]:
    found = flow.run(node.all("left"))
    matched, flow.matched = flow.matched, found
    for name in node.all("name"):
        flow.write(name, COMES, found)
    flow.run(node.all("pattern"))
    flow.matched = matched
    return found


def _pattern(flow: _Flow, node: Node) -> list[Place]:
    """A variable with its type, or what a record is taken apart into, its name before it."""
    if node.kind == "record_pattern":
        return flow.run(child for child in node.children if child.kind != "identifier")
    name = node.children[-1]
    if name.kind != "identifier":
        return flow.run(node.children)
    flow.write(name, COMES, flow.matched)
    return []


def _try(flow: _Flow, node: Node) -> list[Place]:
    flow.run(node.all("resources"))
    before = dict(flow.values)
    flow.run(node.all("body"))
    after = flow.values
    ends = [after]
    for catch in (child for child in node.children if child.kind == "catch_clause"):
        flow.join(before, after)
        flow.run(catch.children)
        ends.append(flow.values)
    flow.join(*ends)
    flow.run(child for child in node.children if child.kind == "finally_clause")
    return []


def _lambda(flow: _Flow, node: Node) -> list[Place]:
    for parameters in node.all("parameters"):
        names = [parameters] if parameters.kind == "identifier" else parameters.children
        for name in names:
            if name.kind == "identifier":
                flow.write(name, COMES, [])
            else:
                flow.visit(name)
    return flow.run(node.all("body"))


def _declaration(flow: _Flow, node: Node) -> list[Place]:
    """Of a method or a class in the method; a record's components are variables of it."""
    return flow.run(node.all("parameters", "arguments", "body"))


SPECIAL: dict[str, Callable[[_Flow, Node], list[Place]]] = {
    "identifier": _Flow.read,
    "field_access": _field,
    "method_invocation": _call,
    "method_reference": lambda flow, node: flow.owner(node.children[0]),
    "binary_expression": _operation,
    "assignment_expression": _assigned,
    "update_expression": _updated,
    "instanceof_expression": _instance_of,
    "lambda_expression": _lambda,
    "switch_expression": _switch,
    "switch_label": _label,
    "yield_statement": _yield,
    "type_pattern": _pattern,
    "record_pattern": _pattern,
    "record_pattern_component": _pattern,
    "variable_declarator": _declared,
    "formal_parameter": _declared,
    "catch_formal_parameter": _declared,
    "resource": _declared,
    "if_statement": _if,
    "while_statement": _while,
    "do_statement": _do,
    "for_statement": _for,
    "enhanced_for_statement": _for_each,
    "try_statement": _try,
    "try_with_resources_statement": _try,
    "labeled_statement": lambda flow, node: flow.run(node.children[1:]),
    **dict.fromkeys(("break_statement", "continue_statement", "modifiers", "annotation"), lambda _, __: []),
    **dict.fromkeys(("marker_annotation", "receiver_parameter"), lambda _, __: []),
    **dict.fromkeys(("method_declaration", "constructor_declaration", "enum_constant"), _declaration),
    **dict.fromkeys(("compact_constructor_declaration", "class_declaration"), _declaration),
    **dict.fromkeys(("interface_declaration", "enum_declaration", "record_declaration"), _declaration),
}
"""The nodes that do more than read what is in them."""
