package javabox;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;

/** The answer to one job, as it goes over the wire (javabox/wire.py reads it). */
record Reply(Outcome outcome, List<Diagnosis> diagnostics, Thrown thrown, List<CaseResult> cases,
             double wallMillis, boolean deterministic, String detail) {

    /** Longest text of a message or a value that is sent back, in UTF-16 units. */
    static final int TEXT_LIMIT = 4000;

    /** The outcomes of javabox/verdict.py, and SUITE_ERROR for tests that are broken themselves. */
    enum Outcome {
        PASSED, FAILED, COMPILE_ERROR, RUNTIME_ERROR, TIME_LIMIT, MEMORY_LIMIT, OUTPUT_LIMIT, PREMATURE_EXIT,
        JUDGE_ERROR, SUITE_ERROR
    }

    /** One javac error; line, column (from 1) and position (from 0) count in the completion, -1 outside it. */
    record Diagnosis(String code, int line, int column, int position, String message) {}

    record Thrown(String type, String message, int line) {}

    record CaseResult(Outcome outcome, String value) {}

    static Reply compiled() {
        return new Reply(Outcome.PASSED, List.of(), null, List.of(), 0, true, "");
    }

    static Reply compileError(List<Diagnosis> diagnostics, boolean deterministic) {
        return new Reply(Outcome.COMPILE_ERROR, diagnostics, null, List.of(), 0, deterministic, "");
    }

    static Reply trouble(Outcome outcome, String detail) {
        return new Reply(outcome, List.of(), null, List.of(), 0, false, detail);
    }

    Reply within(double millis) {
        return new Reply(outcome, diagnostics, thrown, cases, millis, deterministic, detail);
    }

    /** @param worn the supervisor asks to be replaced: a compilation that could not be ended is still running */
    byte[] encode(int id, boolean worn) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(id);
        out.writeByte(outcome.ordinal());
        out.writeBoolean(deterministic);
        out.writeBoolean(worn);
        out.writeDouble(wallMillis);
        text(out, detail);
        out.writeInt(diagnostics.size());
        for (Diagnosis d : diagnostics) {
            text(out, d.code);
            out.writeInt(d.line);
            out.writeInt(d.column);
            out.writeInt(d.position);
            text(out, d.message);
        }
        out.writeBoolean(thrown != null);
        if (thrown != null) {
            text(out, thrown.type);
            optional(out, thrown.message);
            out.writeInt(thrown.line);
        }
        out.writeInt(cases.size());
        for (CaseResult c : cases) {
            out.writeByte(c.outcome.ordinal());
            optional(out, c.value);
        }
        return bytes.toByteArray();
    }

    static void text(DataOutputStream out, String text) throws IOException {
        out.writeInt(text.length());
        out.writeChars(text);
    }

    private static void optional(DataOutputStream out, String text) throws IOException {
        out.writeBoolean(text != null);
        if (text != null) {
            text(out, text);
        }
    }

    static String capped(String text) {
        return text == null || text.length() <= TEXT_LIMIT ? text : text.substring(0, TEXT_LIMIT) + "…";
    }
}
