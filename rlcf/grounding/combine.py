"""Groundings made of groundings.

- `total` adds them: scores, named parts and spans.
- `masked` narrows what is learnt from.
- `at_the_end` forgets where scores belong.

All are pure where what they are made of is, and need what that needs (`needs`). Not covered: weights (a
grounding that scales another is three lines), and more than one place for scores: what is added up goes to
the first place that one of them names.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rlcf.grounding.signal import NAME, Answer, Grounding, Needs, Signal, needs_of
from rlcf.grounding.values import Compare

AnyGrounding = Callable[..., list[Signal]]
"""A grounding; one that is declared to need the discriminator takes its `compare` as well."""
Stretches = tuple[tuple[int, int], ...]
"""(start, end) in a completion, in code points."""


def total(*groundings: AnyGrounding) -> Grounding:
    """The sum of `groundings`, answer by answer; see `added`. Of none, it is the score 0 everywhere.

    Raises ValueError where one of them does not give a signal an answer.

    >>> def brief(answers):
    ...     return [Signal(0.1 if len(answer.completion) < 100 else 0.0) for answer in answers]
    >>> [signal.score for signal in total(load_grounding("tests"), brief)(answers)]
    [1.1, -0.9]
    """

    def ground(answers: Sequence[Answer], compare: Compare | None = None) -> list[Signal]:
        columns = [_checked(grounding, answers, compare) for grounding in groundings]
        return [added([column[row] for column in columns]) for row in range(len(answers))]

    return _needing(ground, *groundings)


def masked(grounding: AnyGrounding, mask_of: Callable[[Answer], Stretches | None]) -> Grounding:
    """`grounding`, learnt from what `mask_of` says of an answer and no more; None: all that it was before.

    Stretches are (start, end) in the completion, in code points. What `grounding` masked already stays
    masked. Raises ValueError as `total` does.

    >>> first_line = lambda answer: ((0, answer.completion.index("\\n")),)
    >>> signals = masked(load_grounding("tests"), first_line)(answers)
    """

    def ground(answers: Sequence[Answer], compare: Compare | None = None) -> list[Signal]:
        signals = _checked(grounding, answers, compare)
        return [
            replace(signal, loss_spans=_both(signal.loss_spans, mask_of(answer)))
            for answer, signal in zip(answers, signals, strict=True)
        ]

    return _needing(ground, grounding, mask_of)


def at_the_end(grounding: AnyGrounding) -> Grounding:
    """`grounding` with all of its scores on the last token: what the compiler says of the place of an error
    is lost (docs/methods.md#reviewers-ablations).

    >>> compiler = load_grounding("compiler")
    >>> [signal.reward_position for signal in compiler(answers)]
    [None, 15]
    >>> [signal.reward_position for signal in at_the_end(compiler)(answers)]
    [None, None]
    """

    def ground(answers: Sequence[Answer], compare: Compare | None = None) -> list[Signal]:
        return [replace(signal, reward_position=None) for signal in _signals(grounding, answers, compare)]

    return _needing(ground, grounding)


def added(signals: Sequence[Signal]) -> Signal:
    """The sum of an answer's signals. Associative, up to the names of parts.

    The score is None if one is, and then there are no spans and no place. The place is the first that is
    named. A part keeps its name; where an earlier signal has it, it is called `2.name`, `3.name` and so on.
    What is learnt from is what all of them agree on.
    """
    parts: dict[str, float] = {}
    loss_spans: Stretches | None = None
    for signal in signals:
        for name, value in signal.parts.items():
            parts[_free(name, parts)] = value
        loss_spans = _both(loss_spans, signal.loss_spans)
    scores = [signal.score for signal in signals if signal.score is not None]
    if len(scores) < len(signals):
        return Signal(None, parts=parts, loss_spans=loss_spans)
    positions = (signal.reward_position for signal in signals)
    position = next((known for known in positions if known is not None), None)
    spans = tuple(span for signal in signals for span in signal.spans)
    return Signal(sum(scores), position, parts, spans, loss_spans)


def _needing(ground: Grounding, *made_of: Callable[..., Any]) -> Grounding:
    """`ground`, declared to need all that it is made of needs."""
    setattr(ground, NAME, functools.reduce(operator.or_, map(needs_of, made_of), Needs(tests=False)))
    return ground


def _signals(grounding: AnyGrounding, answers: Sequence[Answer], compare: Compare | None) -> list[Signal]:
    if not needs_of(grounding).discriminator:
        return grounding(answers)
    if compare is None:
        raise ValueError(
            "a grounding needs the discriminator: call with its `compare` as the second argument"
        )
    return grounding(answers, compare)


def _checked(grounding: AnyGrounding, answers: Sequence[Answer], compare: Compare | None) -> list[Signal]:
    signals = _signals(grounding, answers, compare)
    if len(signals) != len(answers):
        raise ValueError(f"a grounding gave {len(signals)} signals for {len(answers)} answers")
    return signals


def _free(name: str, taken: Mapping[str, float]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{number}.{name}"
    return free


def _both(one: Stretches | None, other: Stretches | None) -> Stretches | None:
    """The characters that are in both, in order and merged; None is everything."""
    if one is None or other is None:
        return other if one is None else one
    found: list[tuple[int, int]] = []
    ones, others = _merged(one), _merged(other)
    at = to = 0
    while at < len(ones) and to < len(others):
        start, end = max(ones[at][0], others[to][0]), min(ones[at][1], others[to][1])
        if start < end:
            found.append((start, end))
        if ones[at][1] < others[to][1]:
            at += 1
        else:
            to += 1
    return tuple(found)


def _merged(stretches: Stretches) -> list[tuple[int, int]]:
    """In order, without the empty ones, touching ones joined."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found
