package javabox.judge.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javabox.judge.protocol.Job;
import javax.lang.model.SourceVersion;

/**
 * Reads cases that declare variables, each a literal, an {@code Arrays.asList} of such, or what a static method gives that
 * is called with such, and hand one of them over.
 *
 * <p>Most benchmarks' cases are like that, and to compile them with the program took as long as the program alone.
 * {@link PlainTestClass} writes the class file that javac would make of them. Of all else this says nothing, and javac
 * decides.
 */
final class PlainTests {
    /** A type as it is written: a primitive one, or one of {@link #NAMES}. {@code of}: the argument of a List, or null. */
    record Type(String name, Type of) {
        boolean primitive() {
            return Tokens.PRIMITIVES.contains(name);
        }
    }

    /** What gives a value. */
    sealed interface Expression permits Constant, AsList, Call {}

    /** An Integer, a Long, a Double, a Boolean, a Character or a String. */
    record Constant(Object value) implements Expression {}

    record AsList(List<Expression> items) implements Expression {}

    record Call(String owner, String method, List<Expression> arguments) implements Expression {}

    /** A declaration of a variable, and its line in the tests. */
    record Variable(Type type, String name, Expression value, int line) {}

    /** A case: its variables, and either the one or the call that is handed over. */
    record Case(List<Variable> variables, String name, Call call, int line) {}

    /** What javac has to decide. */
    static final class Unread extends Exception {
        private static final long serialVersionUID = 1;

        Unread() {
            super(null, null, false, false);
        }
    }

    /** Names that mean what they mean in java.lang and java.util, unless the program has such a class. */
    static final Set<String> NAMES = Set.of("Arrays", "List", "Object", "String", "Integer", "Long", "Double", "Boolean",
            "Character");
    private static final Set<String> TYPES = Set.of("int", "long", "double", "boolean", "char", "List", "Object", "String",
            "Integer", "Long", "Double", "Boolean", "Character");
    private static final Pattern TOKEN = Pattern.compile("(?:[ \\t\\n\\f]|//[^\\n]*+\\n|//[^\\n]*+\\z)*+"
            + "(?:([A-Za-z_][\\w$]*+)|(\"(?:[^\"\\\\\\n]|\\\\[btnfr\"'\\\\])*+\")|('(?:[^'\\\\\\n]|\\\\[btnfr\"'\\\\])')"
            + "|(\\d++\\.\\d++(?:[eE][-+]?\\d++)?+)(?![\\w.])|(0|[1-9]\\d*+)([lL]?+)(?![\\w.])|([-(),;=<>.])|(\\z))");
    private static final int NAME = 1, TEXT = 2, LETTER = 3, REAL = 4, WHOLE = 5, LONG = 6, MARK = 7;
    /** Characters of a case: what is longer may become too large for a method, which javac says its own way. */
    private static final int LONGEST = 8000;
    /** Lists in lists: of how many more it gives up, javac knows. */
    private static final int DEEPEST = 20;

    final List<Case> cases = new ArrayList<>();
    /** The line of the tests' class. */
    final int line;
    /** The import lines. */
    final String head;

    private String code;
    private Matcher tokens;
    private int at;
    /** Of the token that was read last. */
    private int lineAt;
    /** Where lines were counted up to. */
    private int counted;
    private int depth;

    private PlainTests(String head) {
        this.head = head;
        line = 2 + lines(head, 0, head.length());
    }

    /**
     * The cases of a suite.
     *
     * @param text of the unit that javac would be given ({@link Sources#tests})
     * @return null where one of them is not plain
     */
    static PlainTests of(Job.Suite suite, String text) {
        if (suite.cases().isEmpty() || !Imports.plain(suite.imports()) || text.indexOf('\r') >= 0) {
            return null;
        }
        PlainTests tests = new PlainTests(text.substring(0, text.indexOf("\nclass ")));
        int next = tests.line + 1;
        try {
            for (Job.Case test : suite.cases()) {
                tests.read(test, next + 1);
                next += 4 + lines(test.code(), 0, test.code().length()) + lines(test.value(), 0, test.value().length());
            }
        } catch (Unread e) {
            return null;
        }
        return tests;
    }

    private static int lines(String text, int from, int to) {
        int lines = 0;
        for (int i = text.indexOf('\n', from); i >= 0 && i < to; i = text.indexOf('\n', i + 1)) {
            lines++;
        }
        return lines;
    }

    private void read(Job.Case test, int first) throws Unread {
        begin(test.code(), first);
        List<Variable> variables = new ArrayList<>();
        while (!ended()) {
            variables.add(variable(variables));
        }
        int last = first + lines(code, 0, code.length()) + 1;
        begin(test.value(), last);
        String name = name();
        Call call = ended() ? null : call(name);
        require(call == null || ended());
        require(lineAt == last);
        for (Variable variable : variables) { // it would stand before a class of its name
            require(!NAMES.contains(variable.name) && (call == null || !call.owner.equals(variable.name)));
            require(variables.stream().noneMatch(other -> calls(other, variable.name)));
        }
        cases.add(new Case(variables, name, call, last));
    }

