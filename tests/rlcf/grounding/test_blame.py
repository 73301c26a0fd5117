"""The table of javac codes and exceptions, one real program each: its class, its stage, and what is blamed.

Not provoked: of the limits of class files `limit.stack` (an expression that needs as much is nested too
deeply for javac first), `limit.pool.in.class` and `limit.code.too.large.for.try.stmt` (tried, and other
limits came first). A crash of javac: none is known; nesting too deep for it has the same code.
"""

from __future__ import annotations

import re

import pytest

from javabox import Diagnostic, Judge, Limits, Outcome, Suite, SuiteCase, ThrownException, Verdict
from rlcf.grounding.blame import CODES, Blame, Fault, Stage, classed, first_fault
from rlcf.grounding.signal import Answer
from rlcf.problems import Problem

HEAD = "import java.util.*;\nclass A {\n"
METHOD = "    static int f(int x) {\n"
IMPORTS = "import java.util.*;"
SUITE = Suite(
    cases=tuple(SuiteCase(str(x), f"int r = A.f({x});", "r", str(2 * x)) for x in range(3)), imports=IMPORTS
)
PROBLEM = Problem("double", HEAD + METHOD, SUITE)
LIMITS = Limits(fuel=5_000_000)
END = "\n    }\n}\n"
MEMBERS = "        return 2 * x;\n    }\n    "
"""Ends the method and begins a member of the class."""

PARSE, ATTR, FLOW = Stage
WHOLE = None
"""Blamed: the whole completion."""
NOTHING = ""

NEWER = {
    "expected4": "class.method.or.field.expected",
    "cant.assign.val.to.final.var": "cant.assign.val.to.var",
}
"""Codes of JDK 17 that have another name in newer ones."""

