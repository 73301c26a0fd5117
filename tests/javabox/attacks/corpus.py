"""Programs that want a pass without earning it, or to harm the judge, its machine or the next program.

Completions of `class S { static Object f(int x) {`, closed by "}}", that are asked for 2 * x; none computes it.
Here: leaving early, forging, lying values, hidden names, the harness from within, the machine around it, and
what the next program in the same JVM would find. attacks_on_limits.py has those that want to run, allocate,
print or compile without end.

What an attack leaves behind (a process, a file) has MARK in its name, so that it can be told apart. Those in
MACHINE harm whoever runs them: they are for a sandbox.
"""

from __future__ import annotations

import os

from javabox import Suite, SuiteCase

MARK = f"987{os.getpid()}"
"""Also a number of seconds to sleep. Of this process alone: others may run the same attacks."""
PORT = 30_000 + os.getpid() % 30_000
"""Where a listener on this machine would hear a program that reaches the network."""

TELLING = Suite(
    cases=(
        SuiteCase("two", "Object r = S.f(2);", "r", "4", "int"),
        SuiteCase("what it finds", "Object r = S.f(-1);", "r", None),
    )
)
"""For honest programs: their verdict holds what they found around them."""
HONEST = {
    "warm": 'System.out.println(x); if (x > 0) return "1,1".split(",").length * x; List<Integer> l = new ArrayList<>(List.of(1, 2, 3, 4, 5));'
    ' Collections.shuffle(l); return l + " " + Locale.getDefault() + " " + TimeZone.getDefault().getID() + " " + System.lineSeparator().length()'
    ' + " " + Math.random() + " " + StrictMath.random() + " " + new Random().nextInt() + " " + java.util.concurrent.ThreadLocalRandom.current().nextInt()'
    ' + " " + new S().hashCode() + " " + new Object().hashCode() + " " + Set.of(1, 2, 3) + " " + new HashMap<>(Map.of("a", 1, "b", 2)) + " " + Integer.valueOf(4)'
    ' + " " + java.time.LocalDate.EPOCH.format(java.time.format.DateTimeFormatter.ofPattern("d MMMM yyyy")) + " " + String.format("%.2f", 1.5)'
    ' + " " + java.text.NumberFormat.getInstance().format(1234.5) + " " + java.math.BigInteger.TWO.pow(99);',
    "strict": "Object[] r = {2 * x}; Thread t = new Thread(() -> System.out.println(r[0])); t.start();"
    ' try { t.join(); } catch (InterruptedException e) { return e; } if (x > 0) return r[0]; return System.getProperty("line.separator").length()'
    ' + " " + Locale.getDefault() + " " + Thread.activeCount() + " " + Arrays.toString(new java.io.File("/tmp").list()) + " " + System.getenv().size()'
    ' + " " + Math.random() + " " + java.security.Security.getProviders().length;',
}
"""Programs that compute 2 * x, one for each lane."""

# Where the supervisor is, to a program that looks for it; process 1 is the shell around it.
SUPERVISOR = (
    "for (ProcessHandle h : ProcessHandle.allProcesses().toArray(ProcessHandle[]::new)) {"
    ' if (h.pid() == 1 || !java.nio.file.Files.readString(java.nio.file.Path.of("/proc/" + h.pid() + "/cmdline"))'
    '.contains("javabox.judge.Super" + "visor")) continue; String p = "/proc/" + h.pid();'
)


def shell(script: str, wait: str = ".waitFor()") -> str:
    """A program that runs a shell script."""
    return (
        f'try {{ new ProcessBuilder("sh", "-c", "{script}").start(){wait}; }} catch (Exception e) {{ }}'
        " return 0;"
    )


