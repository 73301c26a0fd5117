package javabox.program;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.javatuples.Tuple;

/**
 * Values cross from the program's JVM to the judge as bytes and become JDK values again there (judge/value/Decoded), so
 * that they are compared by the JDK's own equals and never by a method that the program wrote.
 *
 * <p>Covered: null, boxed primitives, String, BigInteger, BigDecimal, arrays; every List, Set, Map and Map.Entry whose
 * equals compares content, the program's own among them: what it iterates over is copied, and its equals is not asked;
 * Optional and its kind, tuples, enums of the JDK, and the JDK's {@link Plain} values. Anything else (the program's classes,
 * queues, iterators, …) is opaque, equal to nothing, as its own equals would be identity or the program's code. Of a
 * sorted set or map the order is kept where it is the JDK's, since it decides what is equal there.
 */
public final class Values {
    /** Encoded size at which a value counts as too large to be an answer. */
    public static final int SIZE_LIMIT = 32 << 20;
    /** The first byte of a value that is opaque. */
    public static final byte OPAQUE = 'O';
    /** How a set or a map finds its elements. */
    public static final byte HASHED = 0;
    public static final byte NATURAL = 1;
    public static final byte CASELESS = 2;

    private static final int DEPTH_LIMIT = 64;
    private static final Comparator<String> UPSIDE_DOWN = Collections.reverseOrder(String.CASE_INSENSITIVE_ORDER);

    /** More bytes than {@link #SIZE_LIMIT}. */
    public static final class TooLarge extends IOException {
        private static final long serialVersionUID = 1;
    }

    /** The bytes as they are, since a large value has no room for a copy. */
    static final class Buffer extends ByteArrayOutputStream {
        Buffer() {
            super(64);
        }

        byte[] array() {
            return buf;
        }
    }

    private final Buffer bytes = new Buffer();
    private final DataOutputStream out = new DataOutputStream(bytes);

    private Values() {}

    /** @throws IOException where the value is too large */
    public static byte[] encode(Object value) throws IOException {
        return buffer(value).toByteArray();
    }

    static Buffer buffer(Object value) throws IOException {
        Values values = new Values();
        values.write(value, 0);
        return values.bytes;
    }

    private void write(Object value, int depth) throws IOException {
        if (bytes.size() > SIZE_LIMIT) {
            throw new TooLarge();
        }
        if (value == null) {
            out.writeByte('N');
        } else if (value instanceof Boolean b) {
            out.writeByte('Z');
            out.writeBoolean(b);
        } else if (value instanceof Byte b) {
            out.writeByte('B');
            out.writeByte(b);
        } else if (value instanceof Short s) {
            out.writeByte('S');
            out.writeShort(s);
        } else if (value instanceof Character c) {
            out.writeByte('C');
            out.writeChar(c);
        } else if (value instanceof Integer i) {
            out.writeByte('I');
            out.writeInt(i);
        } else if (value instanceof Long l) {
            out.writeByte('J');
            out.writeLong(l);
        } else if (value instanceof Float f) {
            out.writeByte('F');
            out.writeFloat(f);
        } else if (value instanceof Double d) {
            out.writeByte('D');
            out.writeDouble(d);
        } else if (value instanceof String s) {
            out.writeByte('T');
            Text.write(out, Text.settled(s));
        } else if (depth > DEPTH_LIMIT) {
            opaque(value);
        } else {
            writeObject(value, depth + 1);
        }
    }

    private void writeObject(Object value, int depth) throws IOException {
        Class<?> type = value.getClass();
        if (type == BigInteger.class || type == BigDecimal.class) {
            out.writeByte(type == BigInteger.class ? 'X' : 'Y');
            Text.write(out, value.toString());
        } else if (type.isArray()) {
            out.writeByte('A');
            Text.write(out, type.getComponentType().getName());
            int length = Array.getLength(value);
            out.writeInt(length);
            for (int i = 0; i < length; i++) {
                write(Array.get(value, i), depth);
            }
        } else if (value instanceof List<?> || value instanceof Set<?> || value instanceof Map<?, ?>
                || value instanceof Map.Entry<?, ?>) {
            if (comparesContent(type)) {
                writeContent(value, depth);
            } else {
                opaque(value);
            }
        } else if (value instanceof Tuple tuple) {
            out.writeByte('U');
            Text.write(out, type.getSimpleName());
            writeItems(tuple.toArray(), depth);
        } else if (value instanceof Enum<?> constant && ofJdk(constant.getDeclaringClass())) {
            out.writeByte('G');
            Text.write(out, constant.getDeclaringClass().getName());
            Text.write(out, constant.name());
        } else if (!writeOptional(value, depth)) {
            String text = behavesLikeJdk(type) ? Plain.text(value) : null;
            if (text == null) {
                opaque(value);
            } else {
                out.writeByte('V');
                Text.write(out, Plain.type(value));
                Text.write(out, text);
            }
        }
    }

