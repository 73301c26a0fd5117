"""The form of mxeval's MathQA-Java problems, taken from the released ones.

A prompt is imports, `class Problem {`, the text with ` n0 = 101.0 n1 = 2.0 …` behind it as Javadoc, and the
open method; a test compares its result with one constant, within 1e-7. Both are the same in every problem
of the test split but for text and constant (a test checks it), so the first one is the form of all.

`mathqa-named` is the same problems with the same tests, asked otherwise: the numbers are constants of the
class, and the text has their names in their places, so that an answer names numbers and copies none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rlcf.errors import BadInput
from rlcf.problems.mathqa.questions import numbers, numbers_named
from rlcf.problems.problem import Problem

JAVADOC = "    /**\n     * "


@dataclass(frozen=True, slots=True)
class MathqaForm:
    """A problem with holes for the text and the expected value."""

    prompt: tuple[str, str]
    test: tuple[str, str]
    entry_point: str
    named: bool = False
    """Whether numbers are constants with names."""

    def ask(self, text: str) -> str:
        """The prompt that asks it."""
        before, after = self.prompt
        if not self.named:
            return before + with_numbers(text) + after
        values = ", ".join(f"n{index} = {number!r}" for index, number in enumerate(numbers(text)))
        declared = f"    static final double {values};\n\n" if values else ""
        opened, javadoc = before[: -len(JAVADOC)], before[-len(JAVADOC) :]
        return opened + declared + javadoc + numbers_named(text) + after

    def fields(self, task_id: str, text: str, value: float) -> dict[str, str | None]:
        """A row in the mxeval format, without a reference; `description` is the text alone, as released."""
        test, tail = self.test
        return {
            "task_id": task_id,
            "language": "java",
            "prompt": self.ask(text),
            "canonical_solution": None,
            "entry_point": self.entry_point,
            "test": f"{test}{value!r}{tail}",
            "description": text,
        }


def form_of(problem: Problem, *, named: bool = False) -> MathqaForm:
    """The form of a released problem. Raises BadInput if it is none of MathQA-Java's."""
    expected = problem.suite.cases[0].expected if problem.suite.cases else None
    before, text, after = problem.prompt.partition(with_numbers(problem.description))
    test, value, tail = problem.test.partition(f"compare(x0, {expected})")
    if not (problem.description and text and value and before.endswith(JAVADOC)):
        raise BadInput(f"{problem.task_id} does not have the form of MathQA-Java", field="prompt")
    return MathqaForm((before, after), (f"{test}compare(x0, ", f"){tail}"), problem.entry_point, named)


def numbers_by_name(problems: Sequence[Problem]) -> list[Problem]:
    """The released problems as `mathqa-named` asks them. Raises BadInput if the first is none of them."""
    form = form_of(problems[0], named=True)
    return [replace(problem, prompt=form.ask(problem.description)) for problem in problems]


def with_numbers(text: str) -> str:
    """The text as prompts have it, its numbers listed behind it."""
    return text + "".join(f" n{index} = {number!r}" for index, number in enumerate(numbers(text)))
