"""What the judge says of programs that are right, wrong, broken and unending."""

from __future__ import annotations

from pathlib import Path

import pytest

from javabox import Job, Judge, Limits, Outcome, Suite, SuiteCase
from tests.javabox.programs import DOUBLE, PROMPT, program, returning
from tests.javabox.stdin.plain import compile_all

ENDLESS = "while (true);"
OUTCOMES = {
    "return 2 * x;": Outcome.PASSED,
    "return x + 2;": Outcome.FAILED,
    "return 2 * x": Outcome.COMPILE_ERROR,
    "int[] a = {}; return a[x];": Outcome.RUNTIME_ERROR,
    ENDLESS: Outcome.TIME_LIMIT,
    "List<byte[]> l = new ArrayList<>(); while (true) l.add(new byte[1 << 20]);": Outcome.MEMORY_LIMIT,
    'while (true) System.out.println("and on and on");': Outcome.OUTPUT_LIMIT,
    "System.exit(0); return 4;": Outcome.PREMATURE_EXIT,
    "return f(x);": Outcome.RUNTIME_ERROR,
}


def ending(body: str) -> Job:
    """A program; for one without end nobody waits long, and none prints for long."""
    return program(body, wall_seconds=2.0 if body == ENDLESS else 5.0, output_bytes=4 << 20)


@pytest.mark.parametrize("body", OUTCOMES)
def test_each_kind_of_end_has_its_outcome(judge: Judge, body: str) -> None:
    assert judge.grade([ending(body)])[0].outcome is OUTCOMES[body]


def test_flags_are_nested(judge: Judge) -> None:
    for verdict in judge.grade([ending(body) for body in OUTCOMES]):
        assert verdict.compiled is not None
        assert verdict.passed <= verdict.executed <= verdict.compiled  # type: ignore[operator]
        assert verdict.compiled == (verdict.outcome is not Outcome.COMPILE_ERROR)


def test_order_and_number_of_verdicts_follow_the_jobs(judge: Judge) -> None:
    jobs = [ending(ENDLESS if i == 0 else f"return {i % 3} * x + {i} - {i};") for i in range(12)]
    want = [
        Outcome.TIME_LIMIT if i == 0 else Outcome.PASSED if i % 3 == 2 else Outcome.FAILED for i in range(12)
    ]
    assert [verdict.outcome for verdict in judge.grade(jobs)] == want
    assert sorted(index for index, _ in judge.stream(jobs)) == list(range(12))


def test_every_case_runs_also_after_a_failure(judge: Judge) -> None:
    suite = Suite(cases=tuple(SuiteCase(str(i), f"Object r = S.f({i});", "r", str(2 * i)) for i in range(4)))
    body = "if (x == 1) throw new IllegalStateException(); return x == 2 ? 5 : 2 * x;"
    verdict = judge.grade([program(body, suite)])[0]
    want = [Outcome.PASSED, Outcome.RUNTIME_ERROR, Outcome.FAILED, Outcome.PASSED]
    assert [case.outcome for case in verdict.cases] == want
    assert verdict.outcome is Outcome.RUNTIME_ERROR
    assert verdict.pass_fraction == 0.5


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("5", "5"),
        ("5L", "5L"),
        ("1.5", "1.5"),
        ("'c'", "'c'"),
        ("true", "true"),
        ('"a\\n\\"\\u00e9"', '"a\\n\\"\\u00e9"'),
        ("null", "null"),
        ("new int[] {1, 2}", "new int[] {1, 2}"),
        ("new ArrayList<>(List.of(1, 2))", "Arrays.asList(1, 2)"),
        ("new TreeSet<>(List.of(2, 1))", "new HashSet<>(List.of(1, 2))"),
        ("new TreeMap<>(Map.of(1, List.of(2)))", "new HashMap<>(Map.of(1, Arrays.asList(2)))"),
        ('new java.math.BigInteger("7").pow(30)', 'new BigInteger("7").pow(30)'),
        ("new int[][] {{1}, {}}", "new int[][] {{1}, {}}"),
    ],
)
def test_equal_values_pass(judge: Judge, expression: str, expected: str) -> None:
    assert judge.grade([returning(expression, expected)])[0].passed


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("5", "5L"),
        ("5", "5.0"),
        ("List.of(1, 2)", "List.of(2, 1)"),
        ("List.of(1)", "Set.of(1)"),
        ("new int[] {1}", "new long[] {1}"),
        ("0.1 + 0.2", "0.3"),
        ("null", "0"),
        ("new Object()", "1"),
        ("new ArrayDeque<>(List.of(1))", "new ArrayDeque<>(List.of(1))"),
    ],
)
def test_unequal_values_fail(judge: Judge, expression: str, expected: str) -> None:
    assert judge.grade([returning(expression, expected)])[0].outcome is Outcome.FAILED


