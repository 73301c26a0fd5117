package javabox.judge.compile;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javabox.judge.protocol.Job;
import javabox.program.Program;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;

/** Source files that exist in memory only: the program's, the tests beside it, the expected values apart. */
public final class Sources {
    static final String TESTS_NAME = "tests.java";
    static final String ASKING = "Javabox$Asking";

    /**
     * A public class, maybe a nested one. Possessive, and up to the next {@code public}: a long text that is none takes
     * neither the stack nor the square of its words.
     */
    private static final Pattern PUBLIC = Pattern.compile(
            "public\\s++(?:(?!public\\b|class\\b|interface\\b|enum\\b|record\\b)[\\w-]++\\s++)*+@?(?:class|interface|enum|record)\\b");

    private Sources() {}

    /** One compilation unit. */
    public static final class Unit extends SimpleJavaFileObject {
        private final String text;
        private final String path;
        private final boolean ofProgram;
        /** What a public class in it is called; null: as it likes. */
        private final String publicName;
        private boolean junit;

        private Unit(String name, String text, String path, boolean ofProgram, String publicName) {
            super(URI.create("string:///" + name), JavaFileObject.Kind.SOURCE);
            this.text = text;
            this.path = path;
            this.ofProgram = ofProgram;
            this.publicName = publicName;
        }

        /** The tests, or what else is ours. */
        private static Unit own(String name, String text) {
            return new Unit(name, text, null, false, null);
        }

        String text() {
            return text;
        }

        /** Where it is among the job's files; null for the program's own source and for tests. */
        String path() {
            return path;
        }

        /** Whether it is JUnit's to run. */
        boolean junit() {
            return junit;
        }

        boolean ofProgram() {
            return ofProgram;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            boolean info = simpleName.equals("package-info") || simpleName.equals("module-info");
            return kind == Kind.SOURCE && (publicName == null ? !info : simpleName.equals(publicName));
        }
    }

    /** The program's source, in a file that is called after its first public class. */
    static Unit program(Job job, Compiler compiler) {
        String name = job.joined() ? "main" : null;
        if (name == null && publicClasses(job.source()) > 1) {
            name = compiler.outline(new Unit(Program.SOURCE_NAME, job.source(), null, true, null)).publicType();
        }
        return new Unit(Program.SOURCE_NAME, job.source(), null, true, name);
    }

    private static int publicClasses(String source) {
        Matcher matcher = PUBLIC.matcher(source);
        int count = source.contains("\\u") ? 2 : 0; // to be looked at
        // Only where the word stands: a search by the pattern costs a twentieth of a job.
        for (int at = source.indexOf("public"); at >= 0 && count < 2; at = source.indexOf("public", at + 1)) {
            count += matcher.region(at, source.length()).lookingAt() ? 1 : 0;
        }
        return count;
    }

    /** The program's other files. */
    static List<Unit> files(Job job) {
        List<Unit> files = new ArrayList<>();
        for (Job.File file : job.files()) {
            String name = file.path().substring(file.path().lastIndexOf('/') + 1);
            String plain = name.substring(0, name.length() - ".java".length());
            // What the line tables call it is never the name of the program's own source.
            String called = (plain.equals("main") ? "main_" : plain.replaceAll("[^\\w-]", "_")) + ".java";
            files.add(new Unit("files/" + files.size() + "/" + called, file.text(), file.path(), true, plain));
        }
        return files;
    }

    /**
     * What is compiled with the program: a class with a method a case, or the whole test program, or null. Tests that
     * name no package are in the program's.
     *
     * @param packageName the program's
     * @param clashing classes of a whole test program that are called as the program's are
     */
    static Unit tests(Job job, Imports imports, String packageName, Set<String> clashing, boolean packaged) {
        Job.Suite suite = job.suite();
        String head = packageName.isEmpty() ? "" : "package " + packageName + "; ";
        if (suite.whole() != null) {
            if (suite.whole().isEmpty()) {
                return null;
            }
            String whole = clashing.isEmpty() ? suite.whole() : Renaming.of(suite.whole(), clashing);
            // Where they name a package of their own, no class of the program's is in sight.
            Unit tests = Unit.own(TESTS_NAME, packaged ? whole : head + imports.of(job) + whole);
            tests.junit = suite.junit();
            return tests;
        }
        if (suite.compileOnly()) {
            return null;
        }
        StringBuilder text = new StringBuilder(head).append(imports.of(job)).append(suite.imports()).append("\nclass ")
                .append(Program.TESTS).append(" {\n");
        List<Job.Case> cases = suite.cases();
        for (int i = 0; i < cases.size(); i++) {
            Job.Case test = cases.get(i);
            text.append("static Object c").append(i).append("() throws Throwable {\n").append(test.code())
                    .append("\nreturn ").append(test.value()).append(";\n}\n");
        }
        return Unit.own(TESTS_NAME, text.append("}\n").toString());
    }

    /** A whole test program as it was given. */
    static Unit whole(Job job) {
        return Unit.own(TESTS_NAME, job.suite().whole());
    }

    /** The tests that follow the program in its file, by themselves. */
    static Unit tail(Job job) {
        return Unit.own("tail.java", job.source().substring(job.testsStart()));
    }

    /** A checker of outputs, whatever its class is called. */
    static Unit checker(String source) {
        return Unit.own("checker.java", source);
    }

    /** A main that reads what a checker is asked, three texts each with its number of bytes, and prints what it says. */
    static Unit asking(String checker) {
        return Unit.own("asking.java", "class " + ASKING + " { public static void main(String[] args) throws Throwable {"
                + " java.io.PrintStream out = System.out; var in = new java.io.DataInputStream(System.in);"
                + " boolean right = " + checker + ".check(text(in), text(in), text(in)); out.println(); out.println(right); }"
                + " private static String text(java.io.DataInputStream in) throws java.io.IOException {"
                + " return new String(in.readNBytes(in.readInt()), java.nio.charset.StandardCharsets.UTF_8); } }");
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
        return Unit.own("expected.java", text.append("}\n").toString());
    }
}
