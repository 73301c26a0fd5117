"""mxeval's tests taken apart: the same judgement, case by case."""

import random

import pytest

from javabox import Judge, Outcome, Suite
from rlcf.problems import Problem, load_problems
from rlcf.problems.suite import import_lines, mxeval_suite

pytestmark = pytest.mark.usefixtures("data_dir")

SAMPLE = 60

BAD_REFERENCES = {
    f"MBJP/{number}"
    for numbers in (
        (180, 198, 214, 300, 397, 432, 519, 535, 622, 738, 904),  # do not compile
        (106, 325, 553, 579, 835, 871),  # leave with System.exit(0), which mxeval takes for a pass
    )
    for number in numbers
}
"""Released references that do not pass: 17 of 874."""


@pytest.fixture(scope="module")
def sample() -> list[Problem]:
    """MBJP problems with references."""
    solved = [
        problem
        for problem in load_problems("mbjp")
        if problem.reference is not None and problem.task_id not in BAD_REFERENCES
    ]
    return random.Random(0).sample(solved, SAMPLE)


def some_problem(name: str) -> Problem:
    return next(problem for problem in load_problems(name) if problem.suite.cases)


def mxeval_test(case: str, compare: str = "return obj1.equals(obj2);") -> str:
    return f"""
class Main {{
    public static boolean compare(Object obj1, Object obj2) {{
        if (obj1 == null && obj2 == null){{
            return true;
        }} else if (obj1 == null || obj2 == null){{
            return false;
        }} else {{
            {compare}
        }}
    }}

    public static void main(String[] args) throws Exception {{
        {case}
    }}
}}
"""


PROMPT = "import java.util.*;\n\nclass Add {\n    static int add(int x) {\n"
GOOD = 'int x0 = Add.add(1); if (!(compare(x0, 2))) { throw new java.lang.Exception("x0 = " + x0); }'


@pytest.mark.parametrize(
    ("name", "whole"),
    [("mbjp", ["MBJP/217", "MBJP/676"]), ("mathqa", []), ("humaneval-java", [])],
)
def test_all_but_two_tests_are_taken_apart(name: str, whole: list[str]) -> None:
    """The two hold string literals with an illegal escape, which no Java compiler takes."""
    left = [problem.task_id for problem in load_problems(name) if problem.suite.whole is not None]
    assert left == whole


def test_the_parts_of_an_mbjp_case() -> None:
    problem = next(p for p in load_problems("mbjp") if p.task_id == "MBJP/4")
    case = problem.suite.cases[1]
    assert case.name == "1"
    assert case.code.startswith("List<Integer> arg10 = Arrays.asList(25, 35,")
    assert case.code.endswith(
        "List<Integer> x1 = HeapQueueLargest.heapQueueLargest("
        "Arrays.asList(25, 35, 22, 85, 14, 65, 75, 22, 58), 2);"
    )
    assert (case.value, case.expected, case.expected_type) == ("x1", "Arrays.asList(85, 75)", "List<Integer>")
    assert case.tolerance is None
    assert problem.suite.imports.splitlines() == [
        "import java.io.*;",
        "import java.lang.*;",
        "import java.util.*;",
        "import java.math.*;",
    ]


def test_mathqa_compares_with_its_tolerance() -> None:
    case = some_problem("mathqa").suite.cases[0]
    assert case.code == "double x0 = Problem.problem();"
    assert (case.value, case.expected_type, case.tolerance) == ("x0", "double", 1e-7)


def test_the_code_is_cut_out_verbatim() -> None:
    """Whatever javac said of the original statements, it says of the cases."""
    tests = {problem.task_id: problem for problem in load_problems("humaneval-java")}
    for problem in tests.values():
        assert all("arg" in case.code or "x" in case.code for case in problem.suite.cases)
    code = 'String  x0 =\tAdd.add( "a;}b" ) ;'
    suite = mxeval_suite(PROMPT, mxeval_test(GOOD.replace("int x0 = Add.add(1);", code)))
    assert [case.code for case in suite.cases] == [code]


def test_references_pass_and_wrong_answers_fail(judge: Judge, sample: list[Problem]) -> None:
    """The reference passes; a body that returns null or zero compiles, and fails at least one case."""
    verdicts = judge.grade([problem.job(problem.reference or "") for problem in sample])
    assert [p.task_id for p, v in zip(sample, verdicts, strict=True) if v.outcome is not Outcome.PASSED] == []

    verdicts = judge.grade([problem.job(_nothing(problem)) for problem in sample])
    outcomes = {p.task_id: v.outcome for p, v in zip(sample, verdicts, strict=True)}
    assert set(outcomes.values()) <= {Outcome.FAILED, Outcome.RUNTIME_ERROR}
    assert list(outcomes.values()).count(Outcome.FAILED) > SAMPLE // 2


