package javabox.judge.value;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javabox.judge.compile.Compiler;
import javabox.judge.compile.Imports;
import javabox.judge.compile.Sources;
import javabox.judge.protocol.Job;
import javabox.program.Values;
import org.javatuples.Tuple;

/**
 * The expected values of a suite, evaluated once, in the judge, apart from any program.
 *
 * <p>The expressions are the user's own, as trusted as the judge's code: they run here, with no limit.
 */
public final class Expected {
    private static final int SUITES_KEPT = 8192;
    private static final long BYTES_KEPT = 64 << 20;
    /** A value that takes more bytes is kept, and compared, as bytes. */
    public static final int READ_BYTES = 1 << 16;

    /** A suite whose expected values do not compile or do not evaluate. */
    public static final class Broken extends Exception {
        private static final long serialVersionUID = 1;

        public Broken(String message) {
            super(message);
        }
    }

    /**
     * One expected value.
     *
     * @param encoded its bytes where they are many, else null; then it is decoded only when it is asked for
     * @param decoded the value itself, where its bytes are few
     */
    public record Value(byte[] encoded, Object decoded) {
        /** Whether a value that was sent in few bytes is this one. */
        public boolean is(Object value, double tolerance) throws IOException {
            return Decoded.same(value, encoded == null ? decoded : Decoded.of(encoded), tolerance);
        }

        /**
         * Whether a value that was sent in many bytes is this one. It is read only where this one takes as many, as an
         * equal one would: to read it costs what its author likes, sets of lists that all hash alike, long numbers.
         */
        public boolean isLarge(byte[] sent, double tolerance) throws IOException {
            return encoded != null && encoded.length == sent.length
                    && (Arrays.equals(encoded, sent) || Decoded.same(Decoded.of(sent), Decoded.of(encoded), tolerance));
        }

        private long bytes() {
            return encoded == null ? 0 : encoded.length;
        }
    }

    private final Map<Job.Suite, Value[]> kept = new LinkedHashMap<>(256, 0.75f, true);
    private long bytes;

    /** @return one value a case; null where a case expects nothing */
    public Value[] of(Job.Suite suite, Compiler compiler) throws Broken {
        if (suite.cases().isEmpty()) {
            return new Value[0]; // and an input of megabytes is not kept
        }
        Value[] values;
        synchronized (kept) {
            values = kept.get(suite);
        }
        if (values == null) {
            values = evaluate(suite, compiler);
            keep(suite, values);
        }
        return values;
    }

    private void keep(Job.Suite suite, Value[] values) {
        synchronized (kept) {
            bytes += weight(values) - weight(kept.put(suite, values));
            Iterator<Value[]> eldest = kept.values().iterator();
            while (kept.size() > SUITES_KEPT || bytes > BYTES_KEPT && kept.size() > 1) {
                bytes -= weight(eldest.next());
                eldest.remove();
            }
        }
    }

    private static long weight(Value[] values) {
        return values == null ? 0 : Arrays.stream(values).filter(Objects::nonNull).mapToLong(Value::bytes).sum();
    }

    private static Value[] evaluate(Job.Suite suite, Compiler compiler) throws Broken {
        Value[] values = new Value[suite.cases().size()];
        if (suite.cases().stream().allMatch(c -> c.expected() == null)) {
            return values;
        }
        if (plain(suite, values)) {
            return values;
        }
        Compiler.Result compiled = compiler.compile(List.of(Sources.expected(suite)));
        if (!compiled.ok()) {
            throw new Broken("an expected value does not compile: " + compiled.errors().get(0).getMessage(null));
        }
        ClassLoader loader = new ClassLoader(ClassLoader.getPlatformClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                boolean tuple = name.startsWith(Tuple.class.getPackageName() + ".");
                return tuple ? Class.forName(name, false, Tuple.class.getClassLoader()) : super.loadClass(name, resolve);
            }

            @Override
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                byte[] bytes = compiled.classes().get(name);
                if (bytes == null) {
                    throw new ClassNotFoundException(name);
                }
                return defineClass(name, bytes, 0, bytes.length);
            }
        };
        for (int i = 0; i < values.length; i++) {
            Job.Case test = suite.cases().get(i);
            if (test.expected() == null) {
                continue;
            }
            try {
                Method method = Class.forName("Expected", true, loader).getDeclaredMethod("e" + i);
                method.setAccessible(true);
                values[i] = value(method.invoke(null));
            } catch (InvocationTargetException e) {
                throw new Broken("the expected value of case " + test.name() + " throws " + e.getTargetException());
            } catch (Values.TooLarge e) {
                throw new Broken("the expected value of case " + test.name() + " is too large: over "
                        + (Values.SIZE_LIMIT >> 20) + " MB");
            } catch (ReflectiveOperationException | IOException e) {
                throw new Broken("the expected value of case " + test.name() + ": " + e);
            }
        }
        return values;
    }

    /** Whether all expected values could be read without javac; then they are in {@code values}. */
    private static boolean plain(Job.Suite suite, Value[] values) {
        if (!Imports.plain(suite.imports())) {
            return false;
        }
        for (int i = 0; i < values.length; i++) {
            Job.Case test = suite.cases().get(i);
            if (test.expected() == null) {
                continue;
            }
            try {
                Object read = PlainValues.of(test.expectedType(), test.expected());
                if (read == null) {
                    return false;
                }
                values[i] = value(read);
            } catch (IOException | StackOverflowError e) { // lists in thousands of lists, which javac refuses
                return false;
            }
        }
        return true;
    }

    private static Value value(Object evaluated) throws IOException {
        byte[] encoded = Values.encode(evaluated);
        boolean large = encoded.length > READ_BYTES;
        return new Value(large ? encoded : null, large ? null : Decoded.of(encoded));
    }
}
