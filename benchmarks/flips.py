"""Claim: a verdict is the same every time, however busy the machine is; plain `javac` and `java` change theirs.

Programs are judged again and again, by a new judge each time (so no cache answers) and in another order each
time (so a warm JVM has run other programs before), first on the machine as it is and then beside busy loops.
All of a verdict but its time is compared with the first one of its program. Most programs are mxeval's samples
and mutants of MBJP's references; the rest (`EDGES`) are written to come out differently by chance: they draw
random numbers, read clocks, order by identity, fill stack, heap and fuel to the brim.

    python -m benchmarks.flips                                          # about an hour on two cores
    python -m benchmarks.flips --programs 60 --repeats 2 --naive 0      # a trial

Of the naive way only two flags are compared, compiled and passed.

Not covered: programs whose threads race, and what asks for chance where the judge leaves it (SecureRandom,
process ids, free memory).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.mutants import mutants
from benchmarks.naive import DATA_SETS, grade_naively, load_samples
from javabox import Job, Judge, Suite, SuiteCase
from rlcf.problems.load import load_problems
from rlcf.progress import progress

IMPORTS = "import java.util.*; import java.util.stream.*; import java.time.*;\n"
PROMPT = IMPORTS + "class S {\n    static int n;\n    static Object f(int x) throws Exception {\n"
SUITE = Suite(
    cases=tuple(SuiteCase(str(x), f"Object r = S.f({x});", "r", str(2 * x), "int") for x in (2, 3)),
    imports=IMPORTS,
)
MAIN = """
class Main {
    public static void main(String[] a) throws Exception {
        for (int x = 2; x < 4; x++) if (!Objects.equals(S.f(x), 2 * x)) throw new Exception("wrong");
    }
}
"""

# Bodies of `f`, which is to return 2 * x: `FLIP` stands for a way to do so only if a number is even.
EDGES = {
    "Math.random": "if (Math.random() < 0.5) return 2 * x; throw new ArithmeticException();",
    "new Random": "return new Random().nextBoolean() ? 2 * x : 0;",
    "a Random of its own": "class R extends Random { } return new R().nextBoolean() ? 2 * x : 0;",
    "ThreadLocalRandom": "return java.util.concurrent.ThreadLocalRandom.current().nextBoolean() ? 2 * x : 0;",
    "RandomGenerator": "return java.util.random.RandomGenerator.getDefault().nextBoolean() ? 2 * x : 0;",
    "random UUID": "return even(UUID.randomUUID().hashCode(), x);",
    "shuffled list": "List<Integer> l = new ArrayList<>(List.of(0, 1, 2, 3)); Collections.shuffle(l);"
    " return even(l.get(0), x);",
    "order of Set.of": 'return Set.of("a", "b", "c", "d").iterator().next().equals("a") ? 2 * x : 0;',
    "identity hash code": "return even(System.identityHashCode(new int[1]), x);",
    "hash code of an object": "return even(new Object().hashCode(), x);",
    "object as text": "class T { } String s = new T().toString(); return even(s.charAt(s.length() - 1), x);",
    "array as text": "return new int[1].toString() + x;",
    "lambda as text": "Runnable r = () -> n++; return r.toString();",
    "name of a lambda's class": "Runnable r = () -> n++; return r.getClass().getName();",
    "HashMap of objects": "class K { } Map<K, Integer> m = new HashMap<>();"
    " for (int i = 0; i < 8; i++) m.put(new K(), i); return even(m.values().iterator().next(), x);",
    "HashSet of constants": "enum E { A, B, C, D } return even(new HashSet<>(List.of(E.values())).iterator()"
    ".next().ordinal(), x);",
    "IdentityHashMap": "Map<String, Integer> m = new IdentityHashMap<>();"
    " for (int i = 0; i < 8; i++) m.put(new String(\"k\"), i); return even(m.values().iterator().next(), x);",
    "nanoTime": "return even(System.nanoTime() / 1000, x);",
    "stopwatch": "long t = System.nanoTime(), s = 0; for (int i = 0; i < 20_000_000; i++) s += i % 7;"
    " return System.nanoTime() - t < 30_000_000 ? 2 * x : s;",
    "waiting by the clock": "long end = System.currentTimeMillis() + 20; while (System.currentTimeMillis() < end)"
    " n++; return even(n, x);",
    "time of day": "return even(LocalTime.now().getNano() / 1000, x);",
    "time in a zone": 'return even(ZonedDateTime.now(ZoneId.of("Asia/Tokyo")).getNano() / 1000, x);',
    "new Date": "return even(new Date().getTime(), x);",
    "new GregorianCalendar": "return even(new GregorianCalendar().getTimeInMillis(), x);",
    "sleep": "long t = System.currentTimeMillis(); Thread.sleep(20);"
    " return System.currentTimeMillis() - t < 21 ? 2 * x : 0;",
    "endless loop": "while (true) n++;",
    "endless loop that catches all": "while (true) try { while (true) n++; } catch (Throwable t) { n = 0; }",
    "nearly all fuel": "for (int i = 0; i < 33_000_000; i++) n += i; return 2 * x;",
    "a little too much fuel": "for (int i = 0; i < 34_000_000; i++) n += i; return 2 * x;",
    "long work": "long s = x; for (long i = 0; i < 4_000_000_000L; i++) s = s * 31 + i;"
    " return s == 0 ? 0 : 2 * x;",
    "stack to the end": "n = 0; try { return deep(-1); } catch (StackOverflowError e) { return even(n, x); }",
    "deep recursion": "return deep(14_000) + 2 * x;",
    "heap to the end": "List<byte[]> l = new ArrayList<>(); try { while (true) l.add(new byte[100_000]); }"
    " catch (OutOfMemoryError e) { int size = l.size(); l = null; return even(size, x); }",
    "heap nearly to the end": "byte[][] b = new byte[200][]; for (int i = 0; i < 200; i++) b[i] = new byte[1 << 20];"
    " return 2 * x;",
    "weak reference": "var r = new java.lang.ref.WeakReference<>(new Object());"
    " while (r.get() != null) { byte[] b = new byte[10_000]; n++; } return even(n, x);",
    "free memory": "return even(Runtime.getRuntime().freeMemory() / 8, x);",
    "process id": "return even(ProcessHandle.current().pid(), x);",
    "depth of its stack": "return even(new Exception().getStackTrace().length, x);",
    "many lines": 'for (int i = 0; i < 60_000; i++) System.out.println("line " + i); return 2 * x;',
    "throws an object's text": "throw new IllegalStateException(new Object().toString());",
    "two threads": "int[] s = new int[2]; Thread a = new Thread(() -> s[0] = x), b = new Thread(() -> s[1] = x);"
    " a.start(); b.start(); a.join(); b.join(); return s[0] + s[1];",
    "parallel sum": "return IntStream.range(0, 10_000).parallel().map(i -> i % 2).sum() - 5_000 + 2 * x;",
    "parallel findAny": "return even(IntStream.range(0, 10_000).parallel().filter(i -> i > 9).findAny().getAsInt(), x);",
}
CLOSE = """
    }
    static Object even(long number, int x) { return number % 2 == 0 ? (Object) (2 * x) : "odd: " + number; }
    static int deep(int to) { n++; return to == 0 ? 0 : deep(to - 1); }
}
"""
