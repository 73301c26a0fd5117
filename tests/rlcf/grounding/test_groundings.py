"""What hand-made programs are worth, judged by the real judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from javabox import Case, Judge, Outcome, Suite, SuiteCase, ThrownException, Verdict
from javabox.verdict import NO_VERDICT
from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import GROUNDINGS, grounding_entry
from rlcf.problems import Problem

PROBLEM = Problem(
    task_id="double",
    prompt="class A {\n    static int f(int x) {\n",
    suite=Suite(
        cases=tuple(
            SuiteCase(name=str(x), code=f"int r = A.f({x});", value="r", expected=str(2 * x))
            for x in range(4)
        )
    ),
    reference="        return 2 * x;\n    }\n}\n",
    time_limit=0.5,
)
PASSES = "        return x + x;\n    }\n}\n"
HALF = "        return x < 2 ? 2 * x : 0;\n    }\n}\n"
THROWS = "        return x / 0;\n    }\n}\n"
UNPARSED = "        return 2 * (x;\n    }\n}\n"
BROKEN = "        int y = 1;\n        return z;\n    }\n}\n"
CUT = "        return 2 * x;\n"


def compare(prompts: Sequence[str], generated: Sequence[str], references: Sequence[str]) -> list[float]:
    """A discriminator by hand: it dislikes every completion but the reference."""
    assert set(prompts) == {PROBLEM.prompt}
    return [0.0 if one == other else -0.5 for one, other in zip(generated, references, strict=True)]


def ground(judge: Judge, name: str, completions: Sequence[str], weight: float = 0.2) -> list[Signal]:
    entry = grounding_entry(name)
    jobs = [PROBLEM.job(c, compile_only=not entry.runs, coverage=entry.covers) for c in completions]
    answers = [Answer(PROBLEM, c, v) for c, v in zip(completions, judge.grade(jobs), strict=True)]
    return entry.make(compare, weight)(answers)


def test_rlcf_places_minus_one_on_the_error_and_the_discriminator_at_the_end(judge: Judge) -> None:
    broken, passes, throws, same = ground(judge, "rlcf", [BROKEN, PASSES, THROWS, str(PROBLEM.reference)])
    assert (broken.score, broken.reward_position) == (-1.0, BROKEN.index("z"))
    assert (passes.score, passes.reward_position) == (-0.5, None)
    assert throws.score == -0.5, "programs are not run"
    assert same.score == 0


def test_rlcf_with_tests_adds_what_the_tests_say(judge: Judge) -> None:
    broken, passes, half, throws = ground(judge, "rlcf+tests", [BROKEN, PASSES, HALF, THROWS])
    assert (broken.score, broken.reward_position) == (-1.0, BROKEN.index("z"))
    assert passes.score == pytest.approx(1.0 - 0.1)
    assert half.score == pytest.approx(-0.3 + 1.3 * 0.5 - 0.1)
    assert throws.score == pytest.approx(-0.6 - 0.1)
    assert half.parts == pytest.approx({"compiler": 0.0, "tests": 0.35, "discriminator": -0.1})


def test_the_discriminator_orders_what_passes_and_nothing_else(judge: Judge) -> None:
    same = str(PROBLEM.reference)
    broken, half, passes, likest = ground(judge, "tests+tie", [BROKEN, HALF, PASSES, same])
    tests = ground(judge, "tests", [BROKEN, HALF])
    assert [broken.score, half.score] == [signal.score for signal in tests], "it is not asked of these"
    assert passes.score == pytest.approx(1 + 0.2 * (1 - 0.5) / 2)
    assert likest.score == pytest.approx(1 + 0.2 * (1 + 0) / 2)
    assert ground(judge, "tests+tie", [PASSES], weight=0.0)[0].score == 1.0


def test_groundings_without_a_discriminator(judge: Judge) -> None:
    assert [signal.score for signal in ground(judge, "tests", [BROKEN, PASSES, THROWS])] == [-1.0, 1.0, -0.6]
    assert [signal.score for signal in ground(judge, "compiler", [BROKEN, PASSES, THROWS])] == [
        -1.0,
        1.0,
        1.0,
    ]


def test_plain_groundings_say_the_same_without_the_place(judge: Judge) -> None:
    """Parse error, type error, runtime error with a line, partly failing, passing."""
    programs = [UNPARSED, BROKEN, THROWS, HALF, PASSES]
    expected = {
        "rlcf": [-1.0, -1.0, -0.5, -0.5, -0.5],
        "compiler": [-1.0, -1.0, 1.0, 1.0, 1.0],
    }
    for name, scores in expected.items():
        placed, plain = ground(judge, name, programs), ground(judge, f"{name}-plain", programs)
        assert [signal.score for signal in plain] == scores
        assert [signal.reward_position for signal in plain] == [None] * 5
        assert [signal.reward_position for signal in placed] == [
            UNPARSED.index(";"), BROKEN.index("z"), None, None, None,
        ]  # fmt: skip
        assert [replace(signal, reward_position=None) for signal in placed] == plain, "nothing else differs"


def test_an_error_after_the_last_character_has_a_place_at_or_after_the_end_or_none(judge: Judge) -> None:
    (cut,) = ground(judge, "rlcf", [CUT])
    assert cut.score == -1.0
    assert cut.reward_position is None or 0 <= cut.reward_position <= len(CUT)


@pytest.mark.parametrize("name", list(GROUNDINGS))
@pytest.mark.parametrize("outcome", NO_VERDICT)
def test_what_says_nothing_about_the_program_is_no_score(name: str, outcome: Outcome) -> None:
    answer = Answer(PROBLEM, PASSES, Verdict(outcome))
    (signal,) = grounding_entry(name).make(compare, 0.2)([answer])
    assert signal.score is None
    assert signal.spans == ()


@pytest.mark.parametrize("name", list(GROUNDINGS))
def test_untested_and_failed_by_the_tests_own_exception_pay_as_a_wrong_answer(name: str) -> None:
    """So a program that hides from its tests, or makes them throw, gains nothing by it."""
    thrown = ThrownException("java.lang.AssertionError", "expected 4, was 3", None)
    verdicts = [
        Verdict(outcome, tuple(Case(case.name, outcome) for case in PROBLEM.suite.cases), exception=exception)
        for outcome, exception in (
            (Outcome.FAILED, None),
            (Outcome.FAILED, thrown),
            (Outcome.UNTESTED, None),
        )
    ]
    wrong, *others = grounding_entry(name).make(compare, 0.2)([Answer(PROBLEM, HALF, v) for v in verdicts])
    assert others == [wrong, wrong]
    assert wrong.score is not None


@pytest.mark.parametrize("name", list(GROUNDINGS))
def test_parts_add_up_to_the_score_and_have_the_same_names(judge: Judge, name: str) -> None:
    signals = ground(judge, name, [BROKEN, PASSES, HALF, THROWS])
    assert len({tuple(signal.parts) for signal in signals}) == 1
    for signal in signals:
        assert sum(signal.parts.values()) == pytest.approx(signal.score)


def test_an_unknown_grounding_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"rlcf\+tests"):
        grounding_entry("vibes")
