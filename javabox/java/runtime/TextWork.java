package javabox.runtime;

import static javabox.runtime.Work.linear;
import static javabox.runtime.Work.makes;
import static javabox.runtime.Work.size;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text and regular expressions: paid by their length, and by every character that backtracking reads. */
public final class TextWork {
    private TextWork() {}

    /** Only of the JDK's own: another's may run code of the program's. Of nothing it is 0, and the call throws. */
    private static int length(CharSequence text) {
        return text instanceof String s ? s.length() : text instanceof StringBuilder b ? b.length() : 0;
    }

    // ---- text ----------------------------------------------------------------------------------------------

    @Charges(String.class)
    public static void repeat(String text, int count) {
        makes((long) length(text) * Math.max(0, count));
    }

    @Charges(String.class)
    public static void contains(String text, CharSequence part) {
        linear(length(text));
    }

    @Charges(String.class)
    public static void indexOf(String text, String part) {
        linear(length(text));
    }

    @Charges(String.class)
    public static void substring(String text, int from) {
        makes(length(text) - (long) from);
    }

    @Charges(String.class)
    public static void substring(String text, int from, int to) {
        makes((long) to - from);
    }

    @Charges(String.class)
    public static void concat(String text, String more) {
        makes((long) length(text) + length(more));
    }

    @Charges(String.class)
    public static void toCharArray(String text) {
        makes(2L * length(text));
    }

    @Charges(String.class)
    public static void replace(String text, CharSequence from, CharSequence to) {
        makes((long) length(text) * (1 + length(to)) / Math.max(1, length(from)));
    }

    @Charges(value = String.class, isStatic = true)
    public static void join(CharSequence between, Iterable<? extends CharSequence> parts) {
        linear(size(parts));
    }

    @Charges({StringBuilder.class})
    public static void append(StringBuilder builder, String text) {
        makes(text == null ? 4 : text.length());
    }

    @Charges(StringBuilder.class)
    public static void append(StringBuilder builder, CharSequence text) {
        makes(text instanceof String s ? s.length() : length(builder));
    }

    /** Of Java 21, as the next. */
    @Charges(StringBuilder.class)
    public static void repeat(StringBuilder builder, CharSequence text, int count) {
        makes((long) (text == null ? 4 : length(text)) * Math.max(0, count));
    }

    @Charges(StringBuilder.class)
    public static void repeat(StringBuilder builder, int codePoint, int count) {
        makes(Math.max(0, count));
    }

    @Charges(StringBuilder.class)
    public static void insert(StringBuilder builder, int at, String text) {
        linear(length(builder) / 4);
    }

    @Charges(StringBuilder.class)
    public static void insert(StringBuilder builder, int at, char c) {
        linear(length(builder) / 4);
    }

    @Charges(StringBuilder.class)
    public static void deleteCharAt(StringBuilder builder, int at) {
        linear(length(builder) / 4);
    }

    @Charges(StringBuilder.class)
    public static void reverse(StringBuilder builder) {
        linear(length(builder));
    }

    @Charges(value = StringBuilder.class, name = "toString")
    public static void text(StringBuilder builder) {
        makes(length(builder));
    }

    // ---- regular expressions -------------------------------------------------------------------------------

    private static final String META = "\\^$.|?*+()[]{}";

    private static boolean plain(String regex) {
        for (int i = 0; i < regex.length(); i++) {
            if (META.indexOf(regex.charAt(i)) >= 0) {
                return false;
            }
        }
        return true;
    }

    /** The last argument of what is called on a Pattern or a Matcher; the call itself stays. */
    public static CharSequence metered(CharSequence text) {
        return text == null ? null : new Metered(text);
    }

    @Replaces(Pattern.class)
    public static Matcher matcher(Pattern pattern, CharSequence text) {
        return pattern.matcher(metered(text));
    }

    @Replaces(Matcher.class)
    public static Matcher reset(Matcher matcher, CharSequence text) {
        return matcher.reset(metered(text));
    }

    @Replaces(value = Pattern.class, isStatic = true)
    public static boolean matches(String regex, CharSequence text) {
        return Pattern.matches(regex, metered(text));
    }

    @Replaces(String.class)
    public static boolean matches(String text, String regex) {
        return Pattern.matches(regex, new Metered(text));
    }

    @Replaces(Pattern.class)
    public static String[] split(Pattern pattern, CharSequence text) {
        return pattern.split(metered(text));
    }

    @Replaces(String.class)
    public static String[] split(String text, String regex) {
        return split(text, regex, 0);
    }

    @Replaces(String.class)
    public static String[] split(String text, String regex, int limit) {
        makes(3L * text.length());
        return plain(regex) ? text.split(regex, limit) : Pattern.compile(regex).split(new Metered(text), limit);
    }

    @Replaces(String.class)
    public static String replaceAll(String text, String regex, String to) {
        makes(2L * text.length());
        return Pattern.compile(regex).matcher(new Metered(text)).replaceAll(to);
    }

    @Replaces(String.class)
    public static String replaceFirst(String text, String regex, String to) {
        makes(2L * text.length());
        return Pattern.compile(regex).matcher(new Metered(text)).replaceFirst(to);
    }
}