LEAVING = {
    "exit": "System.exit(0); return 0;",
    "halt": "Runtime.getRuntime().halt(0); return 0;",
    "exit in a static initialiser": "return 0; } static { System.exit(0);",
    "exit in an instance initialiser": "new S(); return 0; } { Runtime.getRuntime().exit(0);",
    "exit in a shutdown hook": "Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0))); return 0;",
    "exit from another thread": "new Thread(() -> System.exit(0)).start(); return 0;",
    "exit where nothing is caught": "Thread.setDefaultUncaughtExceptionHandler((t, e) -> System.exit(0)); return 0;",
    "exit of the thread alone": "Thread.currentThread().setUncaughtExceptionHandler((t, e) -> Runtime.getRuntime().halt(0)); throw new ThreadDeath();",
    "exit in equals": "return new Object() { public boolean equals(Object o) { System.exit(0); return true; } };",
    "exit in hashCode": "Set<Object> s = new HashSet<>(); s.add(new Object() { public int hashCode() { System.exit(0); return 0; } }); return s;",
    "exit in toString": 'return "" + new Object() { public String toString() { System.exit(0); return null; } };',
    "exit in an iterator": "return Collections.unmodifiableList(new AbstractList<Object>() { public int size() { System.exit(0); return 1; }"
    " public Object get(int i) { System.exit(0); return 4; } });",
    "exit in a comparator": "new TreeSet<Integer>((a, b) -> { System.exit(0); return 0; }).add(1); return 0;",
    "exit in a finalizer": "new S(); System.gc(); System.runFinalization(); return 0; } protected void finalize() { System.exit(0);",
    "exit in a cleaner": "java.lang.ref.Cleaner.create().register(new Object(), () -> System.exit(0)); System.gc();"
    " try { Thread.sleep(200); } catch (InterruptedException e) { } return 0;",
    "exit in a timer": "new Timer().schedule(new TimerTask() { public void run() { System.exit(0); } }, 0); return 0;",
    "exit when the tester is seen": 'StackWalker.getInstance().forEach(f -> { if (f.getMethodName().matches("main|c\\\\d+")) System.exit(0); }); return 0;',
    "an exception that exits": "throw new RuntimeException() { public String getMessage() { System.exit(0); return null; } };",
    "an answer, then exit": "if (x == 2) return 4; System.exit(0); return 0;",
    "a signal to itself": 'try { Runtime.getRuntime().exec("kill -9 " + ProcessHandle.current().pid()).waitFor(); } catch (Exception e) { } return 0;',
    "a crash of its own JVM": 'try { Class<?> u = Class.forName("sun.misc.Unsafe"); var f = u.getDeclaredField("theUnsafe"); f.setAccessible(true);'
    ' u.getMethod("putAddress", long.class, long.class).invoke(f.get(null), 0L, 0L); } catch (Exception e) { } return 0;',
}

