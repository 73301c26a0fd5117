"""Groundings by name, for recipes. In Python any callable `list[Answer] -> list[Signal]` is a grounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rlcf.errors import BadInput
from rlcf.grounding.combine import at_the_end
from rlcf.grounding.executed import masked_to_executed, stepcoder
from rlcf.grounding.ppocoder import ppocoder, ppocoder_tests, rlcf_ast
from rlcf.grounding.replay import partial
from rlcf.grounding.rlcf import compiler, rlcf, rlcf_tests
from rlcf.grounding.rltf import adaptive, coarse, fine, rltf
from rlcf.grounding.signal import Grounding
from rlcf.grounding.values import Compare
from rlcf.problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """A grounding by name, and what it must be given."""

    make: Callable[[Compare | None, float], Grounding]
    """From the discriminator and its weight in the score."""
    runs: bool
    """Whether it needs the tests run; without, programs are only compiled."""
    compares: Callable[[float], bool]
    """Whether it asks a discriminator, given its weight; then it needs references too."""
    needs: frozenset[str] = frozenset()
    """What every problem must have, of LACKS."""

    @property
    def covers(self) -> bool:
        """Whether it needs the lines that the tests executed (`Problem.job(…, coverage=True)`)."""
        return "coverage" in self.needs


LACKS: dict[str, Callable[[Problem], bool]] = {
    "reference": lambda problem: problem.reference is None,
    "cases": lambda problem: not problem.suite.cases,
    "coverage": lambda problem: problem.suite.compile_only,
}
"""Whether a problem lacks a need; NEEDED says what each is."""
NEEDED = {
    "reference": "a reference",
    "cases": "tests taken apart into cases",
    "coverage": "tests that are run",
}


REFERENCE, CASES, COVERAGE = (frozenset({need}) for need in LACKS)


def _rlcf(compare: Compare | None, _: float) -> Grounding:
    if compare is None:
        raise ValueError("RLCF's grounding needs a discriminator")
    return rlcf(compare)


def _alone(grounding: Grounding, *, runs: bool, needs: frozenset[str] = frozenset()) -> Entry:
    """A grounding that asks no discriminator."""
    return Entry(lambda _, __: grounding, runs=runs, compares=lambda _: False, needs=needs)


GROUNDINGS: dict[str, Entry] = {
    "rlcf": Entry(_rlcf, runs=False, compares=lambda _: True),
    "rlcf-plain": Entry(
        lambda compare, weight: at_the_end(_rlcf(compare, weight)), runs=False, compares=lambda _: True
    ),
    "rlcf+tests": Entry(rlcf_tests, runs=True, compares=lambda weight: weight > 0),
    "rlcf-ast": _alone(rlcf_ast, runs=False, needs=REFERENCE),
    "tests": _alone(rlcf_tests(None, 0.0), runs=True),
    "partial": _alone(partial, runs=True, needs=CASES),
    "compiler": _alone(compiler, runs=False),
    "compiler-plain": _alone(at_the_end(compiler), runs=False),
    "rltf": _alone(rltf, runs=True),
    "rltf-coarse": _alone(coarse, runs=True),
    "rltf-fine": _alone(fine, runs=True),
    "rltf-adaptive": _alone(adaptive, runs=True),
    "ppocoder": _alone(ppocoder, runs=False, needs=REFERENCE),
    "ppocoder+tests": _alone(ppocoder_tests, runs=True, needs=REFERENCE),
    "stepcoder": _alone(masked_to_executed(stepcoder), runs=True, needs=COVERAGE),
    "stepcoder-unmasked": _alone(stepcoder, runs=True),
}
"""`rlcf` is the paper's and has no weight; those in `-plain` forget the place of a compile error."""


def grounding_entry(name: str) -> Entry:
    """The entry called `name`; BadInput lists the known names."""
    if name not in GROUNDINGS:
        raise BadInput(
            f"unknown grounding {name!r}; known: {', '.join(GROUNDINGS)}", field="objective.grounding"
        )
    return GROUNDINGS[name]


def check_needs(name: str, problems: Sequence[Problem], discriminator_weight: float = 0.0) -> None:
    """Raises BadInput where the grounding called `name` needs what some of `problems` lack, saying what and
    how many of them."""
    entry = grounding_entry(name)
    needs = entry.needs | (REFERENCE if entry.compares(discriminator_weight) else frozenset())
    for need in sorted(needs):
        lacking = [problem.task_id for problem in problems if LACKS[need](problem)]
        if lacking:
            raise BadInput(
                f"{name!r} needs {NEEDED[need]} for every problem; {len(lacking)} of {len(problems)} have"
                f" none, such as {lacking[0]}: leave them out, or choose another grounding",
                field="objective.grounding",
            )
