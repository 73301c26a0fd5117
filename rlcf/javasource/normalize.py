"""Programs without what does not count: two that differ only in names of locals, white space and comments are
written alike.

    normalised(one) == normalised(other)
    digest(program)                                 # the same, hashed

What is left is the program's tokens, in which local variables and parameters are numbered in the order of
their declarations, each in its scope; variables of patterns are locals too. Where the program has an error of
syntax, it is its tokens with their names; one that is too long to be taken apart is left as it is.

Not covered: other renamings (methods, fields, classes, labels; components of a record are members that
others see); statements in another order. Names that an inner class inherits are taken for locals outside it,
if there are any of that name. A variable of a pattern ends with its statement, or with the block around it
where that is `if (!(o instanceof A a)) return;`; not seen is that it also outlives such a loop.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from rlcf.javasource.grammar import METHODS, TYPES, Node, parse
from rlcf.javasource.tokens import bounded, bounded_texts, places


def digest(program: str) -> str:
    """The SHA-256 of the `normalised` program, in hexadecimal."""
    return hashlib.sha256(normalised(program).encode(errors="surrogatepass")).hexdigest()


def normalised(program: str) -> str:
    """The tokens of `program` on lines of their own, names of locals replaced by numbers."""
    unit = parse(program)
    if unit is not None:
        numbers = _Locals().of(unit)
        return "\n".join(numbers.get(token.start(), token.group()) for token in places(program))
    return "\n".join(bounded_texts(program)) if bounded(program) == program else program


_JUMPS = ("return_statement", "throw_statement", "break_statement", "continue_statement", "yield_statement")
_SCOPES = {
    *(*METHODS, *TYPES, "class_body", "enum_constant", "block", "constructor_body", "lambda_expression"),
    *("switch_block", "switch_rule", "catch_clause", "finally_clause"),
}
"""With every statement: the declaration of a variable, which is the block's around it, is called none."""
_DECLARING = {
    *("variable_declarator", "formal_parameter", "catch_formal_parameter", "resource"),
    *("enhanced_for_statement", "instanceof_expression"),
}
"""Whose `name` is a local, or a field."""
_PATTERNS = ("type_pattern", "record_pattern_component")
"""Whose last child is a local."""
_MEMBERS = ("name", "field", "key")
"""What a name is to its parent where it is no variable's, unless that declares one."""
_NO_VARIABLES = {
    *("scoped_identifier", "record_pattern", "labeled_statement", "break_statement", "continue_statement")
}
"""Whose names are those of classes, packages and labels."""
_FIELD = ""
"""What a scope has for a name in place of a number."""


@dataclass
class _Locals:
    """Goes through a program in the order of its text."""

    scopes: list[dict[str, str]] = field(default_factory=lambda: [{}])
    count: int = 0
    found: dict[int, str] = field(default_factory=dict)

    def of(self, unit: Node) -> dict[int, str]:
        """Where names of locals stand, and the number of each."""
        # Nodes still to be entered, and those to be left once what is above them is done.
        stack: list[tuple[Node, Node | None, bool]] = [(unit, None, False)]
        while stack:
            node, parent, entered = stack.pop()
            if entered:
                self._leave(node)
                continue
            if _is_scope(node, parent):
                self.scopes.append(_fields(node))
                stack.append((node, parent, True))
            if node.kind == "identifier" and parent is not None:
                self._name(node, parent)
            stack += [(child, node, False) for child in reversed(node.children)]
        return self.found

    def _leave(self, node: Node) -> None:
        scope = self.scopes.pop()
        if node.kind == "if_statement" and not node.get("alternative") and _is_guard(node):
            self.scopes[-1].update(scope)

    def _name(self, node: Node, parent: Node) -> None:
        if _declares(node, parent):
            if self.scopes[-1].get(node.text) == _FIELD:
                return
            self.scopes[-1][node.text] = f"%{self.count}"
            self.count += 1
        elif not _is_variable(node, parent):
            return
        number = next((scope[node.text] for scope in reversed(self.scopes) if node.text in scope), _FIELD)
        if number != _FIELD:
            self.found[node.start] = number


def _is_scope(node: Node, parent: Node | None) -> bool:
    if node.role == "value" and parent is not None and parent.kind == "variable_declarator":
        return True
    return node.kind in _SCOPES or node.kind.endswith("_statement")


def _declares(node: Node, parent: Node) -> bool:
    if node.role == "name":
        return parent.kind in _DECLARING
    if parent.kind in _PATTERNS:
        return node is parent.children[-1]
    return parent.kind == "inferred_parameters" or (
        parent.kind == "lambda_expression" and node.role == "parameters"
    )


def _is_variable(node: Node, parent: Node) -> bool:
    """Whether a name that declares nothing may be a variable's."""
    if node.role in _MEMBERS or parent.kind in _NO_VARIABLES:
        return False
    return parent.kind != "method_reference" or node is parent.children[0]


def _is_guard(node: Node) -> bool:
    """Whether an `if` without `else` jumps away where its pattern does not match."""
    way, condition = node.get("consequence"), node.get("condition")
    while way is not None and way.kind == "block":
        way = way.children[-1] if way.children else None
    return way is not None and way.kind in _JUMPS and condition is not None and _negates(condition)


def _negates(condition: Node) -> bool:
    """Whether a condition, or one of several joined by `||`, begins with `!`."""
    left = [condition]
    while left:
        one = left.pop()
        if one.kind == "parenthesized_expression" or one.operator == "||":
            left += one.children
        elif one.operator == "!":
            return True
    return False


def _fields(node: Node) -> dict[str, str]:
    """The fields that a class declares, none for what is no class: no locals outside it are meant by their
    names."""
    if node.kind not in TYPES and node.kind != "class_body":
        return {}
    body = node if node.kind == "class_body" else node.get("body")
    members = [] if body is None else [one for child in body.children for one in (child, *child.children)]
    fields = [one for one in members if one.kind in ("field_declaration", "constant_declaration")]
    declarators = [one for declared in fields for one in declared.all("declarator")]
    components = [one for parameters in node.all("parameters") for one in parameters.children]
    return {name.text: _FIELD for one in (*declarators, *components) for name in one.all("name")}