FORGING = {
    "printed verdict": 'System.out.println("PASSED"); System.out.println("{\\"passed\\": true, \\"outcome\\": \\"passed\\"}"); return 0;',
    "bytes on the descriptor": "try (var o = new java.io.FileOutputStream(java.io.FileDescriptor.out)) { o.write(new byte[64]); }"
    " catch (java.io.IOException e) { } return 0;",
    "frames with guessed tokens": "try (var o = new java.io.DataOutputStream(new java.io.FileOutputStream(java.io.FileDescriptor.out))) {"
    " for (int v : new int[] {4, 6}) { o.write(new byte[16]); o.writeByte('V'); o.writeInt(9); o.writeInt(0); o.writeByte('I'); o.writeInt(v); }"
    " o.write(new byte[16]); o.writeByte('D'); o.writeInt(12); o.write(new byte[12]); } catch (java.io.IOException e) { } return 0;",
    "a frame forged from a stolen one": 'try { var in = new java.io.FileInputStream("/proc/self/fd/1"); byte[] b = new byte[21];'
    " in.read(b); } catch (Exception e) { } return 0;",
    "closing the channel": "try { new java.io.FileOutputStream(java.io.FileDescriptor.out).close(); } catch (Exception e) { } return 0;",
    "a child that holds the channel": 'try { new ProcessBuilder("echo", "PASSED").inheritIO().start().waitFor(); } catch (Exception e) { } return 0;',
    "reading the tokens from stdin": "try { System.in.readAllBytes(); new java.io.FileInputStream(java.io.FileDescriptor.in).read(); }"
    " catch (Exception e) { } return 0;",
    "reading its own memory": 'try (var m = new java.io.RandomAccessFile("/proc/self/mem", "rw")) { m.seek(4096); m.write(1); } catch (Exception e) { } return 0;',
    "the answers in the judge's memory": "try { "
    + SUPERVISOR
    + ' byte[] mark = ("Object e" + (x - 2) + "() throws Throwable {\\nint expected =" + "\\n").getBytes();'
    ' try (var m = new java.io.RandomAccessFile(p + "/mem", "r")) {'
    ' for (String line : java.nio.file.Files.readAllLines(java.nio.file.Path.of(p + "/maps"))) {'
    ' String[] r = line.split("[ -]"); long at = Long.parseLong(r[0], 16), end = Long.parseLong(r[1], 16);'
    ' if (!line.contains("rw-p") || line.contains("[") || end - at > 1L << 30) continue;'
    " byte[] b = new byte[1 << 16]; for (; at < end; at += b.length - 256) {"
    " try { m.seek(at); m.readFully(b); } catch (java.io.IOException e) { continue; }"
    " for (int i = 0; i + 256 < b.length; i++) { if (b[i] != 'O' || !Arrays.equals(b, i, i + mark.length, mark, 0, mark.length)) continue;"
    " int v = 0; for (int k = i + mark.length; b[k] != ';'; k++) v = 10 * v + b[k] - '0'; return v; } } } } }"
    " } catch (Exception e) { } return 0;",
    "replies and jobs into every pipe": "try { var b = java.nio.ByteBuffer.allocate(1 << 14);"
    " for (int id = 0; id < 100; id++) { b.putInt(88 + 16).position(b.position() + 16).putInt(id).put(new byte[84]); }"
    ' for (java.io.File p : new java.io.File("/proc").listFiles()) for (int fd = 0; fd < 10; fd++)'
    ' try (var o = new java.io.FileOutputStream(p + "/fd/" + fd)) { o.write(b.array(), 0, b.position()); } catch (Exception e) { } } catch (Exception e) { }'
    " return 0;",
    "reading the pipe of process 1": 'try (var in = new java.io.FileInputStream("/proc/1/fd/0")) { byte[] b = new byte[1 << 12];'
    " while (in.available() > 0) in.read(b); } catch (Exception e) { } return 0;",
    "a reply into the judge's pipe": "try { "
    + SUPERVISOR
    + " var b = java.nio.ByteBuffer.allocate(100); b.putInt(88).putInt(1).putShort((short) 1).position(80);"
    ' try (var o = new java.io.FileOutputStream(p + "/fd/1")) { o.write(b.array(), 0, 92); } } } catch (Exception e) { } return 0;',
}

