"""RLTF's feedback on programs that the real judge judged; values by hand from the paper's formulas."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from javabox import Case, Diagnostic, Judge, Limits, Outcome, Suite, SuiteCase, ThrownException, Verdict
from javabox.verdict import NO_VERDICT
from rlcf.grounding.blame import CODES
from rlcf.grounding.rltf import adaptive, coarse, fine, rltf
from rlcf.grounding.signal import Answer, Grounding, Signal
from rlcf.grounding.table import grounding_entry
from rlcf.grounding.values import CLASSES, outcome_class
from rlcf.problems import Problem

PROBLEM = Problem(
    task_id="double",
    prompt="class A {\n    static int f(int x) {\n",
    suite=Suite(
        cases=tuple(
            SuiteCase(name=str(x), code=f"int r = A.f({x});", value="r", expected=str(2 * x))
            for x in range(1, 5)
        )
    ),
)
LIMITS = Limits(fuel=5_000_000)
END = "\n    }\n}\n"
WHOLE = "(the whole)"

PROGRAMS: dict[str, tuple[str, float, str, float]] = {
    # name: completion, R_coarse, where R_fine = -0.3 falls, R_adaptive
    "parse error": ("        int y = 1;\n        return y + ;" + END, -1.0, "return y + ;", 0.0),
    "cut off": ("        return 2 * x;\n", -1.0, WHOLE, 0.0),
    "surplus brace": ("        return 2 * x;" + END + "}\n", -1.0, "", 0.0),
    "type error": ('        String s = x;\n        return s + "";' + END, -1.0, "String s = x;", 0.0),
    "no return": ("        x++;" + END, -1.0, WHOLE, 0.0),
    "error in every case": ("        int y = 0;\n        return x / y;" + END, -0.6, "return x / y;", 0.0),
    "error in one case": ("        return 2 * x % (4 - x);" + END, -0.6, "return 2 * x % (4 - x);", 0.0),
    "endless": ("        while (true) { }" + END, -0.6, WHOLE, 0.0),
    "exit": ("        System.exit(0);\n        return 2 * x;" + END, -0.6, WHOLE, 0.0),
    "all wrong": ("        return -1;" + END, -0.3, "", -0.3),
    "one of four right": ("        return 2;" + END, -0.3, "", -0.3 + 1.3 * 1 / 4),
    "three of four right": ("        return x < 4 ? 2 * x : 0;" + END, -0.3, "", -0.3 + 1.3 * 3 / 4),
    "passes": ("        return x + x;" + END, 1.0, "", 1.0),
}  # fmt: skip
NAMED = {"rltf": rltf, "rltf-coarse": coarse, "rltf-fine": fine, "rltf-adaptive": adaptive}


def answers(judge: Judge, completions: Sequence[str]) -> list[Answer]:
    verdicts = judge.grade([PROBLEM.job(completion, LIMITS) for completion in completions])
    return [Answer(PROBLEM, c, verdict) for c, verdict in zip(completions, verdicts, strict=True)]


@pytest.fixture(scope="module")
def judged(judge: Judge) -> dict[str, Answer]:
    return dict(zip(PROGRAMS, answers(judge, [row[0] for row in PROGRAMS.values()]), strict=True))


def blamed(signal: Signal, completion: str) -> str:
    if not signal.spans:
        return ""
    (span,) = signal.spans
    assert span.value == -0.3
    return WHOLE if (span.start, span.end) == (0, len(completion)) else completion[span.start : span.end]


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_places_and_spans_are_those_of_the_formulas(judged: dict[str, Answer], name: str) -> None:
    completion, of_coarse, of_fine, of_adaptive = PROGRAMS[name]
    asked = [judged[name]]
    (one,), (two,), (three,), (all_three,) = (ground(asked) for ground in (coarse, fine, adaptive, rltf))
    assert (one.score, one.spans, one.parts) == (of_coarse, (), {"coarse": of_coarse})
    assert (two.score, blamed(two, completion), two.parts) == (0.0, of_fine, {})
    assert (three.score, three.spans) == (pytest.approx(of_adaptive), ())
    assert three.parts == pytest.approx({"adaptive": of_adaptive})
    assert all_three.score == pytest.approx(of_coarse + of_adaptive)
    assert blamed(all_three, completion) == of_fine
    assert all_three.parts == pytest.approx({"coarse": of_coarse, "adaptive": of_adaptive})
    for signal in (one, two, three, all_three):
        assert signal.reward_position is None, "coarse and adaptive belong to the whole sequence"
        assert signal.loss_spans is None


def test_programs_end_in_four_ways(judged: dict[str, Answer]) -> None:
    """CodeRL's classes are the rows of the coarse table; an exit or a limit is an error at run time."""
    names = {-1.0: "compile error", -0.6: "runtime error", -0.3: "failed", 1.0: "passed"}
    for name, (_, of_coarse, *_) in PROGRAMS.items():
        found = outcome_class(judged[name].verdict)
        assert found is not None
        assert CLASSES[found] == names[of_coarse], name
    assert outcome_class(Verdict(Outcome.JUDGE_ERROR)) is None


