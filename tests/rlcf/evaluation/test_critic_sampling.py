"""Critic sampling with a policy and a critic that are tables, and the real judge."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from javabox import Judge, Suite, SuiteCase
from rlcf.evaluation import evaluate
from rlcf.evaluation.critic_sampling import critic_sampling, whole_problems
from rlcf.problems import Problem

END = "\n    }\n}\n"
CASES = tuple(
    SuiteCase(name=str(x), code=f"int r = A.f({x});", value="r", expected=str(2 * x)) for x in range(1, 4)
)
DOUBLE = Problem("double", "class A {\n    static int f(int x) {\n", Suite(cases=CASES))
OTHER = Problem("other", "class A {\n    static int f(int y) {\n", Suite(cases=CASES))
WHOLE = Problem(
    "whole",
    "class B {\n    static int f(int x) {\n",
    Suite(whole="class Main { public static void main(String[] a) { if (B.f(1) < -99) { throw null; } } }"),
)

LUCKY = "        return 2;" + END
"""Right of the first case alone."""
RIGHT = "        return 2 * x;" + END
WRONG = "        return x - 1;" + END
BROKEN = "        return y;" + END
ANSWERS = {DOUBLE: [WRONG, LUCKY, BROKEN, RIGHT], OTHER: [WRONG, LUCKY.replace("2", "3"), BROKEN, RIGHT]}
CHANCES = {WRONG: 0.9, LUCKY: 0.1, BROKEN: 0.2, RIGHT: 0.3, LUCKY.replace("2", "3"): 0.5}


class Table:
    """First the answers above; to a prompt that goes on with a prefix, the rest of a right program."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], int]] = []

    def __call__(self, prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        assert temperature == 0.8
        self.calls.append((list(prompts), seed))
        if len(self.calls) > 1:
            return ["* 2;" + END if prompt.endswith("x ") else "x + 1;" + END for prompt in prompts]
        asked = {problem.prompt: list(answers) for problem, answers in ANSWERS.items()}
        return [asked[prompt].pop(0) if prompt in asked else RIGHT for prompt in prompts]


def prefixes(prompts: Sequence[str], completions: Sequence[str]) -> list[tuple[str, float]]:
    """Where `return` ends, and for RIGHT one word more."""
    assert len(prompts) == len(completions)
    return [("        return " + "x " * (text == RIGHT), CHANCES[text]) for text in completions]


@pytest.mark.parametrize("best", [1, 2])
def test_answers_go_on_from_those_that_passed_the_first_test(judge: Judge, best: int) -> None:
    """Of DOUBLE two pass it, and share the new answers; of OTHER, whose parameter has another name, none
    does, and the critic's choice is gone on from. WHOLE has no first test."""
    table = Table()
    problems = [DOUBLE, OTHER, WHOLE]
    refined = critic_sampling(problems, table, prefixes, judge, best)
    evaluation, answers = evaluate(problems, refined, judge, temperature=0.8, n=4, batch=12, seed=7)
    (first, one), (second, two) = table.calls
    assert first == [problem.prompt for problem in problems for _ in range(4)]
    assert one != two, "the second round must not repeat the draws of the first"
    lucky, right = DOUBLE.prompt + "        return ", DOUBLE.prompt + "        return x "
    assert second[:4] == [lucky, right, lucky, right]
    assert second[4:] == [OTHER.prompt + "        return "] * 4
    assert [answer.completion for answer in answers[:2]] == [
        "        return x + 1;" + END, "        return x * 2;" + END
    ]  # fmt: skip
    assert [bool(answer.verdict.passed) for answer in answers[:4]] == [False, True] * 2, "by the whole suite"
    assert [answer.completion for answer in answers[8:]] == [RIGHT] * 4
    assert evaluation.samples == 12


@pytest.mark.parametrize(
    ("best", "chosen"), [(1, [WRONG]), (2, [WRONG, BROKEN]), (9, [WRONG, BROKEN, LUCKY])]
)
def test_where_none_passes_the_critic_ranks(judge: Judge, best: int, chosen: list[str]) -> None:
    answers, calls = [LUCKY, BROKEN, WRONG], []
    chances = {LUCKY: 0.1, BROKEN: 0.2, WRONG: 0.9}
    problem = Problem("triple", DOUBLE.prompt, Suite(cases=CASES[1:]))

    def sample(prompts: Sequence[str], _temperature: float, _seed: int) -> list[str]:
        calls.append(list(prompts))
        return answers

    def whole_texts(_prompts: Sequence[str], completions: Sequence[str]) -> list[tuple[str, float]]:
        return [(text, chances[text]) for text in completions]

    critic_sampling([problem], sample, whole_texts, judge, best)([problem.prompt] * 3, 0.8, 0)
    assert calls[1] == [problem.prompt + chosen[at % len(chosen)] for at in range(3)]


def test_batches_divide_no_problem() -> None:
    assert [whole_problems(n, 256) for n in (1, 20, 256, 300)] == [256, 240, 256, 300]