def test_no_program_passes_a_test_that_does_not_compile(judge: Judge) -> None:
    problems = [problem for problem in load_problems("mbjp") if problem.suite.whole is not None]
    bodies = [_nothing(problem) for problem in problems]
    verdicts = judge.grade([problem.job(body) for problem, body in zip(problems, bodies, strict=True)])
    assert {verdict.outcome for verdict in verdicts} == {Outcome.COMPILE_ERROR}
    alone = judge.grade([p.job(body, compile_only=True) for p, body in zip(problems, bodies, strict=True)])
    assert {verdict.outcome for verdict in alone} == {Outcome.PASSED}


def _nothing(problem: Problem) -> str:
    """A body that returns the zero of its type."""
    type_ = problem.prompt.rsplit("public static ", 1)[1].split("(")[0].rsplit(" ", 1)[0]
    zero = {"int": "-12345", "long": "-12345", "double": "-1.5", "boolean": "false", "char": "'~'"}
    return f"        return {zero.get(type_, 'null')};\n    }}\n}}\n"


@pytest.mark.parametrize(
    ("test", "why"),
    [
        (mxeval_test(GOOD, "return obj1 == obj2;"), "another compare"),
        (mxeval_test(GOOD + " int y = 1;"), "a statement after the last check"),
        (mxeval_test("Add.add(2); " + GOOD), "a statement that declares nothing"),
        (mxeval_test(GOOD.replace("x0, 2", "x0, Add.add(1)")), "an expected value from the program"),
        (mxeval_test("int a = 2; " + GOOD.replace("x0, 2", "x0, a + 0")), "an expected value of variables"),
        (
            mxeval_test("int a = 1; " + GOOD + GOOD.replace("x0", "x1").replace("(1)", "(a)")),
            "shared variables",
        ),
        (mxeval_test(GOOD.replace("x0, 2", "y0, 2")), "an undeclared value"),
        (mxeval_test("final " + GOOD), "a modifier"),
        (mxeval_test("var x0 = Add.add(1);" + GOOD[20:]), "an inferred type"),
        (mxeval_test('String s = "\\x00"; ' + GOOD), "an illegal escape"),
        (mxeval_test('String s = "\\u0041"; ' + GOOD), "a Unicode escape, which is read before literals are"),
        (mxeval_test(GOOD.replace('throw new java.lang.Exception("x0 = " + x0);', "x0++;")), "no exception"),
        (mxeval_test(GOOD) + "class Helper { }", "another class"),
        (mxeval_test(""), "no case"),
        (mxeval_test(GOOD)[:-10], "an open brace"),
        ("class Main { public static void main(String[] args) { } }", "another shape"),
    ],
)
def test_any_other_shape_is_left_whole(test: str, why: str) -> None:
    suite = mxeval_suite(PROMPT, test)
    assert suite.whole == f"import java.util.*;\n{test}", why
    assert suite.cases == ()


def test_a_whole_suite_is_judged(judge: Judge) -> None:
    suite = mxeval_suite(PROMPT, mxeval_test("Add.add(2); " + GOOD))
    problem = Problem("T/1", PROMPT, suite)
    bodies = ["return x + 1; } }", "return x; } }", "return y; } }"]
    outcomes = [verdict.outcome for verdict in judge.grade([problem.job(body) for body in bodies])]
    assert outcomes[0] is Outcome.PASSED
    assert outcomes[1] in (Outcome.FAILED, Outcome.RUNTIME_ERROR)
    assert outcomes[2] is Outcome.COMPILE_ERROR


def test_the_shape_taken_apart() -> None:
    suite = mxeval_suite(PROMPT, mxeval_test(GOOD + "\n" + GOOD.replace("x0", "x1")))
    assert isinstance(suite, Suite)
    assert [(case.code, case.value, case.expected, case.expected_type) for case in suite.cases] == [
        ("int x0 = Add.add(1);", "x0", "2", "int"),
        ("int x1 = Add.add(1);", "x1", "2", "int"),
    ]


def test_import_lines_are_those_before_the_class() -> None:
    source = (
        "/* import no.*; */ import java.util.*; // x\nimport static java.lang.Math.max;\nclass A { int x; }"
    )
    assert import_lines(source) == "import java.util.*;\nimport static java.lang.Math.max;"
    assert import_lines("class A { }") == ""
