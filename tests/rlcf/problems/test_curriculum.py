"""Start points of references of MBJP, judged; and how a curriculum moves."""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path

import pytest

from javabox import Judge, Suite, SuiteCase
from rlcf.javasource.bodies import STARTERS, start_points
from rlcf.problems import Problem, load_problems
from rlcf.problems.curriculum import WINDOW, Curriculum

MBJP = Path("mbxp", "mbjp_release_v1.2.jsonl")
REFERENCE = """\
        List<Integer> a = new ArrayList<>();  // if
        do { a.add(x); } while (a.size() < 3);
        do a.add(x); while (a.size() < 4);
        a.forEach(v -> System.out.println("while" + v));
        a.replaceAll(v -> {
            return v;
        });
        if (a.isEmpty()) {
            return 1;
        } else if (a.size() > 3) {
            switch (x) {
                case 1 -> a.clear();
                default -> { while (a.size() > 9) a.clear(); }
            }
        } else
            try { for (int i : a) x = i > 0 ? i : x; } finally { x++; }
        return 2 * x;
    }
}
"""
PIECES = [
    "do { a.add",
    "do a.add",
    "System.out",
    "{\n            return v;",
    "if (a.isEmpty",
    "else if (a.size() > 3",
    "switch (x",
    "while (a.size() > 9",
    "else\n            try",
    "try {",
    "for (int",
]
"""How the completions begin, from the first to the last."""

PROBLEM = Problem(
    "double",
    "import java.util.*;\nclass A {\n    static int f(int x) {\n",
    Suite((SuiteCase("two", "int r = A.f(2);", "r", "4"), SuiteCase("three", "int r = A.f(3);", "r", "6"))),
    reference=REFERENCE,
)


@pytest.fixture(scope="module")
def problems(data_dir: Path, judge: Judge) -> list[Problem]:
    """50 of MBJP whose references pass and have at least two starts."""
    able = [
        p
        for p in load_problems(str(data_dir / MBJP), "train")
        if p.reference and len(start_points(p.reference)) > 1
    ]
    verdicts = judge.grade([problem.job(str(problem.reference)) for problem in able[:70]])
    passing = [problem for problem, verdict in zip(able, verdicts, strict=False) if verdict.passed]
    assert len(passing) >= 50
    return passing[:50]


def rounds(curriculum: Curriculum, problem: Problem, passed: list[bool]) -> Problem:
    for one in passed:
        curriculum.seen(problem.task_id, one)
    return curriculum.problem(problem)


def test_start_points_are_those_found_by_hand() -> None:
    points = start_points(REFERENCE)
    assert points[-1] == 0
    assert [
        REFERENCE[start:].lstrip(" ")[: len(piece)]
        for start, piece in zip(points[-2::-1], PIECES, strict=True)
    ] == PIECES


def test_references_of_mbjp_begin_at_branches_and_loops(problems: list[Problem]) -> None:
    for problem in problems:
        reference = str(problem.reference)
        points = start_points(reference)
        assert list(points) == sorted(set(points), reverse=True)
        assert points[-1] == 0
        for start in points[:-1]:
            word = re.match(r"[ \t]*(\w+|.)", reference[start:])
            assert word
            assert word[1] in STARTERS or reference[:start].endswith("->"), word
            assert reference[start - 1] not in " \t"


def test_every_piece_completes_its_prompt(judge: Judge, problems: list[Problem]) -> None:
    """All starts of all 50, walked by a curriculum, with the suite that they came with."""
    asked = []
    for problem in problems:
        curriculum, reference = Curriculum(), str(problem.reference)
        for start in start_points(reference):
            now = curriculum.problem(problem)
            assert now.prompt + str(now.reference) == problem.prompt + reference
            assert now.reference == reference[start:]
            assert (now.task_id, now.suite) == (problem.task_id, problem.suite)
            asked.append(now)
            rounds(curriculum, problem, [True] * WINDOW)
        assert asked[-1] == problem
    verdicts = judge.grade([problem.job(str(problem.reference)) for problem in asked])
    assert [verdict.outcome for verdict in verdicts if not verdict.passed] == []
    assert len(asked) > 100