LYING = {
    "equals that says yes": "return new Object() { public boolean equals(Object o) { return true; } };",
    "hashCode of the right number": "return new Object() { public int hashCode() { return Integer.hashCode(2 * x); } public boolean equals(Object o) { return true; } };",
    "compareTo that says yes": "class C implements Comparable<Object> { public int compareTo(Object o) { return 0; } } return new C();",
    "toString of the right number": 'return new Object() { public String toString() { return "" + 2 * x; } };',
    "list that equals all": "return new ArrayList<Object>() { public boolean equals(Object o) { return true; } };",
    "number that is all": "return new Number() { public int intValue() { return 4; } public long longValue() { return 4; }"
    " public float floatValue() { return 4; } public double doubleValue() { return 4; } public boolean equals(Object o) { return true; } };",
    "big number that equals all": 'return new java.math.BigInteger("5") { public boolean equals(Object o) { return true; } };',
    "record that equals all": "record R(int v) { public boolean equals(Object o) { return true; } } return new R(4);",
    "proxy that equals all": "return java.lang.reflect.Proxy.newProxyInstance(null, new Class<?>[] {List.class}, (p, m, a) ->"
    ' m.getName().equals("size") ? (Object) 1 : m.getReturnType() == boolean.class ? (Object) true : null);',
    "the text of the answer": 'return "" + 2 * x;',
    "the answer in a list": "return List.of(2 * x);",
    "the answer as a long": "return 2L * x;",
    "an exception that throws": "throw new RuntimeException() { public StackTraceElement[] getStackTrace() { throw this; } };",
    "its own cause": "throw new RuntimeException() { public Throwable getCause() { return this; } };",
    "an exception with a lying trace": "throw new RuntimeException() { public StackTraceElement[] getStackTrace() { return new StackTraceElement[] {null}; } };",
    "throwing what the judge might catch": "throw new ThreadDeath();",
    "throwing what is no exception": "S.<RuntimeException>sneak(new Throwable()); return 0; } static <T extends Throwable> void sneak(Throwable t) throws T { throw (T) t;",
    "memory of the first case": "return x == 2 ? 4 : 5;",
    "memory of the case before": "return LAST[0]++ == 0 ? 4 : LAST; } static int[] LAST = {0}; static {",
}

HIDING = {
    "a Main of its own": "return 0; } } class Main { public static void main(String[] a) { } static Object c0() { return 4; } static Object c1() { return 6;",
    "an Object of its own": "return new Object(); } } class Object { public boolean equals(java.lang.Object o) { return true;",
    "an Integer of its own": "return Integer.valueOf(x); } } class Integer { static Integer valueOf(int i) { return new Integer(); }"
    " public boolean equals(Object o) { return true;",
    "a String of its own": "return new String(); } } class String { public boolean equals(Object o) { return true;",
    "an Arrays of its own": "return 0; } } class Arrays { static List<Integer> asList(Object... o) { return null;",
    "a List of its own": "return new List(); } } class List { public boolean equals(Object o) { return true;",
    "a Map and a Set of its own": "return new Map(); } } class Set { } class Map { public boolean equals(Object o) { return true;",
    "an Objects of its own": "return 0; } } class Objects { static boolean equals(Object a, Object b) { return true;",
    "an Exception of its own": "return 0; } } class Exception extends RuntimeException { Exception(String s) { System.exit(0);",
    "a Throwable of its own": "return 0; } } class Throwable extends RuntimeException { Throwable() { System.exit(0);",
    "a package java of its own": "return 0; } } class java { static class lang { static class Exception extends RuntimeException"
    " { Exception(String s) { System.exit(0); } } } static {",
    "the class of the tests": "return 0; } } class Javabox$Tests { static Object c0() { return 4; } static Object c1() { return 6;",
    "the class of the tests, nested": "return 0; } } class Javabox { static class Tests { static Object c0() { return 4; } static Object c1() { return 6; }",
    "a call of the tests": "try { return Javabox$Tests.c1(); } catch (Throwable t) { return 0; }",
    "the tests by reflection": 'try { for (var m : Class.forName(x == 2 ? "Javabox$Tests" : "Main").getDeclaredMethods()) { m.setAccessible(true);'
    " if (m.getParameterCount() == 0) return m; } } catch (Exception e) { } return 0;",
    "a meter of its own": "return 0; } } class Meter { static void charge(int n) { } } class Tank { static long fuel = Long.MAX_VALUE; static {",
    "a package line": "return 0; } } package javabox.runtime; class Meter { public static void charge(int n) {",
    "an unfinished comment": "return 0; /*",
    "unicode newline": "return 0; // \\u000a } static { System.exit(0); ",
}

