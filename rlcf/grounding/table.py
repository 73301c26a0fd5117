"""Groundings by name, for recipes. In Python any callable `list[Answer] -> list[Signal]` is a grounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rlcf.errors import BadInput
from rlcf.grounding.parts import Compare
from rlcf.grounding.rlcf import compiler, rlcf, rlcf_tests
from rlcf.grounding.signal import Grounding


@dataclass(frozen=True, slots=True)
class Entry:
    """A grounding by name, and what it must be given."""

    make: Callable[[Compare | None, float], Grounding]
    """From the discriminator and its weight."""
    compares: bool
    """Whether it asks a discriminator (if the weight is not 0)."""
    runs: bool
    """Whether it needs the tests run; without, programs are only compiled."""


def _rlcf(compare: Compare | None, weight: float) -> Grounding:
    if compare is None:
        raise BadInput("the grounding 'rlcf' needs a discriminator", field="discriminator_weight")
    return rlcf(compare, weight)


GROUNDINGS: dict[str, Entry] = {
    "rlcf": Entry(_rlcf, compares=True, runs=False),
    "rlcf+tests": Entry(rlcf_tests, compares=True, runs=True),
    "tests": Entry(lambda _, __: rlcf_tests(None, 0.0), compares=False, runs=True),
    "compiler": Entry(lambda _, __: compiler, compares=False, runs=False),
}


def grounding_entry(name: str) -> Entry:
    """The entry called `name`; BadInput lists the known names."""
    if name not in GROUNDINGS:
        raise BadInput(f"unknown grounding {name!r}; known: {', '.join(GROUNDINGS)}", field="grounding")
    return GROUNDINGS[name]
