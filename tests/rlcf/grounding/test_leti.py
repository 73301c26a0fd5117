"""The words before a prompt, for programs that the real judge judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from javabox import Case, Judge, Outcome, ThrownException, Verdict
from javabox.verdict import NO_VERDICT
from rlcf.grounding.leti import BAD, GOOD, LONGEST, feedback, leti_example
from rlcf.grounding.signal import Answer
from tests.rlcf.grounding.test_executed import random_completions
from tests.rlcf.grounding.test_groundings import BROKEN, CUT, HALF, PASSES, PROBLEM, THROWS

END = "\n    }\n}\n"
SAID = {
    PASSES: "",
    HALF: "case 2 failed: returned 0",
    THROWS: "line 1: java.lang.ArithmeticException: / by zero",
    BROKEN: "line 2: cannot find symbol symbol: variable z location: class A",
    CUT: "line 1: reached end of file while parsing",
    f"        return 2 *;{END}": "line 1: illegal start of expression",
    f'        return "text";{END}': "line 1: incompatible types: java.lang.String cannot be converted to int",
    f"\n        return g(x);\n    }}\n\n    static int g(int x) {{\n        return x / 0;{END}": (
        "line 6: java.lang.ArithmeticException: / by zero"
    ),
    f"        throw new IllegalStateException();{END}": "line 1: java.lang.IllegalStateException",
    f"        while (true);{END}": "time limit",
    f"        System.exit(0);\n        return 2 * x;{END}": "premature exit",
}


def answered(judge: Judge, texts: list[str]) -> list[Answer]:
    verdicts = judge.grade([PROBLEM.job(text) for text in texts])
    return [Answer(PROBLEM, text, verdict) for text, verdict in zip(texts, verdicts, strict=True)]


def test_feedback_says_what_went_wrong_and_where(judge: Judge) -> None:
    answers = answered(judge, list(SAID))
    assert [feedback(answer) for answer in answers] == list(SAID.values())
    assert [feedback(answer) for answer in answers[::-1]] == list(SAID.values())[::-1], (
        "nothing is remembered"
    )


def test_examples_have_the_word_and_the_feedback_before_the_prompt(judge: Judge) -> None:
    for answer in answered(judge, list(SAID)):
        prompt, completion = leti_example(answer)
        assert completion == answer.completion
        said = SAID[answer.completion]
        assert prompt == (f"{BAD}{said}\n" if said else GOOD) + PROBLEM.prompt


def test_the_words_are_comments_that_change_no_verdict(judge: Judge) -> None:
    """Whoever judges with the word still in the prompt gets the same verdict, lines included."""
    for answer in answered(judge, list(SAID)):
        prompt, completion = leti_example(answer)
        (verdict,) = judge.grade([replace(PROBLEM, prompt=prompt).job(completion)])
        assert verdict.to_json() | {"wall_ms": 0} == answer.verdict.to_json() | {"wall_ms": 0}


@pytest.mark.parametrize(
    "message", ["a\nb\r\u2028c", "\\u000a}", "\0\x1b[2J", "\ud800", "*/ x", "y" * 5000, None]
)
def test_what_a_program_says_stays_one_line_of_text(message: str | None) -> None:
    verdict = Verdict(Outcome.RUNTIME_ERROR, exception=ThrownException("a.B", message, 3))
    said = feedback(Answer(PROBLEM, PASSES, verdict))
    assert said.startswith("line 3: a.B")
    assert said.isprintable()
    assert len(said) <= LONGEST
    assert "\\u" not in said


@pytest.mark.parametrize("outcome", NO_VERDICT)
def test_what_says_nothing_is_neither_good_nor_bad(outcome: Outcome) -> None:
    answer = Answer(PROBLEM, PASSES, Verdict(outcome))
    assert feedback(answer) == ""
    with pytest.raises(ValueError, match="leave it out"):
        leti_example(answer)


def test_what_the_tests_expect_is_not_in_the_feedback() -> None:
    thrown = ThrownException("java.lang.AssertionError", "expected 42", None)
    case = Case("main", Outcome.FAILED, call="check(f(2), 42)", got="expected 42", expected="42")
    failed = Answer(PROBLEM, PASSES, Verdict(Outcome.FAILED, (case,), exception=thrown))
    assert feedback(failed) == "case main failed"
    untested = Answer(PROBLEM, PASSES, Verdict(Outcome.UNTESTED, (Case("main", Outcome.UNTESTED),)))
    assert leti_example(untested)[0].startswith(f"{BAD}its tests were not evaluated\n")


def test_a_thousand_random_completions_have_feedback(judge: Judge) -> None:
    for answer in answered(judge, random_completions(1000)):
        prompt, completion = leti_example(answer)
        first, _, rest = prompt.partition("\n")
        assert first.startswith(BAD)
        assert first.isprintable()
        assert len(first) > len(BAD)
        assert (rest, completion) == (PROBLEM.prompt, answer.completion)
