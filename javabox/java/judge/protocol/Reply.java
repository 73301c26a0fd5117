package javabox.judge.protocol;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import javabox.program.Text;

/**
 * The answer to one job, as it goes over the wire (javabox/protocol/codec.py reads it).
 *
 * @param deterministic whether every other run ends the same way
 * @param doubtful whether something outside the program may have ended it: the clock, a signal
 */
public record Reply(Outcome outcome, List<Diagnosis> diagnostics, Thrown thrown, List<CaseResult> cases, String lane,
             boolean deterministic, boolean doubtful, long fuel, Times times, String detail) {

    public static final long UNKNOWN = -1;
    public static final String STRICT = "strict";
    public static final String WARM = "warm";

    /** The outcomes of javabox/verdict.py, and SUITE_ERROR for tests that are broken themselves. */
    public enum Outcome {
        PASSED, FAILED, UNTESTED, COMPILE_ERROR, RUNTIME_ERROR, TIME_LIMIT, MEMORY_LIMIT, OUTPUT_LIMIT, PREMATURE_EXIT,
        JUDGE_ERROR, SUITE_ERROR
    }

    /**
     * One javac error; line, column (from 1) and position (from 0) count in the completion, -1 outside it.
     *
     * @param file path and line where it is in another file of the program, else null
     */
    public record Diagnosis(String code, int line, int column, int position, String message, String file) {}

    public record Thrown(String type, String message, int line) {}

    /**
     * @param value what the program returned, as a Java expression, null if there is none
     * @param lines executed lines of the source, from 1; empty where they were not asked for
     * @param shown of a case that did not pass: what came out, where it is no value that an expression makes
     * @param testsLine line in the tests' source that ended the case, from 1; 0 unknown
     * @param name where only the run tells it, as JUnit's, else null
     */
    public record CaseResult(Outcome outcome, String value, BitSet lines, String shown, int testsLine, String name) {
        public static CaseResult of(Outcome outcome, BitSet lines) {
            return new CaseResult(outcome, null, lines, null, 0, null);
        }

        public CaseResult named(String given) {
            return new CaseResult(outcome, value, lines, shown, testsLine, given);
        }
    }

    /** Milliseconds at work; waiting for a free worker or runner is not in them. */
    public record Times(double compile, double rewrite, double run) {
        public static final Times NONE = new Times(0, 0, 0);

        public Times ran(double millis) {
            return new Times(compile, rewrite, millis);
        }
    }

    public static Reply compiled() {
        return new Reply(Outcome.PASSED, List.of(), null, List.of(), STRICT, true, false, UNKNOWN, Times.NONE, "");
    }

    public static Reply compileError(List<Diagnosis> diagnostics, boolean deterministic) {
        return new Reply(Outcome.COMPILE_ERROR, diagnostics, null, List.of(), STRICT, deterministic, false, UNKNOWN,
                Times.NONE, "");
    }

    public static Reply trouble(Outcome outcome, String detail) {
        return new Reply(outcome, List.of(), null, List.of(), STRICT, false, false, UNKNOWN, Times.NONE, detail);
    }

    /** A suite that the clock, and maybe the machine, kept from being evaluated. */
    public static Reply lateSuite(String detail) {
        return new Reply(Outcome.SUITE_ERROR, List.of(), null, List.of(), STRICT, false, true, UNKNOWN, Times.NONE, detail);
    }

    /** For whoever does not wait for it any more. */
    public static Reply cancelled() {
        return trouble(Outcome.JUDGE_ERROR, "cancelled");
    }

    public Reply within(Times measured) {
        return new Reply(outcome, diagnostics, thrown, cases, lane, deterministic, doubtful, fuel, measured, detail);
    }

    Reply as(String otherLane) {
        return new Reply(outcome, diagnostics, thrown, cases, otherLane, deterministic, doubtful, fuel, times, detail);
    }

    /** Whether two lanes said the same. */
    public boolean agrees(Reply other) {
        return within(Times.NONE).as(STRICT).equals(other.within(Times.NONE).as(STRICT));
    }

    public byte[] encode(Job job, Counters.Report report) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(job.id());
        out.writeByte(outcome.ordinal());
        out.writeBoolean(deterministic);
        out.writeBoolean(doubtful);
        out.writeBoolean(lane.equals(WARM));
        out.writeLong(fuel);
        out.writeDouble(times.compile + times.rewrite + times.run);
        out.writeDouble(times.compile);
        out.writeDouble(times.rewrite);
        out.writeDouble(times.run);
        report.write(out);
        Text.write(out, detail);
        out.writeInt(diagnostics.size());
        for (Diagnosis d : diagnostics) {
            Text.write(out, d.code);
            out.writeInt(d.line);
            out.writeInt(d.column);
            out.writeInt(d.position);
            Text.write(out, d.message);
            optional(out, d.file);
        }
        out.writeBoolean(thrown != null);
        if (thrown != null) {
            Text.write(out, thrown.type);
            optional(out, thrown.message);
            out.writeInt(thrown.line);
        }
        out.writeInt(cases.size());
        Place place = Place.of(job);
        for (CaseResult c : cases) {
            out.writeByte(c.outcome.ordinal());
            optional(out, c.value);
            optional(out, c.shown);
            out.writeInt(c.testsLine);
            optional(out, c.name);
            int[] lines = c.lines.stream().map(place::line).filter(line -> line > 0).toArray();
            out.writeInt(lines.length);
            for (int line : lines) {
                out.writeInt(line);
            }
        }
        return bytes.toByteArray();
    }

    private static void optional(DataOutputStream out, String text) throws IOException {
        out.writeBoolean(text != null);
        if (text != null) {
            Text.write(out, text);
        }
    }
}
