"""Programs that read standard input, as people and models write them: what each is given and what is expected.

Some are right, some wrong in the ways that happen: by a space, by an exception after the right output, by an exit
code, by what was never flushed. Which is which is left to plain java.
"""

from __future__ import annotations

from dataclasses import dataclass

IMPORTS = "import java.io.*; import java.math.*; import java.util.*; import java.util.stream.*;\n"
NUMBERS = " ".join(str(n * 7919 % 100_003) for n in range(50_000))


@dataclass(frozen=True)
class Program:
    """A program, its inputs with what is expected of each, and how that is compared."""

    source: str
    runs: tuple[tuple[str, str], ...]
    compare: str = "lines"


def main(body: str, *runs: tuple[str, str], compare: str = "lines", more: str = "") -> Program:
    """A class Main whose main has this body, with more members."""
    head = f"{IMPORTS}class Main {{ {more} public static void main(String[] args) throws Exception {{\n"
    return Program(f"{head}{body}\n}} }}\n", runs, compare)


ADD = (("1 2\n", "3\n"), ("-5\n\n  7", "2"), ("1000000000 1000000000", "2000000000\n"))

READING = {
    "Scanner": main(
        "Scanner s = new Scanner(System.in); System.out.println(s.nextInt() + s.nextInt());", *ADD
    ),
    "a static Scanner": main(
        "System.out.println(IN.nextInt() + IN.nextInt());",
        *ADD,
        more="static Scanner IN = new Scanner(System.in);",
    ),
    "BufferedReader": main(
        "BufferedReader r = new BufferedReader(new InputStreamReader(System.in));"
        ' String[] p = r.readLine().trim().split(" +"); System.out.println(Integer.parseInt(p[0]) + Integer.parseInt(p[1]));',
        ("1 2\n", "3\n"),
        ("  4   5  ", "9"),
        ("4\n5\n", "9"),
    ),
    "StringTokenizer": main(
        "StringTokenizer t = new StringTokenizer(new BufferedReader(new InputStreamReader(System.in)).readLine());"
        " long sum = 0; while (t.hasMoreTokens()) sum += Long.parseLong(t.nextToken()); System.out.println(sum);",
        ("1 2 3\n", "6\n"),
        ("\n", "0"),
        ("", "0"),
    ),
    "StreamTokenizer": main(
        "StreamTokenizer t = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in)));"
        " double sum = 0; while (t.nextToken() != StreamTokenizer.TT_EOF) sum += t.nval; System.out.println((long) sum);",
        ("1 2 3", "6"),
        ("10\n-20\n", "-10"),
    ),
    "to the end by hasNext": main(
        "Scanner s = new Scanner(System.in); int n = 0; while (s.hasNext()) { s.next(); n++; } System.out.println(n);",
        ("a b\nc", "3"),
        ("", "0"),
    ),
    "to the end by readLine": main(
        "BufferedReader r = new BufferedReader(new InputStreamReader(System.in)); String l; int n = 0;"
        ' while ((l = r.readLine()) != null) System.out.println(++n + ": " + l);',
        ("x\n\ny", "1: x\n2: \n3: y\n"),
        ("x\n\ny\n", "1: x\n2:\n3: y"),
    ),
    "lines as a stream": main(
        "System.out.println(new BufferedReader(new InputStreamReader(System.in)).lines().mapToInt(Integer::parseInt).sum());",
        ("1\n2\n3", "6"),
        ("", "0"),
    ),
    "bytes one by one": main(
        "int n = 0, sum = 0; for (int b = System.in.read(); b != -1; b = System.in.read()) { n++; sum += b; }"
        ' System.out.println(n + " " + sum + " " + System.in.read());',
        ("abc", "3 294 -1"),
        ("ü", "2 383 -1"),
    ),
    "a reader of its own": main(
        "Fast f = new Fast(System.in); int n = f.nextInt(); long s = 0; while (n-- > 0) s += f.nextInt(); System.out.println(s);",
        (f"50000 {NUMBERS}", str(sum(map(int, NUMBERS.split())))),
        ("2 -3 4", "1"),
        more="static class Fast { DataInputStream in; byte[] b = new byte[1 << 16]; int at, n;"
        " Fast(InputStream i) { in = new DataInputStream(i); } byte read() throws IOException { if (at == n) {"
        " n = in.read(b, at = 0, b.length); if (n == -1) b[0] = -1; } return b[at++]; }"
        " int nextInt() throws IOException { int r = 0; byte c = read(); while (c <= ' ') c = read(); boolean m = c == '-';"
        " if (m) c = read(); do { r = r * 10 + c - '0'; } while ((c = read()) >= '0' && c <= '9'); return m ? -r : r; } }",
    ),
    "CRLF": main(
        'Scanner s = new Scanner(System.in); while (s.hasNextLine()) System.out.print(s.nextLine().length() + ";");',
        ("ab\r\nc\r\n", "2;1;"),
    ),
    "nextLine after nextInt": main(
        'Scanner s = new Scanner(System.in); int n = s.nextInt(); System.out.println(n + "[" + s.nextLine() + "][" + s.nextLine() + "]");',
        ("3\nabc\n", "3[][abc]"),
        ("3 x\nabc", "3[ x][abc]"),
        ("3\n", "3[]"),
    ),
    "a delimiter": main(
        'Scanner s = new Scanner(System.in).useDelimiter("[,\\\\s]+"); int t = 0; while (s.hasNextInt()) t += s.nextInt(); System.out.println(t);',
        ("1,2, 3\n4", "10"),
    ),
    "available": main(
        "System.out.println(System.in.available()); System.in.read(); System.out.println(System.in.available());",
        ("12345", "5\n4"),
        ("", "0\n0"),
    ),
    "while ready": main(
        "BufferedReader r = new BufferedReader(new InputStreamReader(System.in)); int n = 0; while (r.ready()) { r.readLine(); n++; } System.out.println(n);",
        ("a\nb\nc\n", "3"),
        ("", "0"),
    ),
    "mark and reset": main(
        "System.in.mark(10); int a = System.in.read(); System.in.reset(); System.out.println(a == System.in.read());",
        ("x", "true"),
    ),
    "reads nothing": main('System.out.println("hello");', ("1 2 3", "hello"), ("", "hello\n")),
    "leaves input": main(
        "System.out.println(new Scanner(System.in).nextInt());", (f"5 {NUMBERS}", "5"), ("6 7", "6")
    ),
    "all bytes": main(
        'System.out.print(new String(System.in.readAllBytes(), "UTF-8"));',
        ("a\n\nb", "a\n\nb"),
        compare="exact",
    ),
    "no input": main(
        "Scanner s = new Scanner(System.in); System.out.println(s.nextInt());", ("", ""), ("7", "7")
    ),
    "no number": main("System.out.println(new Scanner(System.in).nextInt() * 2);", ("x", "0"), ("21", "42")),
    "big numbers": main(
        "Scanner s = new Scanner(System.in); System.out.println(s.nextBigInteger().pow(50).mod(new BigInteger(s.next())));",
        ("123456789 1000000007", str(pow(123456789, 50, 1000000007))),
    ),
    "unicode": main(
        "String l = new BufferedReader(new InputStreamReader(System.in)).readLine();"
        ' System.out.println(new StringBuilder(l).reverse() + " " + l.length() + " " + l.codePointCount(0, l.length()));',
        ("häß", "ßäh 3 3"),
        ("日本語 😀", "😀 語本日 6 5"),
    ),
    "unicode by Scanner": main(
        'Scanner s = new Scanner(System.in, "UTF-8"); while (s.hasNext()) System.out.println(s.next());',
        ("é ñ\n中文", "é\nñ\n中文"),
    ),
    "the input from FileDescriptor": main(
        "BufferedReader r = new BufferedReader(new InputStreamReader(new FileInputStream(FileDescriptor.in)));"
        ' PrintWriter w = new PrintWriter(new FileOutputStream(FileDescriptor.out)); w.println(r.readLine() + "!"); w.flush();',
        ("abc\n", "abc!"),
    ),
    "another System.in": main(
        'System.setIn(new ByteArrayInputStream("9".getBytes())); System.out.println(new Scanner(System.in).nextInt());',
        ("1", "9"),
    ),
}

