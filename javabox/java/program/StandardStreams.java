package javabox.program;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Standard streams as java itself makes them, over one case's input and a sink for what is printed: UTF-8, counted
 * against the output limit, and paid for, so that endless reading and printing end.
 *
 * <p>Not covered: what goes past them, by {@code FileDescriptor.in} and {@code out}; the judge counts that.
 */
final class StandardStreams {
    /** Of System.out, as the JDK has it: what a program leaves in there is lost. */
    private static final int OUT_BUFFER = 128;

    private StandardStreams() {}

    /**
     * @param in where the input is
     * @param length its bytes, after which it is at its end
     * @param out where what is printed to System.out goes
     */
    static void install(InputStream in, int length, OutputStream out, long outputLimit) {
        Count count = new Count(outputLimit);
        System.setIn(new BufferedInputStream(new Input(in, length)));
        System.setOut(printing(new BufferedOutputStream(new Output(out, count), OUT_BUFFER)));
        System.setErr(printing(new BufferedOutputStream(new Output(OutputStream.nullOutputStream(), count), OUT_BUFFER)));
    }

    private static PrintStream printing(OutputStream out) {
        return new PrintStream(out, true, StandardCharsets.UTF_8);
    }

    /** What was printed, in memory, where it can be taken without a copy. */
    static final class Printed extends ByteArrayOutputStream {
        byte[] array() {
            return buf;
        }
    }

    /** Reads as much as is asked for and is there: what has been read, and paid, never depends on a pipe's pace. */
    private static final class Input extends InputStream {
        private final InputStream in;
        private int left;

        Input(InputStream in, int length) {
            this.in = in;
            left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            int count = Math.min(length, left);
            Tank.moves(count);
            int got = in.readNBytes(bytes, offset, count);
            left = got < count ? 0 : left - got; // someone has read past this
            return got == 0 && length > 0 ? -1 : got;
        }

        @Override
        public int available() {
            return left;
        }
    }

    /** Of System.out and System.err together. */
    private static final class Count {
        private final long limit;
        private long bytes;

        Count(long limit) {
            this.limit = limit;
        }

        /** @return how many of these may still be printed */
        synchronized int take(int length) {
            int taken = (int) Math.min(length, limit - bytes);
            bytes += taken;
            return taken;
        }
    }

    private static final class Output extends OutputStream {
        private final OutputStream out;
        private final Count count;

        Output(OutputStream out, Count count) {
            this.out = out;
            this.count = count;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Tank.moves(length);
            int taken = count.take(length);
            out.write(bytes, offset, taken);
            if (taken < length) {
                Tank.stop(Frames.OUTPUT);
            }
        }
    }
}
