package javabox.program;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/** Counts what a program prints and keeps none of it; more than the limit ends the program. */
final class Sink extends OutputStream {
    private final long limit;
    private long count;

    private Sink(long limit) {
        this.limit = limit;
    }

    /** New standard streams for one program. */
    static void install(int limit) {
        PrintStream sink = new PrintStream(new Sink(limit), false);
        System.setOut(sink);
        System.setErr(sink);
        System.setIn(InputStream.nullInputStream());
    }

    @Override
    public void write(int b) {
        add(1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        add(length);
    }

    private synchronized void add(int bytes) {
        count += bytes;
        if (count > limit) {
            Tank.stop(Frames.OUTPUT);
        }
    }
}