PRINTING = {
    "no newline at the end": main('System.out.print("42");', ("", "42"), ("", "42\n")),
    "no newline, exactly": main('System.out.print("42");', ("", "42"), ("", "42\n"), compare="exact"),
    "wrong by a space": main('System.out.println("1  2");', ("", "1 2")),
    "wrong by a space, in words": main(
        'System.out.println("1  2");', ("", "1 2"), ("", "1 2 3"), ("", "12"), compare="tokens"
    ),
    "spaces at the ends of lines": main(
        'System.out.print("1 2 \\n3\\t\\n\\n\\n");', ("", "1 2\n3"), ("", "1 2\n\n3")
    ),
    "spaces at the ends of lines, exactly": main(
        'System.out.print("1 2 \\n3\\n");', ("", "1 2\n3\n"), ("", "1 2 \n3\n"), compare="exact"
    ),
    "a space in front": main('System.out.println(" 1");', ("", "1"), ("", " 1")),
    "doubles": main(
        'double d = new Scanner(System.in).nextDouble(); System.out.printf("%.4f %.2e%n", Math.sqrt(d), d);',
        ("2", "1.414214 2.0"),
        ("1e12", "1000000.0000004 1000000000001"),
        ("3", "1.7321 3.1"),
        compare="numbers",
    ),
    "a PrintWriter, flushed": main(
        "PrintWriter w = new PrintWriter(System.out); w.println(3); w.flush();", ("", "3")
    ),
    "a PrintWriter, never flushed": main(
        "PrintWriter w = new PrintWriter(System.out); w.println(3);", ("", "3"), ("", "")
    ),
    "a PrintWriter that flushes itself": main(
        "PrintWriter w = new PrintWriter(System.out, true); w.println(3); w.print(4);",
        ("", "3"),
        ("", "3\n4"),
    ),
    "a PrintWriter, closed": main(
        'try (PrintWriter w = new PrintWriter(new BufferedWriter(new OutputStreamWriter(System.out)))) { w.println(3); } System.out.println("more");',
        ("", "3"),
        ("", "3\nmore"),
    ),
    "exit before the flush": main(
        "PrintWriter w = new PrintWriter(System.out); w.println(3); System.exit(0);", ("", "3"), ("", "")
    ),
    "bytes written and not flushed": main(
        "for (int i = 0; i < 300; i++) System.out.write('x');", ("", ""), ("", "x" * 256), ("", "x" * 300)
    ),
    "out is closed": main(
        "System.out.println(1); System.out.close(); System.out.println(2);", ("", "1"), ("", "1\n2")
    ),
    "another System.out": main(
        "System.setOut(new PrintStream(new ByteArrayOutputStream())); System.out.println(1);",
        ("", "1"),
        ("", ""),
    ),
    "to System.err": main('System.err.println("debug"); System.out.println(1);', ("", "1"), ("", "debug\n1")),
    "chars": main(
        "System.out.println(new char[] {'a', 'b'}); System.out.println((Object) null);", ("", "ab\nnull")
    ),
    "many lines": main(
        "int n = new Scanner(System.in).nextInt(); for (int i = 0; i < n; i++) System.out.println(i);",
        ("3", "0\n1\n2"),
        ("50000", "\n".join(map(str, range(50_000)))),
    ),
    "a carriage return": main('System.out.print("1\\r\\n2\\r\\n");', ("", "1\n2\n")),
    "UTF-8 said so": main('new PrintStream(System.out, true, "UTF-8").println("ß→😀");', ("", "ß→😀")),
}

