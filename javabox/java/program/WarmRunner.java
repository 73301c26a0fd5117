package javabox.program;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.Locale;
import java.util.TimeZone;

/**
 * The warm lane's inside: programs one after the other, each in a class loader of its own, on one thread.
 *
 * <p>What is let in here has no way to a thread, a file, reflection or the streams below (judge/meter/Scan.java); the
 * process is the boundary all the same. After each program one byte says whether this JVM is as it was.
 */
final class WarmRunner {
    static final byte SOUND = 1;
    static final byte SHAKEN = 2;
    /** The one that starts, the one that serves, the one that watches. */
    private static final int THREADS = 3;

    private static final long UNKNOWN = 0;

    private WarmRunner() {}

    public static void main(String[] args) throws Exception {
        DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in), 1 << 15));
        DataOutputStream out = new DataOutputStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 15));
        long judge = Long.parseLong(args[0]);
        Thread watch = new Thread(() -> endWith(judge), "orphan");
        watch.setDaemon(true);
        watch.start();
        Tank.shared = true;
        Thread thread = new Thread(null, new Bottom(new Many(in, out), args.length > 1), "main", Tank.STACK_BYTES);
        thread.start();
        thread.join();
        Runtime.getRuntime().halt(0);
    }

    /**
     * Where no sandbox ends with the judge: a program that never comes back would go on without it.
     *
     * @param judge the process that started this one; it may have ended before this thread first looks
     */
    private static void endWith(long judge) {
        try {
            for (long parent = parent(); parent == judge || parent == UNKNOWN; parent = parent()) {
                Thread.sleep(1000);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        Runtime.getRuntime().halt(1);
    }

    private static long parent() {
        return ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(UNKNOWN);
    }

    /** One program after the other, as they come. */
    private static final class Many implements Bottom.Lane {
        private final DataInputStream in;
        private final DataOutputStream out;
        private final Locale locale = Locale.getDefault();
        private final TimeZone zone = TimeZone.getDefault();
        private Frames frames;

        Many(DataInputStream in, DataOutputStream out) {
            this.in = in;
            this.out = out;
        }

        @Override
        public Program next() throws IOException {
            try {
                frames = new Frames(in, out);
            } catch (EOFException e) {
                return null; // the judge closed stdin
            }
            Program program = new Program(in);
            program.openStreams(in);
            frames.send(Frames.READY, new byte[0], new byte[0], 0);
            return program;
        }

        @Override
        public Sender sender() {
            return frames;
        }

        @Override
        public void ran(Program program) throws IOException {
            boolean sound = !program.ranOutOfMemory() && !Tank.shaken && Thread.activeCount() == THREADS
                    && Locale.getDefault() == locale && TimeZone.getDefault().equals(zone);
            out.writeByte(sound ? SOUND : SHAKEN);
            out.flush();
        }

        @Override
        public void ranOut() {
            // the judge sees that nothing more comes
        }

        @Override
        public void close() {
            // the JVM ends with this thread
        }
    }
}
