"""Other people's problem rows: each format is told by its fields, and asks what its own harness asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.multipl_e_solutions import solutions
from benchmarks.public_sets import nothing
from javabox import Judge
from rlcf import BadInput, load_problems
from rlcf.problems.cases import write_problems
from rlcf.problems.problem import Problem

HEADS = "import java.util.*;\nimport java.util.stream.*;\n"


def multiple(asserted: str, signature: str = "static long f(long n)", **changes: object) -> dict[str, Any]:
    lines = "".join(f"    {line}\n" for line in asserted.splitlines())
    return {
        "name": "Own_1_f",
        "language": "java",
        "prompt": f"{HEADS}class Problem {{\n    // Twice n.\n    // >>> f(1)\n    public {signature} {{\n",
        "doctests": "transform",
        "tests": f"    }}\n    public static void main(String[] args) {{\n{lines}    }}\n\n}}\n",
        "stop_tokens": ["\n    }\n"],
        **changes,
    }


def humanevalx(**changes: object) -> dict[str, Any]:
    main = (
        "public class Main {\n    public static void main(String[] args) {\n"
        "        Solution s = new Solution();\n"
        "        List<Boolean> correct = Arrays.asList(s.twice(2) == 4, s.twice(-1) == -2);\n"
        "        if (correct.contains(false)) {\n            throw new AssertionError();\n        }\n"
        "    }\n}\n"
    )
    return {
        "task_id": "Java/9001",
        "prompt": f"{HEADS}class Solution {{\n    /** Double of n. */\n    public int twice(int n) {{\n",
        "declaration": f"{HEADS}class Solution {{\n    public int twice(int n) {{\n",
        "canonical_solution": "        return 2 * n;\n    }\n}",
        "test": main,
        "example_test": main,
        "text": "    Double of n.",
        **changes,
    }


@pytest.fixture
def load(tmp_path: Path) -> Any:
    def loaded(*rows: dict[str, Any]) -> list[Problem]:
        path = tmp_path / "problems.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return load_problems(str(path))

    return loaded


@pytest.mark.usefixtures("data_dir")
def test_the_named_sets_of_others_load() -> None:
    humaneval_x, multipl_e = load_problems("humaneval-x"), load_problems("multipl-e")
    assert (len(humaneval_x), len(multipl_e)) == (164, 158)
    assert all(problem.reference and problem.suite.whole and problem.entry_point for problem in humaneval_x)
    assert all(problem.suite.cases and problem.suite.assertions for problem in multipl_e)
    assert sum(len(problem.suite.cases) for problem in multipl_e) == 1102
    assert {problem.stop_tokens for problem in multipl_e} == {("\n    }\n",)}
    assert humaneval_x[2].description.startswith("Given a positive floating point number")
    assert multipl_e[0].description.startswith("Return length of given string\n>>> stringLength")


def test_humaneval_x_tells_a_wrong_answer_from_an_exception(load: Any, judge: Judge) -> None:
    (problem,) = load(humanevalx())
    assert (problem.entry_point, problem.description) == ("twice", "Double of n.")
    bodies = ["return 2 * n;", "return n;", "return n / (n - n);", "return 2 *;"]
    verdicts = judge.grade([problem.job(f"{body}\n    }}\n}}") for body in bodies])
    outcomes = [str(verdict.outcome) for verdict in verdicts]
    assert outcomes == ["passed", "failed", "runtime_error", "compile_error"]
    assert judge.grade([problem.job(problem.reference or "")])[0].passed


ASSERTED: dict[str, tuple[str, str, str, str]] = {
    "long": ("assert(f((1l)) == (2l));", "static long f(long n)", "return 2 * n;", "return n;"),
    "text": (
        'assert(f(("a")).equals(("aa")));',
        "static String f(String s)",
        "return s + s;",
        "return null;",
    ),
    "float": ("assert(f((1l)) == (0.5f));", "static float f(long n)", "return n / 2f;", "return 0.5001f;"),
    "minus zero": (
        "assert(f((1l)) == (0.0f));",
        "static float f(long n)",
        "return -0.0f * n;",
        "return 1e-40f;",
    ),
    "list": (
        "assert(f((1l)).equals((new ArrayList<Float>(Arrays.asList((float)1.0f, (float)2.5f)))));",
        "static ArrayList<Float> f(long n)",
        "return new ArrayList<>(List.of(1f, 2.5f));",
        "return new ArrayList<>(List.of(2.5f, 1f));",
    ),
    "optional": (
        "assert(f((1l)).equals(Optional.of(1l)));\nassert(f((-1l)).equals(Optional.empty()));",
        "static Optional<Long> f(long n)",
        "return n > 0 ? Optional.of(n) : Optional.empty();",
        "return Optional.of(n);",
    ),
    "map": (
        'assert(f(("a b")).equals((new HashMap<String,Long>(Map.of("a", 1l, "b", 1l)))));',
        "static HashMap<String,Long> f(String s)",
        'var m = new HashMap<String,Long>(); for (var w : s.split(" ")) m.merge(w, 1L, Long::sum); return m;',
        "return new HashMap<>();",
    ),
    "a condition": (
        "assert(f((1l)) == (2l) && f((2l)) == (4l));",
        "static long f(long n)",
        "return 2 * n;",
        "return n + 1;",
    ),
    "statements beside": (
        "long two = f((1l));\nassert two == 2l : two;",
        "static long f(long n)",
        "return 2 * n;",
        "return n;",
    ),
    "a helper above": (
        "assert(f((1l)) == (g((1l))));",
        "static long g(long n) {\n        return 2 * n;\n    }\n    public static long f(long n)",
        "return g(n);",
        "return n;",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", ASSERTED)
def test_multipl_e_asserts_what_java_asserts(shape: str, load: Any, judge: Judge) -> None:
    asserted, signature, right, wrong = ASSERTED[shape]
    (problem,) = load(multiple(asserted, signature))
    verdicts = judge.grade([problem.job(f"        {body}") for body in (right, wrong)])
    assert [str(verdict.outcome) for verdict in verdicts] == ["passed", "failed"], verdicts


def test_a_completion_of_multipl_e_ends_before_the_methods_brace(load: Any, judge: Judge) -> None:
    (problem,) = load(multiple("assert(f((1l)) == (2l));"))
    bodies = {
        "        return 2 * n;": "passed",
        "        return help(n);\n    }\n    static long help(long n) {\n        return 2 * n;": "passed",
        "        return 2 * n;\n    }\n}\n": "compile_error",
        "        return 2 * n; /*": "compile_error",
        '        return 2 * n; String s = """': "compile_error",
        "        assert n > 1; return 2 * n;": "runtime_error",
        "        return 1 / (n - n);": "runtime_error",
    }
    verdicts = judge.grade([problem.job(body) for body in bodies])
    assert [str(verdict.outcome) for verdict in verdicts] == list(bodies.values())


