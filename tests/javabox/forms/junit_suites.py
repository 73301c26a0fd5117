"""Twenty test classes as people write them, ten for JUnit 4 and ten for JUnit 5, and programs for them to test.

Each tests a class `S`; the right one passes all that is not disabled, the others fail in their ways.
"""

from __future__ import annotations

import re

FOUR = "import org.junit.*; import static org.junit.Assert.*; import java.util.*;\n"
FIVE = (
    "import org.junit.jupiter.api.*; import static org.junit.jupiter.api.Assertions.*; import java.util.*;"
    " import java.util.stream.*; import org.junit.jupiter.params.*; import org.junit.jupiter.params.provider.*;\n"
)

PROGRAMS = {
    "right": """import java.util.*;
public class S {
    private final List<Integer> items = new ArrayList<>();
    public static int twice(int x) { return 2 * x; }
    public static String join(List<String> parts) { return String.join("-", parts); }
    public static int divide(int a, int b) { return a / b; }
    public static int[] sorted(int[] a) { int[] b = a.clone(); Arrays.sort(b); return b; }
    public static double half(double x) { return x / 2; }
    public S push(int x) { items.add(x); return this; }
    public int pop() { return items.remove(items.size() - 1); }
    public int size() { return items.size(); }
}
""",
    "wrong": """import java.util.*;
public class S {
    public static int twice(int x) { return x == 2 ? 4 : x; }
    public static String join(List<String> parts) { return String.join("+", parts); }
    public static int divide(int a, int b) { return b == 0 ? 0 : a / b; }
    public static int[] sorted(int[] a) { return a; }
    public static double half(double x) { return (int) x / 2; }
    public S push(int x) { return this; }
    public int pop() { return 0; }
    public int size() { return 0; }
}
""",
    "throwing": """import java.util.*;
public class S {
    public static int twice(int x) { throw new IllegalStateException("twice"); }
    public static String join(List<String> parts) { return parts.get(parts.size()); }
    public static int divide(int a, int b) { throw new IllegalArgumentException(); }
    public static int[] sorted(int[] a) { int[] b = null; return b.clone(); }
    public static double half(double x) { return twice((int) x); }
    public S push(int x) { throw new UnsupportedOperationException(); }
    public int pop() { return new ArrayDeque<Integer>().removeLast(); }
    public int size() { return size() + 1; }
}
""",
}