def test_better_programs_have_better_scores(judged: dict[str, Answer]) -> None:
    order = ["type error", "endless", "one of four right", "three of four right", "passes"]
    scores = [signal.score or 0.0 for signal in rltf([judged[name] for name in order])]
    assert scores == sorted(set(scores))


def test_an_empty_completion_has_nothing_to_blame(judge: Judge) -> None:
    (signal,) = rltf(answers(judge, [""]))
    assert (signal.score, signal.spans) == (-1.0, ())


def test_they_have_names_for_recipes(judged: dict[str, Answer]) -> None:
    for name, grounding in NAMED.items():
        entry = grounding_entry(name)
        assert entry.runs
        assert not entry.compares(1.0)
        asked = list(judged.values())
        assert entry.make(None, 0.0)(asked) == grounding(asked)


def random_completion(rng: random.Random) -> str:
    kind = rng.randrange(5)
    if kind == 0:
        return "".join(map(chr, rng.choices(range(0x300), k=rng.randrange(400))))
    if kind == 1:
        return bytes(rng.choices(range(256), k=rng.randrange(400))).decode("utf-8", "surrogateescape")
    if kind == 2:
        return "".join(rng.choices(["", " ", "\n", "\r", "\r\n", "\t", "\u2028", "}"], k=rng.randrange(6)))
    if kind == 3 and rng.random() < 0.1:
        return "        x = x + 1;\n" * 10_000 + rng.choice(["", "return x;" + END])
    pieces = [
        *"(){};+-\n \"'",
        "return ",
        "x",
        "int ",
        "1",
        "= ",
        "if ",
        "else ",
        "while ",
        "/*",
        "*/",
        "//",
        END,
    ]
    return "".join(rng.choices(pieces, k=rng.randrange(60)))


def random_verdict(rng: random.Random, completion: str) -> Verdict:
    """What no judge says as well: lines that are not there, cases that belie the outcome."""
    line = rng.choice([None, -1, 0, 1, 2, 3, 10_000, 1 << 40, rng.randrange(1, completion.count("\n") + 2)])
    code = rng.choice([*CODES, "limit.code", "limit.string", "of.another.jdk", ""])
    error = Diagnostic(rng.choice(["compiler.err.", ""]) + code, line, line, "", line)
    thrown = ThrownException(
        rng.choice(["java.lang.Error", "java.lang.StackOverflowError", "java.lang.OutOfMemoryError", ""]),
        None,
        line,
    )
    return Verdict(
        rng.choice(list(Outcome)),
        cases=tuple(Case(str(at), rng.choice(list(Outcome))) for at in range(rng.randrange(4))),
        diagnostics=(error,) * rng.randrange(3),
        exception=rng.choice([None, thrown]),
    )


@pytest.fixture(scope="module")
def noise(judge: Judge) -> list[Answer]:
    """1,000 random completions, 100 of them judged."""
    rng = random.Random(5)
    completions = [random_completion(rng) for _ in range(1000)]
    made_up = [Answer(PROBLEM, one, random_verdict(rng, one)) for one in completions[100:]]
    return answers(judge, completions[:100]) + made_up


@pytest.mark.parametrize("grounding", NAMED.values(), ids=NAMED)
def test_any_completion_and_verdict_has_a_signal_or_none(grounding: Grounding, noise: list[Answer]) -> None:
    signals = grounding(noise)
    assert len(signals) == len(noise) == 1000
    assert len({tuple(signal.parts) for signal in signals}) == 1
    for answer, signal in zip(noise, signals, strict=True):
        assert (signal.score is None) == (answer.verdict.outcome in NO_VERDICT)
        assert sum(signal.parts.values()) == pytest.approx(signal.score or 0.0)
        for span in signal.spans:
            assert 0 <= span.start < span.end <= len(answer.completion)
            assert span.value == -0.3
            assert not answer.verdict.executed


@pytest.mark.parametrize("grounding", NAMED.values(), ids=NAMED)
def test_an_answer_decides_its_signal_and_nothing_else_does(
    grounding: Grounding, noise: list[Answer]
) -> None:
    signals = grounding(noise)
    assert grounding(noise) == signals
    assert [grounding([answer])[0] for answer in noise] == signals
    assert grounding(noise[::-1]) == signals[::-1]
    assert grounding([]) == []
