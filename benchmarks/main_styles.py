"""Whole test programs in the styles that people write them: templates that make a `class Main` of cases.

In a template CODE stands for a case's statements, WANT declares its expected value, GOT and WANTED are the
two values, SAME is whether they are equal, NUMBER is the case's.

Not covered: tests that give the program code of their own to run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from javabox import SuiteCase

IMPORTS = (
    "import java.io.*; import java.math.*; import java.util.*; import java.util.function.*;"
    " import java.util.stream.*;\n"
)

EACH: dict[str, str] = {
    "assert": "CODE WANT assert SAME;",
    "assert with a message": 'CODE WANT assert SAME : "case NUMBER: " + GOT;',
    "throw": 'CODE WANT if (!SAME) { throw new RuntimeException("case NUMBER"); }',
    "throw in else": 'CODE WANT if (SAME) { System.out.println("ok NUMBER");'
    ' } else { throw new Error("NUMBER"); }',
    "AssertionError": 'CODE WANT if (!SAME) throw new AssertionError("case NUMBER: " + GOT);',
    "thrown on": "{ try { CODE WANT if (!SAME) throw new AssertionError();"
    " } catch (RuntimeException e) { throw e; } }",
    "wrapped": "{ try { CODE WANT assert SAME; } catch (RuntimeException e) {"
    ' throw new IllegalStateException("case NUMBER threw", e); } }',
    "an exception expected": "CODE WANT assert SAME; try { List.of(GOT).add(WANTED);"
    ' throw new AssertionError("no exception"); } catch (UnsupportedOperationException expected) { }',
    "nothing but the expected exception": "CODE WANT try { List.of(SAME).set(SAME ? 0 : 1, false);"
    ' throw new AssertionError("no exception"); } catch (UnsupportedOperationException e) { assert SAME; }',
    "finally": "try { CODE WANT if (!SAME) throw new IllegalStateException();"
    ' } finally { System.out.println("end"); }',
    "finally that throws": "boolean ok_NUMBER = false; try { CODE WANT ok_NUMBER = SAME; }"
    " finally { if (!ok_NUMBER) throw new AssertionError(); }",
    "switch": 'CODE WANT switch (SAME ? "right" : "wrong") { case "right": break;'
    " default: throw new IllegalStateException(); }",
    "switch expression": "CODE WANT int mark_NUMBER = switch (SAME ? 1 : 2) { case 1 -> 10;"
    ' case 2 -> throw new IllegalArgumentException("two"); default -> 0; };',
    "exit": 'CODE WANT if (!SAME) { System.err.println("case NUMBER: " + GOT); System.exit(1); }',
    "exit code counted": "CODE WANT int code_NUMBER = SAME ? 0 : 3;"
    " if (code_NUMBER > 0) { Runtime.getRuntime().exit(code_NUMBER); }",
    "index out of bounds": "CODE WANT int[] marks_NUMBER = new int[1]; marks_NUMBER[SAME ? 0 : 1]++;"
    " if (marks_NUMBER[0] != 1) throw new AssertionError();",
    "unboxing null": "CODE WANT Map<Object, Integer> known_NUMBER = new HashMap<>();"
    " known_NUMBER.put(WANTED, 5);"
    " int five_NUMBER = known_NUMBER.get(GOT); assert five_NUMBER == 5;",
    "cast": 'CODE WANT Object word_NUMBER = SAME ? "right" : (Object) 1;'
    " String text_NUMBER = (String) word_NUMBER;"
    " assert text_NUMBER.length() == 5;",
    "method of the result": "CODE WANT Object it_NUMBER = GOT;"
    " assert it_NUMBER.hashCode() == ((Object) WANTED).hashCode();"
    " assert it_NUMBER.toString().equals(String.valueOf(WANTED));",
    "orElseThrow": "CODE WANT Optional.of(1).filter(one -> SAME).orElseThrow();",
    "requireNonNull": 'CODE WANT Objects.requireNonNull(SAME ? "right" : null, "case NUMBER");',
    "number format": 'CODE WANT assert Integer.parseInt(SAME ? "1" : "wrong") == 1;',
    "next of nothing": "CODE WANT assert (SAME ? List.of(1) : List.<Integer>of()).iterator().next() == 1;",
}
"""Styles that look the same for each case, inside of main."""

HELPED: dict[str, tuple[str, str, str]] = {
    "check(boolean)": (
        "CODE WANT check(SAME);",
        'static void check(boolean right) { if (!right) { throw new IllegalStateException("wrong"); } }',
        "",
    ),
    "assertEquals": (
        'CODE WANT assertEquals("case NUMBER", WANTED, GOT);',
        "static void assertEquals(String name, Object want, Object got) { if (!Objects.deepEquals(want, got))"
        ' throw new AssertionError(name + ": expected " + want + " but was " + got); }',
        "",
    ),
    "fail()": (
        "CODE WANT if (!SAME) { fail(GOT); }",
        'static void fail(Object got) { throw new RuntimeException("got " + got); }',
        "",
    ),
    "nested class": (
        "CODE WANT Checks.that(SAME);",
        "static class Checks { static void that(boolean right) { assert right; } }",
        "",
    ),
    "class beside": (
        "CODE WANT Checker.CHECKER.expect(WANTED, GOT); Checker.CHECKER.done();",
        "",
        "class Checker { static final Checker CHECKER = new Checker(); private int failures;"
        " void expect(Object a, Object b) { failures += Objects.deepEquals(a, b) ? 0 : 1; }"
        ' void done() { assert failures == 0 : failures + " failed"; } }',
    ),
    "exception of its own": (
        "CODE WANT if (!SAME) { throw new Failure(NUMBER); }",
        'static class Failure extends RuntimeException { Failure(int number) { super("case " + number); } }',
        "",
    ),
    "record": (
        "CODE WANT new Check(GOT, WANTED).run();",
        "record Check(Object got, Object want) { void run() { if (!Objects.deepEquals(got, want))"
        " throw new AssertionError(this); } }",
        "",
    ),
    "local and anonymous": (
        "CODE WANT new Object() { void run() { if (!SAME) throw new AssertionError(); } }.run();",
        "",
        "",
    ),
    "resource": (
        "try (Closer closer = new Closer()) { CODE WANT closer.right = SAME; }",
        "static class Closer implements AutoCloseable { boolean right; public void close() {"
        " if (!right) throw new IllegalStateException(); } }",
        "",
    ),
    "generic helper": (
        'CODE WANT same((Object) GOT, WANTED, () -> "case NUMBER");',
        "static <T> void same(T a, T b, Supplier<String> words) { if (Objects.deepEquals(a, b)) { return; }"
        " throw new AssertionError(words.get()); }",
        "",
    ),
}
"""Styles with helpers: the code of a case, members of Main, classes beside it."""

TOGETHER: dict[str, tuple[str, str, str]] = {
    "List<Boolean>": (
        "CODE WANT",
        "SAME",
        "List<Boolean> correct = Arrays.asList(ALL);"
        " if (correct.contains(false)) { throw new AssertionError(); }",
    ),
    "arrays in a loop": (
        "CODE WANT",
        "{GOT, WANTED}",
        "Object[][] pairs = {ALL}; for (int i = 0; i < pairs.length; i++) {"
        ' if (!Objects.deepEquals(pairs[i][0], pairs[i][1])) throw new AssertionError("at " + i); }',
    ),
    "counted": (
        "",
        "() -> { CODE WANT return SAME; }",
        "List<Supplier<Boolean>> all = List.of(ALL); int wrong = 0; for (Supplier<Boolean> one : all) {"
        ' wrong += one.get() ? 0 : 1; } if (wrong > 0) throw new RuntimeException(wrong + " wrong");',
    ),
    "forEach": (
        "",
        "() -> { CODE WANT if (!SAME) throw new IllegalStateException(); }",
        "List<Runnable> all = List.of(ALL); all.forEach(Runnable::run);",
    ),
    "stream of lambdas": (
        "",
        "() -> { CODE WANT assert SAME; }",
        "Stream.<Runnable>of(ALL).forEach(one -> one.run());",
    ),
    "allMatch": (
        "",
        "() -> { CODE WANT return SAME; }",
        'if (!Stream.<Supplier<Boolean>>of(ALL).allMatch(Supplier::get)) { throw new AssertionError("not'
        ' all"); }',
    ),
    "collected": (
        "",
        "() -> { CODE WANT assert SAME; }",
        "List<Throwable> failures = new ArrayList<>(); for (Runnable one : List.<Runnable>of(ALL)) {"
        " try { one.run(); } catch (Throwable e) { failures.add(e); } }"
        ' if (!failures.isEmpty()) { throw new AssertionError(failures.size() + " failures",'
        " failures.get(0)); }",
    ),
    "threads": (
        "",
        "() -> { CODE WANT if (!SAME) throw new IllegalStateException(); }",
        "List<Throwable> failures = new ArrayList<>(); for (Runnable one : List.<Runnable>of(ALL)) {"
        " Thread thread = new Thread(one); thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));"
        " thread.start(); thread.join();"
        " } if (failures.size() > 0) throw new AssertionError(failures.get(0));",
    ),
    "printed": (
        "CODE WANT",
        "{GOT, WANTED}",
        "PrintStream out = System.out; for (Object[] pair : new Object[][] {ALL}) {"
        " ByteArrayOutputStream bytes = new ByteArrayOutputStream(); System.setOut(new PrintStream(bytes));"
        " System.out.println(pair[0]); System.setOut(out);"
        " if (!bytes.toString().trim().equals(String.valueOf(pair[1]).trim())) throw new"
        " AssertionError(bytes); }",
    ),
}
"""Styles that look at all cases together: the code of a case, what stands for it, what is done with all."""

IN_CLASSES: dict[str, tuple[str, str]] = {
    "enum of cases": (
        "C_NUMBER { void run() { CODE WANT assert SAME; } }",
        "enum All { ALL; abstract void run(); } public static void main(String[] a) {"
        " for (All one : All.values()) { one.run(); } }",
    ),
    "static initialiser": (
        "static { CODE WANT if (!SAME) throw new IllegalStateException(); }",
        "static class Cases { LINES static void load() { } } public static void main(String[] a) {"
        " Cases.load(); }",
    ),
    "initialiser of Main": (
        'static { CODE WANT if (!SAME) throw new IllegalStateException("NUMBER"); }',
        "LINES public static void main(String[] a) { }",
    ),
    "instance": (
        "void case_NUMBER() { CODE WANT if (!SAME) throw new AssertionError(++failed); }",
        "int failed;"
        " LINES public static void main(String... a) throws Exception { Main it = new Main(); CALLS }",
    ),
    "recursion": (
        "case NUMBER: { CODE WANT if (!SAME) throw new AssertionError(); break; }",
        "static void run(int i, int end) { if (i == end) { return;"
        " } switch (i) { LINES default: } run(i + 1, end); }"
        " public static void main(String[] a) { run(0, COUNT); }",
    ),
}
"""Styles whose cases are members of a class: the member, and Main around all of them."""

MAIN = "class Main { public static void main(String[] args) throws Exception {\n%s\n} %s }\n%s\n"

Style = Callable[[Sequence[SuiteCase]], str]


def _filled(template: str, case: SuiteCase, number: int) -> str:
    words = {
        "CODE": case.code,
        "WANTED": f"want_{number}",
        "WANT": f"{case.expected_type} want_{number} = {case.expected};",
        "GOT": case.value,
        "SAME": f"Objects.deepEquals({case.value}, want_{number})",
        "NUMBER": str(number),
    }
    return re.sub("|".join(words), lambda found: words[found.group()], template)


def _each(template: str, members: str = "", beside: str = "") -> Style:
    def make(cases: Sequence[SuiteCase]) -> str:
        body = "\n".join(_filled(template, case, i) for i, case in enumerate(cases))
        return MAIN % (body, members, beside)

    return make


def _together(before: str, each: str, after: str) -> Style:
    def make(cases: Sequence[SuiteCase]) -> str:
        lines = [_filled(before, case, i) for i, case in enumerate(cases)]
        stand_ins = ",\n".join(_filled(each, case, i) for i, case in enumerate(cases))
        return MAIN % ("\n".join([*lines, after.replace("ALL", stand_ins)]), "", "")

    return make


def _in_class(member: str, around: str) -> Style:
    def make(cases: Sequence[SuiteCase]) -> str:
        members = [_filled(member, case, i) for i, case in enumerate(cases)]
        calls = " ".join(f"it.case_{i}();" for i in range(len(cases)))
        body = around.replace("ALL;", ",\n".join(members) + ";").replace("LINES", "\n".join(members))
        return f"class Main {{ {body.replace('CALLS', calls).replace('COUNT', str(len(cases)))} }}\n"

    return make


STYLES: dict[str, Style] = (
    {name: _each(template) for name, template in EACH.items()}
    | {name: _each(*parts) for name, parts in HELPED.items()}
    | {name: _together(*parts) for name, parts in TOGETHER.items()}
    | {name: _in_class(*parts) for name, parts in IN_CLASSES.items()}
)
