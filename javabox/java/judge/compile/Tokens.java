package javabox.judge.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The tokens of a source that javac refuses, and whether a pattern, as newer Java has it, stands among them.
 *
 * <p>Comments are left out; of operators only the arrow is one token. Not covered: escaped letters, and what javac reads
 * otherwise because a quote is never closed.
 */
final class Tokens {
    /** A token and where it begins. */
    record Token(String text, int at) {
        int end() {
            return at + text.length();
        }

        boolean name() {
            return Character.isJavaIdentifierStart(text.charAt(0)) && !NO_NAMES.contains(text);
        }
    }

    /** A pattern that was read: the token behind it, whether it is a record's, and whether something in it has no name. */
    record Found(int next, boolean ofRecord, boolean unnamed) {}

    static final Set<String> PRIMITIVES = Set.of("boolean", "byte", "short", "char", "int", "long", "float", "double");
    private static final Set<String> NO_NAMES = Set.of("_", "case", "catch", "class", "default", "do", "else", "enum",
            "extends", "false", "final", "finally", "for", "if", "instanceof", "new", "null", "return", "static", "super",
            "switch", "synchronized", "this", "throw", "true", "try", "void", "while");
    private static final String BLOCK = "\"\"\"";
    private static final String IN_ARGUMENTS = "<>,.?[]&";
    private static final int DEEPEST = 50;

    private final List<Token> tokens = new ArrayList<>();

    Tokens(String source) {
        int at = 0;
        while (at < source.length()) {
            int end = end(source, at);
            boolean comment = source.startsWith("//", at) || source.startsWith("/*", at);
            if (!comment && !Character.isWhitespace(source.charAt(at))) {
                tokens.add(new Token(source.substring(at, end), at));
            }
            at = end;
        }
    }

    /** Where what begins at a character ends: a token, a comment, or a single space. */
    private static int end(String source, int at) {
        char first = source.charAt(at);
        if (source.startsWith("//", at)) {
            return behind(source, "\n", at);
        }
        if (source.startsWith("/*", at)) {
            return behind(source, "*/", at + 2);
        }
        if (source.startsWith(BLOCK, at)) {
            return behind(source, BLOCK, at + BLOCK.length());
        }
        int end = at + 1;
        if (first == '"' || first == '\'') {
            while (end < source.length() && source.charAt(end) != first && source.charAt(end) != '\n') {
                end += source.charAt(end) == '\\' ? 2 : 1;
            }
            return Math.min(end + 1, source.length());
        }
        if (Character.isJavaIdentifierPart(first)) {
            while (end < source.length() && Character.isJavaIdentifierPart(source.charAt(end))) {
                end++;
            }
        }
        return source.startsWith("->", at) ? at + 2 : end;
    }

    private static int behind(String source, String what, int from) {
        int found = source.indexOf(what, from);
        return found < 0 ? source.length() : found + what.length();
    }

    /** The token with that number; an empty one where there is none. */
    Token get(int number) {
        return number >= 0 && number < tokens.size() ? tokens.get(number) : new Token(" ", -1);
    }

    String text(int number) {
        return get(number).text;
    }

    /** The number of the last token that begins there or before; -1 if there is none. */
    int at(long position) {
        int low = 0;
        int high = tokens.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (tokens.get(middle).at <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    /** Whether as many of these brackets open as close. */
    boolean balanced() {
        int open = 0;
        for (Token token : tokens) {
            open += token.text.equals("{") ? 1 : token.text.equals("}") ? -1 : 0;
        }
        return open == 0;
    }

    /** The bracket that opens what the one with that number closes, or what the token with that number is in. */
    int opening(int number, String open, String close) {
        int depth = 0;
        for (int i = number - 1; i >= 0; i--) {
            depth += text(i).equals(close) ? 1 : text(i).equals(open) ? -1 : 0;
            if (depth < 0) {
                return i;
            }
        }
        return -1;
    }

    /** A type pattern or a record pattern that begins there; null if there is none. */
    Found pattern(int from) {
        return pattern(from, 0);
    }

    private Found pattern(int from, int depth) {
        if (depth > DEEPEST) {
            return null;
        }
        int start = text(from).equals("final") ? from + 1 : from;
        int next = type(start);
        if (next < 0) {
            return null;
        }
        if (text(next).equals("(")) {
            return PRIMITIVES.contains(text(start)) ? null : components(next + 1, depth);
        }
        boolean unnamed = text(next).equals("_");
        return unnamed || get(next).name() ? new Found(next + 1, false, unnamed) : null;
    }

    private Found components(int from, int depth) {
        boolean unnamed = false;
        int next = from;
        while (!text(next).equals(")") || next > from) {
            boolean bare = text(next).equals("_");
            Found inner = bare ? new Found(next + 1, false, true) : pattern(next, depth + 1);
            if (inner == null) {
                return null;
            }
            unnamed |= inner.unnamed;
            next = inner.next + 1;
            if (text(inner.next).equals(")")) {
                return new Found(next, true, unnamed);
            }
            if (!text(inner.next).equals(",")) {
                return null;
            }
        }
        return new Found(next + 1, true, false);
    }

    /** @return the number of the token behind the type that begins there, -1 if there is none */
    private int type(int from) {
        int next = from;
        if (!PRIMITIVES.contains(text(next))) {
            if (!get(next).name()) {
                return -1;
            }
            while (text(next + 1).equals(".") && get(next + 2).name()) {
                next += 2;
            }
        }
        next++;
        if (text(next).equals("<")) {
            next = arguments(next);
        }
        while (next > 0 && text(next).equals("[") && text(next + 1).equals("]")) {
            next += 2;
        }
        return next;
    }

    private int arguments(int from) {
        int depth = 0;
        for (int i = from;; i++) {
            String text = text(i);
            depth += text.equals("<") ? 1 : text.equals(">") ? -1 : 0;
            boolean fits = get(i).name() || PRIMITIVES.contains(text) || text.equals("extends") || text.equals("super")
                    || text.length() == 1 && IN_ARGUMENTS.contains(text);
            if (!fits || depth == 0) {
                return fits ? i + 1 : -1;
            }
        }
    }
}
