package javabox.runtime;

import static javabox.runtime.Work.linear;
import static javabox.runtime.Work.makes;
import static javabox.runtime.Work.size;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text and regular expressions: paid by their length, and by every character that backtracking reads. */
public final class TextWork {
    private TextWork() {}

    // ---- text ----------------------------------------------------------------------------------------------

    @Replaces(String.class)
    public static String repeat(String text, int count) {
        makes((long) text.length() * Math.max(0, count));
        return text.repeat(count);
    }

    @Replaces(String.class)
    public static boolean contains(String text, CharSequence part) {
        linear(text.length());
        return text.contains(part);
    }

    @Replaces(String.class)
    public static int indexOf(String text, String part) {
        linear(text.length());
        return text.indexOf(part);
    }

    @Replaces(String.class)
    public static String substring(String text, int from) {
        makes(text.length() - (long) from);
        return text.substring(from);
    }

    @Replaces(String.class)
    public static String substring(String text, int from, int to) {
        makes((long) to - from);
        return text.substring(from, to);
    }

    @Replaces(String.class)
    public static String concat(String text, String more) {
        makes((long) text.length() + more.length());
        return text.concat(more);
    }

    @Replaces(String.class)
    public static char[] toCharArray(String text) {
        makes(2L * text.length());
        return text.toCharArray();
    }

    @Replaces(String.class)
    public static String replace(String text, CharSequence from, CharSequence to) {
        makes((long) text.length() * (1 + to.length()) / Math.max(1, from.length()));
        return text.replace(from, to);
    }

    @Replaces(value = String.class, isStatic = true)
    public static String join(CharSequence between, Iterable<? extends CharSequence> parts) {
        linear(size(parts));
        return String.join(between, parts);
    }

    @Replaces({StringBuilder.class})
    public static StringBuilder append(StringBuilder builder, String text) {
        makes(text == null ? 4 : text.length());
        return builder.append(text);
    }

    @Replaces(StringBuilder.class)
    public static StringBuilder append(StringBuilder builder, CharSequence text) {
        makes(text instanceof String ? text.length() : builder.length());
        return builder.append(text);
    }

    @Replaces(StringBuilder.class)
    public static StringBuilder insert(StringBuilder builder, int at, String text) {
        linear(builder.length() / 4);
        return builder.insert(at, text);
    }

    @Replaces(StringBuilder.class)
    public static StringBuilder insert(StringBuilder builder, int at, char c) {
        linear(builder.length() / 4);
        return builder.insert(at, c);
    }

    @Replaces(StringBuilder.class)
    public static StringBuilder deleteCharAt(StringBuilder builder, int at) {
        linear(builder.length() / 4);
        return builder.deleteCharAt(at);
    }

    @Replaces(StringBuilder.class)
    public static StringBuilder reverse(StringBuilder builder) {
        linear(builder.length());
        return builder.reverse();
    }

    @Replaces(value = StringBuilder.class, name = "toString")
    public static String text(StringBuilder builder) {
        makes(builder.length());
        return builder.toString();
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

    @Replaces(Pattern.class)
    public static Matcher matcher(Pattern pattern, CharSequence text) {
        return pattern.matcher(text == null ? null : new Metered(text));
    }

    @Replaces(Matcher.class)
    public static Matcher reset(Matcher matcher, CharSequence text) {
        return matcher.reset(text == null ? null : new Metered(text));
    }

    @Replaces(value = Pattern.class, isStatic = true)
    public static boolean matches(String regex, CharSequence text) {
        return Pattern.matches(regex, text == null ? null : new Metered(text));
    }

    @Replaces(String.class)
    public static boolean matches(String text, String regex) {
        return Pattern.matches(regex, new Metered(text));
    }

    @Replaces(Pattern.class)
    public static String[] split(Pattern pattern, CharSequence text) {
        return pattern.split(new Metered(text));
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