LINES = [
    ("expected", PARSE, "»int y = 1\n return y;"),
    ("expected2", PARSE, "Object o =\n »new Object;\n return x;"),
    ("expected3", PARSE, "switch (x) {\n »x++;\n }\n return x;"),
    ("illegal.start.of.expr", PARSE, "\t»return x + ;"),
    ("illegal.start.of.type", PARSE, "»List<+> l;\n return x;"),
    ("not.stmt", PARSE, "int y = 1;\n »x + y; // adds\n return x;"),
    ("unclosed.str.lit", PARSE, '»String s = "abc;\n return x;'),
    ("unclosed.char.lit", PARSE, "»char c = 'ab';\n return x;"),
    ("illegal.char", PARSE, "»int y = #;\n return x;"),
    ("else.without.if", PARSE, "x++;\n »else x--;\n return x;"),
    ("int.number.too.large", PARSE, "»return 99999999999;"),
    ("cant.resolve", ATTR, "Object o = new Object() {\n »int g = zz; };\n return x;"),
    ("cant.resolve.args", ATTR, "Object o = new Object() {\n »int g = z(1); };\n return x;"),
    ("cant.resolve.location", ATTR, "int y = 1;\r\n\t »return z;"),
    ("cant.resolve.location.args", ATTR, "»return g(x);"),
    ("doesnt.exist", ATTR, "»java.utils.List l = null;\n return x;"),
    ("prob.found.req", ATTR, '»int y = "a";\n return y;'),
    ("cant.apply.symbol", ATTR, "»return f();"),
    ("cant.apply.symbols", ATTR, "return\n »Math.abs();"),
    ("operator.cant.be.applied", ATTR, "»boolean b = !x;\n return x;"),
    ("operator.cant.be.applied.1", ATTR, 'return x\n »* "a";'),
    ("incomparable.types", ATTR, 'Integer i = 1;\n »if (i == "") x++;\n return x;'),
    ("already.defined", ATTR, "»int x = 2;\n return x;"),
    ("non-static.cant.be.ref", ATTR, "»return g();\n }\n int g() { return 1;"),
    ("abstract.cant.be.instantiated", ATTR, "»new AbstractList<Integer>();\n return x;"),
    ("class.public.should.be.in.file", ATTR, MEMBERS + "}\n\npublic class D {\n}\n\n»public class B {\n {"),
    ("cant.assign.val.to.final.var", ATTR, "final int y = 1;\n »y = 2;\n return y;"),
    ("report.access", ATTR, 'return "a"\n ».value.length;'),
    ("duplicate.case.label", ATTR, "switch (x) {\n case 1: break;\n »case 1: x++; }\n return x;"),
    ("break.outside.switch.loop", ATTR, "if (x > 1)\n »break;\n return x;"),
    ("var.might.not.have.been.initialized", FLOW, "int y;\n »return y;"),
    ("unreachable.stmt", FLOW, "return x;\n »x++;"),
    ("unreported.exception.need.to.catch.or.throw", FLOW, "»Thread.sleep(1);\n return x;"),
    ("var.might.already.be.assigned", FLOW, "final int y;\n y = 1;\n »y = 2;\n return y;"),
    ("cant.ref.non.effectively.final.var", FLOW, "x++;\n »Runnable r = () -> f(x);\n return x;"),
    # Codes that the table does not name: the line, whatever the stage.
    ("variable.not.allowed", PARSE, "if (x > 1)\n »int y = 2;\n return x;"),
    ("invalid.meth.decl.ret.type.req", PARSE, MEMBERS + "»foo() {"),
    ("cant.deref", ATTR, "»return x.length();"),
    ("ref.ambiguous", ATTR, "»return g(null);\n }\n static int g(String s) { return 1; }\n"
        "static int g(Integer i) { return 1;"),
    ("except.never.thrown.in.try", FLOW, "try { x++; }\n »catch (java.io.IOException e) { }\n return x;"),
    ("var.might.be.assigned.in.loop", FLOW, "final int y;\n for (;;) {\n »y = 1;\n }"),
    ("limit.string", FLOW, f'String s =\n »"{"a" * 70_000}";\n return x;'),
]  # fmt: skip
"""A code, its stage, and a program whose blamed line begins at »."""
WHOLES = [
    ("missing.ret.stmt", FLOW, "x++;" + END),
    ("premature.eof", PARSE, "return 2 * x;\n"),
    ("premature.eof", PARSE, "if (x > 1) {\n    return x"),
    # javac puts these on the last token or on the method, which are the prompt's.
    ("premature.eof", PARSE, ""),
    ("premature.eof", PARSE, "  // nothing but a comment\n"),
    ("limit.code", FLOW, "int[] a = new int[9];\n" + "a[x] = a[1] + a[x] * 7;\n" * 9000 + "return x;" + END),
    ("limit.locals", FLOW, "int " + ", ".join(f"a{i}" for i in range(66_000)) + ";\nreturn x;" + END),
    (
        "limit.pool",
        FLOW,
        MEMBERS + "".join(f'static final String a{i} = "{i}";\n' for i in range(23_000)) + "}\n",
    ),
]
IGNORED = [
    ("expected4", PARSE, "return 2 * x;\n    }\n}\n}\n"),
    ("unclosed.comment", PARSE, "/* never closed\n return x;" + END),
    ("duplicate.class", ATTR, MEMBERS + "}\nclass A { }\n"),
    ("duplicate.class", ATTR, MEMBERS + "}\nclass Javabox$Tests { }\n"),  # a clash with the judge's own
    ("javabox.compiler.limit", None, "return " + "(" * 6000 + "x" + ")" * 6000 + ";" + END),
]
STOLEN = """        throw new RuntimeException() {
            public StackTraceElement[] getStackTrace() { return new StackTraceElement[0]; }
        };"""
