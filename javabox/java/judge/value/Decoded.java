package javabox.judge.value;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javabox.program.Text;
import javabox.program.Values;

/** Values that have crossed from a program's JVM (program/Values), and when two of them are the same. */
public final class Decoded {
    /** Elements of a set that are compared with a tolerance one by one, at most. */
    private static final int PAIRED = 2000;

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
    record Elements(String component, List<Object> items) {}

    /** An Optional or one of its kind; null is none. */
    record Maybe(String type, Object value) {}

    /** What is equal by its class and one text: program/Plain. */
    record Plain(String type, String text) {}

    /** One of org.javatuples. */
    record Several(String type, List<Object> items) {
        @Override
        public String toString() {
            return items.toString();
        }
    }

    /** A constant of an enum. */
    record Constant(String type, String name) {}

    private Decoded() {}

    /** @throws IOException (or a RuntimeException) where the bytes are not a value */
    public static Object of(byte[] bytes) throws IOException {
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
            case 'U' -> new Several(Text.read(in), items(in));
            case 'E' -> new AbstractMap.SimpleEntry<>(read(in), read(in));
            case 'G' -> new Constant(Text.read(in), Text.read(in));
            case 'P' -> new Maybe(Text.read(in), read(in));
            case 'V' -> new Plain(Text.read(in), Text.read(in));
            case 'H' -> set(in.readByte(), items(in));
            case 'M' -> map(in.readByte(), in);
            case Values.OPAQUE -> new Opaque(Text.read(in));
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

    /** A TreeSet takes for equal what its order does: "a" for "A", 1.0 for 1.00. */
    private static Set<Object> set(byte order, List<Object> items) {
        Map<Object, Object> keys = empty(order, items);
        Set<Object> set = keys instanceof TreeMap<Object, Object> sorted ? new TreeSet<>(sorted.comparator())
                : new LinkedHashSet<>();
        set.addAll(items);
        return set;
    }

    private static Map<Object, Object> map(byte order, DataInputStream in) throws IOException {
        List<Object> keys = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            keys.add(read(in));
            values.add(read(in));
        }
        Map<Object, Object> map = empty(order, keys);
        for (int i = 0; i < keys.size(); i++) {
            map.put(keys.get(i), values.get(i));
        }
        return map;
    }

    /** Sorted where all the keys are of one class that its order takes, and where that says more than equals does. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Map<Object, Object> empty(byte order, List<Object> keys) {
        Class<?> type = order == Values.CASELESS ? String.class : order == Values.NATURAL ? BigDecimal.class : null;
        if (type == null || !keys.stream().allMatch(type::isInstance)) {
            return new LinkedHashMap<>();
        }
        return new TreeMap<>(order == Values.CASELESS ? (java.util.Comparator) String.CASE_INSENSITIVE_ORDER : null);
    }

    /**
     * Whether a program's value is the expected one. With a tolerance (not NaN) two numbers, of which one is a double
     * or a float, are the same where they are less than that apart, in arrays, lists, sets, maps and the like too.
     */
    static boolean same(Object actual, Object expected, double tolerance) {
        if (actual == null || expected == null) {
            return actual == expected;
        }
        if (Double.isNaN(tolerance)) {
            return actual.equals(expected);
        }
        if (actual instanceof Number a && expected instanceof Number b && (floating(a) || floating(b))) {
            // As in mxeval's test class: NaN is close to nothing, not even to NaN.
            return Math.abs(a.doubleValue() - b.doubleValue()) < tolerance;
        }
        if (actual instanceof List<?> a && expected instanceof List<?> b) {
            return inOrder(a, b, tolerance);
        }
        if (actual instanceof Elements a && expected instanceof Elements b) {
            return a.component.equals(b.component) && inOrder(a.items, b.items, tolerance);
        }
        if (actual instanceof Several a && expected instanceof Several b) {
            return a.type.equals(b.type) && inOrder(a.items, b.items, tolerance);
        }
        if (actual instanceof Maybe a && expected instanceof Maybe b) {
            return a.type.equals(b.type) && same(a.value, b.value, tolerance);
        }
        if (actual instanceof Map.Entry<?, ?> a && expected instanceof Map.Entry<?, ?> b) {
            return same(a.getKey(), b.getKey(), tolerance) && same(a.getValue(), b.getValue(), tolerance);
        }
        if (actual instanceof Set<?> a && expected instanceof Set<?> b) {
            return a.equals(b) || paired(a, b, tolerance);
        }
        if (actual instanceof Map<?, ?> a && expected instanceof Map<?, ?> b) {
            return a.equals(b) || byKey(a, b, tolerance) || paired(a.entrySet(), b.entrySet(), tolerance);
        }
        return actual.equals(expected);
    }

    private static boolean floating(Number number) {
        return number instanceof Double || number instanceof Float;
    }

    private static boolean inOrder(List<?> a, List<?> b, double tolerance) {
        for (int i = 0; i < a.size() && a.size() == b.size(); i++) {
            if (!same(a.get(i), b.get(i), tolerance)) {
                return false;
            }
        }
        return a.size() == b.size();
    }

    private static boolean byKey(Map<?, ?> a, Map<?, ?> b, double tolerance) {
        return a.keySet().equals(b.keySet())
                && a.entrySet().stream().allMatch(entry -> same(entry.getValue(), b.get(entry.getKey()), tolerance));
    }

    /** Whether each element has one of its own that is the same on the other side; the first that fits is taken. */
    private static boolean paired(Collection<?> a, Collection<?> b, double tolerance) {
        if (a.size() != b.size() || a.size() > PAIRED) {
            return false;
        }
        List<Object> left = new ArrayList<>(b);
        for (Object item : a) {
            int at = 0;
            while (at < left.size() && !same(item, left.get(at), tolerance)) {
                at++;
            }
            if (at == left.size()) {
                return false;
            }
            left.remove(at);
        }
        return true;
    }
}
