"""Programs of people's kinds: arrays of arrays, clocks that are slept on, what exceptions say and where they were."""

from __future__ import annotations

import pytest

from javabox import Job, Judge, Limits, Outcome, Suite, SuiteCase, Verdict

IMPORTS = "import java.math.*; import java.time.*; import java.util.*; import java.util.concurrent.*;"
HEAD = IMPORTS + "\nclass S { static Object f() throws Throwable {\n"


def run(judge: Judge, body: str, expected: str | None = None, limits: Limits | None = None) -> Verdict:
    suite = Suite(cases=(SuiteCase("only", "Object r = S.f();", "r", expected),), imports=IMPORTS)
    return judge.grade([Job(f"{HEAD}{body}\n}} }}", suite, limits or Limits(), len(HEAD))])[0]


ELEMENTS = {
    "boolean": "true",
    "byte": "(byte) 1",
    "char": "'c'",
    "short": "(short) 1",
    "int": "1",
    "float": "1.5f",
    "long": "1L",
    "double": "1.5",
    "String": '"s"',
    "List<Integer>": "List.of(1)",
}


@pytest.mark.parametrize("element", ELEMENTS)
def test_arrays_of_two_to_six_dimensions(judge: Judge, element: str) -> None:
    raw = element.split("<")[0]
    for dimensions in range(2, 7):
        made = f"new {raw}" + "[2]" * (dimensions - 1) + "[3]"
        at = "[1]" * (dimensions - 1) + "[2]"
        body = f"{raw}{'[]' * dimensions} a = {made}; a{at} = {ELEMENTS[element]}; return a;"
        want = f"new Object() {{ Object made() {{ {body} }} }}.made()"
        verdict = run(judge, body, want, Limits(allocation_mb=1, memory_mb=32))
        assert verdict.passed, (dimensions, verdict)


PARTLY = {
    "new int[3][4][]": "new int[][][] {{null, null, null, null}, {null, null, null, null}, {null, null, null, null}}",
    "new int[2][]": "new int[][] {null, null}",
    "new String[1][1][1][][]": "new String[][][][][] {{{null}}}",
    "new int[0][]": "new int[][] {}",
    "new int[0][1 << 30]": "new int[][] {}",
    "new int[2][0][1 << 30]": "new int[][][] {{}, {}}",
    "new long[2][0]": "new long[][] {{}, {}}",
    "new int[1][2][0][5]": "new int[][][][] {{{}, {}}}",
}


@pytest.mark.parametrize("made", PARTLY)
def test_arrays_with_lengths_that_are_not_given_or_are_nothing(judge: Judge, made: str) -> None:
    assert run(judge, f"return {made};", PARTLY[made], Limits(allocation_mb=1, memory_mb=32)).passed


@pytest.mark.parametrize(
    "lengths", ["[-1]", "[2][-1]", "[-1][2]", "[0][-1]", "[2][2][-1]", "[-3][]", "[1][0][-2][4]"]
)
def test_negative_lengths_are_the_programs_own_mistake(judge: Judge, lengths: str) -> None:
    verdict = run(judge, f"int n = 1; Object o = new int{lengths}; return o;")
    assert verdict.outcome is Outcome.RUNTIME_ERROR
    assert verdict.exception is not None
    assert verdict.exception.type == "java.lang.NegativeArraySizeException"


BIG = {
    "new int[2000][5000]": True,
    "new int[2500][2500][2]": True,
    "new byte[100][1000][1000]": True,
    "new boolean[12000][12000]": True,
    "new long[3000][3000]": True,
    "new double[200][200][200]": True,
    "new int[10][10][10][10][10][10]": True,
    "new int[4000][4000][]": True,
    "new int[10000][10000]": False,
    "new long[6000][6000]": False,
    "new char[20000][20000]": False,
    "new byte[700][700][700]": False,
    "new int[1 << 20][1 << 20]": False,
    "new int[1 << 16][1 << 16][1 << 16]": False,
    "new int[1 << 30][1 << 30][1 << 30][1 << 30]": False,
}


@pytest.mark.parametrize("made", BIG)
def test_large_arrays_have_the_heap_that_plain_java_gives_them(judge: Judge, made: str) -> None:
    """As with -Xmx256m."""
    outcome = run(judge, f"Object o = {made}; return 1;", "1").outcome
    assert outcome is (Outcome.PASSED if BIG[made] else Outcome.MEMORY_LIMIT)


