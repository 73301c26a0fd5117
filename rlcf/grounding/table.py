"""Groundings by name, for recipes. In Python any callable `list[Answer] -> list[Signal]` is a grounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rlcf.errors import BadInput
from rlcf.grounding.executed import masked_to_executed, stepcoder
from rlcf.grounding.parts import Compare
from rlcf.grounding.rlcf import compiler, rlcf, rlcf_tests
from rlcf.grounding.signal import Grounding


@dataclass(frozen=True, slots=True)
class Entry:
    """A grounding by name, and what it must be given."""

    make: Callable[[Compare | None, float], Grounding]
    """From the discriminator and its weight in the score."""
    runs: bool
    """Whether it needs the tests run; without, programs are only compiled."""
    compares: Callable[[float], bool]
    """Whether it asks a discriminator, given its weight."""
    covers: bool = False
    """Whether it needs the lines that the tests executed (`Problem.job(…, coverage=True)`)."""


def _rlcf(compare: Compare | None, _: float) -> Grounding:
    if compare is None:
        raise ValueError("the grounding 'rlcf' needs a discriminator")
    return rlcf(compare)


GROUNDINGS: dict[str, Entry] = {
    "rlcf": Entry(_rlcf, runs=False, compares=lambda _: True),
    "rlcf+tests": Entry(rlcf_tests, runs=True, compares=lambda weight: weight > 0),
    "tests": Entry(lambda _, __: rlcf_tests(None, 0.0), runs=True, compares=lambda _: False),
    "compiler": Entry(lambda _, __: compiler, runs=False, compares=lambda _: False),
    "stepcoder": Entry(
        lambda _, __: masked_to_executed(stepcoder), runs=True, compares=lambda _: False, covers=True
    ),
    "stepcoder-unmasked": Entry(lambda _, __: stepcoder, runs=True, compares=lambda _: False),
}
"""`rlcf` is the paper's and has no weight."""


def grounding_entry(name: str) -> Entry:
    """The entry called `name`; BadInput lists the known names."""
    if name not in GROUNDINGS:
        raise BadInput(f"unknown grounding {name!r}; known: {', '.join(GROUNDINGS)}", field="grounding")
    return GROUNDINGS[name]
