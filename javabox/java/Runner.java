package javabox;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The strict lane's inside: a fresh JVM that runs the cases of one program and frames what each returned.
 *
 * <p>Why a program can't forge a frame: every frame opens with a token of its own, random and used once, which
 * arrived on stdin before the program was loaded. The tokens live in local variables of the main thread only;
 * the program runs on other threads, and no static field, no thread and no stream leads to them. Stealing a
 * frame from the pipe gives a spent token. And a frame holds the value that a case returned, never whether it
 * was right: the expected values are not in this process.
 *
 * <p>Not covered: a program that reads its own process's memory (/proc/self/mem). It could then forge frames,
 * but would still have to know the expected values; only a suite that runs whole has nothing but the frames.
 */
final class Runner {
    /** Kinds of frame, in the order in which they may come: READY, one a case, DONE; or an end before that. */
    static final byte READY = 'R';
    static final byte VALUE = 'V';
    static final byte THROWN = 'E';
    static final byte DONE = 'D';
    static final byte MEMORY = 'M';
    static final byte OUTPUT = 'O';
    static final byte TOO_LARGE = 'L';
    static final int TOKEN_BYTES = 16;
    /** The file name that javac puts into the program's line tables. */
    static final String SOURCE_NAME = "main.java";

    private Runner() {}