SLEEPING = {
    "the clock has moved": "long t = System.currentTimeMillis(); Thread.sleep(100);"
    " return System.currentTimeMillis() - t >= 100;",
    "nanoTime too": "long t = System.nanoTime(); Thread.sleep(20, 500); return System.nanoTime() - t >= 20_000_500;",
    "Instant": "Instant t = Instant.now(); Thread.sleep(50); return Duration.between(t, Instant.now()).toMillis() >= 50;",
    "LocalDateTime": "LocalDateTime t = LocalDateTime.now(); Thread.sleep(1000);"
    " return !LocalDateTime.now().isBefore(t.plusSeconds(1));",
    "a deadline": "long end = System.currentTimeMillis() + 300; int n = 0;"
    " while (System.currentTimeMillis() < end) { Thread.sleep(10); n++; } return n > 10 && n <= 30;",
    "TimeUnit": "long t = System.nanoTime(); TimeUnit.MILLISECONDS.sleep(30); return System.nanoTime() - t >= 30_000_000;",
    "nothing to sleep": "Thread.sleep(0); TimeUnit.SECONDS.sleep(-1); return true;",
    "not for long": "long t = System.currentTimeMillis(); Thread.sleep(200);"
    " return System.currentTimeMillis() - t < 1000;",
    "interrupted": "Thread.currentThread().interrupt(); try { Thread.sleep(10); return false; }"
    " catch (InterruptedException e) { return !Thread.currentThread().isInterrupted(); }",
    "a rate": "long[] ticks = new long[4]; for (int i = 0; i < 4; i++) { ticks[i] = System.nanoTime(); Thread.sleep(25); }"
    " for (int i = 1; i < 4; i++) { if (ticks[i] - ticks[i - 1] < 25_000_000) return false; } return true;",
    "a scheduled executor": "ScheduledExecutorService pool = Executors.newScheduledThreadPool(1);"
    " try { return pool.schedule(() -> 42, 50, TimeUnit.MILLISECONDS).get() == 42; } finally { pool.shutdownNow(); }",
    "another thread sleeps": "int[] n = {0}; Thread t = new Thread(() -> { try { Thread.sleep(100); n[0] = 1; }"
    " catch (InterruptedException e) { } }); t.start(); t.join(); return n[0] == 1;",
    "others wait meanwhile": "CountDownLatch latch = new CountDownLatch(1); Thread t = new Thread(() -> {"
    " try { Thread.sleep(50); } catch (InterruptedException e) { } latch.countDown(); }); t.start();"
    " return latch.await(5, TimeUnit.SECONDS);",
    "a future that is late": "CompletableFuture<Integer> late = CompletableFuture.supplyAsync(() -> {"
    " try { Thread.sleep(2000); } catch (InterruptedException e) { } return 1; });"
    " try { late.get(50, TimeUnit.MILLISECONDS); return false; } catch (TimeoutException e) { return true; }",
}


@pytest.mark.parametrize("kind", SLEEPING)
def test_sleeping_takes_its_time_from_the_programs_clock(judge: Judge, kind: str) -> None:
    verdict = run(judge, SLEEPING[kind], "true")
    assert verdict.passed, verdict


def test_a_long_sleep_waits_for_nothing_and_ends_at_the_limit(judge: Judge) -> None:
    verdict = run(judge, "Thread.sleep(100_000); return true;", "true")
    assert verdict.outcome is Outcome.TIME_LIMIT
    assert verdict.deterministic
    assert verdict.wall_ms < 5000


def test_sleeping_is_the_same_in_both_lanes() -> None:
    body = "long t = System.nanoTime(); Thread.sleep(100); return System.nanoTime() - t;"
    found = []
    for lane in ("warm", "strict"):
        with Judge(engine="local", workers=1, lane=lane) as judge:
            found.append(run(judge, body).cases[0].value)
    assert found[0] == found[1]
    assert found[0] is not None


