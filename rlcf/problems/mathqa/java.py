"""A formula as a Java completion: the rest of the method, the helpers that it calls, the end of the class.

`nested` writes one expression, `return 90.0 / (1.0 - 2.0 / 3.0);`, with a name only for what is used twice;
`steps` names the result of each step, `double t0 = 2.0 / 3.0;`, but for the last, which is returned. Both
compute the same operations in the same order, so they give the same double: parentheses are kept where
taking them away would round differently, `a + (b + c)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from rlcf.problems.mathqa.doubles import HELPERS, NEEDS, Node
from rlcf.problems.mathqa.formula import Formula, nodes

Form = Literal["nested", "steps"]

_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "negate": 3}
"""How tightly an operator binds; everything else is an operand as it stands."""
_OPERAND = 4


def completion(formula: Formula, form: Form = "nested") -> str:
    """What follows the prompt's open method, up to the end of its class."""
    names: dict[Node, str] = {}
    lines = []
    live, wanted = set(nodes(formula.answer)), _named(formula, form)
    for node in (node for step in formula.steps for node in nodes(step)):
        if node in live and node in wanted and node not in names:
            line = f"double t{len(names)} = {_text(node, names)};"
            names[node] = f"t{len(names)}"
            lines.append(line)
    lines.append(f"return {_text(formula.answer, names)};")
    called = {node.text for node in live if node.kind == "call"}
    called |= {NEEDS[name] for name in called if name in NEEDS}
    helpers = "".join(f"\n{text}" for name, text in HELPERS.items() if name in called)
    return "".join(f"        {line}\n" for line in lines) + "    }\n" + helpers + "}"


def _named(formula: Formula, form: Form) -> set[Node]:
    """What gets a name: results used more than once, and with `steps` those of all steps before the last."""
    uses = Counter(part for node in nodes(formula.answer) for part in node.parts)
    named = {node for node, count in uses.items() if count > 1}
    if form == "steps":
        named |= {step for step in formula.steps[:-1] if step in uses}
    return {node for node in named if node.parts}


def _text(node: Node, names: Mapping[Node, str]) -> str:
    """The expression of `node`, with the names of its parts where they have one."""
    if node.kind == "literal":
        return node.text
    if node.kind == "call":
        arguments = ", ".join(names.get(part) or _text(part, names) for part in node.parts)
        return f"{node.text}({arguments})"
    if node.kind == "negate":
        return f"-{_operand(node.parts[0], names, _OPERAND)}"
    left, right = node.parts
    binding = _BINDING[node.kind]
    # The left operand is computed first anyway; the right one keeps its parentheses on its own level.
    first = _operand(left, names, binding, leads=True)
    return f"{first} {node.text} {_operand(right, names, binding + 1)}"


def _operand(node: Node, names: Mapping[Node, str], least: int, *, leads: bool = False) -> str:
    """`node` as an operand: in parentheses if it binds less tightly than `least`, or if it begins with a
    minus and does not lead its expression (`--x` is something else)."""
    if node in names:
        return names[node]
    text = _text(node, names)
    bare = _BINDING.get(node.kind, _OPERAND) >= least and (leads or not text.startswith("-"))
    return text if bare else f"({text})"