def test_tolerance_applies_to_floating_point_only(judge: Judge) -> None:
    jobs = [
        returning("0.1 + 0.2", "0.3", tolerance=1e-7),
        returning("0.31", "0.3", tolerance=1e-7),
        returning("Double.NaN", "Double.NaN", tolerance=1e-7),
        returning("3", "4", tolerance=10.0),
    ]
    assert [verdict.passed for verdict in judge.grade(jobs)] == [True, False, False, False]


def test_values_come_back_as_java_that_evaluates_to_them(judge: Judge) -> None:
    expressions = [
        "-5",
        "7L",
        "1.0E10",
        '"q\\"\\\\\\t"',
        "'\\''",
        "new int[] {1, -2}",
        "Arrays.asList(1, null)",
    ]
    expressions += ["new boolean[] {true}", 'new String[] {"a", "b"}', 'Map.of("k", List.of(1.5))']
    ask = Suite(cases=(SuiteCase("v", "Object r = S.f(0);", "r", None),))
    said = [v.cases[0].value for v in judge.grade([program(f"return {e};", ask) for e in expressions])]
    assert None not in said
    again = [returning(e, str(text)) for e, text in zip(expressions, said, strict=True)]
    assert all(verdict.passed for verdict in judge.grade(again))


def test_places_count_in_the_completion(judge: Judge) -> None:
    body = "int a = 1;\n        return b;"
    verdict = judge.grade([program(body)])[0]
    first = verdict.diagnostics[0]
    assert (first.code, first.line, first.column) == ("compiler.err.cant.resolve.location", 2, 16)
    assert first.position == body.index("b;")
    thrown = judge.grade([program("int[] a = {};\nint y = 1;\nreturn a[y];")])[0].exception
    assert thrown is not None
    assert thrown.type == "java.lang.ArrayIndexOutOfBoundsException"
    assert thrown.line == 3


def test_an_error_outside_the_completion_has_no_place(judge: Judge) -> None:
    broken_prompt = judge.grade([program("return 1;", prompt=PROMPT.replace("int x", "Integr x"))])[0]
    assert broken_prompt.diagnostics[0].line is None
    assert broken_prompt.diagnostics[0].position is None


def test_positions_are_code_points_beyond_the_bmp(judge: Judge) -> None:
    body = 'String s = "😀😀"; return zz;'
    first = judge.grade([program(body)])[0].diagnostics[0]
    assert first.position == body.index("zz")
    assert first.column == body.index("zz") + 1


@pytest.mark.parametrize(
    "text", ["\0", "\ud800", "\x1a", "\u2028", "\\u000a", "/*", '"', "'", "}" * 50, "{" * 3000]
)
def test_any_text_is_judged(judge: Judge, text: str) -> None:
    assert judge.grade([program(text + "return 2 * x;")])[0].outcome in (
        Outcome.COMPILE_ERROR,
        Outcome.PASSED,
    )


def test_ten_megabytes_are_judged(judge: Judge) -> None:
    comment = program("/*" + "x" * 10_000_000 + "*/ return 2 * x;", compile_seconds=60.0)
    noise = program("return x" + "+ (1 " * 2_000_000, compile_seconds=60.0)
    verdicts = judge.grade([comment, noise, program("return x + x;")])
    assert [v.outcome for v in verdicts] == [Outcome.PASSED, Outcome.COMPILE_ERROR, Outcome.PASSED]


def test_without_tests_a_job_is_only_compiled(judge: Judge) -> None:
    verdicts = judge.grade([program("System.exit(1); return 1;", Suite()), program("return;", Suite())])
    assert [v.outcome for v in verdicts] == [Outcome.PASSED, Outcome.COMPILE_ERROR]


