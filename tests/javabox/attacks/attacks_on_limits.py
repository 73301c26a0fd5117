"""Programs that want to run, allocate, print or compile without end, or to have the judge do it for them.

Completions as in attacks.py. Most are ended by what is counted (fuel, bytes, stack, output); those whose work
is hidden in the JDK or that merely wait, by the clock.
"""

from __future__ import annotations

FUEL, MEMORY_MB, COMPILE_SECONDS, WALL_SECONDS, WAITING_SECONDS = 20_000_000, 64, 2.0, 2.0, 0.5
"""Limits under which none of the attacks is weaker: they are endless, or done long before."""

LOOP = "try { while (true); } catch (Throwable t) { }"

OUTLIVING = {
    "catch all": f"while (true) {LOOP}",
    "catch all, nested": f"while (true) try {{ while (true) try {{ while (true) {LOOP} }} catch (Error e) {{ }} }} catch (Throwable t) {{ }}",
    "finally, and on": "while (true) try { while (true); } finally { continue; }",
    "finally with an answer": "try { while (true); } finally { return 0; }",
    "a finally within each catch": "while (true) try { try { while (true); } finally { x++; } } catch (Throwable t) { x--; } finally { x += 2; }",
    "recursion in finally": "g(); return 0; } static void g() { try { g(); } finally { g(); }",
    "recursion in catch": "return f(f(x)); } static Object f(Object o) { try { return f(f(o)); } catch (Throwable t) { return f(o); }",
    "synchronized": "while (true) try { synchronized (S.class) { while (true); } } catch (Throwable t) { synchronized (S.class) { x++; } }",
    "synchronized recursion": "g(); return 0; } static void g() { try { try { while (true); } catch (Throwable t) { synchronized (S.class) { g(); } } }"
    " catch (Throwable t) { synchronized (S.class) { g(); } }",
    "work in a synchronized catch": "for (;;) try { throw new Error(); } catch (Error e) { synchronized (S.class) { "
    + "x += x * 31; " * 500
    + "} }",
    "a static initialiser": f"return A.V; }} static class A {{ static final int V; static {{ int n = 0; while (n == 0) {LOOP} V = n; }}",
    "a static initialiser, again and again": "while (true) try { return A.V; } catch (Throwable t) { } } static class A { static final int V = loop(); static int loop() { while (true); }",
    "a lambda": f"Runnable r = () -> {{ while (true) {LOOP} }}; while (true) try {{ r.run(); }} catch (Throwable t) {{ }}",
    "a comparator": f"List<Integer> l = new ArrayList<>(List.of(3, 1, 2)); l.sort((a, b) -> {{ while (true) {LOOP} }}); return l;",
    "a comparator without order": "List<Integer> l = new ArrayList<>(); for (int i = 0; i < 5000; i++) l.add(i); while (true) try { l.sort((a, b) -> new Random().nextInt(3) - 1); } catch (RuntimeException e) { }",
    "a stream": f"return java.util.stream.Stream.iterate(1, i -> i).filter(i -> {{ {LOOP} return false; }}).count();",
    "a parallel stream": "return java.util.stream.IntStream.range(0, 1 << 30).parallel().filter(i -> { while (true) try { while (true); } catch (Throwable t) { } }).count();",
    "an iterator that the judge asks": "return Collections.unmodifiableList(new AbstractList<Object>() { public int size() { return 2; }"
    f" public Object get(int i) {{ while (true) {LOOP} }} }});",
    "a close that loops": "while (true) try (AutoCloseable c = () -> { while (true); }) { while (true); } catch (Throwable t) { }",
    "a future that handles": "var c = new java.util.concurrent.CompletableFuture<Object>(); c.complete(1); while (true) c.thenApply(v -> { while (true); }).exceptionally(t -> 4);",
    "threads that hand over": "while (true) { Thread t = new Thread(() -> { while (true); }); t.setUncaughtExceptionHandler((a, b) -> { }); t.start(); try { t.join(); } catch (InterruptedException e) { } }",
    "a method too large to be metered": f"while (true) {LOOP} }} static void pad(int x) {{ "
    + "if (x > 0) x += 1; " * 5500,
    "an exception that loops": f"throw new RuntimeException() {{ public String getMessage() {{ while (true) {LOOP} }} public Throwable getCause() {{ while (true) {LOOP} }} }};",
}

