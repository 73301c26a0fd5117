"""LEVER's choice by hand, on programs that the judge has run, and against float64; blind to what is right."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from javabox import Case, Judge, Limits, Outcome, Suite, SuiteCase, Verdict
from rlcf.evaluation.rerank import (
    Candidate,
    choice_rates,
    execution,
    lever,
    likelihood,
    majority,
    verifier_text,
)
from rlcf.grounding.signal import Answer
from rlcf.problems import Problem, load_problems
from tests.javabox.programs import DOUBLE, PROMPT

PROBLEM = Problem("double", PROMPT, DOUBLE, description="Twice x.", time_limit=0.5)
BODIES = {
    "parse error": "return 2 *;",
    "type error": "return z;",
    "runtime error": "return x == 2 ? 4 : x / 0;",
    "partly failing": "return x == 2 ? 4 : 5;",
    "failing": "return x * x - 4;",
    "as failing": "return (x - 2) * 5;",
    "passing": "return 2 * x;",
    "as passing": "return x + x;",
    "an exit": "System.exit(0); return 4;",
    "no end": "while (true) { x++; }",
    "no JDK value": "return new S();",
}
RESULTS = {
    "parse error": ("compile_error",),
    "type error": ("compile_error",),
    "runtime error": ("int = 4", "java.lang.ArithmeticException"),
    "partly failing": ("int = 4", "int = 5"),
    "failing": ("int = 0", "int = 5"),
    "as failing": ("int = 0", "int = 5"),
    "passing": ("int = 4", "int = 6"),
    "as passing": ("int = 4", "int = 6"),
    "an exit": ("premature_exit", "premature_exit"),
    "no end": ("time_limit", "time_limit"),
    "no JDK value": ("a value", "a value"),
}


def judged(judge: Judge, problem: Problem, bodies: Sequence[str]) -> list[Answer]:
    texts = [f"        {body}\n    }}\n}}\n" for body in bodies]
    verdicts = judge.grade([problem.job(text, Limits(fuel=10_000_000)) for text in texts])
    return [Answer(problem, text, verdict) for text, verdict in zip(texts, verdicts, strict=True)]


@pytest.fixture(scope="module")
def answers(judge: Judge) -> dict[str, Answer]:
    return dict(zip(BODIES, judged(judge, PROBLEM, list(BODIES.values())), strict=True))


def test_execution_results_by_hand(answers: dict[str, Answer]) -> None:
    assert {name: execution(answer) for name, answer in answers.items()} == RESULTS


def test_the_text_by_hand(answers: dict[str, Answer]) -> None:
    assert "".join(verifier_text(answers["runtime error"])) == (
        "// description\nTwice x.\n"
        "// program\nstatic Object f(int x) {\n        return x == 2 ? 4 : x / 0;\n    }\n}\n\n"
        "// execution\nS.f(2): int = 4\nS.f(3): java.lang.ArithmeticException\n"
    )
    assert verifier_text(answers["type error"])[2] == "// execution\ncompile_error\n"
    bare = replace(answers["passing"], problem=replace(PROBLEM, description=""))
    assert PROMPT in verifier_text(bare)[0]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("-7", "int = -7"),
        ("7L", "long = 7L"),
        ("(byte) 3", "byte = (byte) 3"),
        ("1.5f", "float = 1.5f"),
        ("Float.NaN", "float = Float.NaN"),
        ("0.1 + 0.2", "double = 0.30000000000000004"),
        ("-1.0 / 0", "double = Double.NEGATIVE_INFINITY"),
        ("1e300", "double = 1.0E300"),
        ("x == 0", "boolean = true"),
        ("'c'", "char = 'c'"),
        ('"new int[] {1}"', 'String = "new int[] {1}"'),
        ("null", "null = null"),
        ("new int[] {1, 2}", "int[] = new int[] {1, 2}"),
        ('new String[] {"a"}', 'String[] = new java.lang.String[] {"a"}'),
        ("List.of(1, 2)", "List = java.util.Arrays.asList(1, 2)"),
        ("Set.of()", "HashSet = new java.util.HashSet<>(java.util.Arrays.asList())"),
        ("new AbstractMap.SimpleEntry<>(1, 2)", "Map.Entry = java.util.Map.entry(1, 2)"),
        ("new java.util.ArrayDeque<>()", "a value"),
        ('new java.math.BigDecimal("2")', 'BigDecimal = new java.math.BigDecimal("2")'),
    ],
)
def test_types_are_those_of_the_values(judge: Judge, expression: str, wanted: str) -> None:
    case = SuiteCase("zero", "Object r = S.f(0);", "r", "1")
    problem = Problem("any", PROMPT, Suite(cases=(case,), imports=DOUBLE.imports))
    (answer,) = judged(judge, problem, [f"return {expression};"])
    assert execution(answer) == (wanted,)


def test_nothing_depends_on_what_is_right(judge: Judge, answers: dict[str, Answer]) -> None:
    """The same programs, judged with other expected values: other outcomes, the same texts and groups."""
    rng, changed = random.Random(0), 0
    for _ in range(8):
        cases = tuple(
            replace(case, expected=rng.choice(['"six"', "null", "4", "5", "6"]), expected_type="Object")
            for case in DOUBLE.cases
        )
        other = replace(PROBLEM, suite=replace(DOUBLE, cases=cases))
        for answer, known in zip(judged(judge, other, list(BODIES.values())), answers.values(), strict=True):
            assert verifier_text(answer) == verifier_text(known)
            assert execution(answer) == execution(known)
            changed += answer.verdict.outcome is not known.verdict.outcome
    assert changed > 8, "many passed with one and failed with another"
    expected = answers["passing"]
    failed = replace(
        expected.verdict,
        outcome=Outcome.FAILED,
        cases=tuple(replace(case, outcome=Outcome.FAILED) for case in expected.verdict.cases),
    )
    assert verifier_text(replace(expected, verdict=failed)) == verifier_text(expected)


def test_a_whole_test_program_tells_nothing(judge: Judge) -> None:
    """Its exceptions are those of wrong answers."""
    main = 'if (!S.f(2).equals(4)) { throw new Exception("wrong"); }'
    whole = f"class Main {{ public static void main(String[] args) throws Exception {{ {main} }} }}"
    problem = replace(PROBLEM, suite=Suite(whole=whole))
    found = judged(judge, problem, ["return 4;", "return 5;", "return x / 0;", "return"])
    assert [answer.verdict.outcome for answer in found] == [
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.RUNTIME_ERROR,
        Outcome.COMPILE_ERROR,
    ]
    assert [execution(answer) for answer in found] == [("not seen",)] * 3 + [("compile_error",)]


def test_expected_values_of_the_data_sets_are_not_in_the_text(data_dir: Path) -> None:
    """Of released problems, as if every case had returned 0."""
    assert data_dir
    for problem in load_problems("mbjp", "test")[:100]:
        cases = tuple(Case(case.name, Outcome.FAILED, "0") for case in problem.suite.cases)
        answer = Answer(problem, "}}", Verdict(Outcome.FAILED, cases))
        changed = tuple(replace(case, expected="17", expected_type="Void") for case in problem.suite.cases)
        if not changed:
            continue
        other = replace(problem, suite=replace(problem.suite, cases=changed))
        assert verifier_text(answer) == verifier_text(replace(answer, problem=other))
        assert all(line.endswith(": int = 0") for line in verifier_text(answer)[2].splitlines()[1:])


def test_the_choice_by_hand(answers: dict[str, Answer]) -> None:
    """Two programs that agree outweigh a likelier one alone; of the two the better is chosen."""
    by_name = {
        "parse error": (-1.0, -9.0),
        "failing": (-2.0, -1.0),  # e^-3 = 0.0498
        "passing": (-2.5, -1.1),  # e^-3.6 = 0.0273
        "as passing": (-2.4, -1.0),  # e^-3.4 = 0.0334: together 0.0607
        "runtime error": (-3.0, -0.5),  # e^-3.5 = 0.0302
    }
    rows = [Candidate(answers[name], *logs) for name, logs in by_name.items()]
    assert list(by_name)[lever(rows)] == "as passing"
    assert list(by_name)[likelihood(rows)] == "parse error"
    assert list(by_name)[majority(rows)] == "passing"
    again = [*rows, Candidate(answers["failing"], *by_name["failing"])]
    assert lever(again) == 3, "sampled twice, it is as probable as before"
    assert majority([*again, again[1]]) == 1, "but it counts three times"
    broken = [Candidate(answers[name], -8.0) for name in ("parse error", "type error")]
    assert lever([*broken, Candidate(answers["failing"], -8.5)]) == 0, "those not compiled are one group"


def test_groups_and_sums_agree_with_float64(answers: dict[str, Answer]) -> None:
    rng, names, alone = random.Random(1), list(BODIES), 0
    for _ in range(300):
        drawn = rng.sample(names, rng.randrange(2, len(names) + 1))
        rows = [
            Candidate(answers[name], rng.uniform(-1, 0) - 800 * rng.randrange(2), rng.uniform(-1, 0))
            for name in drawn
        ]
        scores = torch.tensor([row.log_lm + row.log_yes for row in rows], dtype=torch.float64)
        results = [RESULTS[name] for name in drawn]
        same = torch.tensor([[one == other for other in results] for one in results])
        sums = scores.expand(len(rows), -1).masked_fill(~same, -math.inf).logsumexp(-1)
        best = sums >= sums.max() - 1e-12
        assert lever(rows) == int(scores.masked_fill(~best, -math.inf).argmax())
        alone += lever(rows) != int(scores.argmax())
    assert alone > 5, "sums decide now and then"


def test_judge_errors_are_chosen_only_where_there_is_nothing_else(answers: dict[str, Answer]) -> None:
    lost = Answer(PROBLEM, "lost", Verdict(Outcome.JUDGE_ERROR))
    rows = [Candidate(lost, 0.0), Candidate(lost, 0.0), Candidate(answers["failing"], -50.0, -50.0)]
    assert (lever(rows), likelihood(rows), majority(rows)) == (2, 2, 2)
    assert (lever(rows[:2]), likelihood(rows[:2]), majority(rows[:2])) == (0, 0, 0)
    rates = choice_rates([rows[:2], [*rows, Candidate(answers["passing"], -1.0)]])
    assert {name: rate.rate for name, rate in rates.items()} == {
        "sampling": 0.5,
        "likelihood": 1.0,
        "majority": 0.0,
        "lever": 1.0,
    }
    assert math.isnan(choice_rates([rows[:2]])["lever"].rate)
