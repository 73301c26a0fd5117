"""Programs whose answers are not what they say: collections of their own, other people's classes, tolerance.

As in attacks.py, with one case each.
"""

from __future__ import annotations

from javabox import Job, Suite, SuiteCase
from tests.javabox.attacks.attacks_on_tests import LIMITS, Attack
from tests.javabox.programs import PROMPT


def case(body: str, expected: str, kind: str = "Object", tolerance: float | None = None) -> Job:
    """A job with one case, as in attacks.py."""
    asked = SuiteCase("only", "Object r = S.f(2);", "r", expected, kind, tolerance)
    suite = Suite(cases=(asked,), imports="import java.util.*;")
    return Job(f"{PROMPT}{body}\n}}}}\n", suite, LIMITS, len(PROMPT))


VALUES = {
    "a list that changes as it is read": case(
        "return new AbstractList<Object>() { int n; public int size() { return 1 + n % 2; } public Object get(int i) { return n++; }"
        " public boolean equals(Object o) { return true; } };",
        "List.of(4)",
    ),
    "a list that is shorter than it says": case(
        "return new AbstractList<Object>() { public int size() { return 1; } public Object get(int i) { return 4; }"
        " public Iterator<Object> iterator() { return Collections.emptyIterator(); } };",
        "List.of(4)",
    ),
    "a list that is longer than it says": case(
        "return new AbstractList<Object>() { public int size() { return 1; } public Object get(int i) { return 4; }"
        " public Iterator<Object> iterator() { return List.<Object>of(4, 5).iterator(); } };",
        "List.of(4)",
    ),
    "a set whose order takes all for equal": case(
        "TreeSet<Object> s = new TreeSet<>((a, b) -> 0); s.add(0); return s;", "Set.of(4)"
    ),
    "a map whose order takes all for equal": case(
        "TreeMap<Object, Object> m = new TreeMap<>((a, b) -> 0); m.put(0, 4); return m;", "Map.of(2, 4)"
    ),
    "a map of identities": case(
        "Map<Object, Object> m = new IdentityHashMap<>(); m.put(0, 4) ; return m;", "Map.of(2, 4)"
    ),
    "an order that claims to be the JDK's": case(
        "return new TreeSet<Object>(new Cmp()) {{ add(0); }}; } static class Cmp implements Comparator<Object> { public int compare(Object a, Object b) { return 0; }"
        " public boolean equals(Object o) { return true; } public Comparator<Object> reversed() { return this; }",
        'Set.of("a")',
    ),
    "an entry that changes": case(
        "int[] n = {0}; return new Map.Entry<Object, Object>() { public Object getKey() { return n[0]++; } public Object getValue() { return n[0]++; }"
        " public Object setValue(Object o) { return o; } public boolean equals(Object o) { return true; } };",
        "Map.entry(2, 4)",
    ),
    "an entry by proxy": case(
        "return java.lang.reflect.Proxy.newProxyInstance(null, new Class<?>[] {Map.Entry.class}, (p, m, a) ->"
        " m.getReturnType() == boolean.class ? (Object) true : (Object) 0);",
        "Map.entry(2, 4)",
    ),
    "an optional of a lie": case(
        "return Optional.of(new Object() { public boolean equals(Object o) { return true; } });",
        "Optional.of(4)",
    ),
    "an array of lies": case(
        "return new Object[] {new Object() { public boolean equals(Object o) { return true; } }};",
        "new Object[] {4}",
    ),
    "a charset of its own": case(
        'return new java.nio.charset.Charset("UTF-8", null) { public boolean contains(java.nio.charset.Charset c) { return true; }'
        " public java.nio.charset.CharsetDecoder newDecoder() { return null; } public java.nio.charset.CharsetEncoder newEncoder() { return null; } };",
        "java.nio.charset.StandardCharsets.UTF_8",
    ),
    "a date of its own": case(
        "return new Date(0) { public long getTime() { return 4; } public boolean equals(Object o) { return true; } };",
        "new Date(4)",
    ),
    "bits of its own": case(
        "return new BitSet() { public long[] toLongArray() { return new long[] {16}; } public boolean equals(Object o) { return true; } };",
        "BitSet.valueOf(new long[] {16})",
    ),
    "a class that is called like the JDK's": case(
        "return java.lang.Integer.class; } } class java { static class lang { static class Integer { } } static {",
        "Integer.class",
    ),
    "constants of its own": case(
        "return DayOfWeek.THURSDAY; } enum DayOfWeek { THURSDAY { } } static {",
        "java.time.DayOfWeek.THURSDAY",
    ),
    "no number, close to all": case("return Double.NaN;", "4.0", "double", 1e-6),
    "an infinite number, close to all": case(
        "return List.of(Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);",
        "List.of(4.0, 6.0)",
        "List<Double>",
        1e300,
    ),
    "a set that pairs one with all": case("return Set.of(4.0, 4.1);", "Set.of(4.0, 6.0)", "Set<Double>", 0.5),
    "a list that shares, compared": case(
        "List<Object> l = List.of(0.5); for (int i = 0; i < 30; i++) l = List.of(l, l); return l;",
        "List.of(4.0)",
        "Object",
        1e-6,
    ),
    "lists too deep": case(
        "List<Object> l = List.of(); for (int i = 0; i < 100; i++) l = List.of(l); return l;",
        "java.util.stream.Stream.iterate(List.<Object>of(4), l -> List.<Object>of(l)).skip(100).findFirst().get()",
    ),
}

ATTACKS_ON_VALUES = {name: Attack(job) for name, job in VALUES.items()}
