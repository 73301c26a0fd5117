"""What an answer is worth. A grounding is any callable `list[Answer] -> list[Signal]`.

What it needs is declared beside the function:

    @needs("reference", tests=False)
    def near_the_reference(answers: Sequence[Answer]) -> list[Signal]: ...

One that declares nothing has its programs run against the tests, and needs nothing else. Whoever trains with
a grounding reads the declaration: programs are compiled, run or traced for what is needed and no more, and
problems that lack what is needed are refused before anything starts. `total`, `masked` and `at_the_end` need
what their groundings need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from javabox import Verdict
from rlcf.problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Answer:
    """One completion of a problem with its verdict."""

    problem: Problem
    completion: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a completion, as indices of code points, and what their tokens get beside the score."""

    start: int
    end: int
    """Behind the last."""
    value: float
    """Credit of every token that writes a character of the span, times (tokens of the completion / tokens of
    the span), at most 10 (RLTF's alpha; docs/methods.md#rltf). It stays on these tokens: no token before
    them has a share."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What the policy gets for one answer."""

    score: float | None
    """None: the judge failed or the tests are broken; the answer is left out of loss and statistics, never
    scored 0."""
    reward_position: int | None = None
    """Index in the completion (code points) of the token that the score belongs to; None: its last token."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Named parts of the score, for the logs; the same names for every answer of a grounding."""
    spans: tuple[Span, ...] = ()
    """Feedback on places, beside the score."""
    loss_spans: tuple[tuple[int, int], ...] | None = None
    """The stretches (start, end) of the completion whose tokens are learnt from; None: all of it. A token
    that writes a character of one counts, and the last token always does."""


Grounding = Callable[[Sequence[Answer]], list[Signal]]

AnyGrounding = TypeVar("AnyGrounding", bound=Callable[..., Any])

LACKS: dict[str, Callable[[Problem], bool]] = {
    "reference": lambda problem: problem.reference is None,
    "cases": lambda problem: not problem.suite.names,
    "coverage": lambda problem: problem.suite.compile_only,
}
"""Whether a problem lacks a need; NEEDED says what each is."""
NEEDED = {
    "reference": "a reference",
    "cases": "tests taken apart into cases",
    "coverage": "tests that are run",
}
NAME = "__needs__"
"""The attribute of a function that holds its declaration."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The declaration of a grounding."""

    problems: frozenset[str] = frozenset()
    """What every problem must have, of LACKS. With `coverage` verdicts name the lines that were executed."""
    tests: bool = True
    """Whether programs are run; else they are only compiled."""
    discriminator: bool = False
    """Whether the function takes the discriminator, a `Compare`, as its second argument."""

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.problems | other.problems,
            self.tests or other.tests,
            self.discriminator or other.discriminator,
        )


def needs(
    *problems: str, tests: bool = True, discriminator: bool = False
) -> Callable[[AnyGrounding], AnyGrounding]:
    """Declares what a grounding needs.

    `problems`: what every problem must have: `reference` (a completion known to be right), `cases` (tests
    taken apart into cases) or `coverage` (tests that are run; verdicts then name the executed lines).
    Without `tests` programs are only compiled, which is faster: what compiles then counts as passed. With
    `discriminator` the function is called with a second argument, `compare(prompts, generated, references)`,
    which gives a value in (-1, 1) for each: 0 where the discriminator can't tell the generated program from
    the reference, -1 where it clearly is machine-written.

    Raises ValueError for a need that is unknown, or that can't be met without running tests.

    >>> @needs("reference", tests=False)
    ... def same_length(answers):
    ...     return [Signal(-abs(len(a.completion) - len(a.problem.reference)) / 100) for a in answers]
    """
    unknown = set(problems) - set(LACKS)
    if unknown:
        raise ValueError(f"unknown needs {sorted(unknown)}; known: {', '.join(LACKS)}")
    if not tests and {"cases", "coverage"} & set(problems):
        raise ValueError("cases and coverage come from running the tests: leave out tests=False")

    def declare(grounding: AnyGrounding) -> AnyGrounding:
        setattr(grounding, NAME, Needs(frozenset(problems), tests, discriminator))
        return grounding

    return declare


def needs_of(grounding: Callable[..., Any]) -> Needs:
    """What `grounding` declares; without a declaration, that its programs are run."""
    declared = getattr(grounding, NAME, None)
    return declared if isinstance(declared, Needs) else Needs()
