"""Programs that attack the JUnit suite that tests them, in whose JVM JUnit runs.

As elsewhere none computes what it is asked for, 2 * x, and each wants a pass.
"""

from __future__ import annotations

from dataclasses import replace

from javabox import Job, Suite
from tests.javabox.attacks.attacks_on_tests import LIMITS, UNEARNED, Attack

SLOW = replace(LIMITS, idle_seconds=3.0, wall_seconds=60.0)
"""JUnit takes a second to start."""
LIE = "public boolean equals(Object o) { return true; } public int hashCode() { return 0; }"
FIVE = """import org.junit.jupiter.api.*;
import static org.junit.jupiter.api.Assertions.*;
import java.util.*;
class STest {
    @Test void easy() { assertNotNull(new S()); }
    @Test void two() { assertEquals(4, S.f(2)); }
    @Test void three() { assertTrue(S.f(3).equals(6)); }
}
"""
FOUR = """import org.junit.*;
import static org.junit.Assert.*;
public class STest {
    @Test public void easy() { assertNotNull(new S()); }
    @Test public void two() { assertEquals((Object) 4, S.f(2)); }
}
"""
COLLECTIONS = """import static org.junit.jupiter.api.Assertions.*;
import java.util.*;
class STest {
    @org.junit.jupiter.api.Test void set() { assertEquals(Set.of(4), S.f(2)); }
    @org.junit.jupiter.api.Test void list() { assertEquals(S.f(2), S.f(2)); assertTrue(S.f(2).equals(List.of(4))); }
}
"""
HAMCREST = """import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.CoreMatchers.*;
class STest { @org.junit.jupiter.api.Test void two() { assertThat(S.f(2), is(4)); assertThat(S.f(2), equalTo((Object) 4)); } }
"""
ASSUMING = FIVE.replace(
    "@Test void easy()", "@Test void assumed() { Assumptions.assumeTrue(S.g == 1); }\n    @Test void easy()"
)


def against(tests: str, body: str, more: str = "", *files: tuple[str, str]) -> Job:
    source = f"import java.util.*; class S {{ static int g; static Object f(int x) {{ {body} }} }}\n{more}"
    return Job(source, Suite(whole=tests, junit=True), SLOW, declared=("S",), files=files)


def everything(action: str) -> str:
    """Does something to every static field of JUnit's classes that it can name."""
    names = ", ".join(
        f'"org.junit.{name}"'
        for name in (
            "jupiter.engine.descriptor.TestMethodTestDescriptor",
            "jupiter.engine.descriptor.JupiterTestDescriptor",
            "jupiter.engine.execution.ConditionEvaluator",
            "jupiter.engine.extension.MutableExtensionRegistry",
            "jupiter.engine.support.JupiterThrowableCollectorFactory",
            "platform.engine.TestExecutionResult$Status",
            "platform.engine.support.hierarchical.ThrowableCollector",
            "platform.commons.util.ReflectionUtils",
            "platform.commons.util.UnrecoverableExceptions",
            "platform.commons.logging.LoggerFactory",
            "platform.launcher.core.LauncherFactory",
            "jupiter.api.AssertionUtils",
            "jupiter.api.Assertions",
        )
    )
    return (
        f"for (String n : new String[] {{{names}}}) {{ try {{ for (var d : Class.forName(n).getDeclaredFields()) {{"
        f" try {{ d.setAccessible(true); if (java.lang.reflect.Modifier.isStatic(d.getModifiers())) {{ {action} }} }}"
        " catch (Throwable e) { } } } catch (Throwable e) { } } return 0;"
    )


