package javabox.program;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * The strict lane's inside: a fresh JVM for one program.
 *
 * <p>Why a program can't forge a frame: the tokens arrive on stdin before it is loaded and live in local
 * variables of the main thread only; the program runs on another thread, and no static field, no thread and no
 * stream leads to them. And where frames alone decide nothing, the expected values are not here either.
 *
 * <p>Not covered: a program that reads its own process's memory (/proc/self/mem). It could then forge frames,
 * but would still have to know the expected values; only a suite that runs whole has nothing but the frames.
 * (No lambdas in this class: linking one costs a fresh JVM 10 ms.)
 */
final class StrictRunner {
    private StrictRunner() {}

    public static void main(String[] args) throws Exception {
        DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in)));
        Frames frames = new Frames(in, new FileOutputStream(FileDescriptor.out));
        byte[] nothing = new byte[0];
        Program program = new Program(in);
        program.openStreams(in);
        Thread orphan = new Thread(new Orphan(in), "orphan");
        orphan.setDaemon(true);
        orphan.start();
        frames.send(Frames.READY, nothing, nothing, 0);
        Mailbox mailbox = new Mailbox();
        Thread thread = new Thread(null, new Bottom(new Single(program, mailbox), args.length > 0), "main",
                Tank.STACK_BYTES);
        thread.setDaemon(true);
        thread.start();
        boolean whole = false;
        try {
            for (Mailbox.Letter letter = mailbox.take(); letter != null; letter = mailbox.take()) {
                frames.send(letter.kind(), letter.head(), letter.body(), letter.size());
                whole = Frames.isLast(letter.kind());
            }
        } catch (OutOfMemoryError e) {
            mailbox.runOut(); // the program took what this thread needed
        }
        if (mailbox.ranOut()) {
            frames.send(Frames.MEMORY, nothing, nothing, 0);
        }
        if (!whole) {
            Runtime.getRuntime().halt(1); // the program's thread died on the way: nothing more will come
        }
        orphan.join(); // the judge now closes stdin
    }

    /** The one program, whose results go to the thread that holds the tokens. */
    private static final class Single implements Bottom.Lane {
        private final Mailbox mailbox;
        private Program program;

        Single(Program program, Mailbox mailbox) {
            this.program = program;
            this.mailbox = mailbox;
        }

        @Override
        public Program next() {
            Program next = program;
            program = null;
            return next;
        }

        @Override
        public Sender sender() {
            return mailbox;
        }

        @Override
        public void ran(Program done) {
            // its results are out
        }

        @Override
        public void ranOut() {
            mailbox.runOut();
        }

        @Override
        public void close() {
            mailbox.close();
        }
    }

    /**
     * Ends this JVM when the judge, which holds the other end of stdin open, closes it or dies. Halting from here
     * matters: HotSpot waits 300 ms at exit for a thread that is blocked in a native read.
     */
    private static final class Orphan implements Runnable {
        private final InputStream in;

        Orphan(InputStream in) {
            this.in = in;
        }

        @Override
        public void run() {
            try {
                while (in.read() >= 0) {
                    continue; // nothing is sent after the job
                }
            } catch (IOException e) {
                Runtime.getRuntime().halt(1);
            }
            Runtime.getRuntime().halt(0);
        }
    }
}
