package javabox.judge.value;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;
import javabox.judge.protocol.Job;

/**
 * Compares what a program printed with what it should have, byte by byte or word by word: no character set has a say,
 * and white space is ASCII's. Takes time in proportion to their length, whatever they are, and no memory.
 */
public final class Outputs {
    /** A decimal number, of those that Java and others print; no hexadecimal, no suffix. */
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d++(\\.\\d*+)?|\\.\\d++)([eE][+-]?\\d{1,5})?");
    /** A longer word is no number that anyone means. */
    private static final int NUMBER_BYTES = 1000;

    private final byte[] bytes;
    private final int end;
    /** The part that {@link #word} and {@link #line} moved to. */
    private int from;
    private int to;
    /** Where the next line begins. */
    private int next;

    private Outputs(byte[] bytes) {
        this.bytes = bytes;
        int last = bytes.length;
        while (last > 0 && isSpace(bytes[last - 1])) {
            last--;
        }
        end = last;
    }

    /** Whether an output is any of the expected ones. */
    public static boolean right(byte[] printed, Job.StdinCase test) {
        return test.expected().stream().anyMatch(expected -> same(printed, expected, test));
    }

    /** As text; what is no UTF-8 is shown as such. */
    public static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static boolean same(byte[] printed, byte[] expected, Job.StdinCase test) {
        Outputs got = new Outputs(printed);
        Outputs wanted = new Outputs(expected);
        return switch (test.compare()) {
            case EXACT -> Arrays.equals(printed, expected);
            case LINES -> got.sameLines(wanted);
            case TOKENS -> got.sameWords(wanted, Double.NaN);
            case NUMBERS -> got.sameWords(wanted, test.tolerance());
            case CHECKER -> throw new IllegalArgumentException("a checker is a program");
        };
    }

    private boolean sameLines(Outputs other) {
        boolean more = line();
        while (more && other.line() && part(other)) {
            more = line();
        }
        return !more && !other.line();
    }

    private boolean sameWords(Outputs other, double tolerance) {
        boolean more = word();
        while (more && other.word() && (part(other) || near(other, tolerance))) {
            more = word();
        }
        return !more && !other.word();
    }

    private boolean part(Outputs other) {
        return Arrays.equals(bytes, from, to, other.bytes, other.from, other.to);
    }

    private boolean near(Outputs expected, double tolerance) {
        String number = number();
        String other = expected.number();
        if (Double.isNaN(tolerance) || number == null || other == null) {
            return false;
        }
        double got = Double.parseDouble(number);
        double wanted = Double.parseDouble(other);
        return Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted)); // infinite ones are not
    }

    private String number() {
        String word = new String(bytes, from, Math.min(to - from, NUMBER_BYTES), StandardCharsets.ISO_8859_1);
        return to - from <= NUMBER_BYTES && NUMBER.matcher(word).matches() ? word : null;
    }

    /** To the next line, without white space at its end. */
    private boolean line() {
        if (next >= end) {
            return false;
        }
        from = next;
        to = from;
        while (to < end && bytes[to] != '\n') {
            to++;
        }
        next = to + 1;
        while (to > from && isSpace(bytes[to - 1])) {
            to--;
        }
        return true;
    }

    private boolean word() {
        int start = to;
        while (start < end && isSpace(bytes[start])) {
            start++;
        }
        from = start;
        to = start;
        while (to < end && !isSpace(bytes[to])) {
            to++;
        }
        return from < to;
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b >= '\t' && b <= '\r';
    }
}
