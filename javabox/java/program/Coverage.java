package javabox.program;

import java.util.BitSet;

/** The lines (in the source, from 1) that the current case has executed. */
public final class Coverage {
    private static final BitSet LINES = new BitSet();

    private Coverage() {}

    public static void hit(int line) {
        LINES.set(Math.max(0, line));
    }

    /** @return the lines since the last call, 8 a byte, the least first */
    static byte[] take() {
        byte[] lines = LINES.toByteArray();
        LINES.clear();
        return lines;
    }
}