RUNS = [
    ("java.lang.ArrayIndexOutOfBoundsException", "int[] a = new int[1];\n »return a[x + 3];"),
    ("java.lang.StringIndexOutOfBoundsException", '»return "a".charAt(x + 1);'),
    ("java.lang.IndexOutOfBoundsException", "»return new ArrayList<Integer>().get(x);"),
    ("java.util.NoSuchElementException", "return new ArrayDeque<Integer>()\n ».pop();"),
    ("java.util.NoSuchElementException", '»return new Scanner("").nextInt();'),
    ("java.util.InputMismatchException", '»return new Scanner("a").nextInt();'),
    ("java.lang.NullPointerException", "Integer y = null;\n »return y;"),
    ("java.lang.ArithmeticException", "int y = 0;\r »return x / y;"),
    ("java.lang.NumberFormatException", '»return Integer.parseInt("a");'),
    ("java.lang.IllegalArgumentException", "»return new ArrayList<>(-1).size();"),
    ("java.lang.ClassCastException", 'Object o = "";\n »return (Integer) o;'),
    ("java.lang.NegativeArraySizeException", "»return new int[-1].length;"),
    ("java.lang.AssertionError", '»throw new AssertionError("no");'),
    # Frames of lambdas and nested classes, and the innermost cause, are the completion's too.
    ("java.lang.ArithmeticException", "Runnable r = () -> {\n »int y = 1 / 0; };\n r.run();\n return x;"),
    ("java.lang.ExceptionInInitializerError", "return B.k;\n }\n static class B {\n »static int k = 1 / 0;"),
    ("java.util.concurrent.CompletionException",
        "return java.util.concurrent.CompletableFuture.supplyAsync(() ->\n »1 / 0).join();"),
    # The first error, not the last or the worst.
    ("java.lang.ArithmeticException", "if (x == 0)\n »return 1 / x;\n while (true) { }"),
    ("java.lang.ArithmeticException", "if (x < 2)\n return -1;\n »return 1 / (x - 2);"),
]  # fmt: skip
RUN_WHOLES = [
    ("time_limit", "while (x == 0) { }\n return 1 / (x - 1);"),
    ("time_limit", "while (true) { }"),
    ("java.lang.StackOverflowError", "return f(x) + 1;"),
    ("memory_limit", "return new long[400_000_000].length;"),  # OutOfMemoryError
    ("memory_limit", "throw new OutOfMemoryError();"),
    ("output_limit", 'while (true) System.out.println("a".repeat(999));'),
    ("premature_exit", "System.exit(0);\n return x;"),
    ("premature_exit", "Runtime.getRuntime().halt(1);\n return x;"),
]
RUN_IGNORED = [
    ("A$1", STOLEN),
    ("failed", "return 7;"),
    ("passed", "return 2 * x;"),
]


def marked(body: str) -> tuple[str, str]:
    """A program without its », and the rest of the line behind it."""
    before, after = body.split("»")
    return before + after + END, re.split(r"[\r\n]", after)[0]


PROGRAMS: list[tuple[str, Stage | None, Blame, str, str | None]] = [
    *((code, stage, Blame.LINE, *marked(body)) for code, stage, body in LINES),
    *((code, stage, Blame.GLOBAL, body, WHOLE) for code, stage, body in WHOLES),
    *((code, stage, Blame.IGNORE, body, NOTHING) for code, stage, body in IGNORED),
]
ENDED: list[tuple[str, str, str | None]] = [
    *((code, *marked(body)) for code, body in RUNS),
    *((code, body + END, WHOLE) for code, body in RUN_WHOLES),
    *((code, body + END, NOTHING) for code, body in RUN_IGNORED),
]


def fault(judge: Judge, completion: str, problem: Problem = PROBLEM) -> Fault:
    (verdict,) = judge.grade([problem.job(completion, LIMITS)])
    return first_fault(Answer(problem, completion, verdict))


def check_span(found: Fault, completion: str, blamed: str | None) -> None:
    if blamed is WHOLE:
        assert (found.blame, found.span) == (Blame.GLOBAL, (0, len(completion)))
    elif blamed == NOTHING:
        assert (found.blame, found.span) == (Blame.IGNORE, None)
    else:
        assert found.blame is Blame.LINE
        assert found.span is not None
        assert completion[slice(*found.span)] == blamed


@pytest.mark.parametrize("row", PROGRAMS, ids=lambda row: row[0])
def test_a_javac_code_has_the_class_stage_and_span_of_the_table(
    judge: Judge, row: tuple[str, Stage | None, Blame, str, str | None]
) -> None:
    code, stage, blame, completion, text = row
    found = fault(judge, completion)
    assert found.code in (code, NEWER.get(code))
    assert (found.stage, found.blame) == (stage, blame)
    check_span(found, completion, text)


def test_every_code_of_the_table_is_provoked_or_named_above() -> None:
    assert {row[0] for row in PROGRAMS} >= set(CODES) - set(NEWER.values())


