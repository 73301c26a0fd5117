package javabox.program;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jdk.internal.misc.Unsafe;

/**
 * An exception that ended a case: what it says, where it was, and whose it is, without trusting its own methods.
 *
 * <p>Whose: the topmost frame of its stack that is not the JDK's decides, the program's or the tests'; the stack as the
 * JVM saw it, since a program can write another one over it. Not asked of an exception that came out of a call into
 * the program, or of one whose class is the program's: these are the program's. A class that could not be
 * initialised belongs to what its initialiser threw.
 */
final class Thrown {
    private static final int CAUSES = 16;
    private static final Unsafe UNSAFE = Unsafe.getUnsafe();
    private static final long WRITTEN = UNSAFE.objectFieldOffset(Throwable.class, "stackTrace");

    private final Throwable thrown;
    private final Set<String> tests;
    private final Set<String> classes;
    private final boolean junit;

    /**
     * @param tests the names of the tests' classes
     * @param classes the names of theirs and the program's
     * @param junit whether JUnit ran them: it catches what the program throws without their doing, so that the stack
     *     alone says whose it is
     */
    Thrown(Throwable thrown, Set<String> tests, Set<String> classes, boolean junit) {
        this.thrown = thrown;
        this.tests = tests;
        this.classes = classes;
        this.junit = junit;
    }

    /** Type, message, line in the program's source (from 1; 0 unknown), line in the tests', whether it is theirs. */
    byte[] describe() throws IOException {
        String message = null;
        int line = 0;
        int testsLine = 0;
        boolean byTests = false;
        try {
            message = Text.capped(Text.settled(thrown.getMessage()));
            line = innermostLine();
            testsLine = testsLine();
            byTests = byTests();
        } catch (Throwable e) {
            // getMessage, getCause and getStackTrace may be the program's own: then type alone is known.
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        Text.write(out, Text.settled(thrown.getClass().getName()));
        out.writeBoolean(message != null);
        if (message != null) {
            Text.write(out, message);
        }
        out.writeInt(line);
        out.writeInt(testsLine);
        out.writeBoolean(byTests);
        return bytes.toByteArray();
    }

    private boolean byTests() {
        if (!junit && (Tank.inProgram || thrown == Tank.fromProgram)) {
            return false;
        }
        Throwable told = thrown;
        for (int i = 0; i < CAUSES && told instanceof LinkageError && told.getCause() != null; i++) {
            told = told.getCause();
        }
        String type = told.getClass().getName();
        if (classes.contains(type) && !tests.contains(type)) {
            return false;
        }
        StackTraceElement[] trace = taken(told);
        for (StackTraceElement frame : trace) {
            if (classes.contains(frame.getClassName())) {
                return tests.contains(frame.getClassName());
            }
        }
        return junit && onRunner(trace); // JUnit itself
    }

    /**
     * Whether tests gave up by themselves (an assumption of theirs): on the thread that runs them, and with nothing of
     * the program's on the stack, which could throw the same to be left out.
     */
    boolean givesUp() {
        StackTraceElement[] trace = taken(thrown);
        for (StackTraceElement frame : trace) {
            if (classes.contains(frame.getClassName()) && !tests.contains(frame.getClassName())) {
                return false;
            }
        }
        return onRunner(trace);
    }

    private static boolean onRunner(StackTraceElement[] trace) {
        for (StackTraceElement frame : trace) {
            if (frame.getClassName().equals(TestClasses.class.getName())) {
                return true;
            }
        }
        return false;
    }

    /** The trace as the JVM took it, whatever was written over it in what way; none of one that came from a stream. */
    private static StackTraceElement[] taken(Throwable thrown) {
        UNSAFE.putReference(thrown, WRITTEN, null);
        return thrown.getStackTrace();
    }

    /** Of the topmost frame that is the tests': what they were about. */
    private int testsLine() {
        for (StackTraceElement frame : thrown.getStackTrace()) {
            if (tests.contains(frame.getClassName()) && frame.getLineNumber() > 0) {
                return frame.getLineNumber();
            }
        }
        return 0;
    }

    /** Of the topmost frame in the program's own source, of the innermost cause that has one. */
    private int innermostLine() {
        int line = 0;
        List<Throwable> seen = new ArrayList<>();
        for (Throwable t = thrown; t != null && seen.size() < CAUSES && !seen.contains(t); t = t.getCause()) {
            seen.add(t);
            for (StackTraceElement frame : t.getStackTrace()) {
                String name = frame.getClassName();
                // A method's entry, where the stack is charged, has no line: then its caller's is the one.
                boolean own = classes.contains(name) && !tests.contains(name);
                if (own && Program.SOURCE_NAME.equals(frame.getFileName()) && frame.getLineNumber() > 0) {
                    line = frame.getLineNumber();
                    break;
                }
            }
        }
        return line;
    }
}
