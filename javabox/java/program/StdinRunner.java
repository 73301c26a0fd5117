package javabox.program;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import jdk.internal.misc.Unsafe;

/**
 * The strict lane's inside for a program that reads standard input: a fresh JVM for one run of its main, which ends as
 * java itself would end it.
 *
 * <p>The program has the real standard input and output, so exits, hooks and threads that go on do what they always
 * do. What it printed is its proof and is read from the pipe, how it ended is the process's status; the frames, on a
 * pipe of their own, only say what that does not: fuel, covered lines, the exception, a limit. (No lambdas in this
 * class, as in {@link StrictRunner}.)
 *
 * <p>Not covered: a program that writes into that pipe, or halts; it loses what the frames would have said.
 */
final class StdinRunner {
    /** The descriptor of the frames' pipe, by the shell's command line in judge/run/StrictStdin.java. */
    private static final int FRAMES = 3;
    private static final byte[] NOTHING = new byte[0];

    private StdinRunner() {}

    public static void main(String[] args) throws Exception {
        FileInputStream in = new FileInputStream(FileDescriptor.in);
        DataInputStream pipe = new DataInputStream(in); // which reads no more than it is asked for
        byte[] sent = new byte[pipe.readInt()];
        pipe.readFully(sent);
        DataInputStream head = new DataInputStream(new ByteArrayInputStream(sent));
        Frames frames = new Frames(head, new FileOutputStream(descriptor(FRAMES)));
        Program program = new Program(head);
        int wallMillis = head.readInt();
        program.openStreams(in, new FileOutputStream(FileDescriptor.out));
        Thread limit = new Thread(new Limit(wallMillis), "limit");
        limit.setDaemon(true);
        limit.start();
        frames.send(Frames.READY, NOTHING, NOTHING, 0);
        Report report = new Report(program, frames);
        Runtime.getRuntime().addShutdownHook(new Thread(report, "report"));
        Tank.ending = new RanOut(report);
        Thread thread = new Thread(null, new Bottom(report, args.length > 0), "main", Tank.STACK_BYTES);
        thread.start();
        thread.join();
        if (report.out()) {
            report.run();
            Runtime.getRuntime().halt(1);
        }
        if (report.thrown()) {
            throw new Uncaught(); // status 1, once all other threads are done
        }
    }

    private static FileDescriptor descriptor(int number) {
        FileDescriptor descriptor = new FileDescriptor();
        Unsafe unsafe = Unsafe.getUnsafe();
        unsafe.putInt(descriptor, unsafe.objectFieldOffset(FileDescriptor.class, "fd"), number);
        return descriptor;
    }

    /** Ends a program that its judge, gone meanwhile, will not end. */
    private record Limit(int wallMillis) implements Runnable {
        @Override
        public void run() {
            try {
                Thread.sleep(wallMillis);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e); // nobody does that
            }
            Runtime.getRuntime().halt(1);
        }
    }

    /** Ends everything at once, threads and hooks that would go on included. */
    private record RanOut(Report report) implements Runnable {
        @Override
        public void run() {
            try {
                report.run();
            } catch (OutOfMemoryError e) {
                return; // then the program's thread ends by the error that follows, and this JVM with it
            }
            Runtime.getRuntime().halt(1);
        }
    }

    private static final class Uncaught extends Error {
        private static final long serialVersionUID = 1;

        Uncaught() {
            super("uncaught", null, false, false);
        }
    }

    /** The one program, and what there is to say of it, which is sent when the JVM ends, however it does. */
    private static final class Report implements Bottom.Lane, Sender, Runnable {
        private final Program program;
        private final Frames frames;
        private final List<Mailbox.Letter> letters = new ArrayList<>();
        private boolean begun;
        private boolean sent;
        private boolean out;

        Report(Program program, Frames frames) {
            this.program = program;
            this.frames = frames;
        }

        @Override
        public Program next() {
            Program next = begun ? null : program;
            begun = true;
            return next;
        }

        @Override
        public Sender sender() {
            return this;
        }

        @Override
        public synchronized void send(byte kind, byte[] head, byte[] body, int size) {
            letters.add(new Mailbox.Letter(kind, head, body, size));
        }

        synchronized boolean out() {
            return out;
        }

        synchronized boolean thrown() {
            return !letters.isEmpty() && letters.get(0).kind() != Frames.VALUE;
        }

        @Override
        public synchronized void run() {
            if (sent) {
                return;
            }
            sent = true;
            try {
                for (Mailbox.Letter letter : letters) {
                    frames.send(letter.kind(), letter.head(), letter.body(), letter.size());
                }
                if (out) {
                    frames.send(Frames.MEMORY, NOTHING, NOTHING, 0);
                }
                if (letters.isEmpty() && !out) { // it exits, or something has run out
                    frames.send(Tank.empty == 0 ? Frames.DONE : Tank.empty, program.counts(), NOTHING, 0);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void ran(Program done) {
            // its results are here
        }

        @Override
        public synchronized void ranOut() {
            out = true;
        }

        @Override
        public void close() {
            // the JVM ends when its last thread does
        }
    }
}
