package javabox.judge.compile;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javabox.program.Program;

/**
 * Gives classes of a test program names of their own where the program has classes that are called the same: a model
 * that writes a whole class brings a {@code Main} along, as the tests do. Each means its own then, and neither hides the
 * other. Lines stay as they are.
 *
 * <p>Not covered: tests that name such a class in a string (reflection), or behind a package's name.
 */
final class Renaming {
    /** What is one token here: strings and comments are left alone. */
    private static final Pattern TOKEN = Pattern.compile("\"\"\"(?:\\\\.|(?!\"\"\").)*+\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*+\""
            + "|'(?:\\\\.|[^'\\\\\n])*+'|//[^\n]*+|/\\*(?:(?!\\*/).)*+\\*/|[\\p{L}_$][\\p{L}\\p{N}_$]*+|\\S", Pattern.DOTALL);

    private Renaming() {}

    static String renamed(String name) {
        return Program.RENAMED + name;
    }

    /** The classes that tests and program both declare, but for those that the prompt already has. */
    static Set<String> clashes(Outline tests, Outline program, Set<String> inPrompt) {
        Set<String> clashes = new HashSet<>();
        for (Outline.Type type : tests.types()) {
            if (program.declares(type.name()) && !inPrompt.contains(type.name())) {
                clashes.add(type.name());
            }
        }
        return clashes;
    }

    static String of(String tests, Set<String> names) {
        StringBuilder text = new StringBuilder(tests.length() + 64);
        Matcher token = TOKEN.matcher(tests);
        int from = 0;
        String before = "";
        while (token.find()) {
            text.append(tests, from, token.start());
            boolean meant = names.contains(token.group()) && !before.equals(".");
            text.append(meant ? renamed(token.group()) : token.group());
            before = token.group();
            from = token.end();
        }
        return text.append(tests, from, tests.length()).toString();
    }
}
