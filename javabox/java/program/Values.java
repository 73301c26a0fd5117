package javabox.program;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Values cross from the program's JVM to the judge as bytes and become JDK values again there, so that they
 * are compared by the JDK's own equals and never by a method that the program wrote.
 *
 * <p>Covered: null, boxed primitives, String, BigInteger, BigDecimal, arrays, and every List, Set or Map whose
 * class comes from the JDK. Anything else (the program's classes, queues, iterators, …) becomes an
 * {@link Opaque}, equal to nothing, as its own equals would be identity or the program's code.
 */
public final class Values {
    /** Encoded size at which a value counts as too large to be an answer. */
    public static final int SIZE_LIMIT = 16 << 20;
    /** The first byte of a value that is {@link Opaque}. */
    public static final byte OPAQUE = 'O';
    private static final int DEPTH_LIMIT = 64;

    /** A value that can't equal any expected value. */
    public record Opaque(String type) {
        @Override
        public boolean equals(Object other) {
            return false;
        }

        @Override
        public int hashCode() {
            return 0;
        }
    }

    /** An array, compared by element and by component type. */
    public record Elements(String component, List<Object> items) {}

    /** More bytes than {@link #SIZE_LIMIT}. */
    static final class TooLarge extends IOException {
        private static final long serialVersionUID = 1;
    }

    private Values() {}

    public static byte[] encode(Object value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
        write(new DataOutputStream(bytes), bytes, value, 0);
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, ByteArrayOutputStream bytes, Object value, int depth)
            throws IOException {
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
        } else if (depth > DEPTH_LIMIT || !behavesLikeJdk(value.getClass())) {
            opaque(out, value);
        } else {
            writeObject(out, bytes, value, depth);
        }
    }

    /**
     * Whether every method of the class is the JDK's own. So it is with `new HashMap<>() {{ put(1, 2); }}`, which
     * half a dozen of MBJP's suites write: an anonymous class, but one that overrides nothing.
     */
    private static boolean behavesLikeJdk(Class<?> type) {
        if (type.isArray()) {
            return true;
        }
        while (type.getClassLoader() != null) {
            if (type.getDeclaredMethods().length > 0) {
                return false;
            }
            type = type.getSuperclass();
        }
        return type != Object.class;
    }

    private static void writeObject(DataOutputStream out, ByteArrayOutputStream bytes, Object value, int depth)
            throws IOException {
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
                write(out, bytes, Array.get(value, i), depth + 1);
            }
        } else if (value instanceof List<?> || value instanceof Set<?>) {
            // Copied first: a view over the program's own collection may lie about its size.
            List<Object> items = new ArrayList<>();
            for (Object item : (Iterable<?>) value) {
                if (items.size() > SIZE_LIMIT) {
                    throw new TooLarge();
                }
                items.add(item);
            }
            out.writeByte(value instanceof List<?> ? 'L' : 'H');
            out.writeInt(items.size());
            for (Object item : items) {
                write(out, bytes, item, depth + 1);
            }
        } else if (value instanceof Map<?, ?> map) {
            List<Object> items = new ArrayList<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (items.size() > SIZE_LIMIT) {
                    throw new TooLarge();
                }
                items.add(entry.getKey());
                items.add(entry.getValue());
            }
            out.writeByte('M');
            out.writeInt(items.size() / 2);
            for (Object item : items) {
                write(out, bytes, item, depth + 1);
            }
        } else {
            opaque(out, value);
        }
    }

    private static void opaque(DataOutputStream out, Object value) throws IOException {
        out.writeByte(OPAQUE);
        Text.write(out, Text.settled(value.getClass().getName()));
    }

    /** @throws IOException (or a RuntimeException) where the bytes are not a value */
    public static Object decode(byte[] bytes) throws IOException {
        return read(new DataInputStream(new ByteArrayInputStream(bytes)));
    }

    private static Object read(DataInputStream in) throws IOException {
        byte tag = in.readByte();
        return switch (tag) {
            case 'N' -> null;
            case 'Z' -> in.readBoolean();
            case 'B' -> in.readByte();
            case 'S' -> in.readShort();
            case 'C' -> in.readChar();
            case 'I' -> in.readInt();
            case 'J' -> in.readLong();
            case 'F' -> in.readFloat();
            case 'D' -> in.readDouble();
            case 'T' -> Text.read(in);
            case 'X' -> new BigInteger(Text.read(in));
            case 'Y' -> new BigDecimal(Text.read(in));
            case 'A' -> new Elements(Text.read(in), items(in));
            case 'L' -> items(in);
            case 'H' -> new LinkedHashSet<>(items(in));
            case 'M' -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (int left = in.readInt(); left > 0; left--) {
                    Object key = read(in);
                    map.put(key, read(in));
                }
                yield map;
            }
            case OPAQUE -> new Opaque(Text.read(in));
            default -> throw new IOException("not a value: tag " + tag);
        };
    }

    private static List<Object> items(DataInputStream in) throws IOException {
        List<Object> items = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            items.add(read(in));
        }
        return items;
    }

    /** A value, and how many bytes it takes on its way. */
    public record Sized(Object value, int bytes) {}

    /** Both values decoded. A tolerance (not NaN) applies where both are Double or Float. */
    public static boolean same(Object actual, Object expected, double tolerance) {
        if (actual == null || expected == null) {
            return actual == expected;
        }
        if (!Double.isNaN(tolerance) && floating(actual) && floating(expected)) {
            // As in mxeval's test class: NaN is close to nothing, not even to NaN.
            return Math.abs(((Number) actual).doubleValue() - ((Number) expected).doubleValue()) < tolerance;
        }
        return actual.equals(expected);
    }

    private static boolean floating(Object value) {
        return value instanceof Double || value instanceof Float;
    }
}