    private void writeItems(Object[] items, int depth) throws IOException {
        out.writeInt(items.length);
        for (Object item : items) {
            write(item, depth);
        }
    }

    /** Copied first: a collection of the program's own may lie about its size. */
    private void writeContent(Object value, int depth) throws IOException {
        List<Object> items = new ArrayList<>();
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                add(items, entry.getKey());
                add(items, entry.getValue());
            }
            out.writeByte('M');
            out.writeByte(map instanceof SortedMap<?, ?> sorted ? order(map.getClass(), sorted.comparator()) : HASHED);
            out.writeInt(items.size() / 2);
        } else if (value instanceof Map.Entry<?, ?> entry) {
            items.add(entry.getKey());
            items.add(entry.getValue());
            out.writeByte('E');
        } else {
            for (Object item : (Iterable<?>) value) {
                add(items, item);
            }
            out.writeByte(value instanceof List<?> ? 'L' : 'H');
            if (!(value instanceof List<?>)) {
                out.writeByte(value instanceof SortedSet<?> set ? order(set.getClass(), set.comparator()) : HASHED);
            }
            out.writeInt(items.size());
        }
        for (Object item : items) {
            write(item, depth);
        }
    }

    private static void add(List<Object> items, Object item) throws TooLarge {
        if (items.size() > SIZE_LIMIT) {
            throw new TooLarge();
        }
        items.add(item);
    }

    private static byte order(Class<?> type, Comparator<?> comparator) {
        if (!behavesLikeJdk(type) || type == ConcurrentSkipListSet.class) { // which asks the other set too
            return HASHED;
        }
        if (comparator == null || comparator == Comparator.naturalOrder() || comparator == Collections.reverseOrder()) {
            return NATURAL;
        }
        // Asked of the JDK's own comparator, which looks at the other one's class first.
        boolean caseless = comparator == String.CASE_INSENSITIVE_ORDER || UPSIDE_DOWN.equals(comparator);
        return caseless ? CASELESS : HASHED;
    }

    private boolean writeOptional(Object value, int depth) throws IOException {
        Object held;
        if (value instanceof Optional<?> optional) {
            held = optional.orElse(null);
        } else if (value instanceof OptionalInt optional) {
            held = optional.isPresent() ? optional.getAsInt() : null;
        } else if (value instanceof OptionalLong optional) {
            held = optional.isPresent() ? optional.getAsLong() : null;
        } else if (value instanceof OptionalDouble optional) {
            held = optional.isPresent() ? optional.getAsDouble() : null;
        } else {
            return false;
        }
        out.writeByte('P');
        Text.write(out, value.getClass().getSimpleName());
        write(held, depth);
        return true;
    }

    private void opaque(Object value) throws IOException {
        out.writeByte(OPAQUE);
        Text.write(out, Text.settled(value.getClass().getName()));
    }

    static boolean ofJdk(Class<?> type) {
        return type.getClassLoader() == null || type.getClassLoader() == ClassLoader.getPlatformClassLoader();
    }

    /** Whether equals, whoever wrote it, is there to compare content: Object's own compares identity. */
    private static boolean comparesContent(Class<?> type) {
        try {
            return ofJdk(type) || type.getMethod("equals", Object.class).getDeclaringClass() != Object.class;
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(e); // every class has it
        }
    }

    /**
     * Whether every method of the class is the JDK's own. So it is with `new BitSet() {{ set(1); }}`: an anonymous
     * class, but one that overrides nothing.
     */
    private static boolean behavesLikeJdk(Class<?> type) {
        Class<?> at = type;
        while (!ofJdk(at)) {
            if (at.getDeclaredMethods().length > 0) {
                return false;
            }
            at = at.getSuperclass();
        }
        return at != Object.class;
    }
}
