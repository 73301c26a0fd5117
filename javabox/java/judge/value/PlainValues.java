package javabox.judge.value;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads expected values that are literals, or {@code Arrays.asList} of such, without javac.
 *
 * <p>Most suites have nothing else, and to compile them took a third as long as the program with its tests. What is
 * read is what javac would make of it: a literal counts only where the declared type takes it as it is written
 * (JLS 3.10, 5.2), and {@code Arrays} only where the imports leave no doubt which one that is. Of all else it says
 * nothing, and javac decides.
 */
final class PlainValues {
    private static final Pattern TOKEN = Pattern.compile(
            "\\s*+(?:(Arrays\\.asList\\()|(\"(?:[^\"\\\\\\r\\n]|\\\\[btnfr\"'\\\\])*+\")|(true|false)\\b"
                    + "|(-?(?:0|[1-9]\\d{0,9}))(?![\\w.])|(-?\\d{1,17}\\.\\d{1,20}(?:[eE]-?\\d{1,2})?)(?![\\w.])|([,)]))");
    private static final int LIST = 1, STRING = 2, BOOLEAN = 3, INTEGER = 4, REAL = 5, MARK = 6;
    private static final Pattern LIST_TYPE = Pattern.compile("List<(.+)>");

    private final Matcher tokens;
    private final int end;
    private int at;

    /** What javac has to decide. */
    private static final class Unread extends Exception {
        private static final long serialVersionUID = 1;

        Unread() {
            super(null, null, false, false);
        }
    }

    private PlainValues(String expression) {
        tokens = TOKEN.matcher(expression);
        end = expression.stripTrailing().length();
    }

    /** @return the value of {@code type expected = expression}, boxed; null where javac has to say */
    static Object of(String type, String expression) {
        PlainValues reader = new PlainValues(expression);
        try {
            reader.next();
            Object value = reader.value(type.strip());
            return reader.at == reader.end ? value : null;
        } catch (Unread e) {
            return null;
        }
    }

    private void next() throws Unread {
        tokens.region(at, tokens.regionEnd());
        if (!tokens.lookingAt()) {
            throw new Unread();
        }
        at = tokens.end();
    }

    private Object value(String type) throws Unread {
        if (tokens.group(LIST) != null) {
            return list(type);
        }
        if (tokens.group(STRING) != null) {
            return as(type, tokens.group(STRING).substring(1, tokens.group(STRING).length() - 1).translateEscapes());
        }
        if (tokens.group(BOOLEAN) != null) {
            return as(type, Boolean.valueOf(tokens.group(BOOLEAN)));
        }
        if (tokens.group(INTEGER) != null) {
            long number = Long.parseLong(tokens.group(INTEGER));
            if (number != (int) number) {
                throw new Unread();
            }
            return as(type, (int) number);
        }
        if (tokens.group(REAL) != null) {
            return as(type, Double.valueOf(tokens.group(REAL)));
        }
        throw new Unread();
    }

    private static Object as(String type, Object value) throws Unread {
        boolean taken = switch (type) {
            case "Object" -> true;
            case "String" -> value instanceof String;
            case "boolean", "Boolean" -> value instanceof Boolean;
            case "int", "Integer" -> value instanceof Integer;
            case "Double" -> value instanceof Double;
            case "double" -> value instanceof Number;
            case "Number" -> value instanceof Number;
            default -> false;
        };
        if (!taken) {
            throw new Unread();
        }
        return type.equals("double") ? (Object) ((Number) value).doubleValue() : value;
    }

    private List<Object> list(String type) throws Unread {
        Matcher declared = LIST_TYPE.matcher(type);
        boolean anything = type.equals("Object");
        if (!anything && !declared.matches()) {
            throw new Unread();
        }
        String of = anything ? type : declared.group(1);
        if (of.equals("int") || of.equals("double") || of.equals("boolean")) {
            throw new Unread();
        }
        List<Object> items = new ArrayList<>();
        next();
        if (!")".equals(tokens.group(MARK))) {
            items.add(value(of));
            next();
            while (",".equals(tokens.group(MARK))) {
                next();
                items.add(value(of));
                next();
            }
            if (!")".equals(tokens.group(MARK))) {
                throw new Unread();
            }
        }
        return Arrays.asList(items.toArray());
    }
}