HARNESS = {
    "replacing System.out": "System.setOut(null); System.setErr(null); return 0;",
    "reflection on the runner": 'try { for (String n : new String[] {"StrictRunner", "WarmRunner", "Program", "Values", "Frames"}) {'
    ' Class<?> r = ClassLoader.getSystemClassLoader().loadClass("javabox.program." + n);'
    " for (var m : r.getDeclaredMethods()) { m.setAccessible(true); } for (var f : r.getDeclaredFields())"
    " { f.setAccessible(true); f.set(null, null); } } } catch (Exception e) { } return 0;",
    "filling the tank": 'try { var f = ClassLoader.getSystemClassLoader().loadClass("javabox.program.Tank").getField("fuel");'
    " f.setLong(null, Long.MAX_VALUE); } catch (Exception e) { } while (true);",
    "charging less than nothing": 'try { var m = Class.forName("javabox.runtime.Meter"); while (true) { m.getMethod("charge", int.class).invoke(null, Integer.MIN_VALUE);'
    ' m.getMethod("leave", int.class).invoke(null, 1 << 20); } } catch (Exception e) { } return 0;',
    "a lookup into the judge": 'try { java.lang.invoke.MethodHandles.privateLookupIn(Class.forName("javabox.runtime.Meter"),'
    " java.lang.invoke.MethodHandles.lookup()).defineClass(new byte[] {1}); } catch (Exception e) { } return 0;",
    "the target of the main thread": 'try { var f = Thread.class.getDeclaredField("target"); f.setAccessible(true);'
    " f.set(Thread.currentThread(), null); } catch (Exception e) { } return 0;",
    "rewriting the Integer cache": 'try { var f = Class.forName("java.lang.Integer$IntegerCache").getDeclaredField("cache");'
    " f.setAccessible(true); Integer[] c = (Integer[]) f.get(null); c[132] = c[128]; c[134] = c[128]; } catch (Exception e) { } return 0;",
    "its own class loader": 'try { var f = ClassLoader.class.getDeclaredField("classes"); f.setAccessible(true);'
    " f.set(S.class.getClassLoader(), null); } catch (Exception e) { } return 0;",
    "the members of the judge's module": 'try { var m = Class.forName("javabox.runtime.Meter").getModule(); m.addOpens("javabox.program", S.class.getModule());'
    " } catch (Exception e) { } return 0;",
    "interrupting the main thread": "for (Thread t : Thread.getAllStackTraces().keySet()) t.interrupt(); return 0;",
    "stopping the main thread": "for (Thread t : Thread.getAllStackTraces().keySet()) if (t != Thread.currentThread()) t.stop(); return 0;",
    "suspending the main thread": "for (Thread t : Thread.getAllStackTraces().keySet()) if (t != Thread.currentThread()) t.suspend(); return 0;",
    "waiting for the main thread": "try { for (Thread t : Thread.getAllStackTraces().keySet()) t.join(); } catch (InterruptedException e) { } return 0;",
    "assertions turned about": "ClassLoader.getSystemClassLoader().setDefaultAssertionStatus(false); assert false; return 0;",
    "a security manager": "System.setSecurityManager(new SecurityManager() { public void checkPermission(java.security.Permission p) {"
    ' if (p.getName().startsWith("exitVM")) throw new SecurityException(); } }); System.exit(0); return 0;',
}

