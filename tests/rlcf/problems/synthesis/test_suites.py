"""New cases on the real judge: each filter drops what it should, and scores are what a hand counts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from javabox import Judge, Suite, SuiteCase
from rlcf.cli import main
from rlcf.errors import BadInput
from rlcf.problems import Problem, load_problems
from rlcf.problems.cases import write_problems
from rlcf.problems.java_file import read_methods
from rlcf.problems.synthesis import suites
from rlcf.problems.synthesis.asked import ask
from rlcf.problems.synthesis.stubs import stubs
from rlcf.problems.synthesis.suites import Made, Score, add_cases, cover
from rlcf.problems.synthesis.witnesses import agree

IMPORTS = "import java.util.*;"


@pytest.fixture(scope="module")
def doubter() -> Iterator[Judge]:
    with Judge("local", lane="strict", determinism=False) as judge:
        yield judge


def problem(
    body: str,
    *calls: tuple[str, str],
    fields: str = "",
    head: str = "static int f(int a, int b)",
    name: str = "T/1",
) -> Problem:
    cases = tuple(
        SuiteCase(str(i), f"var x = C.f({arguments});", "x", expected)
        for i, (arguments, expected) in enumerate(calls)
    )
    prompt = f"{IMPORTS}\nclass C {{\n    {fields}\n    {head} {{\n"
    return Problem(
        name, prompt, Suite(cases=cases, imports=IMPORTS), reference=f"        {body}\n    }}\n}}\n"
    )


GOOD = problem("return a > b ? a : b;", ("1, 2", "2"), ("7, 7", "7"))
"""Two examples are too few for a <= b to be taken for a rule."""


def test_a_good_problem_gets_cases_that_its_reference_passes_and_wrong_programs_fail(
    judge: Judge, doubter: Judge
) -> None:
    (made,) = add_cases([GOOD], judge, doubter, most=6)
    assert made.note == ""
    assert 0 < made.added <= 6
    assert made.problem.suite.cases[:2] == GOOD.suite.cases
    wrong = GOOD.reference.replace("? a : b", "? b : b") if GOOD.reference else ""
    right, before, after = judge.grade(
        [made.problem.job(GOOD.reference or ""), GOOD.job(wrong), made.problem.job(wrong)]
    )
    assert right.passed
    assert before.passed, "two cases of which no first number is the greater"
    assert not after.passed
    assert made.same_kinds.after >= made.same_kinds.before
    assert made.other_kinds.mutants > 0


def test_the_same_seed_gives_the_same_suite(judge: Judge, doubter: Judge) -> None:
    (first,), (same,), (other,) = (add_cases([GOOD], judge, doubter, seed=seed) for seed in (0, 0, 5))
    assert first == same
    assert first.problem.suite != other.problem.suite


def test_what_is_not_the_same_twice_becomes_no_case(judge: Judge, doubter: Judge) -> None:
    counter = problem("return n++ + a * 0;", ("5, 5", "0"), fields="static int n;", name="T/0")
    chance = "return a > 8 ? (int) (Math.random() * 1e9) : a;"
    always = problem(chance, ("1, 2", "1"), ("20, 1", "-1"), name="T/2")
    seldom = problem(chance, ("1, 2", "1"), ("8, 1", "8"), name="T/3")
    made = add_cases([counter, always, seldom], judge, doubter)
    assert made[0].unsteady >= made[0].proposed - 1, "only the middle input may have the same number twice"
    assert "its own tests" in made[1].note
    assert made[2].unsteady > 0
    assert made[2].added > 0
    assert all(int(case.expected or 9) <= 8 for case in made[2].problem.suite.cases)


def test_where_the_reference_has_no_answer_there_is_no_case(judge: Judge, doubter: Judge) -> None:
    throws = problem("return 100 / (a - 2);", ("1, 1", "-100"), ("4, 4", "50"), ("3, 3", "100"))
    endless = problem("while (a == 2) { } return a + b;", ("1, 1", "2"), ("4, 4", "8"), name="T/2")
    own = problem("return new C();", head="static Object f(int a, int b)", name="T/3")
    made = add_cases([throws, endless, own], judge, doubter)
    for one in made[:2]:
        assert one.note == ""
        assert one.unanswered > 0
        assert not any("C.f(2," in case.code for case in one.problem.suite.cases)
        assert one.added > 0
    assert made[2].unanswered == made[2].proposed > 0
    assert "no input" in made[2].note
    assert made[2].problem == own


def test_where_a_witness_answers_otherwise_there_is_no_case(judge: Judge, doubter: Judge) -> None:
    """The reference is wrong above 8; a witness that fails the old cases is not heard."""
    half = "a / 2.0"
    wrong = problem(
        f"return a > 8 ? -1 : {half};", ("1, 2", "0.5"), ("8, 1", "4.0"), head="static double f(int a, int b)"
    )
    witnesses = {"T/1": ["return 7; } }", f"return {half}; }} }}"]}
    (alone,), (heard,) = (add_cases([wrong], judge, doubter, witnesses=given) for given in ({}, witnesses))
    assert any(case.expected == "-1.0" for case in alone.problem.suite.cases)
    assert heard.disputed > 0
    assert heard.added > 0
    assert not any(case.expected == "-1.0" for case in heard.problem.suite.cases)


@pytest.mark.parametrize(
    ("value", "other", "same"),
    [
        ("1", "1", True),
        ("1", "1.0", False),
        ("1.0", "1.0000000000001", True),
        ("1.0", "1.001", False),
        ("1.0", None, False),
        ("2.0E10", "2.0000000001E10", True),
        ("1.0f", "1.000001f", True),
    ],
)
def test_answers_agree(value: str, other: str | None, same: bool) -> None:
    assert agree(value, other) is same


def test_a_reference_that_fails_its_own_tests_gets_none(judge: Judge, doubter: Judge) -> None:
    wrong = problem("return a + b;", ("1, 1", "3"))
    broken = problem("return a +;", ("1, 1", "2"), name="T/2")
    without = replace(GOOD, reference=None, task_id="T/3")
    made = add_cases([wrong, broken, without], judge, doubter)
    assert [one.note for one in made] == [
        "its reference does not pass its own tests: failed",
        "its reference does not pass its own tests: compile_error",
        "not covered: no reference",
    ]
    assert [one.problem for one in made] == [wrong, broken, without]


def test_the_reference_must_pass_the_suite_in_the_end(judge: Judge, doubter: Judge) -> None:
    made = Made(GOOD, before=2)
    lies = SuiteCase("new 0", "var x = C.f(1, 9);", "x", "1")
    true = SuiteCase("new 1", "var x = C.f(8, 3);", "x", "8")
    suites._put(made, [lies, true])
    suites._check([made], judge, doubter)
    assert made.problem.suite.cases == (*GOOD.suite.cases, true)
    assert made.inconsistent == 1
    assert made.note == ""


def test_a_suite_that_a_stub_passes_is_named(judge: Judge, doubter: Judge) -> None:
    head = "static boolean f(int a, int b)"
    always = problem("return a * a >= 0;", ("1, 1", "true"), ("2, 3", "true"), head=head)
    sometimes = problem("return a < 3;", ("1, 1", "true"), ("2, 3", "true"), head=head, name="T/2")
    made = add_cases([always, sometimes], judge, doubter)
    assert made[0].note == "a stub passes"
    assert made[0].stub_before
    assert made[0].stub_after
    assert made[0].problem == always
    assert made[1].stub_before, "true passes both shipped cases"
    assert not made[1].stub_after
    assert made[1].added > 0


@pytest.mark.parametrize(
    ("result", "body"),
    [("int", "return 0;"), ("String", "return null;"), ("List<Integer>", "return new ArrayList<>();")],
)
def test_stubs_of_every_type_compile(result: str, body: str, judge: Judge) -> None:
    some = problem(body, ("1, 1", "9"), head=f"static {result} f(int a, int b)")
    verdicts = judge.grade([some.job(stub) for stub in stubs(some)])
    assert not verdicts[0].compiled, "an empty body"
    assert sum(bool(verdict.compiled) for verdict in verdicts) >= 2
    assert not any(verdict.passed for verdict in verdicts)


def test_the_score_is_what_a_hand_counts(judge: Judge) -> None:
    """Of five programs one does not compile, two fail the old cases, one more the new, one behaves alike."""
    bodies = (
        "return a > b ? a : c;",
        "return a;",
        "return 0;",
        "return a == 5 ? 0 : a > b ? a : b;",
        "return b < a ? a : b;",
    )
    made = Made(GOOD, before=2)
    suites._put(made, [SuiteCase("new 0", "var x = C.f(5, 1);", "x", "5")])
    verdicts = judge.grade([made.problem.job(f"{body}}}}}") for body in bodies])
    assert suites._score(verdicts, 2) == Score(mutants=4, before=2, after=3)
    assert [suites._failed(verdict) for verdict in verdicts] == [
        set(),
        {"0"},
        {"0", "1", "new 0"},
        {"new 0"},
        set(),
    ]


def test_a_program_that_never_ends_fails_the_case_in_which_it_was(judge: Judge) -> None:
    suite = replace(GOOD.suite, cases=(*GOOD.suite.cases, SuiteCase("2", "var x = C.f(3, 1);", "x", "3")))
    (verdict,) = judge.grade(
        [replace(GOOD, suite=suite).job("while (a == 7) { } return a > b ? a : b; } }", suites.LIMITS)]
    )
    assert suites._failed(verdict) == {"1"}


def test_cover_takes_few_cases_that_fail_all_mutants_and_then_others() -> None:
    cases = [SuiteCase(name, "", "", name.upper()) for name in "abcde"]
    kills = [{"a"}, {"a", "b"}, {"b", "c"}, {"c"}]
    assert [case.name for case in cover(cases, kills, 2)] == ["a", "c"]
    assert [case.name for case in cover(cases, kills, 3)] == ["a", "b", "c"]
    assert [case.name for case in cover(cases, kills, 9)] == list("abcde"), "the others by what they expect"
    assert [case.name for case in cover([*cases, SuiteCase("f", "", "", "A")], kills, 9)] == list("abcde")


def test_results_with_fractions_get_a_tolerance(judge: Judge, doubter: Judge) -> None:
    third = problem("return a / 3.0;", head="static double f(int a, int b)")
    (made,) = add_cases([third], judge, doubter)
    assert made.added > 0
    assert all(case.tolerance for case in made.problem.suite.cases)
    (verdict,) = judge.grade([made.problem.job("return a * (1 / 3.0); } }")])
    assert verdict.passed, "equal but for the last bit"


JAVA = """
import java.util.List;