ABORT = "org.opentest4j.TestAbortedException"
PASSES = "public static void main(String[] a) { }"
JUNIT: dict[str, Job] = {
    "exit": against(FIVE, "System.exit(0); return 0;"),
    "halt after a test passed": against(FIVE, "Runtime.getRuntime().halt(0); return 0;"),
    "exit from a thread, at the end": against(
        FIVE, "new Thread(() -> { try { Thread.sleep(20); } catch (Exception e) { } System.exit(0); }).start(); return 0;"
    ),
    "nothing to test, it says": against(FIVE, f"throw new {ABORT}();"),
    "nothing to test, it says to JUnit 4": against(FOUR, 'throw new org.junit.AssumptionViolatedException("no");'),
    "nothing to test, from another thread": against(
        FIVE,
        f"try {{ throw java.util.concurrent.CompletableFuture.supplyAsync({ABORT}::new).join(); }}"
        " finally { g = 1; }",
    ),
    "nothing to test, by an assumption of JUnit's": against(
        FIVE, "org.junit.jupiter.api.Assumptions.assumeTrue(false); return 0;"
    ),
    "nothing to test, by an assumption elsewhere": against(
        FIVE,
        "try { java.util.concurrent.CompletableFuture.runAsync(Abort::now).join(); } catch (Exception e) {"
        " Abort.sneak(e.getCause()); } return 0;",
        "class Abort { static void now() { org.junit.jupiter.api.Assumptions.assumeTrue(false); }"
        " static <T extends Throwable> void sneak(Throwable t) throws T { throw (T) t; } }",
    ),
    "nothing to test, by the tests' own assumption": against(
        ASSUMING,
        'try { Class<?> c = Class.forName("STest"); var n = c.getDeclaredConstructor(); n.setAccessible(true);'
        ' var m = c.getDeclaredMethod("assumed"); m.setAccessible(true); m.invoke(n.newInstance()); }'
        " catch (java.lang.reflect.InvocationTargetException e) { Sneak.it(e.getCause()); } catch (Exception e) { } return 0;",
        "class Sneak { static <T extends Throwable> void it(Throwable t) throws T { throw (T) t; } }",
    ),
    "Assertions of its own": against(
        FIVE,
        "return 0;",
        "class Assertions { static void assertEquals(Object a, Object b) { } static void assertTrue(boolean b) { } }",
    ),
    "a Test of its own": against(FIVE, "return 0;", "@interface Test { }"),
    "JUnit of its own": against(
        FIVE, "return 0;", "",
        ("org/junit/jupiter/api/Assertions.java", "package org.junit.jupiter.api; public class Assertions {"
         " public static void assertEquals(Object a, Object b) { } public static void assertEquals(int a, int b) { }"
         " public static void assertTrue(boolean b) { } public static void assertNotNull(Object o) { } }"),
    ),
    "a class in JUnit's package": against(
        FIVE, "return 0;", "", ("org/junit/jupiter/api/Evil.java", "package org.junit.jupiter.api; public class Evil { }")
    ),
    "a class org": against(
        FIVE.replace("assertEquals(", "org.junit.jupiter.api.Assertions.assertEquals("), "return 0;",
        "class org { static class junit { static class jupiter { static class api { static class Assertions {"
        " static void assertEquals(Object a, Object b) { } } } } } }",
    ),
    "the tests' class": against(FIVE, "return 0;", "class STest { @org.junit.jupiter.api.Test void two() { } }"),
    "a test class of its own that passes": against(
        FIVE, "return 0;", "class OwnTest { @org.junit.jupiter.api.Test void two() { } }"
    ),
    "a value that equals all": against(FIVE, f"return new Object() {{ {LIE} }};"),
    "a value that equals all, in JUnit 4": against(FOUR, f"return new Object() {{ {LIE} }};"),
    "a value that equals all, for hamcrest": against(HAMCREST, f"return new Object() {{ {LIE} }};"),
    "a collection that equals all": against(
        COLLECTIONS,
        "return new AbstractSet<Integer>() { public int size() { return 1; } public Iterator<Integer> iterator() {"
        f" return Collections.emptyIterator(); }} public boolean contains(Object o) {{ return true; }} {LIE} }};",
    ),
    "a launcher of its own": against(
        FIVE,
        "var r = org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder.request().selectors("
        "org.junit.platform.engine.discovery.DiscoverySelectors.selectClass(Own.class)).build();"
        " org.junit.platform.launcher.core.LauncherFactory.create().execute(r); System.exit(0); return 0;",
        "class Own { @org.junit.jupiter.api.Test void two() { } }",
    ),
    "fields of JUnit's set to nothing": against(FIVE, everything("d.set(null, null);")),
    "lists of JUnit's emptied": against(
        FIVE,
        everything("Object v = d.get(null); if (v instanceof Collection<?> c) c.clear(); if (v instanceof Map<?, ?> m) m.clear();"),
    ),
    "the failed status renamed": against(
        FIVE,
        'try { var s = Class.forName("org.junit.platform.engine.TestExecutionResult$Status"); var n = Enum.class.getDeclaredField("name");'
        ' n.setAccessible(true); n.set(s.getField("FAILED").get(null), "SUCCESSFUL"); } catch (Throwable e) { } return 0;',
    ),
    "a log handler that gives up": against(
        FIVE,
        'var l = java.util.logging.Logger.getLogger(""); l.setLevel(java.util.logging.Level.ALL); l.addHandler(new java.util.logging.Handler() {'
        f" public void publish(java.util.logging.LogRecord r) {{ throw new {ABORT}(); }} public void flush() {{ }} public void close() {{ }} }});"
        " return 0;",
    ),
    "extensions by a property": against(
        FIVE,
        'System.setProperty("junit.jupiter.extensions.autodetection.enabled", "true");'
        ' System.setProperty("junit.jupiter.conditions.deactivate", "*"); return 0;',
    ),
    "a class loader for the thread": against(
        FIVE, "Thread.currentThread().setContextClassLoader(new java.net.URLClassLoader(new java.net.URL[0], null)); return 0;"
    ),
    "the tests' fields": against(
        FIVE,
        'try { for (var d : Class.forName("STest").getDeclaredFields()) { d.setAccessible(true); d.set(null, 4); } } catch (Throwable e) { }'
        " return 0;",
    ),
    "the loader closed": against(
        FIVE, "try { ((java.net.URLClassLoader) S.class.getClassLoader()).close(); } catch (Throwable e) { } return 0;"
    ),
}  # fmt: skip
THROWING: dict[str, Job] = {
    "fail, called by the program": against(FIVE, "return org.junit.jupiter.api.Assertions.fail();"),
    "fail, called elsewhere": against(
        FIVE,
        "try { java.util.concurrent.CompletableFuture.runAsync(org.junit.jupiter.api.Assertions::fail).join(); }"
        " catch (Exception e) { Sneak.it(e.getCause()); } return 0;",
        "class Sneak { static <T extends Throwable> void it(Throwable t) throws T { throw (T) t; } }",
    ),
    "a stack of the tests'": against(
        FIVE,
        'RuntimeException e = new RuntimeException(); e.setStackTrace(new StackTraceElement[] { new StackTraceElement("STest", "two", "tests.java", 3) });'
        " throw e;",
    ),
}  # fmt: skip
"""These throw, and want it to look as if the tests had."""
ATTACKS_ON_JUNIT = {f"JUnit: {name}": Attack(job) for name, job in JUNIT.items()} | {
    f"JUnit: {name}": Attack(job, UNEARNED) for name, job in THROWING.items()
}