MACHINE = {
    "killing the group": shell("kill -9 0"),
    "killing the parent": shell("kill -9 $(cut -d' ' -f4 /proc/$PPID/stat)"),
    "killing everything": shell("kill -9 -1"),
    "stopping everything": shell("kill -STOP -1"),
    "killing the judge": "try { "
    + SUPERVISOR
    + " h.destroyForcibly(); } Thread.sleep(300); } catch (Exception e) { } return 0;",
    "killing other programs": shell(
        "for i in 1 2 3 4 5 6 7 8; do for p in /proc/[0-9]*; do grep -q 'javabox[.]program' $p/cmdline && [ ${p#/proc/} != $PPID ] && kill -9 ${p#/proc/}; done; done"
    ),
    "a killer that stays": 'try { new ProcessBuilder("setsid", "sh", "-c", "while sleep 0.2; do for p in /proc/[0-9]*; do grep -q'
    " 'javabox[.]program' $p/cmdline && kill -9 ${p#/proc/}; done; done; : "
    + MARK
    + '").start(); Thread.sleep(100); } catch (Exception e) { } return 0;',
    "a few forks": shell(
        f"b() {{ [ $1 -gt 0 ] && {{ b $(($1 - 1)) & b $(($1 - 1)) & }}; sleep {MARK}; }}; b 5"
    ),
    "a full /tmp": f'try (var o = new java.io.FileOutputStream("/tmp/{MARK}-full")) {{ for (int i = 0; i < 100; i++) o.write(new byte[1 << 20]); }}'
    " catch (Exception e) { } return 0;",
}

REACHING = {
    "a child that stays": f'try {{ new ProcessBuilder("sleep", "{MARK}").start(); }} catch (Exception e) {{ }} return 0;',
    "a child that outlives the group": f'try {{ new ProcessBuilder("setsid", "sleep", "{MARK}").start(); Thread.sleep(100); }} catch (Exception e) {{ }} return 0;',
    "a daemon": shell(f"(setsid nohup sh -c 'trap : HUP TERM; sleep {MARK}' >/dev/null 2>&1 &)"),
    "a child that keeps the channel open": f'try {{ new ProcessBuilder("setsid", "sleep", "{MARK}").inheritIO().start(); Thread.sleep(100); }} catch (Exception e) {{ }}'
    " return 0;",
    "a file in /tmp": f'try {{ java.nio.file.Files.writeString(java.nio.file.Path.of("/tmp/{MARK}-note"), "4"); }} catch (Exception e) {{ }} return 0;',
    "a note for the next program": f'try {{ new java.io.FileOutputStream("/tmp/{MARK}-next").close(); }} catch (Exception e) {{ }} return 0;',
    "a note from the one before": f'return new java.io.File("/tmp/{MARK}-next").exists() ? 2 * x : 0;',
    "files wherever it may": f'for (String d : new String[] {{".", "/dev/shm", "/var/tmp", "/run", "/root", "/home", "/etc", "/proc/sys/kernel"}}) '
    f'try {{ new java.io.FileOutputStream(d + "/{MARK}-file").close(); }} catch (Exception e) {{ }} return 0;',
    "a temporary file": f'try {{ java.io.File.createTempFile("{MARK}", "").deleteOnExit(); Runtime.getRuntime().halt(0); }} catch (Exception e) {{ }} return 0;',
    "a connection out": f'try (var s = new java.net.Socket("127.0.0.1", {PORT})) {{ s.getOutputStream().write(1); }} catch (Exception e) {{ }} return 0;',
    "a message out": "try (var s = new java.net.DatagramSocket()) { s.send(new java.net.DatagramPacket(new byte[1], 1,"
    f' java.net.InetAddress.getByName("127.0.0.1"), {PORT})); }} catch (Exception e) {{ }} return 0;',
    "a page from elsewhere": "try { java.net.http.HttpClient.newHttpClient().send(java.net.http.HttpRequest.newBuilder(java.net.URI.create("
    f'"http://127.0.0.1:{PORT}/")).timeout(java.time.Duration.ofMillis(300)).build(), java.net.http.HttpResponse.BodyHandlers.ofString()); }} catch (Exception e) {{ }} return 0;',
    "a second JVM that listens": 'try { new ProcessBuilder("setsid", System.getProperty("java.home") + "/bin/java", "-cp", System.getProperty("java.class.path"), "S",'
    f' "{MARK}").start(); Thread.sleep(500); }} catch (Exception e) {{ }} return 0; }} public static void main(String[] a) throws Exception {{'
    " new java.net.ServerSocket(0).accept();",
}

