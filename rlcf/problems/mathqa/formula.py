"""MathQA's `linear_formula`: read, checked and evaluated.

    read_formula("multiply(n0,const_2)|divide(n1,#0)|", [3.0, 12.0]).value == 2.0

A formula is a list of steps. An argument is a number of the text (`n0`), a constant (`const_100`,
`const_0_25`, `const_2.0`, `const_pi`, `const_deg_to_rad`) or the result of an earlier step (`#0`); the last
step is the answer. A step that the answer does not need is checked too; `java` drops it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rlcf.errors import BadInput
from rlcf.problems.mathqa.doubles import PI, Node, constant, literal
from rlcf.problems.mathqa.operations import OPERATIONS

_STEP = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*")
_CONSTANT = re.compile(r"const_(\d+(?:[._]\d+)?)")
_NUMBER = re.compile(r"n(\d{1,6})")
_RESULT = re.compile(r"#(\d{1,6})")


class BadFormula(BadInput):
    """The formula can't be read."""


class NoValue(BadInput):
    """The formula has no finite value: it divides by zero, overflows or leaves a function's domain."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula over the numbers of one text."""

    steps: tuple[Node, ...]
    """The result of each step."""

    @property
    def answer(self) -> Node:
        return self.steps[-1]

    @property
    def value(self) -> float:
        return self.answer.value

    @property
    def largest(self) -> float:
        """The largest absolute value that the answer is computed from."""
        return max(abs(node.value) for node in nodes(self.answer))


def nodes(root: Node) -> Iterator[Node]:
    """Every node below `root`, once, parts before what they are part of."""
    seen: set[Node] = set()
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(part, False) for part in reversed(node.parts)]


def read_formula(
    text: str,
    numbers: Sequence[float],
    *,
    named: bool = False,
    file: str | None = None,
    line: int | None = None,
) -> Formula:
    """The formula of a question with these `numbers`, written out or `named`, `n0` the first. Raises
    BadFormula and NoValue, which name `file` and `line`, where the question stands."""

    def place(kind: type[BadInput], step: int, message: str) -> BadInput:
        return kind(f"step {step}: {message}", file=file, line=line, field="linear_formula")

    given = [constant(f"n{i}", number) if named else literal(number) for i, number in enumerate(numbers)]
    steps: list[Node] = []
    written = text.split("|")
    if not written[-1].strip():
        written.pop()
    if not written:
        raise BadFormula("has no step", file=file, line=line, field="linear_formula")
    for number, step in enumerate(written):
        try:
            result = _apply(step, given, steps)
        except _Unreadable as why:
            raise place(BadFormula, number, str(why)) from None
        except ZeroDivisionError:
            raise place(NoValue, number, f"{step.strip()} divides by zero") from None
        except OverflowError:
            raise place(NoValue, number, f"{step.strip()} is too large for a double") from None
        except ValueError:
            raise place(NoValue, number, f"{step.strip()} is not defined for its arguments") from None
        if not math.isfinite(result.value):
            raise place(NoValue, number, f"{step.strip()} is too large for a double")
        steps.append(result)
    return Formula(tuple(steps))


class _Unreadable(Exception):
    """Why a step can't be read."""


def _apply(step: str, numbers: Sequence[Node], results: Sequence[Node]) -> Node:
    """The result of one step after `results`."""
    match = _STEP.fullmatch(step)
    if match is None:
        raise _Unreadable(f"{step.strip()[:80]!r} is not operation(argument,…)")
    name, written = match.groups()
    if name not in OPERATIONS:
        raise _Unreadable(f"there is no operation '{name}'")
    count, operation = OPERATIONS[name]
    arguments = [_argument(one.strip(), numbers, results) for one in written.split(",")]
    if len(arguments) != count:
        raise _Unreadable(f"{name} takes {count} arguments, not {len(arguments)}")
    return operation(*arguments)


def _argument(text: str, numbers: Sequence[Node], results: Sequence[Node]) -> Node:
    for pattern, known, what in (
        (_NUMBER, numbers, "the text has {} numbers"),
        (_RESULT, results, "only {} steps come before it"),
    ):
        if match := pattern.fullmatch(text):
            if int(match.group(1)) >= len(known):
                raise _Unreadable(f"{text}: {what.format(len(known))}")
            return known[int(match.group(1))]
    if match := _CONSTANT.fullmatch(text):
        return literal(float(match.group(1).replace("_", ".")))
    if text == "const_pi":
        return PI
    if text == "const_deg_to_rad":
        return PI / literal(180.0)
    raise _Unreadable(f"{text[:80]!r} is neither n0, #0 nor const_100")
