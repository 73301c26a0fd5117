"""LEVER (arXiv 2302.08468): of several programs for a problem, choose by what they return when they are run.

    score(y) = log p_LM(y | x) + log p_V(yes | x, y, execution(y))

A verifier reads the description, the program and its execution result. Scores of programs with the same
execution result are added up as probabilities (logsumexp); the best group gives its best program.
A program that was sampled twice counts once, as its probability is in its score already.

An execution result is what can be seen without knowing what is right: that a program does not compile, and of
each case the value that was returned, the exception or the limit. Passed or failed is never looked at, so the
tests serve as inputs only. Of a suite that is one whole test program nothing is seen but whether programs
compile, as its exceptions tell wrong answers; nor is what tests throw in a case of their own. Of values that
are long or no JDK values all that is known is that there was one: programs that return such are taken to
agree.

The model and the verifier give numbers (`rlcf/training/verifier.py`); here is what is made of them. Beside it
stand the choices that LEVER is measured against: the likeliest program, and the largest group.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from javabox import Outcome
from javabox.verdict import NO_VERDICT
from rlcf.evaluation.metrics import Estimate, mean_intervals
from rlcf.grounding.signal import Answer

RETURNED = (Outcome.PASSED, Outcome.FAILED, Outcome.UNTESTED)
"""Outcomes of cases that returned a value: one word here."""
LONGEST_VALUE = 120
"""Characters of a value and of a call in the verifier's text, so that other cases are read too."""


def execution(answer: Answer) -> tuple[str, ...]:
    """What running the program showed, a line a case; programs that agree in it are one group."""
    verdict, suite = answer.verdict, answer.problem.suite
    if verdict.outcome in (Outcome.COMPILE_ERROR, *NO_VERDICT):
        return (str(verdict.outcome),)
    if suite.whole is not None:
        return ("not seen",)
    lines, thrown = [], verdict.exception
    for case in verdict.cases:
        if case.outcome in RETURNED:
            lines.append("a value" if case.value is None else f"{_type(case.value)} = {case.value}")
        elif case.outcome is Outcome.RUNTIME_ERROR and thrown is not None:
            lines.append(thrown.type)
            thrown = None  # the verdict knows the first exception alone
        else:
            lines.append(str(case.outcome))
    return tuple(lines)


def verifier_text(answer: Answer) -> tuple[str, str, str]:
    """Description, program and execution, as the verifier reads them one after the other. Nothing in them
    depends on the expected values. Without a description the prompt stands for it; the program begins with
    the prompt's last line."""
    problem = answer.problem
    signature = problem.prompt.rstrip().rpartition("\n")[2].strip()
    calls = [case.code.rpartition(f"{case.value} = ")[2].rstrip("; \n") for case in problem.suite.cases]
    results = execution(answer)
    if len(results) == len(calls) and answer.verdict.cases:
        results = tuple(f"{_cut(c)}: {_cut(r)}" for c, r in zip(calls, results, strict=True))
    return (
        f"// description\n{problem.description or problem.prompt}\n",
        f"// program\n{signature}\n{answer.completion}\n",
        "// execution\n" + "".join(f"{line}\n" for line in results),
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the programs to choose from."""

    answer: Answer
    log_lm: float
    """log p_LM(y | x) of the whole completion, in nats."""
    log_yes: float = 0.0
    """log p_V(yes | x, y, execution(y)), in nats."""

    @property
    def score(self) -> float:
        return self.log_lm + self.log_yes


def lever(candidates: Sequence[Candidate]) -> int:
    """Index of LEVER's choice; of equals the first."""
    first: dict[str, int] = {}
    for index in _judged(candidates):
        first.setdefault(candidates[index].answer.completion, index)
    groups = _groups(candidates, list(first.values()))
    best = max(groups, key=lambda group: _logsumexp([candidates[index].score for index in group]))
    return max(best, key=lambda index: candidates[index].score)


def likelihood(candidates: Sequence[Candidate]) -> int:
    """Index of the program that the model finds likeliest; of equals the first."""
    return max(_judged(candidates), key=lambda index: candidates[index].log_lm)


def majority(candidates: Sequence[Candidate]) -> int:
    """Index of the first program of the largest group, in which a program counts as often as it was sampled;
    of groups of one size the one that was sampled first."""
    return max(_groups(candidates, _judged(candidates)), key=len)[0]


CHOICES: Mapping[str, Callable[[Sequence[Candidate]], int]] = {
    "likelihood": likelihood,
    "majority": majority,
    "lever": lever,
}
"""Ways to choose one of the candidates of a problem."""


def choice_rates(problems: Sequence[Sequence[Candidate]]) -> dict[str, Estimate]:
    """The share of problems whose choice passes, by the name of the choice; `sampling` is pass@1, a choice by
    chance. Problems on which the judge failed at every candidate are left out."""
    rows = []
    for candidates in problems:
        passed = [c.answer.verdict.passed for c in candidates if c.answer.verdict.passed is not None]
        if passed:
            chosen = [candidates[choose(candidates)].answer.verdict.passed for choose in CHOICES.values()]
            rows.append([sum(passed) / len(passed), *map(float, map(bool, chosen))])
    columns = list(zip(*rows, strict=True)) or [()] * (1 + len(CHOICES))
    return dict(zip(("sampling", *CHOICES), mean_intervals(columns), strict=True))


def _judged(candidates: Sequence[Candidate]) -> list[int]:
    """Judge errors are chosen only where there is nothing else."""
    judged = [index for index, c in enumerate(candidates) if c.answer.verdict.passed is not None]
    return judged or list(range(len(candidates)))


def _groups(candidates: Sequence[Candidate], indices: Sequence[int]) -> list[list[int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for index in indices:
        groups.setdefault(execution(candidates[index].answer), []).append(index)
    return list(groups.values())


def _logsumexp(values: Sequence[float]) -> float:
    highest = max(values)
    return highest + math.log(math.fsum(math.exp(value - highest) for value in values))


_TYPES = (
    (r"new (?:java\.\w+\.)?(\w+(?:\[\])?)", ""),
    (r"\((byte|short)\)", ""),
    (r"java\.util\.Arrays\.asList", "List"),
    (r"java\.util\.Map\.entry", "Map.Entry"),
    (r'"', "String"),
    (r"'", "char"),
    (r"true|false", "boolean"),
    (r"null", "null"),
    (r"-?\d+$", "int"),
    (r"-?\d+L$", "long"),
    (r"Float\.|.*f$", "float"),
)
"""How the judge writes a value of each type; what is left is a double."""


def _type(value: str) -> str:
    for pattern, name in _TYPES:
        match = re.match(pattern, value)
        if match:
            return name or match[1]
    return "double"


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"
