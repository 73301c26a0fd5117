"""Atomic and composed functions in sets for the study of supervised training and RL (arXiv 2406.10305).

More atoms than `atomic`, over fourteen topics, and sets of their chains that are disjoint by composition, one
also by atom; `sets` defines them. A recipe names what it trains on, and is measured on all five test sets:

    problems = "composed-both"       # atom + a; also composed-pretrain, -atom, -a, -few, -b

    data = composed.build(seed=0, judge=judge); data.hard[0].prompt
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rlcf.problems.composed.build import ComposedData, build, set_of
from rlcf.problems.problem import Problem

HANDFUL = 30
"""Composed functions in `composed-few`. They are not those that `a` is measured on."""

TRAINING: Mapping[str, Callable[[ComposedData], Sequence[Problem]]] = {
    "composed-pretrain": lambda data: [*data.atom, *data.pretrain],
    "composed-atom": lambda data: data.atom,
    "composed-a": lambda data: data.a,
    "composed-few": lambda data: [*data.atom, *data.a[-HANDFUL:]],
    "composed-both": lambda data: [*data.atom, *data.a],
    "composed-b": lambda data: data.b,
}
"""What a recipe trains on, by the name in its `problems`."""
MEASURED = ("atom_new", "a", "b", "c", "hard")
"""The sets that a policy is measured on; of them only `a` may have been trained on."""


def measured(data: ComposedData) -> list[Problem]:
    """Problems of the sets MEASURED in turn, equally many of each, so that fewer are still of all."""
    sets = [getattr(data, name) for name in MEASURED]
    return [problem for turn in zip(*sets, strict=False) for problem in turn]


__all__ = ["HANDFUL", "MEASURED", "TRAINING", "ComposedData", "build", "measured", "set_of"]
