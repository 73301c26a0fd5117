"""A pass is what the tests say, whatever the program declares; and the compiler's word on it is its own."""

from __future__ import annotations

import pytest

from javabox import Job, Judge, Limits, Outcome, Suite, SuiteCase
from tests.javabox.programs import DOUBLE, PROMPT, program

LISTS = Suite(
    cases=(
        SuiteCase(
            "list",
            "List<Integer> a = new ArrayList<>(Arrays.asList(1, 2)); Object r = S.f(2);"
            " if (!Objects.equals(a, Arrays.asList(1, 2))) throw new Exception(String.valueOf(a));",
            "r",
            "4",
            "int",
        ),
    ),
    imports="import java.util.*;",
)


@pytest.mark.parametrize(
    "shadow",
    [
        "class Arrays { static <T> List<T> asList(T... o) { return null; } }",
        "class Objects { static boolean equals(Object a, Object b) { return true; } }",
        "class List<T> { }",
        "class ArrayList<T> { ArrayList(Object o) { } }",
        "class Exception extends RuntimeException { Exception(Object o) { } }",
        "class String { static java.lang.String valueOf(Object o) { return null; } }",
        "class Main { public static void main(java.lang.String[] a) { } }",
        "class Integer { }",
    ],
)
def test_what_the_program_declares_does_not_shadow_the_tests(judge: Judge, shadow: str) -> None:
    right = program("return 2 * x;\n}}\n" + shadow + " class Rest { void m() {", LISTS)
    wrong = program("return 3 * x;\n}}\n" + shadow + " class Rest { void m() {", LISTS)
    assert [verdict.outcome for verdict in judge.grade([right, wrong])] == [Outcome.PASSED, Outcome.FAILED]


def test_what_the_prompt_declares_is_meant(judge: Judge) -> None:
    prompt = "import java.util.*;\nclass Stack {\n    static Object f(int x) {\n"
    suite = Suite(
        cases=(SuiteCase("own", "Object r = Stack.f(2);", "r", "4"),), imports="import java.util.*;"
    )
    assert judge.grade([program("return 2 * x;", suite, prompt)])[0].passed


def test_a_program_can_not_name_its_tests(judge: Judge) -> None:
    verdict = judge.grade([program("try { return Javabox$Tests.c0(); } catch (Throwable t) { return 4; }")])[
        0
    ]
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert verdict.diagnostics[0].code == "compiler.err.cant.resolve.location"
    assert verdict.diagnostics[0].line == 1


def test_errors_are_the_program_s_own_and_the_tests_only_speak_where_it_is_right(judge: Judge) -> None:
    both = judge.grade([program("return y;", prompt=PROMPT.replace("f(int x)", "g(int x)"))])[0]
    assert [(d.code, d.line) for d in both.diagnostics] == [("compiler.err.cant.resolve.location", 1)]
    only_tests = judge.grade([program("return x;", prompt=PROMPT.replace("f(int x)", "g(int x)"))])[0]
    assert only_tests.outcome is Outcome.COMPILE_ERROR
    assert {d.line for d in only_tests.diagnostics} == {None}


def test_a_source_with_its_own_main_passes_by_returning(judge: Judge) -> None:
    main = "\nclass Main {{ public static void main(String[] a) throws Exception {{ {} }} }}"
    whole = Suite(whole="")
    outcomes = {
        "assert a.length == 0;": Outcome.PASSED,
        "": Outcome.UNTESTED,
        'throw new Exception("wrong");': Outcome.FAILED,
        "S.f();": Outcome.RUNTIME_ERROR,
        "System.exit(0);": Outcome.PREMATURE_EXIT,
        "while (true);": Outcome.TIME_LIMIT,
    }
    program = "class S { static void f() { throw new Error(); } }"
    limits = Limits(fuel=1_000_000)
    verdicts = judge.grade([Job(program + main.format(body), whole, limits) for body in outcomes])
    assert [verdict.outcome for verdict in verdicts] == list(outcomes.values())
    lanes = [verdict.lane for verdict in verdicts]
    assert lanes == ["warm", "warm", "warm", "warm", "strict", "warm"]