STAYING = {
    "another locale": 'Locale.setDefault(new Locale("ar", "EG")); return 0;',
    "another time zone": 'TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kathmandu")); return 0;',
    "other properties": 'System.getProperties().clear(); System.setProperty("line.separator", "?"); return 0;',
    "streams closed": "System.out.close(); System.err.close(); try { System.in.close(); } catch (Exception e) { } return 0;",
    "a lock on System.out": "new Thread(() -> { synchronized (System.out) { while (true); } }).start(); System.out.println(); return 0;",
    "locks on what all share": 'new Thread(() -> { synchronized ("") { synchronized (Integer.class) { synchronized (Collections.EMPTY_LIST) { while (true); } } } }).start();'
    " return 0;",
    "random numbers used up": "for (int i = 0; i < 99; i++) { Math.random(); StrictMath.random(); Collections.shuffle(new ArrayList<>(List.of(1, 2, 3)));"
    " new Random().nextInt(); java.util.concurrent.ThreadLocalRandom.current().nextGaussian(); } return 0;",
    "hash codes used up": "for (int i = 0; i < 999; i++) new S().hashCode(); return 0;",
    "a value on the thread": "ThreadLocal<byte[]> t = new ThreadLocal<>(); t.set(new byte[1 << 20]); return 0;",
    "a thread that outlives": "new Thread(() -> { while (true); }).start(); return 0;",
    "threads by the dozen": "for (int i = 0; i < 200; i++) { Thread t = new Thread(() -> { while (true); }); t.setPriority(10); t.start(); } return 0;",
    "a pool of workers": "class M extends java.util.concurrent.ConcurrentHashMap<Integer, Integer> { } M m = new M();"
    " for (int i = 0; i < 99; i++) m.put(i, i); m.forEach(1L, (k, v) -> { while (true); }); return 0;",
    "interned text": 'for (int i = 0; i < 9999; i++) (i + "").repeat(50).intern(); return 0;',
    "a key that the JDK keeps": "class F implements java.time.temporal.TemporalField { byte[] big = new byte[8 << 20];"
    " public java.time.temporal.TemporalUnit getBaseUnit() { return null; } public java.time.temporal.TemporalUnit getRangeUnit() { return null; }"
    " public java.time.temporal.ValueRange range() { return null; } public boolean isDateBased() { return true; } public boolean isTimeBased() { return true; }"
    " public boolean isSupportedBy(java.time.temporal.TemporalAccessor t) { return true; }"
    " public java.time.temporal.ValueRange rangeRefinedBy(java.time.temporal.TemporalAccessor t) { return null; }"
    " public long getFrom(java.time.temporal.TemporalAccessor t) { return 1; } public <R extends java.time.temporal.Temporal> R adjustInto(R t, long v) { return t; }"
    " public boolean equals(Object o) { while (true); } public int hashCode() { return java.time.temporal.ChronoField.MONTH_OF_YEAR.hashCode(); } }"
    " return new java.time.format.DateTimeFormatterBuilder().appendText(new F()).toFormatter().format(java.time.LocalDate.EPOCH);",
    "a hook into URLs": "java.net.URL.setURLStreamHandlerFactory(p -> { System.exit(0); return null; }); return 0;",
    "other providers": "for (var p : java.security.Security.getProviders()) java.security.Security.removeProvider(p.getName()); return 0;",
    "a class that can't be initialised again": "return deep(0); } static Object deep(int n) { try { return deep(n + 1); } catch (StackOverflowError e) {"
    " try { return java.text.NumberFormat.getInstance(); } catch (Throwable t) { throw e; } }",
}

ATTACKS = LEAVING | FORGING | LYING | HIDING | HARNESS | MACHINE | REACHING | STAYING
