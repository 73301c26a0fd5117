"""The mask of executed lines, against what was marked by hand in `masked_programs.py`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from javabox import Case, Judge, Outcome, Suite, Verdict
from rlcf.grounding.executed import executed, masked_to_executed
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import grounding_entry
from rlcf.problems import Problem
from tests.javabox.programs import DOUBLE, PROMPT
from tests.rlcf.grounding.masked_programs import BODIES

CALLS = ("2", "3", "23")
LAYOUTS = {
    "as it is": lambda lines: "".join(f"{line}\n" for line in lines),
    "CRLF": lambda lines: "".join(f"{line}\r\n" for line in lines),
    "begun on the prompt's line": lambda lines: "".join(f"{line}\n" for line in lines),
    "two comments behind each": lambda lines: "".join(f"{line} // a {{\n" for line in lines),
}
"""Ways to write the same lines."""


def asked(calls: str, prompt: str = PROMPT) -> Problem:
    cases = tuple(case for call, case in zip("23", DOUBLE.cases, strict=True) if call in calls)
    return Problem("double", prompt, Suite(cases=cases, imports=DOUBLE.imports), time_limit=0.5)


def by_hand(body: str) -> tuple[list[str], list[str]]:
    """The lines, and the calls that make each one learnt from."""
    rows = [line.rpartition("@") for line in body.split("\n")]
    return [code.rstrip() for code, _, _ in rows], [calls for _, _, calls in rows]


def laid_out(name: str, layout: str) -> str:
    lines, _ = by_hand(BODIES[name])
    if name == "text over several lines" and "comments" in layout:
        layout = "as it is"
    return LAYOUTS[layout](lines)


def learnt_lines(answer: Answer) -> list[bool]:
    """Whether each line is learnt from; fails where a stretch is no whole lines or touches the next one."""
    stretches = executed(answer)
    assert stretches is not None
    assert all(0 <= start < end <= len(answer.completion) for start, end in stretches)
    assert all(one[1] < other[0] for one, other in pairwise(stretches))
    inside = [False] * len(answer.completion)
    for start, end in stretches:
        inside[start:end] = [True] * (end - start)
    found, at = [], 0
    for line in answer.completion.splitlines(keepends=True):
        assert len(set(inside[at : at + len(line)])) == 1, line
        found.append(inside[at])
        at += len(line)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_stretches_are_those_marked_by_hand(judge: Judge, layout: str) -> None:
    """16 bodies, 3 suites, 4 layouts: 189 different programs."""
    prompt = PROMPT.rstrip("\n") if "prompt" in layout else PROMPT
    rows = [(name, calls, asked(calls, prompt), laid_out(name, layout)) for name in BODIES for calls in CALLS]
    verdicts = judge.grade([problem.job(text, coverage=True) for _, _, problem, text in rows])
    for (name, calls, problem, text), verdict in zip(rows, verdicts, strict=True):
        wanted = {Outcome.PASSED, Outcome.RUNTIME_ERROR} if "exception in" in name else {Outcome.PASSED}
        assert verdict.outcome in wanted, (name, verdict)
        lines, marks = by_hand(BODIES[name])
        found = learnt_lines(Answer(problem, text, verdict))
        wrong = [
            (line, is_learnt)
            for line, mark, is_learnt in zip(lines, marks, found, strict=True)
            if is_learnt != bool(set(mark) & set(calls))
        ]
        assert wrong == [], (name, calls)


def test_an_only_line_that_was_executed_is_one_stretch(judge: Judge) -> None:
    problem, text = asked("2"), "        return 2 * x;\n    }\n}\n"
    (verdict,) = judge.grade([problem.job(text, coverage=True)])
    assert executed(Answer(problem, text, verdict)) == ((0, len(text)),)


def test_what_comes_behind_an_endless_loop_is_left_out(judge: Judge) -> None:
    problem = asked("2")
    text = "        int r = 0;\n        while (x == 2)\n            r++;\n        return r;\n    }\n}\n"
    (verdict,) = judge.grade([problem.job(text, coverage=True)])
    assert verdict.outcome is Outcome.TIME_LIMIT
    assert executed(Answer(problem, text, verdict)) == ((0, text.index("        return")),)


def test_there_is_no_mask_where_nothing_is_known(judge: Judge) -> None:
    problem, right = asked("2"), "        return 2 * x;\n    }\n}\n"
    broken = "        return z;\n    }\n}\n"
    jobs = [
        problem.job(broken, coverage=True),
        problem.job(right),
        problem.job(right, compile_only=True, coverage=True),
    ]
    for text, verdict in zip((broken, right, right), judge.grade(jobs), strict=True):
        assert executed(Answer(problem, text, verdict)) is None
    assert executed(Answer(problem, right, Verdict(Outcome.JUDGE_ERROR))) is None


@pytest.mark.parametrize("name", ["stepcoder", "stepcoder-unmasked"])
def test_stepcoder_scores(judge: Judge, name: str) -> None:
    """Parse error, type error, runtime error, one case of two, all; and no difference but the mask."""
    problem, entry = asked("23"), grounding_entry(name)
    bodies = ["return 2 *;", "return z;", "return x / 0;", "return x == 2 ? 4 : 0;", "return x + x;"]
    texts = [f"        {body}\n    }}\n}}\n" for body in bodies]
    verdicts = judge.grade([problem.job(text, coverage=entry.covers) for text in texts])
    answers = [Answer(problem, text, verdict) for text, verdict in zip(texts, verdicts, strict=True)]
    signals = entry.make(None, 0.0)(answers)
    assert [signal.score for signal in signals] == [-1.0, -1.0, -0.6, -0.3, 1.0]
    assert all(signal.reward_position is None and signal.spans == () for signal in signals)
    masked = [signal.loss_spans is not None for signal in signals]
    assert masked == ([False, False, True, True, True] if entry.covers else [False] * 5)
    assert entry.make(None, 0.0)(answers) == signals, "the same answers, the same signals"
    assert entry.make(None, 0.0)(answers[::-1]) == signals[::-1]


def test_the_wrapper_changes_the_mask_alone(judge: Judge) -> None:
    problem, text = asked("23"), laid_out("if and else", "as it is")
    answer = Answer(problem, text, judge.grade([problem.job(text, coverage=True)])[0])

    def grounding(answers: Sequence[Answer]) -> list[Signal]:
        return [Signal(0.25, reward_position=3, parts={"mine": 0.25}) for _ in answers]

    (signal,) = masked_to_executed(grounding)([answer])
    assert signal.loss_spans == executed(answer)
    assert replace(signal, loss_spans=None) == grounding([answer])[0]


def random_completions(count: int) -> list[str]:
    """Noise: pieces of Java, control characters, lone surrogates; one of each has 10,000 lines or none."""
    rng = random.Random(5)
    pieces = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ";",
        ":",
        "?",
        "->",
        "case",
        "else",
        "do",
        "new",
        "class",
        "record",
    ]
    pieces += [
        "x",
        "=",
        '"',
        '"""\n',
        "'",
        "\\",
        "/*",
        "//",
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\ud800",
        "return",
        "static",
    ]
    texts = ["".join(rng.choices(pieces, k=rng.randrange(300))) for _ in range(count - 204)]
    texts += ["".join(map(chr, rng.choices(range(0x250), k=500))) for _ in range(200)]
    return [*texts, "", "\n" * 10_000, "x = 1;\n" * 10_000, "int y = x < 3\n? 1 : 2; {\n" * 5_000]


def test_a_thousand_random_completions_have_a_signal(judge: Judge) -> None:
    """As judged, and as if they had been executed: a mask never fails and stays inside the completion."""
    rng, problem, texts = random.Random(6), asked("23"), random_completions(1000)
    verdicts = judge.grade([problem.job(text, coverage=True) for text in texts])
    grounding = grounding_entry("stepcoder").make(None, 0.0)
    answers = [Answer(problem, text, verdict) for text, verdict in zip(texts, verdicts, strict=True)]
    for signal in grounding(answers):
        assert signal.score is None or -1.0 <= signal.score <= 1.0
    for answer in answers:
        lines = (1, *sorted(rng.sample(range(2, 30_000), 5)))
        verdict = Verdict(Outcome.FAILED, (Case("two", Outcome.FAILED, lines=lines),))
        for start, end in executed(replace(answer, verdict=verdict)) or ():
            assert 0 <= start < end <= len(answer.completion)