def test_inputs_are_made_anew_for_each_case(judge: Judge) -> None:
    """Statics of the program live on between cases, as in one `main`; what the tests make does not."""
    suite = Suite(
        cases=tuple(SuiteCase(name, "int[] a = {1, 2}; Object r = S.g(a);", "r", "3", "int") for name in "ab")
    )
    prompt = "class S {\n    static Object g(int[] a) {\n"
    assert judge.grade([program("int s = a[0] + a[1]; a[0] = 7; return s;", suite, prompt)])[0].passed


def test_the_runtime_of_the_judge_is_out_of_reach(judge: Judge) -> None:
    body = """
        for (String name : new String[] {"javabox.program.Tank", "javabox.program.Pin", "jdk.internal.misc.Unsafe",
                "sun.misc.Unsafe", "javabox.judge.Supervisor"}) {
            try {
                Class<?> type = Class.forName(name, true, ClassLoader.getSystemClassLoader());
                for (var field : type.getDeclaredFields()) { field.setAccessible(true); return name + field; }
            } catch (ClassNotFoundException | RuntimeException e) { }
        }
        return 2 * x;"""
    verdict = judge.grade([program(body)])[0]
    assert (verdict.outcome, verdict.lane) == (Outcome.PASSED, "strict"), verdict.cases


def test_the_warm_lane_takes_only_what_the_scan_admits(judge: Judge) -> None:
    refused = [
        "System.exit(0);", "Runtime.getRuntime().gc();", "new Thread(() -> { }).start();", "System.setOut(null);",
        "Locale.setDefault(Locale.FRANCE);", 'System.setProperty("a", "b");', 'Class.forName("S");', "new Object().wait();",
        "S.class.getDeclaredMethods();", "List.of(1).parallelStream().count();", '"a".intern();', "Thread.yield();",
        'new java.io.File("/tmp").exists();', "new java.util.concurrent.ForkJoinPool();", "new ThreadLocal<Integer>();",
        'new java.io.PrintStream("/dev/null").close();', "java.nio.file.Files.class.getName();", "Object o = (Runnable) System::gc;",
        'new Formatter("/dev/null").close();', "TimeZone.setDefault(null);", "new Timer(true);", "S.class.getClassLoader();",
    ]  # fmt: skip
    prompt = PROMPT.replace("f(int x)", "f(int x) throws Exception")
    verdicts = judge.grade(
        [program(f"if (x > 99) {{ {code} }} return 2 * x;", prompt=prompt) for code in refused]
    )
    assert {code for code, v in zip(refused, verdicts, strict=True) if v.lane == "warm"} == set()
    assert {code for code, v in zip(refused, verdicts, strict=True) if not v.passed} == set()


def test_expected_values_and_values_are_compared_in_the_judge(judge: Judge) -> None:
    assert (
        judge.grade(
            [
                program(
                    "return new ArrayList<>(List.of(x)) { public boolean equals(Object o) { return true; } };",
                    DOUBLE,
                )
            ]
        )[0].outcome
        is Outcome.FAILED
    )


def test_a_place_that_the_completion_does_not_have_is_not_believed(judge: Judge) -> None:
    """A program may write its own stack traces; lines end as they do for javac."""

    def forged(line: int) -> Job:
        trace = f'new StackTraceElement[] {{new StackTraceElement("S", "f", "main.java", {line})}}'
        return program(
            f"RuntimeException e = new RuntimeException();\r e.setStackTrace({trace});\r\n throw e;"
        )

    lines = (1, 4, 5 + PROMPT.count("\n"), 6 + PROMPT.count("\n"), 999_997)
    found = [verdict.exception for verdict in judge.grade([forged(line) for line in lines])]
    assert [one.line if one else 0 for one in found] == [None, None, 5, None, None]