NULL = {
    'String s = null; s.contains("x");': 'Cannot invoke "String.contains(java.lang.CharSequence)" because "<local0>" is null',
    'String s = null; s.split(",");': 'Cannot invoke "String.split(String)" because "<local0>" is null',
    "String s = null; s.substring(1, 2);": 'Cannot invoke "String.substring(int, int)" because "<local0>" is null',
    "String s = null; for (char c : s.toCharArray()) { }": 'Cannot invoke "String.toCharArray()" because "<local0>" is null',
    "String s = null; s.length();": 'Cannot invoke "String.length()" because "<local0>" is null',
    '"x".contains(null);': 'Cannot invoke "java.lang.CharSequence.toString()" because "s" is null',
    'StringBuilder b = null; b.append("x");': 'Cannot invoke "java.lang.StringBuilder.append(String)" because "<local0>" is null',
    "List<Integer> l = null; l.add(0, 1);": 'Cannot invoke "java.util.List.add(int, Object)" because "<local0>" is null',
    "List<Integer> l = null; l.remove((Object) 1);": 'Cannot invoke "java.util.List.remove(Object)" because "<local0>" is null',
    "List<Integer> l = null; l.sort(null);": 'Cannot invoke "java.util.List.sort(java.util.Comparator)" because "<local0>" is null',
    "Collections.sort((List<Integer>) null);": 'Cannot invoke "java.util.List.sort(java.util.Comparator)" because "list" is null',
    "int[] a = null; Arrays.sort(a);": 'Cannot read the array length because "a" is null',
    "ArrayDeque<Integer> q = null; q.contains(1);": 'Cannot invoke "java.util.ArrayDeque.contains(Object)" because "<local0>" is null',
    'Map<String, List<Integer>> m = new HashMap<>(); m.get("x").contains(1);': 'Cannot invoke "java.util.List.contains(Object)"'
    ' because the return value of "java.util.Map.get(Object)" is null',
    "String[] a = new String[2]; a[1].substring(1);": 'Cannot invoke "String.substring(int)" because "<local0>[1]" is null',
    'class P { String s; } new P().s.contains("x");': 'Cannot invoke "String.contains(java.lang.CharSequence)"'
    ' because "s" is null',
    "Integer n = null; int m = n;": 'Cannot invoke "java.lang.Integer.intValue()" because "<local0>" is null',
    "int[][] a = new int[2][]; a[1][0] = 1;": 'Cannot store to int array because "<local0>[1]" is null',
    "BigInteger n = null; n.multiply(BigInteger.ONE);": 'Cannot invoke "java.math.BigInteger.multiply(java.math.BigInteger)"'
    ' because "<local0>" is null',
    'List.of("").forEach(x -> { String t = null; t.repeat(2); });': 'Cannot invoke "String.repeat(int)" because "<local1>" is null',
}


@pytest.mark.parametrize("body", NULL)
def test_an_exception_says_of_null_what_plain_java_says(judge: Judge, body: str) -> None:
    verdict = run(judge, f"if (1 > 0) {{ {body} }} return null;")
    assert verdict.exception is not None, verdict
    assert verdict.exception.message == NULL[body]


METHOD_REFERENCES = {
    "List.of(List.of(1, 2), List.of(3)).stream().map(ArrayList::new).peek(Collections::sort).toList().size()": "2",
    'List.of("ab", "c").stream().map(String::toCharArray).mapToInt(c -> c.length).sum()': "3",
    'java.util.stream.Stream.of("a", "b").filter("cab"::contains).count()': "2L",
    "java.util.stream.Stream.of(3, 1).collect(ArrayList::new, ArrayList::add, ArrayList::addAll).toString()": '"[3, 1]"',
    'List.of("b", "a").stream().reduce("", String::concat)': '"ba"',
    'java.util.stream.Stream.of("x", "y").collect(StringBuilder::new, StringBuilder::append, StringBuilder::append)'
    ".reverse().toString()": '"yx"',
    "java.util.stream.Stream.of(BigInteger.TWO, BigInteger.TEN).reduce(BigInteger::multiply).get()": "BigInteger.valueOf(20)",
    '((java.util.function.BiFunction<String, Integer, String>) String::repeat).apply("ab", 2)': '"abab"',
    'new Object() { record R(String s, int[] a) { } int n() { return new R("x", null).toString().length(); } }.n()': "14",
}


@pytest.mark.parametrize("expression", METHOD_REFERENCES)
def test_references_to_methods_that_are_charged_for(judge: Judge, expression: str) -> None:
    verdict = run(judge, f"return {expression};", METHOD_REFERENCES[expression])
    assert verdict.passed, verdict


def test_work_behind_a_reference_to_a_method_is_charged(judge: Judge) -> None:
    body = (
        'String s = "ab".repeat(500_000); java.util.function.Predicate<String> has = s::contains;'
        ' int n = 0; while (true) { n += has.test("ba" + n) ? 1 : 0; }'
    )
    verdict = run(judge, body, "1", Limits(fuel=100_000_000))
    assert (verdict.outcome, verdict.deterministic) == (Outcome.TIME_LIMIT, True)
    assert verdict.wall_ms < 5000


FAILING = (
    "new ArrayList<Integer>().add(3, 1);",
    '"abc".substring(5);',
    "Collections.sort(Arrays.asList(2, null));",
    "String s = null; s.contains(null);",
    "new LinkedList<Integer>().get(0);",
    "BigInteger.ONE.pow(-1);",
    "System.arraycopy(new int[1], 0, new int[1], 0, 5);",
    'java.util.regex.Pattern.compile("x").matcher(null);',
)


@pytest.mark.parametrize("call", FAILING)
def test_the_judges_own_frames_do_not_come_between(judge: Judge, call: str) -> None:
    body = (
        f"try {{ {call} }} catch (Exception e) {{ StringBuilder between = new StringBuilder();"
        " for (StackTraceElement at : e.getStackTrace()) {"
        ' if (at.getClassName().startsWith("javabox")) { between.append(at); }'
        ' if (at.getClassName().equals("S")) { return between + at.getMethodName(); } } } return null;'
    )
    verdict = run(judge, body, '"f"')
    assert verdict.passed, verdict
