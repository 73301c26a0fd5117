package javabox.program;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One program with its cases, as the judge sends it, and how it is run: case by case, each framed with what it
 * returned. Values are encoded on the program's own thread and fuel, since iterating one may run its code.
 *
 * <p>A frame holds the value that a case returned, never whether it was right: the expected values are not in
 * this process.
 */
public final class Program {
    /** The file name that javac puts into the program's line tables. */
    public static final String SOURCE_NAME = "main.java";

    private final boolean whole;
    private final boolean junit;
    private final boolean coverage;
    private final boolean threads;
    private final int cases;
    private final int outputLimit;
    private final long fuel;
    private final long bytes;
    private final long heap;
    private final long key;
    /** The class that is called. */
    private final String entry;
    private final URL[] jars;
    private final Map<String, byte[]> classes = new HashMap<>();
    /** Classes of JUnit's in the place of those in its jars. */
    private final Map<String, byte[]> framework = new HashMap<>();
    /** The names of the classes that are the tests'. */
    private final Set<String> tests = new HashSet<>();
    /** Of a program that is judged by what it prints: the class whose main runs, else null, and its input's bytes. */
    private final String main;
    private final int input;
    /** Where what it prints is kept, null where it goes to the judge by itself. */
    private StandardStreams.Printed printed;
    private boolean memory;

    /** The judge's end is judge/run/Conversation.java. */
    Program(DataInputStream in) throws IOException {
        whole = in.readBoolean();
        junit = in.readBoolean();
        coverage = in.readBoolean();
        threads = in.readBoolean();
        cases = in.readInt();
        outputLimit = in.readInt();
        fuel = in.readLong();
        bytes = in.readLong();
        heap = in.readLong();
        key = in.readLong();
        entry = in.readUTF();
        jars = new URL[in.readInt()];
        for (int i = 0; i < jars.length; i++) {
            jars[i] = new File(in.readUTF()).toURI().toURL();
        }
        for (int left = in.readInt(); left > 0; left--) {
            boolean ofTests = in.readBoolean();
            String name = read(in, classes);
            if (ofTests) {
                tests.add(name);
            }
        }
        for (int left = in.readInt(); left > 0; left--) {
            read(in, framework);
        }
        main = in.readBoolean() ? in.readUTF() : null;
        input = main == null ? 0 : in.readInt();
    }

    private static String read(DataInputStream in, Map<String, byte[]> into) throws IOException {
        String name = in.readUTF();
        byte[] code = new byte[in.readInt()];
        in.readFully(code);
        into.put(name, code);
        return name;
    }

    /** New standard streams for this program alone. @param in where its input follows, if it has one */
    void openStreams(InputStream in) throws IOException {
        if (main == null) {
            Sink.install(outputLimit);
            return;
        }
        printed = new StandardStreams.Printed();
        StandardStreams.install(new ByteArrayInputStream(in.readNBytes(input)), input, printed, outputLimit);
    }

    /** The same for a program that is judged by what it prints, of which nothing is kept here. */
    void openStreams(InputStream in, OutputStream out) {
        StandardStreams.install(in, input, out, outputLimit);
    }

    /** Whether a case ended for lack of memory: the JVM is not to be trusted after that. */
    boolean ranOutOfMemory() {
        return memory;
    }

    /** Runs every case. What has run out (fuel, bytes, output) ends it before the last one. */
    void run(Sender sender) throws IOException {
        Tank.fill(fuel, bytes, heap, threads);
        Tank.key = key;
        Thread.interrupted(); // one that ran before may have left it set
        Map<String, byte[]> all = classes;
        if (junit) {
            all = new HashMap<>(framework);
            all.putAll(classes);
        }
        ClassLoader loader = new ProgramLoader(all, jars);
        if (main != null) {
            runMain(loader, sender);
            return;
        }
        if (junit && !runTestClasses(loader, sender)) {
            sender.send(Frames.SPACE, counts(), NOTHING, 0);
            return;
        }
        for (int i = 0; i < cases && Tank.empty == 0; i++) {
            Coverage.take();
            byte kind = runCase(loader, whole ? "main" : "c".concat(Integer.toString(i)));
            if (Tank.empty == 0) {
                sender.send(kind, lines, body, size);
            }
        }
        sender.send(Tank.empty == 0 ? Frames.DONE : Tank.empty, counts(), NOTHING, 0);
    }

    /**
     * Nothing is said of the end where JUnit did not come to it: that is a premature exit.
     *
     * @return false where memory ended it
     */
    private boolean runTestClasses(ClassLoader loader, Sender sender) throws IOException {
        Coverage.take();
        Thread.currentThread().setContextClassLoader(loader);
        Set<String> own = new HashSet<>(classes.keySet());
        own.removeAll(tests);
        TestClasses suite = new TestClasses(loader, own, new TestFrames(sender));
        try {
            if (!suite.run(selected()) && Tank.empty == 0) {
                throw new IllegalStateException("JUnit did not come to its end");
            }
        } catch (OutOfMemoryError e) {
            memory = true;
            return false;
        } catch (Throwable e) {
            if (Tank.empty == 0) {
                throw new IllegalStateException(e);
            }
        }
        return true;
    }

