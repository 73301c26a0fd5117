"""Programs judged by what they print that want a pass without earning it, or to harm the next one.

Each is a body for `main`, given one number and asked for twice that; none computes it. They look for what is
expected, keep state from one run for the next, forge how they ended, and tamper with streams that others use.
"""

from __future__ import annotations

from tests.javabox.attacks.corpus import MARK

LOOKING = {
    "its own descriptors": """
        StringBuilder all = new StringBuilder();
        for (int fd = 0; fd < 20; fd++) try (var in = new FileInputStream("/proc/self/fd/" + fd)) {
            if (in.available() > 0) all.append(new String(in.readNBytes(1000)));
        } catch (Exception e) { }
        var m = java.util.regex.Pattern.compile("expected\\\\D*(\\\\d+)").matcher(all);
        System.out.println(m.find() ? m.group(1) : all);""",
    "files around it": """
        for (String place : new String[] {"/proc/self/environ", "/proc/self/cmdline", "/proc/1/environ", "/proc/1/cmdline"})
            try { System.out.println(java.nio.file.Files.readString(java.nio.file.Path.of(place))); } catch (Exception e) { }
        try (var s = java.nio.file.Files.walk(java.nio.file.Path.of(System.getProperty("java.io.tmpdir")))) { s.forEach(System.out::println); }
        catch (Exception e) { }""",
    "input behind its own": """
        while (new Scanner(System.in).hasNext()) { }
        byte[] more = new FileInputStream(FileDescriptor.in).readAllBytes();
        System.out.println(more.length == 0 ? System.in.read() : Integer.parseInt(new String(more, more.length - 2, 1)));""",
    "properties and environment": 'System.out.println(System.getenv() + " " + System.getProperties());',
    "the judge's own classes": """
        try { Class<?> c = Class.forName("javabox.program.Program", true, ClassLoader.getSystemClassLoader());
        for (var f : c.getDeclaredFields()) { f.setAccessible(true); System.out.println(f.get(null)); } }
        catch (Throwable t) { System.out.println(t); }""",
}

STATE = {
    "a static field": "System.out.println(++runs == 1 ? 5 : 6);",
    "a property": """
        int n = Integer.getInteger("runs", 0) + 1; System.setProperty("runs", "" + n); System.out.println(n == 1 ? 5 : 6);""",
    "a file": """
        var f = new File(System.getProperty("java.io.tmpdir"), "runs"); boolean second = f.exists(); f.createNewFile();
        System.out.println(second ? 6 : 5);""",
    "the default locale": """
        boolean second = Locale.getDefault().equals(Locale.FRANCE); Locale.setDefault(Locale.FRANCE); System.out.println(second ? 6 : 5);""",
    "a thread that prints in the next run": """
        if (System.in.read() == '3') { Thread.sleep(300); return; }
        new Thread(() -> { for (int i = 0; i < 50; i++) { System.out.println(6); try { Thread.sleep(20); } catch (Exception e) { } } }) {{ setDaemon(true); }}.start();
        System.out.println(5);""",
    "the standard streams": """
        boolean second = System.in instanceof ByteArrayInputStream; System.setIn(new ByteArrayInputStream(new byte[9]));
        System.out.println(second ? 6 : 5); System.setOut(null); System.setErr(null);""",
    "an interrupt": """
        boolean second = Thread.currentThread().isInterrupted(); Thread.currentThread().interrupt(); System.out.println(second ? 6 : 5);""",
}

FORGING = {
    "frames on the judge's pipe": """
        try (var out = new FileOutputStream("/proc/self/fd/3")) { for (int i = 0; i < 99; i++) out.write("VPD4\\n=0\\n".getBytes()); }
        catch (Exception e) { } System.out.println(5); Runtime.getRuntime().halt(0);""",
    "bytes without end on the judge's pipe": """
        var out = new FileOutputStream("/proc/self/fd/3"); byte[] b = new byte[1 << 20]; while (true) out.write(b);""",
    "a status on the judge's pipe": """
        try (var out = new FileOutputStream("/proc/self/fd/3")) { out.write("\\n=0\\n".getBytes()); } catch (Exception e) { }
        Runtime.getRuntime().halt(1);""",
    "the shell above it": """
        long shell = ProcessHandle.current().parent().get().pid();
        try { new ProcessBuilder("kill", "-9", "" + shell).start().waitFor(); } catch (Exception e) { } System.out.println(5);""",
    "an exit in a static block of another class": "System.out.println(Quits.value);",
    "an exit without output": "System.exit(0);",
    "the right number beside others": 'System.out.print("4 6"); System.out.println();',
    "a number as floating point": 'int n = new Scanner(System.in).nextInt(); System.out.println((n == 2 ? "0x4" : "6f"));',
    "every answer there is": "for (int i = 0; i < 100; i++) System.out.println(i);",
    "the answer and a throw": 'int n = new Scanner(System.in).nextInt(); System.out.println(n == 2 ? "4" : "6"); throw new Error();',
    "the answer and a status": 'int n = new Scanner(System.in).nextInt(); System.out.println(n == 2 ? "4" : "6"); System.exit(n);',
}