    public static void main(String[] args) throws Exception {
        DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in)));
        Frames frames = new Frames(in);
        boolean whole = in.readBoolean();
        int cases = in.readInt();
        int outputLimit = in.readInt();
        Map<String, byte[]> classes = new HashMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            String name = in.readUTF();
            byte[] bytes = new byte[in.readInt()];
            in.readFully(bytes);
            classes.put(name, bytes);
        }
        Box box = new Box();
        PrintStream sink = new PrintStream(new Sink(outputLimit, box), false);
        System.setOut(sink);
        System.setErr(sink);
        System.setIn(InputStream.nullInputStream());
        Thread orphan = new Thread(new Orphan(in), "orphan");
        orphan.setDaemon(true);
        orphan.start();
        frames.send(READY, new byte[0]);
        try {
            ClassLoader loader = new ProgramLoader(classes);
            for (int i = 0; i < cases; i++) {
                byte kind = box.run(new CaseRun(loader, whole ? "main" : "c".concat(Integer.toString(i)), whole, box));
                frames.send(kind, box.payload);
            }
            frames.send(DONE, new byte[0]);
        } catch (OutOfMemoryError e) {
            frames.send(MEMORY, new byte[0]); // the program took what this thread needed
        }
        orphan.join(); // the judge now closes stdin
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

    /** Framed, tokened writing to the descriptor that was stdout when the JVM started. */
    private static final class Frames {
        private final byte[][] tokens;
        private final DataOutputStream out = new DataOutputStream(new FileOutputStream(FileDescriptor.out));
        private int next;

        Frames(DataInputStream in) throws IOException {
            tokens = new byte[in.readInt()][TOKEN_BYTES];
            for (byte[] token : tokens) {
                in.readFully(token);
            }
        }

        void send(byte kind, byte[] payload) throws IOException {
            byte[] frame = new byte[TOKEN_BYTES + 5 + payload.length];
            System.arraycopy(tokens[next++], 0, frame, 0, TOKEN_BYTES);
            frame[TOKEN_BYTES] = kind;
            for (int i = 0; i < 4; i++) {
                frame[TOKEN_BYTES + 1 + i] = (byte) (payload.length >> 24 - 8 * i);
            }
            System.arraycopy(payload, 0, frame, TOKEN_BYTES + 5, payload.length);
            out.write(frame);
            out.flush();
        }
    }

    /** One case, on a thread of its own. (No lambdas in this class: linking one costs a fresh JVM 10 ms.) */
    private static final class CaseRun implements Runnable {
        private final ClassLoader loader;
        private final String method;
        private final boolean whole;
        private final Box box;

        CaseRun(ClassLoader loader, String method, boolean whole, Box box) {
            this.loader = loader;
            this.method = method;
            this.whole = whole;
            this.box = box;
        }

        @Override
        public void run() {
            byte kind = MEMORY; // what is left if even describing the end fails
            byte[] result = new byte[0];
            try {
                // The value is encoded here, on the program's thread: iterating it may run the program's code.
                result = Values.encode(call());
                kind = VALUE;
            } catch (Values.TooLarge e) {
                kind = TOO_LARGE;
            } catch (OutOfMemoryError e) {
                kind = MEMORY;
            } catch (Throwable e) {
                result = describe(e);
                kind = THROWN;
            } finally {
                box.end(kind, result);
            }
        }

        private Object call() throws Throwable {
            try {
                Class<?> main = Class.forName("Main", true, loader);
                Method entry = whole ? main.getDeclaredMethod(method, String[].class) : main.getDeclaredMethod(method);
                entry.setAccessible(true);
                return whole ? entry.invoke(null, (Object) new String[0]) : entry.invoke(null);
            } catch (InvocationTargetException e) {
                throw e.getTargetException();
            }
        }
    }

    /** Where a case leaves its encoded result for the main thread. */
    private static final class Box {
        private byte kind;
        private byte[] payload;
        private boolean finished;

        byte run(CaseRun body) throws InterruptedException {
            synchronized (this) {
                finished = false;
            }
            Thread thread = new Thread(body, "main");
            thread.setDaemon(true);
            thread.start();
            synchronized (this) {
                while (!finished) {
                    wait();
                }
                return kind;
            }
        }

        /** The first end counts: a program that goes on printing after its output limit can't undo it. */
        synchronized void end(byte ended, byte[] result) {
            if (!finished) {
                kind = ended;
                payload = result;
                finished = true;
                notifyAll();
            }
        }
    }

    /** Counts what the program prints and keeps none of it; ends the program at the limit. */
    private static final class Sink extends OutputStream {
        private final long limit;
        private final Box box;
        private long count;

        Sink(long limit, Box box) {
            this.limit = limit;
            this.box = box;
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
                box.end(OUTPUT, new byte[0]);
            }
        }
    }

    /** Type, message and line (in the source, from 1; 0 unknown), without trusting the throwable's own methods. */
    private static byte[] describe(Throwable thrown) {
        String message = null;
        int line = 0;
        try {
            message = Reply.capped(thrown.getMessage());
            line = innermostLine(thrown);
        } catch (Throwable e) {
            // getMessage, getCause and getStackTrace may be the program's own: then type alone is known.
        }
        try {
            java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            Reply.text(out, thrown.getClass().getName());
            out.writeBoolean(message != null);
            if (message != null) {
                Reply.text(out, message);
            }
            out.writeInt(line);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException(e); // a byte array does not fail
        }
    }

    /** The topmost frame in the program's source, of the innermost cause that has one. */
    private static int innermostLine(Throwable thrown) {
        int line = 0;
        List<Throwable> seen = new ArrayList<>();
        for (Throwable t = thrown; t != null && seen.size() < 16 && !seen.contains(t); t = t.getCause()) {
            seen.add(t);
            for (StackTraceElement frame : t.getStackTrace()) {
                if (SOURCE_NAME.equals(frame.getFileName())) {
                    line = frame.getLineNumber();
                    break;
                }
            }
        }
        return line;
    }

    /** The program's classes over the JDK's: it sees no class of the judge by name. */
    private static final class ProgramLoader extends ClassLoader {
        private final Map<String, byte[]> classes;

        ProgramLoader(Map<String, byte[]> classes) {
            super(ClassLoader.getPlatformClassLoader());
            this.classes = classes;
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            byte[] bytes = classes.get(name);
            if (bytes == null) {
                throw new ClassNotFoundException(name);
            }
            return defineClass(name, bytes, 0, bytes.length);
        }
    }
}