MEMORY = {
    "one large array": "int[] a = new int[Integer.MAX_VALUE - 8]; return a.length;",
    "arrays of arrays": "long[][] a = new long[60000][60000]; return a.length;",
    "five dimensions": "int[][][][][] a = new int[99][99][99][99][99]; return a.length;",
    "a growing list": "List<Object> l = new ArrayList<>(); while (true) l.add(new int[1000]);",
    "a growing map": "Map<Object, Object> m = new HashMap<>(); while (true) m.put(m.size(), new int[100]);",
    "text that doubles": 'String s = "ab"; while (true) s += s;',
    "a builder that doubles": 'StringBuilder s = new StringBuilder("ab"); while (true) s.append(s);',
    "a builder of a length": "StringBuilder s = new StringBuilder(); s.setLength(Integer.MAX_VALUE - 8); return s;",
    "repeated text": 'return "ab".repeat(1 << 30);',
    "room for everything": "return List.of(new ArrayList<>(1 << 30), new HashMap<>(1 << 30), new PriorityQueue<>(1 << 30), new BitSet(Integer.MAX_VALUE));",
    "catching that memory is out": "List<Object> l = new ArrayList<>(); while (true) try { l.add(new int[1000]); } catch (OutOfMemoryError e) { }",
    "memory beside the heap": "List<Object> l = new ArrayList<>(); while (true) try { l.add(java.nio.ByteBuffer.allocateDirect(1 << 24)); } catch (OutOfMemoryError e) { }",
    "classes without end": "while (true) java.lang.reflect.Proxy.newProxyInstance(new ClassLoader() { }, new Class<?>[] {Runnable.class}, (p, m, a) -> null);",
    "a stream that is kept": "return java.util.stream.LongStream.iterate(0, i -> i + 1).boxed().toList();",
    "a large number": "return java.math.BigInteger.ONE.shiftLeft(Integer.MAX_VALUE - 8);",
    "all that is left": "int n = 1 << 20; while (true) try { KEPT = new Object[] {KEPT, new byte[n]}; } catch (OutOfMemoryError e) { if (n == 0) throw e; n /= 2; } } static Object KEPT; static {",
}

STACK = {
    "endless recursion": "return f(x + 1);",
    "endless recursion, caught": "while (true) try { f(x); } catch (StackOverflowError e) { }",
    "recursion inside the JDK": "List<Object> l = new ArrayList<>(); for (int i = 0; i < 3_000_000; i++) l = new ArrayList<>(Collections.singleton(l)); return l.hashCode();",
    "a list within itself": "List<Object> l = new ArrayList<>(); l.add(l); return l.hashCode();",
    "a map that compares itself": "Map<Object, Object> m = new HashMap<>(), n = new HashMap<>(); m.put(1, n); n.put(1, m); return m.equals(n);",
}

