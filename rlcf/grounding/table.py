"""Groundings by name, for recipes: the shipped ones, and functions in files of users' own (own.py).

What each needs is declared beside its function (`needs`); here are the names. In Python any callable
`list[Answer] -> list[Signal]` is a grounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rlcf.errors import BadInput
from rlcf.grounding import own
from rlcf.grounding.combine import at_the_end
from rlcf.grounding.executed import masked_to_executed, stepcoder
from rlcf.grounding.ppocoder import ppocoder, ppocoder_tests, rlcf_ast
from rlcf.grounding.replay import partial
from rlcf.grounding.rlcf import compiler, passes, rlcf, rlcf_tests, tie_breaker
from rlcf.grounding.rltf import adaptive, coarse, fine, rltf
from rlcf.grounding.signal import LACKS, NEEDED, Grounding, Signal, needs_of
from rlcf.grounding.values import Compare
from rlcf.problems.problem import Problem
from rlcf.recipe import Recipe
from rlcf.recipes import override


@dataclass(frozen=True, slots=True)
class Entry:
    """A grounding by name, and what it must be given."""

    make: Callable[[Compare | None, float], Grounding]
    """Makes the grounding from the discriminator and its weight in the score."""
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


def _rlcf(compare: Compare | None, _: float) -> Grounding:
    if compare is None:
        raise ValueError("RLCF's grounding needs a discriminator")
    return rlcf(compare)


def entry_of(grounding: Callable[..., list[Signal]]) -> Entry:
    """The entry of a function, by what it declares (`needs`)."""
    needs = needs_of(grounding)

    def make(compare: Compare | None, _: float) -> Grounding:
        if not needs.discriminator:
            return grounding
        if compare is None:
            raise ValueError("the grounding needs a discriminator")
        return lambda answers: grounding(answers, compare)

    return Entry(make, runs=needs.tests, compares=lambda _: needs.discriminator, needs=needs.problems)


GROUNDINGS: dict[str, Entry] = {
    "rlcf": Entry(_rlcf, runs=False, compares=lambda _: True),
    "rlcf-plain": Entry(
        lambda compare, weight: at_the_end(_rlcf(compare, weight)), runs=False, compares=lambda _: True
    ),
    "rlcf+tests": Entry(rlcf_tests, runs=True, compares=lambda weight: weight > 0),
    "tests+tie": Entry(tie_breaker, runs=True, compares=lambda weight: weight > 0),
    "rlcf-ast": entry_of(rlcf_ast),
    "tests": entry_of(rlcf_tests(None, 0.0)),
    "pass": entry_of(passes),
    "partial": entry_of(partial),
    "compiler": entry_of(compiler),
    "compiler-plain": entry_of(at_the_end(compiler)),
    "rltf": entry_of(rltf),
    "rltf-coarse": entry_of(coarse),
    "rltf-fine": entry_of(fine),
    "rltf-adaptive": entry_of(adaptive),
    "ppocoder": entry_of(ppocoder),
    "ppocoder+tests": entry_of(ppocoder_tests),
    "stepcoder": entry_of(masked_to_executed(stepcoder)),
    "stepcoder-unmasked": entry_of(stepcoder),
}
"""`rlcf` is the paper's and has no weight; those in `-plain` forget the place of a compile error."""


def grounding_entry(name: str) -> Entry:
    """The entry of the grounding called `name`, a shipped one or `path/to/file.py:function`, whose file is
    run. Raises BadInput; it lists the shipped names."""
    if own.names_a_file(name):
        return _own_entry(own.load_function(name), name)
    if name in GROUNDINGS:
        return GROUNDINGS[name]
    if name.startswith("<"):
        message = f"the run was trained with a function that no file has, {name}: {own.PASS_IT}"
    else:
        message = f"unknown grounding {name!r}; known: {', '.join(GROUNDINGS)}, path/to/file.py:function"
    raise BadInput(message, field=own.FIELD)


def load_grounding(name: str, compare: Compare | None = None, weight: float = 0.2) -> Grounding:
    """The grounding called `name`: a shipped one (a key of `groundings`) or `path/to/file.py:function`.

    `compare`: the discriminator where it needs one, `compare(prompts, generated, references)`, a value in
    (-1, 1) each; `weight`: its factor in the score of `rlcf+tests` and `tests+tie`, which need none where it
    is 0. Raises BadInput where there is no such grounding, ValueError where it needs a discriminator and is
    given none.

    >>> [signal.score for signal in load_grounding("tests")(answers)]
    [1.0, -1.0]
    """
    entry = grounding_entry(name)
    if compare is None and entry.compares(weight):
        raise ValueError(f"{name!r} needs the discriminator: load_grounding({name!r}, compare)")
    return entry.make(compare, weight)


def resolve_grounding(
    recipe: Recipe, grounding: Callable[..., list[Signal]] | None = None
) -> tuple[Recipe, Entry]:
    """The recipe with its grounding named so that the name holds in every folder, and the grounding's entry.

    `grounding` takes the place of the recipe's. Raises BadInput where there is no such grounding.
    """
    name = recipe.objective.grounding if grounding is None else own.recorded_name(grounding)
    if grounding is None and own.names_a_file(name):
        name = own.resolved(name)
    entry = grounding_entry(name) if grounding is None else _own_entry(grounding, name)
    return override(recipe, {own.FIELD: name}), entry


def _own_entry(function: Callable[..., list[Signal]], name: str) -> Entry:
    entry = entry_of(function)
    return replace(entry, make=lambda compare, weight: own.checked(entry.make(compare, weight), name))


def check_needs(
    name: str, entry: Entry, problems: Sequence[Problem], discriminator_weight: float = 0.0
) -> None:
    """Raises BadInput where the grounding called `name` needs what some of `problems` lack, saying what and
    how many of them."""
    needs = entry.needs | ({"reference"} if entry.compares(discriminator_weight) else frozenset())
    for need in sorted(needs):
        lacking = [problem.task_id for problem in problems if LACKS[need](problem)]
        if lacking:
            raise BadInput(
                f"{name!r} needs {NEEDED[need]} for every problem; {len(lacking)} of {len(problems)} have"
                f" none, such as {lacking[0]}: leave them out, or choose another grounding",
                field="objective.grounding",
            )