ENDING = {
    "exit 0": main("System.out.println(1); System.exit(0);", ("", "1")),
    "exit 3": main("System.out.println(1); System.exit(3);", ("", "1")),
    "exit 256": main("System.out.println(1); System.exit(256);", ("", "1")),
    "exit in a try": main(
        'try { System.out.println(1); System.exit(0); } catch (Throwable t) { System.out.println("caught"); } finally { System.out.println("finally"); }',
        ("", "1"),
    ),
    "exit in a loop that catches all": main(
        "for (;;) try { System.out.println(1); System.exit(0); } catch (Throwable t) { }", ("", "1")
    ),
    "exit in a lambda": main(
        "IntStream.range(0, 9).forEach(i -> { System.out.println(i); if (i == 2) System.exit(0); });",
        ("", "0\n1\n2"),
    ),
    "exit by reference": main(
        "java.util.function.IntConsumer c = System::exit; System.out.println(1); c.accept(4);", ("", "1")
    ),
    "exit in a static block": Program(
        IMPORTS
        + "class Main { static { System.out.println(1); System.exit(0); } public static void main(String[] a) { System.out.println(2); } }",
        (("", "1"), ("", "1\n2")),
    ),
    "a throw after the output": main(
        'System.out.println(1); throw new IllegalStateException("late");', ("", "1")
    ),
    "a throw that is caught": main(
        "try { throw new IllegalStateException(); } catch (RuntimeException e) { System.out.println(1); }",
        ("", "1"),
    ),
    "a throw in a static block": Program(
        IMPORTS
        + 'class Main { static int x = Integer.parseInt("x"); public static void main(String[] a) { System.out.println(2); } }',
        (("", "2"),),
    ),
    "an index out of bounds": main(
        "int[] a = new int[3]; int i = new Scanner(System.in).nextInt(); System.out.println(a[i]);",
        ("2", "0"),
        ("3", "0"),
    ),
    "a deep recursion": main(
        "System.out.println(d(new Scanner(System.in).nextInt()));",
        ("5000", "5000"),
        more="static int d(int n) { return n == 0 ? 0 : 1 + d(n - 1); }",
    ),
    "an endless recursion": main(
        "System.out.println(d(0));", ("", "0"), more="static int d(int n) { return d(n + 1) + 1; }"
    ),
    "halt": main("System.out.println(1); Runtime.getRuntime().halt(0);", ("", "1")),
    "a hook that prints": main(
        'Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("bye"))); System.out.println(1);',
        ("", "1\nbye"),
        ("", "1"),
    ),
    "a thread with a large stack": Program(
        IMPORTS
        + 'class Main implements Runnable { public static void main(String[] a) { new Thread(null, new Main(), "", 1 << 28).start(); } int d(int n) { return n == 0 ? 0 : 1 + d(n - 1); } public void run() { System.out.println(d(new Scanner(System.in).nextInt())); } }',
        (("100000", "100000"),),
    ),
    "a thread that outlives main": main(
        "new Thread(() -> { try { Thread.sleep(150); } catch (InterruptedException e) { } System.out.println(2); }).start(); System.out.println(1);",
        ("", "1\n2"),
        ("", "1"),
    ),
    "a daemon": main(
        "Thread t = new Thread(() -> { while (true) Thread.onSpinWait(); }); t.setDaemon(true); t.start(); System.out.println(1);",
        ("", "1"),
    ),
    "a throw in another thread": main(
        "Thread t = new Thread(() -> { throw new IllegalStateException(); }); t.start(); t.join(); System.out.println(1);",
        ("", "1"),
    ),
    "a pool that is shut down": main(
        "var p = java.util.concurrent.Executors.newFixedThreadPool(2); var f = p.submit(() -> 41 + 1); System.out.println(f.get()); p.shutdown();",
        ("", "42"),
    ),
    "assert is off": main("assert false; System.out.println(args.length);", ("", "0")),
}

STARTING = {
    "two mains": Program(
        'class Other { public static void main(String[] a) { System.out.println("other"); } } class Main { public static void main(String[] a) { System.out.println("main"); } }',
        (("", "main"), ("", "other")),
    ),
    "an interface's main": Program(
        "interface Main { static void main(String[] a) { System.out.println(1); } }", (("", "1"),)
    ),
    "a public class": Program(
        "public class Main { public static void main(String[] a) { System.out.println(new Other().x); } } class Other { int x = 1; }",
        (("", "1"),),
    ),
    "an enum's main": Program(
        "enum Main { A, B; public static void main(String... a) { System.out.println(values().length); } }",
        (("", "2"),),
    ),
    "a record's main": Program(
        "record Main(int x) { public static void main(String[] a) { System.out.println(new Main(3)); } }",
        (("", "Main[x=3]"),),
    ),
    "does not compile": Program(
        'class Main { public static void main(String[] a) { int x = "1"; } }', (("", ""),)
    ),
}

PROGRAMS = READING | PRINTING | ENDING | STARTING