def test_lines_count_in_the_remaining_completion(judge: Judge) -> None:
    """Diagnostics, exceptions and coverage, with the prompt longer by the first lines of the reference."""
    reference = (
        "        int r = 0;\n        for (int i = 0; i < 2 * x; i++)\n            r++;\n"
        "        return r;\n    }\n}\n"
    )
    now = Curriculum().problem(Problem("p", PROBLEM.prompt, PROBLEM.suite, reference=reference))
    assert now.prompt == PROBLEM.prompt + "        int r = 0;\n"
    right = str(now.reference)
    jobs = [
        now.job(right, coverage=True),
        now.job(right.replace("r++", "s++")),
        now.job(right.replace("r++", "r /= 0")),
    ]
    passed, broken, thrown = judge.grade(jobs)
    assert passed.passed
    assert passed.lines == (1, 2, 3)
    assert [(d.line, d.position) for d in broken.diagnostics] == [(2, right.index("r++"))]
    assert thrown.exception is not None
    assert thrown.exception.line == 2


def test_a_start_moves_when_half_of_the_window_passed_and_stops_at_the_whole_problem() -> None:
    curriculum, points = Curriculum(), start_points(REFERENCE)
    half = [True, False] * (WINDOW // 2)
    for start in points:
        now = curriculum.problem(PROBLEM)
        assert len(now.prompt) - len(PROBLEM.prompt) == start
        assert rounds(curriculum, PROBLEM, [True] * (WINDOW - 1)) == now, "too few answers"
        assert rounds(curriculum, PROBLEM, [False] * WINDOW) == now, "too few passed"
        rounds(curriculum, PROBLEM, half)
    assert curriculum.problem(PROBLEM) == PROBLEM
    assert rounds(curriculum, PROBLEM, [True] * 10 * WINDOW) == PROBLEM


def test_answers_to_one_question_move_a_start_once() -> None:
    curriculum, points = Curriculum(), start_points(REFERENCE)
    curriculum.problem(PROBLEM)
    now = rounds(curriculum, PROBLEM, [True] * 5 * WINDOW)
    assert now.reference == REFERENCE[points[1] :]
    assert curriculum.problem(PROBLEM) == now, "asked again before an answer"


def test_problems_move_apart_and_without_a_reference_never() -> None:
    curriculum = Curriculum()
    other = Problem("other", PROBLEM.prompt, PROBLEM.suite, reference=REFERENCE)
    bare = Problem("bare", PROBLEM.prompt, PROBLEM.suite)
    before = curriculum.problem(other)
    curriculum.problem(PROBLEM)
    rounds(curriculum, PROBLEM, [True] * WINDOW)
    assert curriculum.problem(other) == before
    assert rounds(curriculum, bare, [True] * WINDOW) == bare


def test_fifty_problems_move_as_a_policy_that_gets_better_passes(problems: list[Problem]) -> None:
    """Also: a curriculum that was saved and loaded goes on as if nothing had been."""
    rng, curriculum = random.Random(0), Curriculum()
    left = []
    for step in range(60):
        asked = [curriculum.problem(problem) for problem in problems]
        left.append(sum(len(str(now.reference)) for now in asked))
        for problem in problems:
            for _ in range(WINDOW):
                curriculum.seen(problem.task_id, rng.random() < step / 40)
        reloaded = Curriculum()
        reloaded.load(json.loads(json.dumps(curriculum.state())))
        assert reloaded.state() == curriculum.state()
        curriculum = reloaded
    assert left == sorted(left), "starts only move to the front"
    assert left[0] < 0.8 * left[-1]
    assert [curriculum.problem(problem) for problem in problems] == problems


def test_any_text_has_start_points() -> None:
    rng = random.Random(2)
    pieces = [
        "if",
        "else",
        "do",
        "while",
        "->",
        "case",
        "default",
        ":",
        ";",
        "{",
        "}",
        "(",
        '"',
        "/*",
        "\n",
        " ",
        "\ud800",
    ]
    texts = ["".join(rng.choices(pieces, k=rng.randrange(300))) for _ in range(1000)]
    for text in [*texts, "", " ", "\0", "do " * 20_000, "if (x)\n" * 10_000]:
        began = time.process_time()
        points = start_points(text)
        assert points[-1] == 0
        assert all(0 <= start <= len(text) for start in points)
        assert time.process_time() - began < 2.0