def test_a_whole_suite_passes_when_main_returns(judge: Judge) -> None:
    test = 'class Main { public static void main(String[] a) throws Exception { if (!S.f(2).equals(4)) throw new Exception("wrong"); } }'
    suite = Suite(whole=test)
    verdicts = judge.grade(
        [program(b, suite) for b in ("return 2 * x;", "return x;", "System.exit(0); return 4;")]
    )
    assert [v.outcome for v in verdicts] == [Outcome.PASSED, Outcome.FAILED, Outcome.PREMATURE_EXIT]
    assert [case.name for case in verdicts[0].cases] == ["main"]


def test_a_broken_suite_is_named_and_stops_no_other_job(judge: Judge) -> None:
    broken = [returning("1", expected) for expected in ("no_such_name", "1 / 0")]
    *verdicts, sound = judge.grade([*broken, returning("1", "1")])
    for verdict in verdicts:
        assert verdict.outcome is Outcome.SUITE_ERROR
        assert verdict.passed is verdict.compiled is None
        assert [case.outcome for case in verdict.cases] == [Outcome.SUITE_ERROR]
        assert verdict.detail
    assert sound.passed


def test_a_suite_is_whole_or_apart_with_distinct_names() -> None:
    case = SuiteCase("a", "", "1", "1")
    with pytest.raises(ValueError, match="one of the three"):
        Suite(cases=(case,), whole="class Main {}")
    with pytest.raises(ValueError, match="differ"):
        Suite(cases=(case, case))


def test_identical_jobs_are_judged_once(judge: Judge) -> None:
    body = "return 2 * x; // unlike any other"
    first, again = judge.grade([program(body), program(body)])
    assert first is again
    assert judge.grade([program(body)])[0] is first
    # A verdict that the clock decided is not kept.
    slow = program(
        "Object o = new Object(); synchronized (o) { o.wait(); } return 1;",
        prompt=PROMPT.replace("f(int x)", "f(int x) throws Exception"),
        wall_seconds=0.4,
    )
    assert judge.grade([slow])[0] is not judge.grade([slow])[0]


def test_more_workers_give_the_same_verdicts(judge: Judge) -> None:
    bodies = [b for b, o in OUTCOMES.items() if o is not Outcome.TIME_LIMIT]
    jobs = [program(f"/* workers */ {body}", output_bytes=4 << 20) for body in bodies * 2]
    with Judge("local", workers=1) as one:
        alone = [verdict.to_json() | {"wall_ms": 0} for verdict in one.grade(jobs)]
    assert alone == [verdict.to_json() | {"wall_ms": 0} for verdict in judge.grade(jobs)]


def test_the_warm_compiler_agrees_with_javac(judge: Judge, tmp_path: Path) -> None:
    """Broken programs between sound ones, so that a context spoilt by an error would show."""
    bodies = [
        "return 1;",
        "return",
        "int y; return y;",
        "return x;;",
        "String s = x; return s;",
        "return List.of(x);",
    ]
    bodies += [
        "for (;;) { }",
        "throw new Exception();",
        "return (Integer) x + 1;",
        "class A {} return new A();",
    ]
    bodies += [
        "final int z = 1; z++; return z;",
        "var v = null; return v;",
        "return x > 0 ? 1 : null;",
        "import a.b;",
    ]
    jobs = [program(body, Suite()) for body in bodies]
    verdicts = judge.grade(jobs)
    files = [tmp_path / str(i) / "main.java" for i in range(len(jobs))]
    for file, job in zip(files, jobs, strict=True):
        file.parent.mkdir()
        file.write_text(job.source)
    accepted = compile_all(files)
    assert set(accepted) == {True, False}
    for body, verdict, plain in zip(bodies, verdicts, accepted, strict=True):
        assert verdict.compiled == plain, body


def test_limits_are_the_jobs_own(judge: Judge) -> None:
    allocate = (
        "byte[][] b = new byte[100][]; for (int i = 0; i < 100; i++) b[i] = new byte[1 << 20]; return 2 * x;"
    )
    small = Job(program(allocate).source, DOUBLE, Limits(memory_mb=32))
    large = Job(program(allocate).source, DOUBLE, Limits(memory_mb=256))
    assert [v.outcome for v in judge.grade([small, large])] == [Outcome.MEMORY_LIMIT, Outcome.PASSED]


def test_a_case_that_ended_before_the_exit_stays_known(judge: Judge) -> None:
    exiting = [program(f"if (x == 3) System.exit({i}); return 2 * x;") for i in range(6)]
    assert {tuple(case.outcome for case in verdict.cases) for verdict in judge.grade(exiting)} == {
        (Outcome.PASSED, Outcome.PREMATURE_EXIT)
    }