TAMPERING = {
    "closed streams": "System.out.close(); System.in.close(); System.err.close();",
    "closed descriptors": """
        new FileOutputStream(FileDescriptor.out).close(); new FileInputStream(FileDescriptor.in).close(); System.out.println(4);""",
    "a hook that never ends": """
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { while (true) System.out.println(4); }));""",
    "a thread that never ends, after the answer": """
        new Thread(() -> { while (true) ; }).start(); int n = new Scanner(System.in).nextInt(); System.out.println(n == 2 ? "4" : "6");""",
    "a hook that never ends, after the answer": """
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { while (true) ; }));
        int n = new Scanner(System.in).nextInt(); System.out.println(n == 2 ? "4" : "6");""",
    "a hook that waits for ever, after the answer": """
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { synchronized (args) { try { args.wait(); } catch (Exception e) { } } }));
        int n = new Scanner(System.in).nextInt(); System.out.println(n == 2 ? "4" : "6"); System.exit(0);""",
    "an exit within an exit": """
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.exit(0))); System.exit(0);""",
    "a process that goes on": f"""
        new ProcessBuilder("setsid", "sh", "-c", "sleep 1.{MARK}; echo 6; echo 6; sleep 60.{MARK}").inheritIO().start(); System.out.println(5);""",
    "exits in many threads": """
        for (int i = 0; i < 50; i++) new Thread(() -> System.exit(0)).start(); while (true) System.out.println(4);""",
    "output without end": "while (true) System.out.println(4);",
    "output past System.out": """
        var out = new FileOutputStream(FileDescriptor.out); byte[] b = new byte[1 << 20]; while (true) out.write(b);""",
    "one line of megabytes": "char[] c = new char[1 << 20]; Arrays.fill(c, '4'); for (int i = 0; i < 64; i++) System.out.print(c);",
    "errors without end": 'while (true) System.err.println("noise");',
    "reading without end": "while (true) System.in.read();",
    "lines without end": "BufferedReader r = new BufferedReader(new InputStreamReader(System.in)); while (true) r.readLine();",
    "swallowing the exit": """
        while (true) try { System.exit(0); } catch (Throwable t) { try { System.out.println(4); } finally { continue; } }""",
    "memory without end": "List<int[]> l = new ArrayList<>(); while (true) l.add(new int[1 << 20]);",
}

ON_CHECKERS = {
    "what a checker can't parse": 'System.out.println("four");',
    "what a checker prints": 'System.out.println("print"); System.out.println("true");',
    "what a checker loops on": 'System.out.println("loop");',
    "what a checker exits on": 'System.out.println("exit");',
}
CHECKER = """
    class Checker { static boolean check(String input, String output, String expected) {
      String word = output.strip();
      if (word.startsWith("print")) { System.out.println("\\ntrue\\n"); throw new IllegalStateException("true"); }
      while (word.equals("loop")) { }
      if (word.equals("exit")) { System.out.println("true"); System.exit(0); }
      return Integer.parseInt(word) == 2 * Integer.parseInt(input.strip());
    } }"""

ATTACKS_ON_STDIN = LOOKING | STATE | FORGING | TAMPERING | ON_CHECKERS

HONEST = {
    "warm": """
        int n = new Scanner(System.in).nextInt(); if (n > 0) { System.out.println(2 * n); System.exit(0); }
        List<Integer> l = new ArrayList<>(List.of(1, 2, 3, 4)); Collections.shuffle(l);
        System.out.println(l + " " + runs++ + " " + Locale.getDefault() + " " + TimeZone.getDefault().getID() + " "
            + System.in.available() + " " + System.in.read() + " " + Math.random() + " " + new Object().hashCode() + " "
            + Thread.currentThread().isInterrupted() + " " + String.format("%.2f", 1.5) + " " + Set.of(1, 2, 3));""",
    "strict": """
        int n = new Scanner(new FileInputStream(FileDescriptor.in)).nextInt(); if (n > 0) { System.out.println(2 * n); System.exit(0); }
        System.out.println(Thread.activeCount() + " " + System.getProperties().size() + " " + System.getenv() + " "
            + Arrays.toString(new File(System.getProperty("java.io.tmpdir")).list()) + " " + Locale.getDefault());""",
}
"""Programs that compute it, and of 0 tell what they find around them: one for each lane."""


def program(body: str) -> str:
    """The source of a program whose main has this body."""
    return (
        "import java.io.*; import java.util.*;\nclass Main { static int runs;"
        " static class Quits { static int value = 4; static { System.exit(0); } }\n"
        f"public static void main(String[] args) throws Exception {{\n{body}\n}} }}\n"
    )
