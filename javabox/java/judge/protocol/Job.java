package javabox.judge.protocol;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javabox.program.Text;

/**
 * One program to judge, as it comes over the wire (javabox/protocol/codec.py holds the other end).
 *
 * @param declared the classes that the program is meant to declare; null where the prompt says it
 */
public record Job(int id, String source, int completionStart, int testsStart, List<File> files, Set<String> declared,
                  Suite suite, Limits limits, boolean coverage) {

    /** One more source file of the program. */
    public record File(String path, String text) {}

    /**
     * The tests: named cases, or runs with standard input, or a whole test program (empty: the source has its own), or
     * nothing (compile only).
     *
     * @param assertions whether {@code assert} is on in the program; in tests it always is
     * @param junit whether the whole test program is JUnit's test classes
     */
    public record Suite(String imports, String whole, boolean assertions, boolean junit, List<Case> cases,
                  List<StdinCase> stdin) {
        public boolean compileOnly() {
            return whole == null && cases.isEmpty() && stdin.isEmpty();
        }

        /** How many verdicts it has. */
        public int count() {
            return whole != null ? 1 : cases.size() + stdin.size();
        }
    }

    /** One test; {@code expected} is null where the value is only reported, tolerance NaN where equal means equal. */
    public record Case(String name, String code, String value, String expected, String expectedType, double tolerance) {}

    /** How an output is compared with what is expected: javabox/job.py says what each means. */
    public enum Compare { EXACT, LINES, TOKENS, NUMBERS, CHECKER }

    /**
     * One run of the program's own main.
     *
     * @param expected any of these outputs; none where the output is only reported, or a checker alone decides
     * @param checker the source of the class that decides, or null
     */
    public record StdinCase(String name, byte[] input, List<byte[]> expected, Compare compare, double tolerance,
                     String checker) {
        private static StdinCase read(DataInputStream in) throws IOException {
            String name = Text.read(in);
            byte[] input = bytes(in);
            List<byte[]> expected = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                expected.add(bytes(in));
            }
            return new StdinCase(name, input, expected, Compare.values()[in.readByte()], in.readDouble(), optional(in));
        }
    }

    public record Limits(int wallMillis, int idleMillis, int compileMillis, int memoryMegabytes, int outputBytes, long fuel,
                  long allocationBytes) {}

    /** Whether the tests are in the program's own file. */
    public boolean testsShareFile() {
        return suite.whole != null && suite.whole.isEmpty();
    }

    /** Whether the tests were put behind the program, as mxeval does it: then its file is main.java, as there. */
    public boolean joined() {
        return testsShareFile() && testsStart >= 0;
    }

    public static Job read(DataInputStream in) throws IOException {
        int id = in.readInt();
        String source = Text.read(in);
        int completionStart = in.readInt();
        int testsStart = in.readInt();
        List<File> files = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            files.add(new File(Text.read(in), Text.read(in)));
        }
        int known = in.readInt();
        Set<String> declared = known < 0 ? null : new HashSet<>();
        for (int left = known; left > 0; left--) {
            declared.add(Text.read(in));
        }
        String imports = Text.read(in);
        String whole = optional(in);
        boolean assertions = in.readBoolean();
        boolean junit = in.readBoolean();
        int count = in.readInt();
        List<Case> cases = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            cases.add(new Case(Text.read(in), Text.read(in), Text.read(in), optional(in), Text.read(in), in.readDouble()));
        }
        List<StdinCase> stdin = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            stdin.add(StdinCase.read(in));
        }
        Limits limits = new Limits(in.readInt(), in.readInt(), in.readInt(), in.readInt(), in.readInt(),
                in.readLong(), in.readLong());
        Suite suite = new Suite(imports, whole, assertions, junit, cases, stdin);
        return new Job(id, source, completionStart, testsStart, files, declared, suite, limits, in.readBoolean());
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return bytes;
    }

    private static String optional(DataInputStream in) throws IOException {
        return in.readBoolean() ? Text.read(in) : null;
    }
}