/** Things. */
class Things {
    static final int[] TABLE = {1, 2};

    private static int twice(int x) { return 2 * x; }

    /**
     * The first of a list, doubled.
     * {@code first(List.of(4, 5))} is 8.
     */
    static int first(List<Integer> xs) {
        return twice(xs.get(0)) + TABLE[0] - 1;
    }

    /** Not static. */
    int other() { return 1; }

    /** Joins. */
    static String join(String a, char b) { if (a.isEmpty()) { return ""; } return a + b + rest(a); }

    static String rest(String a) { return a.length() > 2 ? a.substring(2) : ""; }
}
"""


def test_bare_methods_with_a_javadoc_get_suites_that_can_be_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], served_judge: str
) -> None:
    source, out = tmp_path / "Things.java", tmp_path / "out.jsonl"
    source.write_text(JAVA)
    assert [one.entry_point for one in read_methods(source)] == ["first", "join"]
    assert main(["data", "tests", str(source), "--out", str(out), "--engine", "local", "--most", "5"]) == 0
    printed = capsys.readouterr().out
    assert "2 have new cases" in printed
    assert "mean mutation score 0.0% before, " in printed
    first, join = load_problems(str(out))
    assert 0 < len(first.suite.cases) <= 5
    assert first.description.startswith("The first of a list, doubled.")
    assert first.prompt.rstrip().endswith("static int first(List<Integer> xs) {")
    assert "rest(String a)" in join.prompt
    assert main(["data", "check", str(out), "--engine", served_judge]) == 0


def test_new_cases_survive_a_file(tmp_path: Path, judge: Judge, doubter: Judge) -> None:
    (problem, *_) = [one for one in load_problems("mbjp", "train") if one.reference is not None]
    (made,) = add_cases([problem], judge, doubter, most=4)
    path = tmp_path / "problems.jsonl"
    with path.open("w") as out:
        write_problems([made.problem], out)
    assert load_problems(str(path)) == [made.problem]
    assert made.added == 4


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ("no", "must be a list"),
        ([{"name": "a"}], "number 0 must have"),
        ([{"name": "a", "code": 1, "value": "x", "expected": "1"}], "are strings"),
        ([{"name": "a", "code": "", "value": "x", "expected": "1", "tolerance": "1"}], "must be a number"),
        ([{"name": "a", "code": "", "value": "x", "expected": "1"}] * 2, "must differ"),
        ([], "field 'test': must not be empty"),
    ],
)
def test_bad_cases_are_refused(cases: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    path.write_text(json.dumps({"task_id": "a", "prompt": "class A {", "entry_point": "f", "cases": cases}))
    with pytest.raises(BadInput, match=message):
        load_problems(str(path))


def test_of_what_a_model_writes_only_calls_that_fit_are_taken(judge: Judge, doubter: Judge) -> None:
    prompts: list[str] = []

    def write(texts: Sequence[str]) -> list[str]:
        prompts.extend(texts)
        return ['40, 2);\n  C.f(1, 2);\n  C.f(x, 1);\n  C.f(3);\n  C.f("a", 1);\n  C.f(40, 2);\n  C.f(41, ']

    asked = ask([GOOD], write)
    assert prompts[0].startswith(GOOD.prompt)
    assert prompts[0].endswith("        C.f(1, 2);\n        C.f(7, 7);\n        C.f(")
    assert asked.inputs == {"T/1": [[40, 2]]}
    assert (asked.written, asked.usable) == (7, 1)
    (made,) = add_cases([GOOD], judge, doubter, more=asked.inputs, most=30)
    assert any("C.f(40, 2)" in case.code for case in made.problem.suite.cases)
