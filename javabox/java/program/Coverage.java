package javabox.program;

import java.util.BitSet;

/** The lines (in the source, from 1) that the current case has executed. */
public final class Coverage {
    /** A class file has no line beyond this. */
    private static final int LAST_LINE = 0xffff;
    private static final BitSet LINES = new BitSet();
    /** The same again, to be asked without a lock: threads of a program hit lines at once, and most lines often. */
    private static final boolean[] SEEN = new boolean[LAST_LINE + 1];

    private Coverage() {}

    public static void hit(int line) {
        if (!SEEN[line & LAST_LINE]) {
            mark(line & LAST_LINE);
        }
    }

    private static synchronized void mark(int line) {
        SEEN[line] = true;
        LINES.set(line);
    }

    /**
     * Forgets them too, unless something has run out: that case's lines are asked for twice, and sent the second time.
     *
     * @return the lines since the last call, 8 a byte, the least first
     */
    static synchronized byte[] take() {
        byte[] lines = LINES.toByteArray();
        if (Tank.empty != 0) {
            return lines;
        }
        for (int line = LINES.nextSetBit(0); line >= 0; line = LINES.nextSetBit(line + 1)) {
            SEEN[line] = false;
        }
        LINES.clear();
        return lines;
    }
}
