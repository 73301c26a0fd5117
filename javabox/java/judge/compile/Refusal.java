package javabox.judge.compile;

import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;

/**
 * An error in place of javac's, where it names none: it ran into a limit of its own, or what it accepted is not the
 * program with its tests.
 */
record Refusal(String code, String message) implements Diagnostic<JavaFileObject> {
    private static final String LIMIT = "javabox.compiler.limit";
    private static final String MAIN = "javabox.compiler.main";
    private static final String TESTS = "javabox.compiler.tests";

    static Refusal gaveUp(String reason) {
        return new Refusal(LIMIT, "the compiler gave up: " + reason);
    }

    /** The tests in the program's file are read otherwise than by themselves. */
    static Refusal swallowed() {
        return new Refusal(TESTS, "the program swallows or takes in what follows it in its file, the tests");
    }

    /** A name of the JDK's means the program's class in the tests. */
    static Refusal hidden(String name) {
        return new Refusal(TESTS, "the program declares a class " + name + ", which stands before the one that its tests"
                + " mean");
    }

    /** A class that a jar has already, or one in a package of JUnit's or the tuples': no other one is meant. */
    static Refusal ofJar(String name) {
        return new Refusal(TESTS, "the program declares " + name + ", which is the class path's");
    }

    /** Nothing to start in a program that is to read its input. */
    static Refusal noMain() {
        return new Refusal(MAIN, "no class has a main to start: declare public static void main(String[] args) in one");
    }

    /** A checker that can't be asked. */
    static Refusal noCheck() {
        return new Refusal(MAIN, "no class has a static boolean check(String input, String output, String expected)");
    }

    @Override
    public Kind getKind() {
        return Kind.ERROR;
    }

    @Override
    public JavaFileObject getSource() {
        return null;
    }

    @Override
    public long getPosition() {
        return NOPOS;
    }

    @Override
    public long getStartPosition() {
        return NOPOS;
    }

    @Override
    public long getEndPosition() {
        return NOPOS;
    }

    @Override
    public long getLineNumber() {
        return NOPOS;
    }

    @Override
    public long getColumnNumber() {
        return NOPOS;
    }

    @Override
    public String getCode() {
        return code;
    }

    @Override
    public String getMessage(Locale locale) {
        return message;
    }
}
