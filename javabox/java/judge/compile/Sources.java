package javabox.judge.compile;

import java.net.URI;
import java.util.List;
import javabox.judge.protocol.Job;
import javabox.program.Program;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;

/** Source files that exist in memory only: the program, the tests beside it, the expected values apart. */
public final class Sources {
    static final String TESTS_NAME = "tests.java";
    static final String ASKING = "Javabox$Asking";

    private Sources() {}

    /** One compilation unit. */
    public static final class Unit extends SimpleJavaFileObject {
        private final String text;
        private final boolean anyName;

        private Unit(String name, String text, boolean anyName) {
            super(URI.create("string:///" + name), JavaFileObject.Kind.SOURCE);
            this.text = text;
            this.anyName = anyName;
        }

        String text() {
            return text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            return anyName || super.isNameCompatible(simpleName, kind);
        }
    }

    /** The program, under the file name that mxeval's grader uses: a public class is as wrong here as there. */
    static Unit program(Job job) {
        return new Unit(Program.SOURCE_NAME, job.source(), false);
    }

    /** What is compiled with the program: a class with a method a case, or the whole test program, or null. */
    static Unit tests(Job job, Imports imports) {
        Job.Suite suite = job.suite();
        if (suite.whole() != null) {
            return suite.whole().isEmpty() ? null : new Unit(TESTS_NAME, imports.of(job) + suite.whole(), true);
        }
        if (suite.compileOnly()) {
            return null;
        }
        StringBuilder text = new StringBuilder(imports.of(job)).append(suite.imports()).append("\nclass ")
                .append(Program.TESTS).append(" {\n");
        List<Job.Case> cases = suite.cases();
        for (int i = 0; i < cases.size(); i++) {
            Job.Case test = cases.get(i);
            text.append("static Object c").append(i).append("() throws Throwable {\n").append(test.code())
                    .append("\nreturn ").append(test.value()).append(";\n}\n");
        }
        return new Unit(TESTS_NAME, text.append("}\n").toString(), true);
    }

    /** The tests that follow the program in its file, by themselves. */
    static Unit tail(Job job) {
        return new Unit("tail.java", job.source().substring(job.testsStart()), true);
    }

    /** A checker of outputs, whatever its class is called. */
    static Unit checker(String source) {
        return new Unit("checker.java", source, true);
    }

    /** A main that reads what a checker is asked, three texts each with its number of bytes, and prints what it says. */
    static Unit asking(String checker) {
        return new Unit("asking.java", "class " + ASKING + " { public static void main(String[] args) throws Throwable {"
                + " java.io.PrintStream out = System.out; var in = new java.io.DataInputStream(System.in);"
                + " boolean right = " + checker + ".check(text(in), text(in), text(in)); out.println(); out.println(right); }"
                + " private static String text(java.io.DataInputStream in) throws java.io.IOException {"
                + " return new String(in.readNBytes(in.readInt()), java.nio.charset.StandardCharsets.UTF_8); } }", true);
    }

    /** The expected values, in a program of their own: what they name is the JDK, never the program's classes. */
    public static Unit expected(Job.Suite suite) {
        StringBuilder text = new StringBuilder(suite.imports()).append("\nclass Expected {\n");
        List<Job.Case> cases = suite.cases();
        for (int i = 0; i < cases.size(); i++) {
            Job.Case test = cases.get(i);
            if (test.expected() != null) {
                text.append("static Object e").append(i).append("() throws Throwable {\n").append(test.expectedType())
                        .append(" expected =\n").append(test.expected()).append(";\nreturn expected;\n}\n");
            }
        }
        return new Unit("expected.java", text.append("}\n").toString(), true);
    }
}
