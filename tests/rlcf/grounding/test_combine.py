"""Sums and masks of groundings: what is added, in which order, and what they refuse."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from javabox import Diagnostic, Outcome, Suite, Verdict
from javabox.verdict import NO_VERDICT
from rlcf.grounding.combine import Stretches, masked, total
from rlcf.grounding.rlcf import compiler
from rlcf.grounding.rltf import adaptive, coarse, fine, rltf
from rlcf.grounding.signal import Answer, Grounding, Signal, Span
from rlcf.problems import Problem

PROBLEM = Problem("p", "class A {\n    static int f(int x) {\n", Suite())
LENGTH = 30


def answers(count: int = 40) -> list[Answer]:
    rng = random.Random(1)
    outcomes = rng.choices([one for one in Outcome if one not in NO_VERDICT], k=count)
    return [Answer(PROBLEM, f"{at:0{LENGTH}}", Verdict(outcome)) for at, outcome in enumerate(outcomes)]


ANSWERS = answers()


def made_up(seed: int, *, judge_errors: bool = True) -> Grounding:
    """A pure grounding with everything that a signal can have."""

    def signal(answer: Answer) -> Signal:
        rng = random.Random(f"{seed} {answer.completion}")
        score = rng.choice([0.0, -1.0, 0.5, *([None] if judge_errors and rng.random() < 0.2 else [])])
        return Signal(
            score,
            reward_position=rng.choice([None, None, rng.randrange(LENGTH)]),
            parts={"tests": score or 0.0, f"own{seed}": 0.0},
            spans=tuple(Span(at, at + 2, rng.random()) for at in range(rng.randrange(3))),
            loss_spans=rng.choice([None, stretches(rng)]),
        )

    return lambda asked: [signal(answer) for answer in asked]


def stretches(rng: random.Random) -> Stretches:
    """In any order, overlapping, some of them empty."""
    pairs = [sorted((rng.randrange(LENGTH), rng.randrange(LENGTH))) for _ in range(rng.randrange(5))]
    return tuple((start, end) for start, end in pairs)


def inside(found: Stretches | None) -> set[int]:
    return set(range(LENGTH)) if found is None else {at for start, end in found for at in range(start, end)}


def test_scores_parts_and_spans_are_added_and_the_first_place_counts() -> None:
    grounds = [made_up(seed) for seed in range(3)]
    columns = [ground(ANSWERS) for ground in grounds]
    for row, signal in enumerate(total(*grounds)(ANSWERS)):
        terms = [column[row] for column in columns]
        assert list(signal.parts) == ["tests", "own0", "2.tests", "own1", "3.tests", "own2"]
        assert inside(signal.loss_spans) == set.intersection(*(inside(term.loss_spans) for term in terms))
        if any(term.score is None for term in terms):
            assert (signal.score, signal.reward_position, signal.spans) == (None, None, ())
            continue
        assert signal.score == pytest.approx(sum(term.score or 0.0 for term in terms))
        assert sum(signal.parts.values()) == pytest.approx(signal.score)
        positions = [term.reward_position for term in terms if term.reward_position is not None]
        assert signal.reward_position == (positions[0] if positions else None)
        assert signal.spans == tuple(span for term in terms for span in term.spans)


def test_a_sum_is_associative_up_to_the_names_of_parts() -> None:
    def seen(grounding: Grounding) -> list[object]:
        return [
            (
                signal.score,  # sums of halves: exact
                signal.reward_position,
                sorted(signal.parts.values()),
                signal.spans,
                inside(signal.loss_spans),
            )
            for signal in grounding(ANSWERS)
        ]

    a, b, c = (made_up(seed) for seed in range(3))
    assert seen(total(total(a, b), c)) == seen(total(a, total(b, c))) == seen(total(a, b, c))
    assert seen(total(total(), a, total())) == seen(total(a)), "the empty sum is the neutral one"
    nested = total(total(a, b), total(a, b))(ANSWERS)
    assert all(len(signal.parts) == 8 for signal in nested), "no part is lost"


def test_one_term_alone_is_itself() -> None:
    for grounding in (coarse, fine, adaptive, rltf, compiler, made_up(0, judge_errors=False)):
        for signal, same in zip(grounding(ANSWERS), total(grounding)(ANSWERS), strict=True):
            assert (signal.score, signal.reward_position, signal.parts, signal.spans) == (
                same.score,
                same.reward_position,
                same.parts,
                same.spans,
            )


@pytest.mark.parametrize("make", [lambda a, b: total(a, b), lambda a, b: masked(total(a, b), by_length)])
def test_the_order_of_the_answers_is_kept(make: Callable[[Grounding, Grounding], Grounding]) -> None:
    grounding = make(made_up(0), made_up(1))
    signals = grounding(ANSWERS)
    assert grounding(ANSWERS) == signals
    assert grounding(ANSWERS[::-1]) == signals[::-1]
    assert [grounding([answer])[0] for answer in ANSWERS] == signals
    assert grounding([]) == []


def by_length(answer: Answer) -> Stretches | None:
    return stretches(random.Random(answer.completion)) if int(answer.completion) % 2 else None


def test_a_mask_narrows_and_leaves_the_rest() -> None:
    ground = made_up(0)
    for answer, before, after in zip(
        ANSWERS, ground(ANSWERS), masked(ground, by_length)(ANSWERS), strict=True
    ):
        mask = by_length(answer)
        assert inside(after.loss_spans) == inside(before.loss_spans) & inside(mask)
        if before.loss_spans is not None and mask is not None and after.loss_spans is not None:
            ends = [at for stretch in after.loss_spans for at in stretch]
            assert ends == sorted(set(ends)), "in order, apart, none of them empty"
        assert (after.score, after.reward_position, after.parts, after.spans) == (
            before.score,
            before.reward_position,
            before.parts,
            before.spans,
        )
    (bare,) = masked(coarse, lambda _: None)(ANSWERS[:1])
    assert bare.loss_spans is None
    (nothing,) = masked(coarse, lambda _: ())(ANSWERS[:1])
    assert nothing.loss_spans == ()
    (touching,) = masked(masked(coarse, lambda _: ((5, 9), (0, 3))), lambda _: ((3, 6),))(ANSWERS[:1])
    assert touching.loss_spans == ((5, 6),)


@pytest.mark.parametrize("wrong", [lambda _: [], lambda asked: coarse(asked) + coarse(asked)])
def test_a_grounding_that_loses_or_adds_answers_is_refused(
    wrong: Callable[[Sequence[Answer]], list[Signal]],
) -> None:
    for grounding in (total(coarse, wrong), masked(wrong, by_length)):
        with pytest.raises(ValueError, match="signals for 40 answers"):
            grounding(ANSWERS)


def test_a_place_of_a_later_term_is_kept() -> None:
    """RLCF's place of the first error, with RLTF's values beside it."""
    error = Diagnostic("compiler.err.cant.resolve.location", 1, 8, "", 7)
    answer = Answer(PROBLEM, "return z;", Verdict(Outcome.COMPILE_ERROR, diagnostics=(error,)))
    (signal,) = total(rltf, compiler)([answer])
    assert (signal.score, signal.reward_position) == (-2.0, 7)
    assert [(span.start, span.end) for span in signal.spans] == [(0, 9)]