    /** A frame for what JUnit has found, and one a test method. */
    private final class TestFrames implements TestClasses.Told {
        private final Sender sender;
        private int sent;

        TestFrames(Sender sender) {
            this.sender = sender;
        }

        @Override
        public void found(List<String> names) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(Math.min(names.size(), Frames.TESTS_LIMIT));
            for (int i = 0; i < names.size() && i < Frames.TESTS_LIMIT; i++) {
                Text.write(out, Text.capped(Text.settled(names.get(i))));
            }
            sender.send(Frames.FOUND, NOTHING, bytes.toByteArray(), bytes.size());
        }

        @Override
        public void of(byte status, String name, String reason, Throwable thrown) throws IOException {
            if (Tank.empty == 0 && sent++ == Frames.TESTS_LIMIT) {
                Tank.stop(Frames.OUTPUT);
            }
            if (Tank.empty != 0) {
                return;
            }
            Thrown told = thrown == null ? null : new Thrown(thrown, tests, classes.keySet(), true);
            boolean failed = told != null && (status == Frames.FAILED || !told.givesUp());
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            memory |= thrown instanceof OutOfMemoryError;
            out.writeByte(thrown instanceof OutOfMemoryError ? Frames.MEMORY : failed ? Frames.FAILED : status);
            Text.write(out, Text.capped(Text.settled(name)));
            if (failed) {
                out.write(told.describe());
            } else if (status == Frames.SKIPPED) {
                Text.write(out, Text.capped(Text.settled(told == null ? reason : String.valueOf(thrown.getMessage()))));
            }
            sender.send(Frames.TEST, sized(coverage ? Coverage.take() : NOTHING), bytes.toByteArray(), bytes.size());
        }
    }

    /** The test classes that JUnit looks into: those that are in no other. */
    private List<String> selected() {
        List<String> names = new ArrayList<>();
        for (String name : tests) {
            String simple = name.substring(name.lastIndexOf('.') + 1);
            String own = simple.startsWith(RENAMED) ? simple.substring(RENAMED.length()) : simple;
            if (own.indexOf('$') < 0) {
                names.add(name);
            }
        }
        Collections.sort(names);
        return names;
    }

    /** What it printed, how its main ended (the value is the exit code), and the end. */
    private void runMain(ClassLoader loader, Sender sender) throws IOException {
        Coverage.take();
        byte kind = runCase(loader, "main");
        boolean exited = Tank.empty == Frames.EXIT;
        if (exited || kind == Frames.VALUE) {
            kind = Frames.VALUE;
            body = ByteBuffer.allocate(Integer.BYTES).putInt(exited ? Tank.exitCode : 0).array();
            size = Integer.BYTES;
        }
        if (printed != null) {
            sender.send(Frames.PRINTED, NOTHING, printed.array(), printed.size());
        }
        if (exited || Tank.empty == 0) {
            sender.send(kind, lines, body, size);
        }
        sender.send(exited || Tank.empty == 0 ? Frames.DONE : Tank.empty, counts(), NOTHING, 0);
    }

    private static final byte[] NOTHING = new byte[0];

    /** Of the case that ran last: the lines that it executed, and what it returned or threw. */
    private byte[] lines;
    private byte[] body;
    private int size;

    private byte runCase(ClassLoader loader, String method) throws IOException {
        byte kind = Frames.MEMORY; // what is left if even describing the end fails
        body = NOTHING;
        size = 0;
        try {
            Values.Buffer value = Values.buffer(call(loader, method));
            body = value.array();
            size = value.size();
            kind = Frames.VALUE;
        } catch (Values.TooLarge e) {
            kind = Frames.TOO_LARGE;
        } catch (OutOfMemoryError e) {
            memory = true;
        } catch (Throwable e) {
            if (Tank.empty == 0) {
                if (e instanceof VirtualMachineError && e != Tank.counted) {
                    Tank.shaken = true;
                }
                body = new Thrown(e, tests, classes.keySet(), false).describe();
                size = body.length;
            }
            kind = Frames.THROWN;
        }
        lines = sized(coverage ? Coverage.take() : NOTHING);
        return kind;
    }

    private static byte[] sized(byte[] bytes) {
        return ByteBuffer.allocate(Integer.BYTES + bytes.length).putInt(bytes.length).put(bytes).array();
    }

    private Object call(ClassLoader loader, String method) throws Throwable {
        try {
            boolean arguments = whole || main != null;
            Class<?> tests = Class.forName(main != null ? main : entry, true, loader);
            Method called = arguments ? tests.getDeclaredMethod(method, String[].class) : tests.getDeclaredMethod(method);
            called.setAccessible(true);
            return arguments ? called.invoke(null, (Object) new String[0]) : called.invoke(null);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }

    /** The class of a suite that is taken apart, in the package where the program's classes are. */
    public static final String TESTS = "Javabox$Tests";

    /** What stands in front of the name of a tests' class that the program has one of too. */
    public static final String RENAMED = "Javabox$Own$";

    /** Fuel, checks, and the lines of what ended it all. */
    byte[] counts() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(16);
        DataOutputStream data = new DataOutputStream(out);
        data.writeLong(Tank.used());
        data.writeLong(Tank.checks);
        data.write(sized(coverage ? Coverage.take() : NOTHING)); // of the case that ended it all
        return out.toByteArray();
    }
}