def test_a_program_does_not_decide_whether_it_is_right(load: Any, judge: Judge) -> None:
    """Its own classes stand before the JDK's in its own code alone, and its own equals is not asked."""
    listed = "assert(f((1l)).equals((new ArrayList<Long>(Arrays.asList((long)1l)))));"
    (problem,) = load(multiple(listed, "static ArrayList<Long> f(long n)"))
    lying = "return new ArrayList<Long>() { public boolean equals(Object o) { return true; } };"
    hiding = (
        "return new ArrayList<Long>();\n    }\n}\n"
        "class Arrays { static <T> java.util.List<T> asList(T... t) { return java.util.List.of(); } }\n"
        "class Rest {\n    void rest() {"
    )
    verdicts = judge.grade([problem.job(body) for body in (lying, hiding)])
    assert [verdict.passed for verdict in verdicts] == [False, False], verdicts


def test_multipl_e_rows_whose_class_is_main_run(load: Any, judge: Judge) -> None:
    row = multiple("assert(f((1l)) == (2l));")
    row["prompt"] = row["prompt"].replace("class Problem", "class Main")
    (problem,) = load(row)
    assert judge.grade([problem.job("return 2 * n;")])[0].passed
    whole = multiple("long two = f((1l));\nassert(two == 2l);")
    whole["prompt"] = row["prompt"]
    with pytest.raises(BadInput, match="field 'tests': are no list of assertions, and class Main"):
        load(whole)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (multiple("", language="cpp"), "field 'language': is 'cpp'; only java"),
        (multiple("", stop_tokens="x"), "field 'stop_tokens': must be a list of strings"),
        (multiple("", tests="class Main {}"), "field 'tests': must begin with the brace"),
        (multiple("", prompt="class Problem {"), "field 'prompt': must end in the open body"),
        (humanevalx(test="class Test {}"), "field 'test': must declare class Main"),
        ({"task_id": "X", "question": "…"}, "field 'prompt': is missing; there are task_id, question"),
    ],
)
def test_a_row_that_is_in_no_format_is_named(row: dict[str, Any], message: str, load: Any) -> None:
    with pytest.raises(BadInput, match=message):
        load(row)


