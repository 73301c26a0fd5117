package javabox.judge.compile;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;

/**
 * Which Java a program would need, where javac's error comes of a construct or a name that is newer than this JDK.
 *
 * <p>Said only where it is certain: where javac itself calls it a preview, where the tokens at the error can be nothing
 * else, or where a name of the JDK's is in {@link NewerApi}. It is a word to people and changes no outcome; the program
 * may have other errors too. Not covered: previews of every release so far (string templates, primitive patterns), and
 * newer overloads of older methods.
 */
final class NewerJava {
    private static final int JDK = Runtime.version().feature();
    /** The newest release that anything here is of. */
    private static final int LATEST = 25;
    private static final int LONGEST_SOURCE = 1 << 17;
    private static final String CONSTRUCTORS = "25: statements before super() or this()";
    private static final Pattern PREVIEW = Pattern.compile("(.+) (?:is a|are a) preview feature");
    /** By javac's words for them, of JDK 17 to 24. */
    private static final Map<String, String> PREVIEWS = Map.of("null in switch cases", "21: null as a case",
            "record patterns", "21: record patterns", "deconstruction patterns", "21: record patterns",
            "unnamed variables", "22: unnamed variables", "flexible constructors", CONSTRUCTORS,
            "statements before super()", CONSTRUCTORS, "module imports", "25: import module");
    private static final String PATTERNS = "patterns in switch statements";
    private static final Set<String> CLASSLESS = Set.of("unnamed classes", "implicitly declared classes");
    private static final Pattern SOURCE = Pattern.compile("(.+) (?:is|are) not supported in -source \\d+\\s+"
            + "\\(use -source (\\d+) or higher");
    private static final Set<String> OF_SYNTAX = Set.of("expected", "expected2", "expected3", "expected4",
            "illegal.start.of.expr", "illegal.start.of.type", "dot.class.expected", "not.stmt",
            "underscore.as.identifier");

    private NewerJava() {}

    /** A line for the error's message, `needs Java 21: record patterns`; null where nothing is known. */
    static String hint(Diagnostic<? extends JavaFileObject> error) {
        if (JDK >= LATEST || error.getSource() == null) {
            return null;
        }
        String needs = needs(error);
        if (needs == null || Integer.parseInt(needs.substring(0, needs.indexOf(':'))) <= JDK) {
            return null;
        }
        return "needs Java " + needs + " (this is JDK " + JDK + ")";
    }

    /** A release, a colon and what needs it. */
    private static String needs(Diagnostic<? extends JavaFileObject> error) {
        String code = error.getCode().replace("compiler.err.", "");
        String message = error.getMessage(null);
        if (code.startsWith("cant.resolve")) {
            return NewerApi.needs(message);
        }
        if (code.startsWith("feature.not.supported.in.source")) {
            Matcher said = SOURCE.matcher(message);
            return said.find() ? said.group(2) + ": " + said.group(1) : null;
        }
        if (code.equals("instanceof.pattern.no.subtype")) {
            return "21: instanceof with a pattern that always matches";
        }
        String source = text(error.getSource());
        if (source.length() > LONGEST_SOURCE || error.getPosition() < 0) {
            return null;
        }
        Tokens tokens = new Tokens(source);
        int at = tokens.at(error.getPosition());
        if (code.startsWith("preview.feature.disabled")) {
            Matcher said = PREVIEW.matcher(message);
            return said.find() ? preview(said.group(1), tokens, at) : null;
        }
        return switch (code) {
            case "underscore.as.identifier.in.lambda" -> "22: unnamed variables";
            case "enum.label.must.be.unqualified.enum", "enum.label.must.be.known.enum.constant" ->
                tokens.text(at).equals(".") ? "21: a qualified name of an enum constant as a case" : null;
            case "call.must.be.first.stmt.in.ctor", "call.must.be.first" ->
                inConstructor(tokens, at) ? CONSTRUCTORS : null;
            default -> OF_SYNTAX.contains(code) ? syntax(tokens, at, error.getPosition()) : null;
        };
    }

    private static String text(JavaFileObject source) {
        try {
            return source.getCharContent(true).toString();
        } catch (IOException e) {
            return ""; // of a file, and no program's is one
        }
    }

    private static String preview(String feature, Tokens tokens, int at) {
        if (CLASSLESS.contains(feature)) {
            return mainWithoutClass(tokens, at);
        }
        if (!feature.equals(PATTERNS)) {
            return PREVIEWS.get(feature);
        }
        Tokens.Found pattern = tokens.pattern(at);
        if (tokens.text(at).equals("default")) {
            return "21: null as a case";
        }
        boolean primitive = Tokens.PRIMITIVES.contains(tokens.text(at));
        return pattern == null || primitive || !endsCase(tokens, pattern.next()) ? null
                : pattern.unnamed() ? "22: unnamed variables" : "21: patterns in switch";
    }

    private static boolean endsCase(Tokens tokens, int next) {
        return Set.of("->", ":", ",", "when").contains(tokens.text(next));
    }

    /** What javac calls a syntax error. */
    private static String syntax(Tokens tokens, int at, long position) {
        for (int i = at; i >= 0 && !Set.of(";", "{", "}").contains(tokens.text(i)) || i == at; i--) {
            boolean label = tokens.text(i).equals("case");
            if (label || tokens.text(i).equals("instanceof")) {
                Tokens.Found pattern = tokens.pattern(i + 1);
                boolean within = pattern != null && position <= tokens.get(pattern.next()).at()
                        && (!label || endsCase(tokens, pattern.next()));
                if (within && (pattern.ofRecord() || pattern.unnamed())) {
                    return pattern.unnamed() ? "22: unnamed variables" : "21: record patterns";
                }
            }
            if (tokens.text(i).equals("import")) {
                return tokens.text(i + 1).equals("module") && tokens.get(i + 2).name() ? "25: import module" : null;
            }
        }
        return tokens.text(at).equals("_") ? unnamed(tokens, at) : mainWithoutClass(tokens, at);
    }

    /** A local variable, that of a loop, or an exception. */
    private static String unnamed(Tokens tokens, int at) {
        boolean typed = tokens.get(at - 1).name() || Tokens.PRIMITIVES.contains(tokens.text(at - 1))
                || Set.of(">", "]").contains(tokens.text(at - 1));
        String next = tokens.text(at + 1);
        boolean initial = next.equals("=") && !tokens.text(at + 2).equals("=");
        boolean caught = next.equals(")") && tokens.text(tokens.opening(at, "(", ")") - 1).equals("catch");
        return typed && (initial || next.equals(":") || caught) ? "22: unnamed variables" : null;
    }

    private static String mainWithoutClass(Tokens tokens, int at) {
        int next = at;
        while (Set.of("public", "static", "final").contains(tokens.text(next))) {
            next++;
        }
        boolean main = tokens.text(next).equals("void") && tokens.text(next + 1).equals("main");
        return main && tokens.opening(at, "{", "}") < 0 && tokens.balanced() ? "25: a main method without a class" : null;
    }

    /** Whether the statement stands in the body of a constructor, and not in a block within. */
    private static boolean inConstructor(Tokens tokens, int at) {
        int body = tokens.opening(at, "{", "}");
        int close = body - 1;
        while (close > 0 && (tokens.get(close).name() || Set.of(",", ".", "throws").contains(tokens.text(close)))) {
            close--;
        }
        int open = tokens.text(close).equals(")") ? tokens.opening(close, "(", ")") : -1;
        return open > 1 && tokens.get(open - 1).name()
                && Set.of("{", "}", ";", "public", "private", "protected").contains(tokens.text(open - 2));
    }
}