    private static boolean calls(Variable variable, String owner) {
        return variable.value instanceof Call call && call.owner.equals(owner);
    }

    private void begin(String text, int first) throws Unread {
        require(text.length() <= LONGEST && !text.contains("\\u"));
        code = text;
        tokens = TOKEN.matcher(text);
        at = 0;
        counted = 0;
        lineAt = first;
    }

    /** Whether nothing more comes. */
    private boolean ended() throws Unread {
        int before = at;
        int counter = counted;
        int line = lineAt;
        next();
        boolean ended = tokens.group(MARK + 1) != null;
        if (!ended) {
            at = before;
            counted = counter;
            lineAt = line;
        }
        return ended;
    }

    private Variable variable(List<Variable> before) throws Unread {
        Type type = type();
        int line = lineAt;
        String name = name();
        require(before.stream().noneMatch(other -> other.name.equals(name)));
        mark("=");
        next();
        String word = tokens.group(NAME);
        Expression value = word == null || word.equals("Arrays") || word.equals("true") || word.equals("false")
                ? value() : call(word);
        mark(";");
        require(lineAt == line); // javac tells lines of its parts apart
        return new Variable(type, name, value, line);
    }

    private Type type() throws Unread {
        next();
        String name = tokens.group(NAME);
        require(name != null && TYPES.contains(name));
        if (!name.equals("List")) {
            return new Type(name, null);
        }
        mark("<");
        Type of = type();
        mark(">");
        require(!of.primitive());
        return new Type(name, of);
    }

    private String name() throws Unread {
        next();
        String name = tokens.group(NAME);
        require(name != null && SourceVersion.isName(name) && !name.equals("_"));
        return name;
    }

    /** The rest of a call, behind the name of its class. */
    private Call call(String owner) throws Unread {
        require(SourceVersion.isName(owner) && !NAMES.contains(owner) && !owner.contains("$")); // a nested class's file
        mark(".");
        String method = name();
        mark("(");
        return new Call(owner, method, items());
    }

    private List<Expression> items() throws Unread {
        List<Expression> items = new ArrayList<>();
        next();
        if (")".equals(tokens.group(MARK))) {
            return items;
        }
        items.add(value());
        next();
        while (",".equals(tokens.group(MARK))) {
            next();
            items.add(value());
            next();
        }
        require(")".equals(tokens.group(MARK)));
        return items;
    }

    /** What begins with the token that was read last. */
    private Expression value() throws Unread {
        boolean negative = "-".equals(tokens.group(MARK));
        if (negative) {
            next();
        }
        if (tokens.group(REAL) != null) {
            double number = Double.parseDouble(tokens.group(REAL));
            require(Double.isFinite(number) && (number != 0 || tokens.group(REAL).matches("[0.]+")));
            return new Constant(negative ? -number : number);
        }
        if (tokens.group(WHOLE) != null) {
            return whole((negative ? "-" : "") + tokens.group(WHOLE), !tokens.group(LONG).isEmpty());
        }
        require(!negative);
        if (tokens.group(TEXT) != null) {
            String quoted = tokens.group(TEXT);
            return new Constant(quoted.substring(1, quoted.length() - 1).translateEscapes());
        }
        if (tokens.group(LETTER) != null) {
            String quoted = tokens.group(LETTER);
            return new Constant(quoted.substring(1, quoted.length() - 1).translateEscapes().charAt(0));
        }
        String word = tokens.group(NAME);
        require(word != null);
        if (word.equals("true") || word.equals("false")) {
            return new Constant(word.equals("true"));
        }
        require(word.equals("Arrays"));
        mark(".");
        require(name().equals("asList"));
        mark("(");
        require(++depth <= DEEPEST);
        AsList list = new AsList(items());
        depth--;
        return list;
    }

    private static Constant whole(String digits, boolean isLong) throws Unread {
        try {
            return new Constant(isLong ? (Object) Long.valueOf(digits) : (Object) Integer.valueOf(digits));
        } catch (NumberFormatException e) {
            throw new Unread();
        }
    }

    private void mark(String wanted) throws Unread {
        next();
        require(wanted.equals(tokens.group(MARK)));
    }

    private void next() throws Unread {
        tokens.region(at, code.length());
        require(tokens.lookingAt());
        at = tokens.end();
        int begins = start();
        lineAt += lines(code, counted, begins);
        counted = begins;
    }

    /** Where the token begins, behind what is white or a comment. */
    private int start() {
        for (int group = NAME; group <= MARK + 1; group++) {
            if (tokens.group(group) != null) {
                return tokens.start(group);
            }
        }
        return at;
    }

    static void require(boolean holds) throws Unread {
        if (!holds) {
            throw new Unread();
        }
    }
}