def test_formats_may_be_mixed_and_come_as_an_array(tmp_path: Path) -> None:
    path = tmp_path / "problems.json"
    path.write_text(json.dumps([humanevalx(), multiple("assert(f((1l)) == (2l));")], indent=1))
    assert [problem.task_id for problem in load_problems(str(path))] == ["Java/9001", "Own_1_f"]


def test_what_was_read_is_written_as_problems_of_ours(load: Any, tmp_path: Path) -> None:
    asserted = "assert(f((1l)) == (2l));"
    problems = load(humanevalx(), multiple(asserted), multiple(f"long n = 1;\n{asserted}", name="Own_2_f"))
    out = tmp_path / "out.jsonl"
    with out.open("w") as lines:
        write_problems(problems, lines)
    for before, after in zip(problems, load_problems(str(out)), strict=True):
        assert after.suite == before.suite
        assert after.job("return 1;") == before.job("return 1;")
        assert after.stop_tokens == before.stop_tokens


def test_every_canonical_solution_of_humaneval_x_passes(judge: Judge) -> None:
    problems = load_problems("humaneval-x")
    verdicts = judge.grade([problem.job(problem.reference or "") for problem in problems])
    assert [p.task_id for p, verdict in zip(problems, verdicts, strict=True) if not verdict.passed] == []


def test_right_bodies_of_multipl_e_pass_and_those_that_do_nothing_fail(judge: Judge) -> None:
    problems = {problem.task_id: problem for problem in load_problems("multipl-e")}
    right = solutions()
    assert len(right) >= 40
    verdicts = judge.grade([problems[name].job(body) for name, body in right.items()])
    assert {name: str(v.outcome) for name, v in zip(right, verdicts, strict=True) if not v.passed} == {}
    verdicts = judge.grade([one.problem.job(one.completion) for one in nothing(list(problems.values()))])
    assert {str(verdict.outcome) for verdict in verdicts} == {"failed"}, verdicts


PAIRS = "import org.javatuples.*;\n" + HEADS


@pytest.mark.parametrize(
    "body",
    [
        "return Pair.with(n, n);",
        "return null;",
        # classes of the program's in the place of the library's
        "return new Pair<>(); }\n}\nclass Pair<A, B> {\n"
        "static <A, B> Pair<A, B> with(A a, B b) { return new Pair<>(); }\n"
        "public boolean equals(Object o) { return true; } void rest() {",
        "return null; }\n}\nclass org { static class javatuples { static class Pair<A, B> {} } void rest() {",
        "return (Pair) Pair.with(new Object() { public boolean equals(Object o) { return true; } }, n);",
    ],
)
def test_a_tuple_is_right_by_its_values(body: str, load: Any, judge: Judge) -> None:
    row = multiple("assert(f((1l)).equals((Pair.with(1l, 2l))));", "static Pair<Long, Long> f(long n)")
    (problem,) = load({**row, "prompt": row["prompt"].replace(HEADS, PAIRS)})
    right, wrong = judge.grade([problem.job("return Pair.with(n, n + 1);"), problem.job(body)])
    assert right.passed, right
    assert wrong.passed is False, wrong
