"""Bodies that do nothing: a suite that one of them passes tells nothing of a program.

PLUM's consistency filter lets such suites through (a reference that always says true passes its own tests);
here every suite must fail an empty body and each body that only returns a value, whatever the input.
"""

from __future__ import annotations

from rlcf.javasource.tokens import texts
from rlcf.problems.problem import Problem

_VALUES = (
    "null", "0", "1", "false", "true", '""', "'a'", "java.util.Arrays.asList()",
    "new java.util.ArrayList<>()", "new java.util.HashMap<>()", "new java.util.HashSet<>()",
)  # fmt: skip
"""Those of another type than the method's do not compile, and so pass nothing."""


_PRINTED = ("", *(f'System.out.println("{word}");' for word in ("0", "1", "-1", "YES", "NO", "Yes", "No")))
"""Bodies of a main of one's own."""


def stubs(problem: Problem) -> list[str]:
    """Completions of `problem` without a thought in them."""
    if problem.suite.stdin:
        return [
            f"{problem.prompt}class Main {{ public static void main(String[] args) {{ {body} }} }}\n"
            for body in _PRINTED
        ]
    tokens = texts(problem.prompt + problem.suffix)
    close = "\n" + "}" * (tokens.count("{") - tokens.count("}")) + "\n"
    return [close, *(f"        return {value};{close}" for value in _VALUES)]
