package javabox.judge.protocol;

/** Turns places in the source into places in the completion: lines and columns from 1, positions from 0, else -1. */
public record Place(String source, int start) {

    public static Place of(Job job) {
        return new Place(job.source(), job.completionStart());
    }

    /** @param position index in the source, in UTF-16 units */
    public int position(long position) {
        return position < start || position > source.length() ? -1 : (int) position - start;
    }

    public int lineAt(long position) {
        return position(position) < 0 ? -1 : 1 + breaks(start, (int) position);
    }

    public int columnAt(long position) {
        if (position(position) < 0) {
            return -1;
        }
        int from = (int) position;
        while (from > start && source.charAt(from - 1) != '\n' && source.charAt(from - 1) != '\r') {
            from--;
        }
        return (int) position - from + 1;
    }

    /** @param sourceLine line in the source, from 1, as a stack trace names it; 0 unknown */
    public int line(int sourceLine) {
        int line = sourceLine - breaks(0, start);
        return sourceLine < 1 || line < 1 ? -1 : line;
    }

    /** Line terminators as javac counts them: LF, CR, or the two together. */
    private int breaks(int from, int to) {
        int count = 0;
        for (int i = from; i < to; i++) {
            char c = source.charAt(i);
            if (c == '\r' || c == '\n' && (i == from || source.charAt(i - 1) != '\r')) {
                count++;
            }
        }
        return count;
    }
}
