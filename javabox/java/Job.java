package javabox;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** One program to judge, as it comes over the wire (javabox/wire.py holds the other end). */
record Job(int id, String source, int completionStart, Suite suite, Limits limits) {

    /** The tests: named cases, or a whole test program, or nothing (compile only). */
    record Suite(String imports, String whole, List<Case> cases) {
        boolean compileOnly() {
            return whole == null && cases.isEmpty();
        }
    }

    /** One test; {@code expected} is null where the value is only reported, tolerance NaN where equal means equal. */
    record Case(String name, String code, String value, String expected, String expectedType, double tolerance) {}

    record Limits(int wallMillis, int compileMillis, int memoryMegabytes, int outputBytes) {}

    static Job read(DataInputStream in) throws IOException {
        int id = in.readInt();
        String source = text(in);
        int completionStart = in.readInt();
        String imports = text(in);
        String whole = optional(in);
        int count = in.readInt();
        List<Case> cases = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            cases.add(new Case(text(in), text(in), text(in), optional(in), text(in), in.readDouble()));
        }
        Limits limits = new Limits(in.readInt(), in.readInt(), in.readInt(), in.readInt());
        return new Job(id, source, completionStart, new Suite(imports, whole, cases), limits);
    }

    /** UTF-16 units as they are: a lone surrogate must survive, so no charset decoder is used. */
    static String text(DataInputStream in) throws IOException {
        byte[] bytes = new byte[2 * in.readInt()];
        in.readFully(bytes);
        return ByteBuffer.wrap(bytes).asCharBuffer().toString();
    }

    private static String optional(DataInputStream in) throws IOException {
        return in.readBoolean() ? text(in) : null;
    }
}
