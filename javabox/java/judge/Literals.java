package javabox.judge;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javabox.program.Text;
import javabox.program.Values;

/** Writes a decoded value as a Java expression that evaluates to an equal value. */
final class Literals {
    private Literals() {}

    /** @return null where the value holds an {@link Values.Opaque} or a map with a null, or where the text is longer than Reply's limit */
    static String render(Object value) {
        StringBuilder text = new StringBuilder();
        return write(text, value) && text.length() <= Text.LIMIT ? text.toString() : null;
    }

    private static boolean write(StringBuilder out, Object value) {
        if (out.length() > Text.LIMIT || value instanceof Values.Opaque) {
            return false;
        }
        if (value instanceof List<?> || value instanceof Set<?>) {
            boolean set = value instanceof Set<?>;
            out.append(set ? "new java.util.HashSet<>(java.util.Arrays.asList(" : "java.util.Arrays.asList(");
            boolean whole = items(out, ((Iterable<?>) value).iterator());
            out.append(set ? "))" : ")");
            return whole;
        }
        if (value instanceof Map<?, ?> map) {
            out.append("new java.util.HashMap<>(java.util.Map.ofEntries(");
            boolean whole = items(out, map.entrySet().iterator());
            out.append("))");
            return whole;
        }
        if (value instanceof Map.Entry<?, ?> entry) {
            out.append("java.util.Map.entry(");
            boolean whole = items(out, Arrays.asList(entry.getKey(), entry.getValue()).iterator());
            out.append(')');
            return whole && entry.getKey() != null && entry.getValue() != null; // Map.entry takes no null
        }
        if (value instanceof Values.Elements array) {
            String component = array.component();
            out.append("new ").append(component.startsWith("[") ? "Object" : component).append("[] {");
            boolean whole = items(out, array.items().iterator());
            out.append('}');
            return whole && !component.startsWith("[");
        }
        scalar(out, value);
        return true;
    }

    private static boolean items(StringBuilder out, Iterator<?> items) {
        while (items.hasNext()) {
            if (!write(out, items.next())) {
                return false;
            }
            if (items.hasNext()) {
                out.append(", ");
            }
        }
        return true;
    }

    private static void scalar(StringBuilder out, Object value) {
        if (value instanceof Long) {
            out.append(value).append('L');
        } else if (value instanceof Byte || value instanceof Short) {
            out.append(value instanceof Byte ? "(byte) " : "(short) ").append(value);
        } else if (value instanceof Float f) {
            out.append(Float.isFinite(f) ? f + "f" : f.isNaN() ? "Float.NaN" : f > 0 ? "Float.POSITIVE_INFINITY"
                    : "Float.NEGATIVE_INFINITY");
        } else if (value instanceof Double d) {
            out.append(Double.isFinite(d) ? d.toString() : d.isNaN() ? "Double.NaN"
                    : d > 0 ? "Double.POSITIVE_INFINITY" : "Double.NEGATIVE_INFINITY");
        } else if (value instanceof Character c) {
            out.append('\'');
            escape(out, c);
            out.append('\'');
        } else if (value instanceof String s) {
            out.append('"');
            for (int i = 0; i < s.length(); i++) {
                escape(out, s.charAt(i));
            }
            out.append('"');
        } else if (value instanceof BigInteger || value instanceof BigDecimal) {
            out.append("new ").append(value.getClass().getName()).append("(\"").append(value).append("\")");
        } else {
            out.append(value); // Integer, Boolean, null
        }
    }

    private static void escape(StringBuilder out, char c) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '"', '\'', '\\' -> out.append('\\').append(c);
            default -> {
                if (c < ' ' || c > '~') {
                    out.append(String.format("\\u%04x", (int) c));
                } else {
                    out.append(c);
                }
            }
        }
    }
}