SUITES = {
    "PlainTest": FOUR
    + """public class PlainTest {
    @Test public void twiceTwo() { assertEquals(4, S.twice(2)); }
    @Test public void twiceThree() { assertEquals("three", 6, S.twice(3)); }
    @Test public void joins() { assertEquals("a-b", S.join(Arrays.asList("a", "b"))); }
}
""",
    "FixtureTest": FOUR
    + """public class FixtureTest {
    private S stack; private static int made;
    @BeforeClass public static void first() { made = 0; }
    @Before public void fill() { stack = new S().push(1).push(2); made++; }
    @After public void empty() { stack = null; }
    @AfterClass public static void last() { assertTrue(made >= 0); }
    @Test public void pops() { assertEquals(2, stack.pop()); }
    @Test public void counts() { assertEquals(2, stack.size()); }
}
""",
    "ExpectedTest": FOUR
    + """public class ExpectedTest {
    @Test(expected = ArithmeticException.class) public void byZero() { S.divide(1, 0); }
    @Test(expected = IndexOutOfBoundsException.class) public void popsNothing() { new S().pop(); }
    @Test public void caught() {
        try { S.divide(1, 0); fail("no exception"); } catch (ArithmeticException e) { assertNotNull(e.getMessage()); }
    }
    @Test public void throwsIt() { assertThrows(ArithmeticException.class, () -> S.divide(2, 0)); }
}
""",
    "RuleTest": FOUR
    + """import org.junit.rules.*;
public class RuleTest {
    @Rule public ExpectedException thrown = ExpectedException.none();
    @Rule public TestName name = new TestName();
    @Rule public ErrorCollector errors = new ErrorCollector();
    @Test public void byZero() { thrown.expect(ArithmeticException.class); thrown.expectMessage("zero"); S.divide(1, 0); }
    @Test public void named() { assertEquals("named", name.getMethodName()); }
    @Test public void collects() { errors.checkThat(S.twice(1), org.hamcrest.CoreMatchers.is(2)); }
}
""",
    "FourParametersTest": FOUR
    + """import org.junit.runner.RunWith; import org.junit.runners.Parameterized;
@RunWith(Parameterized.class) public class FourParametersTest {
    @Parameterized.Parameters public static Collection<Object[]> data() {
        return Arrays.asList(new Object[][] {{1, 2}, {2, 4}, {5, 10}});
    }
    private final int in, out;
    public FourParametersTest(int in, int out) { this.in = in; this.out = out; }
    @Test public void twice() { assertEquals(out, S.twice(in)); }
}
""",
    "IgnoredTest": FOUR
    + """public class IgnoredTest {
    @Ignore("not yet") @Test public void later() { fail(); }
    @Test public void now() { assertEquals(4, S.twice(2)); }
    @Test public void assumed() { Assume.assumeTrue(false); fail(); }
}
""",
    "AllIgnoredTest": FOUR
    + """@Ignore public class AllIgnoredTest { @Test public void one() { fail(); } @Test public void two() { } }
""",
    "OldTest": """import junit.framework.TestCase;
public class OldTest extends TestCase {
    private S stack;
    @Override protected void setUp() { stack = new S().push(7); }
    public void testPop() { assertEquals(7, stack.pop()); }
    public void testTwice() { assertEquals(6, S.twice(3)); }
}
""",
    "ArraysTest": FOUR
    + """public class ArraysTest {
    @Test public void sorts() { assertArrayEquals(new int[] {1, 2, 3}, S.sorted(new int[] {3, 1, 2})); }
    @Test public void halves() { assertEquals(1.5, S.half(3), 1e-9); }
    @Test(timeout = 5000) public void inTime() { assertEquals(2, S.twice(1)); }
}
""",
    "HamcrestTest": """import static org.hamcrest.CoreMatchers.*;
import static org.hamcrest.MatcherAssert.assertThat;
import org.junit.Test;
public class HamcrestTest {
    @Test public void equal() { assertThat(S.twice(3), is(equalTo(6))); }
    @Test public void contains() { assertThat(S.join(java.util.List.of("a", "b")), both(startsWith("a")).and(containsString("-"))); }
}
""",
    "JupiterTest": FIVE
    + """class JupiterTest {
    @Test void twiceTwo() { assertEquals(4, S.twice(2), "two"); }
    @Test void twiceThree() { assertEquals(6, S.twice(3), () -> "three"); }
    @Test @DisplayName("joins them all") void joins() { assertEquals("a-b", S.join(List.of("a", "b"))); }
}
""",
    "LifecycleTest": FIVE
    + """@TestInstance(TestInstance.Lifecycle.PER_CLASS) @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LifecycleTest {
    S stack; int made;
    @BeforeAll void first() { made = 1; }
    @BeforeEach void fill() { stack = new S().push(1); made++; }
    @AfterEach void after() { stack = null; }
    @AfterAll static void last() { }
    @Test @Order(2) void counts() { assertEquals(1, stack.size()); }
    @Test @Order(1) void pops() { assertEquals(1, stack.pop()); }
    @Test @Order(3) void madeThree() { assertEquals(4, made); }
}
""",
    "ParametersTest": FIVE
    + """class ParametersTest {
    @ParameterizedTest @ValueSource(ints = {1, 2, 3}) void twice(int x) { assertEquals(x + x, S.twice(x)); }
    @ParameterizedTest(name = "{0} gives {1}") @CsvSource({"1, 2", "2, 4", "10, 20"}) void pairs(int x, int y) { assertEquals(y, S.twice(x)); }
    @ParameterizedTest @MethodSource("arrays") void sorts(int[] a) { assertArrayEquals(IntStream.of(a).sorted().toArray(), S.sorted(a)); }
    static Stream<int[]> arrays() { return Stream.of(new int[] {2, 1}, new int[] {1}); }
    @ParameterizedTest @NullAndEmptySource @ValueSource(strings = "x") void texts(String s) { assertTrue(s == null || s.length() < 2); }
    enum Size { SMALL, LARGE } @ParameterizedTest @EnumSource void sizes(Size s) { assertNotNull(s); }
}
""",
    "NestedTest": FIVE
    + """class NestedTest {
    S stack = new S();
    @Test void isEmpty() { assertEquals(0, stack.size()); }
    @Nested class AfterPushing {
        @BeforeEach void push() { stack.push(5); }
        @Test void hasOne() { assertEquals(1, stack.size()); }
        @Nested class Twice { @BeforeEach void again() { stack.push(6); } @Test void popsLast() { assertEquals(6, stack.pop()); } }
    }
}
""",
    "DisabledTest": FIVE
    + """class DisabledTest {
    @Disabled("not yet") @Test void later() { fail(); }
    @Test void assumed() { Assumptions.assumeTrue(S.class.getName().isEmpty()); fail(); }
    @Test void now() { assertEquals(4, S.twice(2)); }
    @Test @org.junit.jupiter.api.condition.EnabledOnOs(org.junit.jupiter.api.condition.OS.WINDOWS) void elsewhere() { fail(); }
}
""",
    "FactoryTest": FIVE
    + """class FactoryTest {
    @TestFactory Collection<DynamicTest> made() {
        return List.of(DynamicTest.dynamicTest("one", () -> assertEquals(2, S.twice(1))), DynamicTest.dynamicTest("two", () -> assertEquals(4, S.twice(2))));
    }
    @TestFactory Stream<DynamicNode> containers() {
        return Stream.of(DynamicContainer.dynamicContainer("in", Stream.of(DynamicTest.dynamicTest("three", () -> assertEquals(6, S.twice(3))))));
    }
}
""",
    "RepeatedTest": FIVE.replace("import org.junit.jupiter.api.*;", "import org.junit.jupiter.api.Test;")
    + """class RepeatedTest {
    @org.junit.jupiter.api.RepeatedTest(3) void again() { assertEquals(2, S.twice(1)); }
    @Test void all() { assertAll(() -> assertEquals(4, S.twice(2)), () -> assertEquals(6, S.twice(3))); }
    @Test void throwsIt() { assertEquals("/ by zero", assertThrows(ArithmeticException.class, () -> S.divide(1, 0)).getMessage()); }
}
""",
    "BrokenBeforeAllTest": FIVE
    + """class BrokenBeforeAllTest {
    @BeforeAll static void prepare() { if (S.twice(3) != 6) throw new IllegalStateException("not ready"); }
    @Test void one() { }
    @Test void two() { assertTrue(true); }
}
""",
    "ExtendedTest": FIVE
    + """import org.junit.jupiter.api.extension.*;
@ExtendWith(ExtendedTest.Numbers.class) class ExtendedTest {
    static class Numbers implements ParameterResolver {
        public boolean supportsParameter(ParameterContext p, ExtensionContext e) { return p.getParameter().getType() == Integer.class; }
        public Object resolveParameter(ParameterContext p, ExtensionContext e) { return 21; }
    }
    @Test void resolved(Integer x) { assertEquals(42, S.twice(x)); }
    @Test void informed(TestInfo info) { assertEquals("informed(TestInfo)", info.getDisplayName()); }
}
""",
    "InTimeTest": FIVE
    + """class InTimeTest {
    @Test void inTime() { assertEquals(2, assertTimeout(java.time.Duration.ofSeconds(5), () -> S.twice(1))); }
    @Test void preemptively() { assertTimeoutPreemptively(java.time.Duration.ofSeconds(5), () -> assertEquals(4, S.twice(2))); }
    @Test @Timeout(5) void limited() { assertEquals(1.5, S.half(3), 1e-9); }
    @Test void iterable() { assertIterableEquals(List.of(1, 2), Arrays.stream(S.sorted(new int[] {2, 1})).boxed().collect(Collectors.toList())); }
}
""",
}


def packed() -> dict[str, str]:
    """The same classes, but those for JUnit 5 with the same imports in one file; JUnit 4 wants public ones."""
    together = [name for name, source in SUITES.items() if source.startswith(FIVE)]
    files = {name: source for name, source in SUITES.items() if name not in together}
    parted = [re.match(r"((?:import [^\n]*\n)+)(.*)", SUITES[name], re.DOTALL) for name in together]
    files[" ".join(together)] = "".join(part[at] for at in (1, 2) for part in parted if part)
    return files
