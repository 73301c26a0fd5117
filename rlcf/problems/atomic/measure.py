"""What functions compute: their values on the input pool, found by running them in the judge.

Many functions share one program, a class each, so that the JVM's start is paid once for hundreds of them. A
function that throws has no values and is dropped by whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from javabox import AnyJudge, Job, Limits, Outcome, Suite, SuiteCase
from rlcf.problems.atomic.chain import IMPORTS

FUNCTIONS_A_PROGRAM = 100
LIMITS = Limits(fuel=10**11, allocation_mb=1 << 20, wall_seconds=120, idle_seconds=60, compile_seconds=60)
"""Wide: nothing here may depend on how busy the machine is. `rlcf serve` gives so much by default."""


class Function(Protocol):
    """What can be measured."""

    @property
    def takes(self) -> str: ...
    @property
    def gives(self) -> str: ...
    @property
    def methods(self) -> str:
        """Java: the static method `f`, and what it calls."""
        ...


def measure(
    functions: Sequence[Function], pool: Mapping[str, Sequence[str]], judge: AnyJudge
) -> list[tuple[str, ...] | None]:
    """For each function, its values on the pool of what it takes, as Java literals; None if it throws."""
    groups = [
        functions[start : start + FUNCTIONS_A_PROGRAM]
        for start in range(0, len(functions), FUNCTIONS_A_PROGRAM)
    ]
    verdicts = judge.grade([_program(group, pool) for group in groups])
    measured: list[tuple[str, ...] | None] = []
    for group, verdict in zip(groups, verdicts, strict=True):
        if verdict.outcome not in (Outcome.PASSED, Outcome.FAILED, Outcome.RUNTIME_ERROR):
            raise RuntimeError(
                f"the judge could not measure atomic functions: {verdict.outcome} {verdict.detail}"
                f"{[diagnostic.message for diagnostic in verdict.diagnostics[:3]]}"
            )
        values = {case.name: case.value for case in verdict.cases if case.outcome is Outcome.PASSED}
        for index, one in enumerate(group):
            value = values.get(str(index))
            measured.append(None if value is None else _elements(value, len(pool[one.takes])))
    return measured


def _program(functions: Sequence[Function], pool: Mapping[str, Sequence[str]]) -> Job:
    fields = [
        f"    static {takes}[] inputs{index}() {{ return new {takes}[] {{{', '.join(values)}}}; }}"
        for index, (takes, values) in enumerate(pool.items())
    ]
    classes = [f"    static class F{index} {{\n{one.methods}    }}" for index, one in enumerate(functions)]
    source = "\n".join([IMPORTS, "class Solution {", *fields, *classes, "}", ""])
    position = {takes: index for index, takes in enumerate(pool)}
    cases = tuple(
        SuiteCase(
            name=str(index),
            code=f"List<Object> r = new ArrayList<>(); "
            f"for ({one.takes} x : Solution.inputs{position[one.takes]}()) r.add(Solution.F{index}.f(x));",
            value="r",
            expected=None,
        )
        for index, one in enumerate(functions)
    )
    return Job(source=source, suite=Suite(cases=cases, imports=IMPORTS), limits=LIMITS)


def _elements(value: str, count: int) -> tuple[str, ...]:
    """The elements of `java.util.Arrays.asList(…)`, a Java expression as the judge writes it."""
    inner = value[value.index("(") + 1 : value.rindex(")")]
    elements, depth, start, quote, escaped = [], 0, 0, "", False
    for index, char in enumerate(inner):
        if quote:
            quote, escaped = "" if char == quote and not escaped else quote, char == "\\" and not escaped
        elif char in "\"'":
            quote = char
        elif char in "{(":
            depth += 1
        elif char in "})":
            depth -= 1
        elif char == "," and depth == 0:
            elements.append(inner[start:index].strip())
            start = index + 1
    elements.append(inner[start:].strip())
    if len(elements) != count:
        raise RuntimeError(f"measuring atomic functions: {count} values expected, the judge wrote {value}")
    return tuple(elements)
