package javabox.program;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.util.HashMap;
import java.util.HashSet;
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
    private final Map<String, byte[]> classes = new HashMap<>();
    /** The names of the classes that are the tests'. */
    private final Set<String> tests = new HashSet<>();
    private boolean memory;

    /** The judge's end is judge/run/Conversation.java. */
    Program(DataInputStream in) throws IOException {
        whole = in.readBoolean();
        coverage = in.readBoolean();
        threads = in.readBoolean();
        cases = in.readInt();
        outputLimit = in.readInt();
        fuel = in.readLong();
        bytes = in.readLong();
        heap = in.readLong();
        key = in.readLong();
        entry = in.readUTF();
        for (int left = in.readInt(); left > 0; left--) {
            String name = in.readUTF();
            if (in.readBoolean()) {
                tests.add(name);
            }
            byte[] code = new byte[in.readInt()];
            in.readFully(code);
            classes.put(name, code);
        }
    }

    int outputLimit() {
        return outputLimit;
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
        ClassLoader loader = new ProgramLoader(classes);
        for (int i = 0; i < cases && Tank.empty == 0; i++) {
            Coverage.take();
            byte kind = runCase(loader, whole ? "main" : "c".concat(Integer.toString(i)));
            if (Tank.empty == 0) {
                sender.send(kind, lines, body, size);
            }
        }
        sender.send(Tank.empty == 0 ? Frames.DONE : Tank.empty, counts(), NOTHING, 0);
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
                body = new Thrown(e, tests, classes.keySet()).describe();
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
            Class<?> tests = Class.forName(entry, true, loader);
            Method entry = whole ? tests.getDeclaredMethod(method, String[].class) : tests.getDeclaredMethod(method);
            entry.setAccessible(true);
            return whole ? entry.invoke(null, (Object) new String[0]) : entry.invoke(null);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }

    /** The class of a suite that is taken apart, in the package where the program's classes are. */
    public static final String TESTS = "Javabox$Tests";

    /** What stands in front of the name of a tests' class that the program has one of too. */
    public static final String RENAMED = "Javabox$Own$";

    private byte[] counts() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(16);
        DataOutputStream data = new DataOutputStream(out);
        data.writeLong(Tank.used());
        data.writeLong(Tank.checks);
        data.write(sized(coverage ? Coverage.take() : NOTHING)); // of the case that ended it all
        return out.toByteArray();
    }

    /** The program's classes over the JDK's: it sees no class of the judge by name but the runtime's. */
    private static final class ProgramLoader extends ClassLoader {
        private static final String RUNTIME = "javabox.runtime.";
        private static final String TUPLES = "org.javatuples.";
        /** One for all programs: the JVM keeps a list of who has seen which class of the JDK, and walks through it. */
        private static final ProtectionDomain DOMAIN = new ProtectionDomain(
                new CodeSource(null, (Certificate[]) null), null);

        private final Map<String, byte[]> classes;

        ProgramLoader(Map<String, byte[]> classes) {
            super(ClassLoader.getPlatformClassLoader());
            this.classes = classes;
        }

        /** To ask the JDK's loaders for what only this one can have costs an exception each time. */
        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith(RUNTIME) || name.startsWith(TUPLES)) {
                return Class.forName(name, false, Program.class.getClassLoader());
            }
            if (name.indexOf('.') >= 0) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            byte[] bytes = classes.get(name);
            if (bytes != null) {
                return defineClass(name, bytes, 0, bytes.length, DOMAIN);
            }
            throw new ClassNotFoundException(name);
        }
    }
}
