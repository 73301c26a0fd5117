"""The lines that each case executed, against lines that were worked out by hand.

Every line of a program below says in a comment which of the two cases, f(2) and f(3), execute it. Executed is
what a debugger would stop at: a line without code (a brace, `else`, a declaration without a value) never is. A
closing brace is, where a method returns without `return` or a `try` is left for what follows it; and so is
the line that declares a class, where javac adds its constructor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from javabox import Job, Judge, Outcome, Suite
from tests.javabox.programs import DOUBLE, PROMPT, program

PROGRAMS = {
    "if and else": """\
        int r;
        if (x == 2) {  // 2 3
            r = 4;  // 2
        } else {
            r = 6;  // 3
        }
        return r;  // 2 3""",
    "a loop": """\
        int r = 0;  // 2 3
        for (int i = 0; i < 2 * x; i++) {  // 2 3
            if (i == 5)  // 2 3
                r += 0;  // 3
            r++;  // 2 3
        }
        while (r < 0)  // 2 3
            r++;
        return r;  // 2 3""",
    "an early return": """\
        if (x > 2) {  // 2 3
            return 6;  // 3
        }
        int unused = 7;  // 2
        return 4;  // 2""",
    "a lambda": """\
        java.util.function.IntSupplier twice = () -> {  // 2 3
            int y = x;  // 2 3
            return 2 * y;  // 2 3
        };
        Runnable never = () -> {  // 2 3
            throw new IllegalStateException();
        };
        return twice.getAsInt();  // 2 3""",
    "an expression over several lines": """\
        boolean two = x == 2;  // 2 3
        return two  // 2 3
            ? Math.abs(4)  // 2
            : Math.abs(6);  // 3""",
    "a switch": """\
        switch (x) {  // 2 3
            case 2:
                return 4;  // 2
            case 3:
                break;  // 3
            default:
                return 0;
        }
        return switch (x) {  // 3
            case 4 -> 5;
            default -> {
                int r = 6;  // 3
                yield r;  // 3
            }
        };""",
    "a switch over text": """\
        switch (Integer.toString(x)) {  // 2 3
            case "2":
                return 4;  // 2
            case "3":
                return 6;  // 3
        }
        return 0;""",
    "try and finally": """\
        int r = 0;  // 2 3
        try {
            if (x == 3)  // 2 3
                return 6;  // 3
            r = 4;  // 2
        } finally {
            r++;  // 2 3
        }  // 2
        return r - 1;  // 2""",
    "an exception that is caught": """\
        int[] a = new int[3];  // 2 3
        try {
            a[x] = 1;  // 2 3
            a[0] = 2;  // 2
        } catch (ArrayIndexOutOfBoundsException e) {  // 3
            a[0] = 3;  // 3
        }  // 2
        return 2 * x;  // 2 3""",
    "a nested class": """\
        return new Two(x).get();  // 2 3
    }
    static class Two implements Comparable<Two> {
        static int made;
        final int x;
        int y = 3;  // 2 3
        Two(int x) {  // 2 3
            this.x = x;  // 2 3
            if (x == 3)  // 2 3
                made = 1;  // 3
        }  // 2 3
        int get() {
            return 2 * x;  // 2 3
        }
        public int compareTo(Two other) {
            return 0;
        }""",
    "a constructor that javac adds": """\
        return new Two().twice(x);  // 2 3
    }
    static class Two {  // 2 3
        int twice(int x) {
            return 2 * x;  // 2 3
        }""",
    "a bridge, which nobody wrote": """\
        Comparable<Two> two = new Two();  // 2 3
        return 2 * x + two.compareTo(null);  // 2 3
    }
    static class Two
            implements Comparable<Two> {
        Two() { }  // 2 3
        public int compareTo(Two other) {
            return 0;  // 2 3
        }""",
    "a switch over an enum, whose table javac makes": """\
        return x == 2 ? doubled(Kind.A) : 6;  // 2 3
    }
    enum Kind {  // 2
        A,  // 2
        B  // 2
    }
    static int never(Kind kind) {
        switch (kind) {
            case A: return 1;
            default: return 2;
        }
    }
    static int doubled(Kind kind) {
        switch (kind) {  // 2
            case A: return 4;  // 2
            default: return 0;
        }""",
    "threads": """\
        int[] r = new int[1];  // 2 3
        Thread t = new Thread(() -> {  // 2 3
            r[0] = 2 * x;  // 2 3
        });  // 2 3
        t.start();  // 2 3
        try { t.join(); } catch (InterruptedException e) { }  // 2 3
        return r[0];  // 2 3""",
}
ENDS = {
    "an exception in the middle": (
        Outcome.RUNTIME_ERROR,
        """\
        int[] a = new int[3];  // 2 3
        a[1] = 2;  // 2 3
        a[x] = 3;  // 2 3
        a[0] = 4;  // 2
        return 2 * x;  // 2""",
    ),
    "fuel that runs out": (
        Outcome.TIME_LIMIT,
        """\
        int r = 2 * x;  // 2 3
        while (x == 3)  // 2 3
            r++;  // 3
        return r;  // 2""",
    ),
}