@pytest.mark.parametrize(
    "row",
    [row for row in PROGRAMS if row[1] is not None and "Javabox" not in row[3]],
    ids=lambda row: row[0],
)
def test_a_stage_hides_the_later_ones(
    judge: Judge, row: tuple[str, Stage | None, Blame, str, str | None]
) -> None:
    """What javac says: an error is reported beside one of its own stage, and not beside an earlier one."""
    code, stage, _, completion, _ = row
    beside = {"illegal.start.of.expr": "int q = ;\n", "cant.resolve.location": "int q = zz;\n"}
    shown = []
    for other, member in beside.items():
        problem = Problem("p", HEAD + member + METHOD, Suite())
        (verdict,) = judge.grade([problem.job(completion)])
        codes = [one.code.removeprefix("compiler.err.") for one in verdict.diagnostics]
        shown.append(codes.count(code) + codes.count(NEWER.get(code, "")) > (code == other))
    assert shown == [stage is PARSE, stage in (PARSE, ATTR)]


@pytest.mark.parametrize("row", ENDED, ids=lambda row: row[0])
def test_what_ended_a_run_has_the_class_and_span_of_the_table(
    judge: Judge, row: tuple[str, str, str | None]
) -> None:
    code, completion, blamed = row
    found = fault(judge, completion)
    assert (found.code, found.stage) == (code, None)
    check_span(found, completion, blamed)


def test_errors_in_the_prompt_and_in_the_tests_are_ignored(judge: Judge) -> None:
    completion = "return 2 * x;" + END
    for member in ("int q = ;\n", "int q = zz;\n", "int q() { }\n"):
        found = fault(judge, completion, Problem("p", HEAD + member + METHOD, SUITE))
        assert (found.blame, found.span) == (Blame.IGNORE, None)
    asks_more = Suite(cases=(SuiteCase("0", "int r = A.g(1);", "r", "1"),))
    found = fault(judge, completion, Problem("p", HEAD + METHOD, asks_more))
    assert (found.blame, found.code) == (Blame.IGNORE, "cant.resolve.location.args")
    test = 'class Main {\n public static void main(String[] a) {\n  throw new Error("no");\n }\n}\n'
    problem = Problem("p", HEAD + METHOD, SUITE, test=test)
    for ending in ("", "\n", "\r\n"):
        (verdict,) = judge.grade([problem.released_job(completion + ending)])
        found = first_fault(Answer(problem, completion + ending, verdict))
        assert (found.blame, found.code) == (Blame.IGNORE, "failed"), "the test threw it"


def test_lines_end_where_javac_ends_them_and_spans_count_code_points(judge: Judge) -> None:
    odd = 'String s = "\u2028\x0b\x0c\x85";\r// \U0001f600\r\n\r\n'
    completion = odd + "  \t return zz; \t\n" + END
    check_span(fault(judge, completion), completion, "return zz;")
    completion = odd + "  \t return x / (x - x); \t\n" + END
    check_span(fault(judge, completion), completion, "return x / (x - x);")


def test_codes_count_with_and_without_their_prefix() -> None:
    assert {code: classed(f"compiler.err.{code}") for code in CODES} == CODES
    assert classed("compiler.err.of.another.jdk") == (ATTR, Blame.LINE)


@pytest.mark.parametrize("line", [None, -1, 0, 2, 3, 4, 99])
def test_a_line_that_is_not_there_or_blank_is_ignored(line: int | None) -> None:
    diagnostic = Diagnostic("compiler.err.not.stmt", line, None, "")
    thrown = ThrownException("java.lang.Error", None, line)
    for verdict in (
        Verdict(Outcome.COMPILE_ERROR, diagnostics=(diagnostic,)),
        Verdict(Outcome.RUNTIME_ERROR, exception=thrown),
        Verdict(Outcome.COMPILE_ERROR),
        Verdict(Outcome.RUNTIME_ERROR),
        Verdict(Outcome.JUDGE_ERROR),
    ):
        found = first_fault(Answer(PROBLEM, "return x;\n \t \n", verdict))
        assert (found.blame, found.span) == (Blame.IGNORE, None)
        assert found.why