HIDDEN = {
    "a slow pattern": 'return "a".repeat(40).matches("(a*)*(a*)*(a*)*\\\\1\\\\2b");',
    "a slow pattern, unmetered": 'return java.util.regex.Pattern.compile("(.*)*\\\\1c").asPredicate().test("a".repeat(60));',
    "a power": 'return new java.math.BigInteger("7").pow(99_999_999).bitLength();',
    "a number with an exponent": 'return new java.math.BigDecimal("1e200000000").toBigInteger().bitLength();',
    "a prime to be": "return java.math.BigInteger.ONE.shiftLeft(99_999).subtract(java.math.BigInteger.ONE).isProbablePrime(1000);",
    "copies of copies": "return Collections.nCopies(1 << 30, Collections.nCopies(1 << 30, x)).stream().flatMap(List::stream).filter(i -> i == 0).count();",
    "a range": "return java.util.stream.IntStream.range(0, Integer.MAX_VALUE).filter(i -> i < 0).count();",
    "a long range": "return java.util.stream.LongStream.rangeClosed(1, Long.MAX_VALUE).sum();",
    "a stream of nothing of its own": "return java.util.stream.Stream.generate(Object::new).filter(Objects::isNull).count();",
    "a list that shares": "List<Object> l = List.of(1); for (int i = 0; i < 60; i++) l = List.of(l, l); return l.hashCode();",
    "a wide format": 'return String.format("%2000000000d", 1);',
    "sleep": "try { Thread.sleep(Long.MAX_VALUE); } catch (InterruptedException e) { } return 0;",
    "sleep by another name": "try { synchronized (S.class) { java.util.concurrent.TimeUnit.DAYS.timedWait(S.class, 9); } } catch (InterruptedException e) { } return 0;",
    "waiting for nobody": "try { synchronized (S.class) { S.class.wait(); } } catch (InterruptedException e) { } return 0;",
    "two locks crosswise": "Object a = new Object(), b = new Object(); Thread t = new Thread(() -> { synchronized (b) { try { Thread.sleep(50); } catch (InterruptedException e) { } synchronized (a) { } } });"
    " t.start(); synchronized (a) { try { Thread.sleep(50); t.join(); } catch (InterruptedException e) { } } return 0;",
    "a device without end": 'try (var in = new java.io.FileInputStream("/dev/zero")) { while (in.read() >= 0); } catch (Exception e) { } return 0;',
    "a socket that nobody calls": "try { new java.net.ServerSocket(0).accept(); } catch (Exception e) { } return 0;",
}

OUTPUT = {
    "lines without end": 'while (true) System.out.println("and on and on");',
    "errors without end": 'while (true) try { new Exception("again").printStackTrace(); } catch (Throwable t) { }',
    "one long line": 'System.out.print("x".repeat(50_000_000)); return 0;',
    "bytes without end on the descriptor": "try (var o = new java.io.FileOutputStream(java.io.FileDescriptor.out)) { while (true) o.write(new byte[1 << 20]); }"
    " catch (java.io.IOException e) { return 0; }",
    "a child that prints without end": 'try { new ProcessBuilder("yes").inheritIO().start().waitFor(); } catch (Exception e) { } return 0;',
}

ANSWERS = {
    "a large array": "return new int[30_000_000];",
    "a large text": 'return "x".repeat(30_000_000);',
    "a long view": "return Collections.nCopies(Integer.MAX_VALUE, 4);",
    "endless iteration": "return new AbstractList<Object>() { public Object get(int i) { return 4; } public int size() { return 1 << 30; } };",
    "endless view": "return Collections.unmodifiableList(new AbstractList<Object>() { public Object get(int i) { return 4; }"
    " public int size() { return 1 << 30; } });",
    "an endless map": "return Collections.unmodifiableMap(new AbstractMap<Object, Object>() { public Set<Map.Entry<Object, Object>> entrySet() { return new AbstractSet<>() {"
    " public int size() { return 1; } public Iterator<Map.Entry<Object, Object>> iterator() { return new Iterator<>() { public boolean hasNext() { return true; }"
    " public Map.Entry<Object, Object> next() { return Map.entry(1, 2); } }; } }; } });",
    "a list within itself, answered": "List<Object> l = new ArrayList<>(); l.add(l); l.add(l); return l;",
    "an array within itself": "Object[] a = new Object[2]; a[0] = a[1] = a; return a;",
    "a list that shares, answered": "List<Object> l = List.of(1); for (int i = 0; i < 60; i++) l = List.of(l, l); return l;",
    "millions of empty sets": "return Collections.nCopies(3_000_000, Set.of());",
    "a set that hashes alike": "return Collections.unmodifiableSet(new AbstractSet<Object>() { public int size() { return 99; } public Iterator<Object> iterator() {"
    " return (Iterator) java.util.stream.IntStream.range(0, 200_000).mapToObj(i -> List.of(i, -31 * i)).iterator(); } });",
    "a map that hashes alike": "TreeMap<List<Integer>, Object> m = new TreeMap<>((a, b) -> a.get(0) - b.get(0)); for (int i = 0; i < 20_000; i++) m.put(List.of(i, -31 * i), i); return m;",
    "a number of many digits": "return new java.math.BigInteger(1, new byte[300_000]).setBit(2_400_000);",
    "a class with a long name": f"return new {'L' * 30000}[9999]; }} static class {'L' * 30000} {{",
}