@pytest.fixture(scope="module")
def lanes() -> Iterator[list[Judge]]:
    with Judge("local", lane="warm") as warm, Judge("local", lane="strict") as strict:
        yield [warm, strict]


def lines(judge: Judge, job: Job) -> dict[int, list[int]]:
    """The lines that the calls f(2) and f(3) executed."""
    verdict = judge.grade([replace(job, coverage=True)])[0]
    assert verdict.lines == tuple(sorted({line for case in verdict.cases for line in case.lines}))
    return {2: list(verdict.cases[0].lines), 3: list(verdict.cases[1].lines)}


def by_hand(body: str) -> dict[int, list[int]]:
    said = [re.findall(r"\d", line.partition("//")[2]) for line in body.split("\n")]
    return {x: [n for n, calls in enumerate(said, 1) if str(x) in calls] for x in (2, 3)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_lines_are_those_worked_out_by_hand(lanes: list[Judge], name: str) -> None:
    job = program(PROGRAMS[name])
    for judge in lanes:
        assert judge.grade([replace(job, coverage=True)])[0].passed
        assert lines(judge, job) == by_hand(PROGRAMS[name])


@pytest.mark.parametrize("name", ENDS)
def test_a_case_that_ends_early_has_the_lines_up_to_there(lanes: list[Judge], name: str) -> None:
    outcome, body = ENDS[name]
    job = program(body, fuel=100_000)
    for judge in lanes:
        assert judge.grade([replace(job, coverage=True)])[0].outcome is outcome
        assert lines(judge, job) == by_hand(body)


def test_lines_count_from_where_the_completion_begins(lanes: list[Judge]) -> None:
    """The prompt's own lines are not reported, and text in front on the same line moves nothing."""
    prompt = PROMPT + "        x += 0;\n        x -="
    for judge in lanes:
        assert lines(judge, program(" 0;\n\n        return 2 * x;", prompt=prompt)) == {2: [1, 3], 3: [1, 3]}


def test_coverage_changes_nothing_else_and_costs_no_fuel(lanes: list[Judge]) -> None:
    for judge in lanes:
        for body in [*PROGRAMS.values(), *(body for _, body in ENDS.values())]:
            job = program(body, fuel=100_000)
            plain, covered = judge.grade([job, replace(job, coverage=True)])
            assert plain.lines == ()
            bare = tuple(replace(case, lines=()) for case in covered.cases)
            assert replace(covered, cases=bare, wall_ms=0.0) == replace(plain, wall_ms=0.0)


def test_a_whole_suite_reports_the_lines_of_the_program_alone(lanes: list[Judge]) -> None:
    test = "class Main { public static void main(String[] a) {\n\n\n S.f(2);\n S.f(5);\n } }"
    body = "if (x > 4)\n  return 1;\nreturn 2;"
    for judge in lanes:
        verdict = judge.grade([replace(program(body, Suite(whole=test)), coverage=True)])[0]
        assert verdict.cases[0].lines == (1, 2, 3)


def test_lines_far_down_are_seen(lanes: list[Judge]) -> None:
    body = "\n" * 60_000 + "return 2 * x;"
    for judge in lanes:
        assert lines(judge, program(body, DOUBLE)) == {2: [60_001], 3: [60_001]}
