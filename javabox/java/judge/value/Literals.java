package javabox.judge.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javabox.program.Text;

/** Writes a decoded value as a Java expression that evaluates to an equal value. */
public final class Literals {
    /** Expressions for {@link Decoded.Plain}, around the text as a string; java.time's others have a parse. */
    private static final Map<String, String> MAKERS = Map.ofEntries(Map.entry("java.util.UUID", ".fromString("),
            Map.entry("java.util.Locale", ".forLanguageTag("), Map.entry("java.util.Currency", ".getInstance("),
            Map.entry("java.nio.charset.Charset", ".forName("), Map.entry("java.net.URI", ".create("),
            Map.entry("java.nio.file.Path", ".of("), Map.entry("java.time.ZoneOffset", ".of("));

    private Literals() {}

    /** @return null where no expression makes the value, or where the text is longer than Reply's limit */
    public static String render(Object value) {
        StringBuilder text = new StringBuilder();
        return write(text, value) && text.length() <= Text.LIMIT ? text.toString() : null;
    }

    /** The value for people, whatever it is. */
    public static String show(Object value) {
        return Text.capped(value instanceof Decoded.Opaque opaque ? "a " + opaque.type() : String.valueOf(value));
    }

    private static boolean write(StringBuilder out, Object value) {
        if (out.length() > Text.LIMIT || value instanceof Decoded.Opaque) {
            return false;
        }
        if (value instanceof Decoded.Maybe maybe) {
            out.append("java.util.").append(maybe.type()).append(maybe.value() == null ? ".empty(" : ".of(");
            boolean whole = maybe.value() == null || write(out, maybe.value());
            out.append(')');
            return whole;
        }
        if (value instanceof Decoded.Several tuple) {
            out.append("org.javatuples.").append(tuple.type()).append(".with(");
            boolean whole = items(out, tuple.items().iterator());
            out.append(')');
            return whole;
        }
        if (value instanceof Decoded.Constant constant) {
            out.append(constant.type().replace('$', '.')).append('.').append(constant.name());
            return true;
        }
        if (value instanceof Decoded.Plain plain) {
            return plain(out, plain);
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
        if (value instanceof Decoded.Elements array) {
            String component = array.component();
            out.append("new ").append(component.startsWith("[") ? "Object" : component).append("[] {");
            boolean whole = items(out, array.items().iterator());
            out.append('}');
            return whole && !component.startsWith("[");
        }
        scalar(out, value);
        return true;
    }

    private static boolean plain(StringBuilder out, Decoded.Plain plain) {
        String type = plain.type();
        switch (type) {
            case "java.lang.Class" -> out.append(plain.text()).append(".class");
            case "java.util.BitSet" -> out.append(type).append(".valueOf(new long[] {")
                    .append(plain.text().replaceAll("[\\[\\]]", "").replaceAll("(\\d+)", "$1L")).append("})");
            case "java.util.Date" -> out.append("new java.util.Date(").append(plain.text()).append("L)");
            case "java.io.File", "java.math.MathContext" -> {
                out.append("new ").append(type).append('(');
                scalar(out, plain.text());
                out.append(')');
            }
            default -> {
                String maker = type.equals("java.time.ZoneRegion") ? "java.time.ZoneId.of("
                        : MAKERS.containsKey(type) ? type + MAKERS.get(type)
                        : type.matches("java[.]time[.][A-Z][A-Za-z]+") ? type + ".parse(" : null;
                if (maker == null || type.equals("java.util.Locale") && plain.text().startsWith("ill-formed")) {
                    return false;
                }
                out.append(maker);
                scalar(out, plain.text());
                out.append(')');
            }
        }
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