COMPILER = {
    "deep brackets": "return " + "(" * 20_000 + "x" + ")" * 20_000 + ";",
    "a long sum": "return x" + " + 1" * 30_000 + ";",
    "a deep else": "".join(f"if (x == {i + 9}) x++; else " for i in range(8_000)) + "x--; return 0;",
    "text folded and doubled": 'final String a = "'
    + "x" * 1000
    + '"; '
    + "".join(f"final String {chr(98 + i)} = {chr(97 + i)} + {chr(97 + i)}; " for i in range(22))
    + "return w;",
    "a literal that is too long": 'return "' + "x" * 70_000 + '";',
    "an array that is too long": "int[] a = {" + "1, " * 20_000 + "}; return 0;",
    "choices in choices": "return "
    + "x > 0 ? id(" * 25
    + "1"
    + ") : id(2)" * 25
    + "; } static <T> T id(T t) { return t;",
    "lambdas in lambdas": "return "
    + "".join(f"r(y{i} -> " for i in range(13))
    + "1"
    + ")" * 13
    + "; } interface A<T> { T a(int x); } interface B<T> { T b(int x); }"
    " static <T> T r(A<T> a) { return null; } static <T> T r(B<T> b, int... n) { return null;",
    "a type within its own": "return 0; } interface N<Z> { } static class C<X> implements N<N<? super C<C<X>>>> { N<? super C<Byte>> cast(C<Byte> c) { return c; }",
    "classes by the thousand": "return 0; } "
    + "".join(f"static class C{i} {{ }} " for i in range(1_500))
    + "static {",
    "a processor": 'return 0; } } @javax.annotation.processing.SupportedAnnotationTypes("*") class P extends javax.annotation.processing.AbstractProcessor {'
    " static { System.exit(0); } public boolean process(Set<? extends javax.lang.model.element.TypeElement> a, javax.annotation.processing.RoundEnvironment r) { System.exit(0); return true;",
    "a module": "return 0; } } open module javabox.program { exports javabox.program; } class X { static {",
}

ATTACKS_ON_LIMITS = OUTLIVING | MEMORY | STACK | HIDDEN | OUTPUT | ANSWERS | COMPILER

WAITING = frozenset(
    {
        "a frame forged from a stolen one",
        "reading the tokens from stdin",
        "charging less than nothing",
        "suspending the main thread",
        "waiting for the main thread",
        "a few forks",
        "catching that memory is out",
        "memory beside the heap",
        "classes without end",
        "a stream that is kept",
        "recursion inside the JDK",
        "a list within itself",
        "a map that compares itself",
        "a slow pattern, unmetered",
        "a number with an exponent",
        "a stream of nothing of its own",
        "a list that shares",
        "sleep",
        "sleep by another name",
        "waiting for nobody",
        "two locks crosswise",
        "a device without end",
        "a socket that nobody calls",
        "a list that shares, answered",
        "millions of empty sets",
        "a number of many digits",
    }
)
"""Those, of both files, that the clock ends, or may end: they get less of it."""


def limits(name: str) -> dict[str, float]:
    """The limits of an attack."""
    wall = WAITING_SECONDS if name in WAITING else WALL_SECONDS
    return {"fuel": FUEL, "memory_mb": MEMORY_MB, "compile_seconds": COMPILE_SECONDS, "wall_seconds": wall}
