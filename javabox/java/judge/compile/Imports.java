package javabox.judge.compile;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javabox.judge.meter.Jars;
import javabox.judge.protocol.Job;

/**
 * Makes tests mean the JDK's classes whatever the program declares. A class of the program hides what
 * {@code java.lang} and {@code import java.util.*} bring, but not what an import names singly (JLS 6.4.1), so
 * every JDK class that the tests mention is imported by name. What the prompt declares is meant to be the
 * program's and is left alone.
 */
final class Imports {
    private static final Pattern ON_DEMAND = Pattern.compile("import\\s+([\\w.]+)\\.\\*\\s*;");
    private static final Pattern SINGLE = Pattern.compile("import\\s+(?:static\\s+)?[\\w.]+\\.(\\w+)\\s*;");
    private static final Pattern NAME = Pattern.compile("\\b([A-Z]\\w*)");
    private static final List<String> KINDS = List.of("class", "interface", "enum", "record");
    private static final Pattern CALLED = Pattern.compile("\\s+(\\w+)");
    private static final int SUITES_KEPT = 8192;

    /** By suite: simple names and where they come from. */
    private final Map<Job.Suite, Map<String, String>> kept = LruCache.holding(SUITES_KEPT);

    /** @return import lines for the tests of this job, on the suite's own line */
    String of(Job job) {
        Map<String, String> known = kept.computeIfAbsent(job.suite(), Imports::mentioned);
        Set<String> declared = inPrompt(job);
        StringBuilder lines = new StringBuilder();
        known.forEach((name, qualified) -> {
            if (!declared.contains(name)) {
                lines.append("import ").append(qualified).append("; ");
            }
        });
        return lines.toString();
    }

    /** What the program is meant to declare. */
    static Set<String> inPrompt(Job job) {
        if (job.declared() != null) {
            return job.declared();
        }
        int promptEnd = job.completionStart() > 0 ? job.completionStart() : job.source().length();
        return declared(job.source().substring(0, promptEnd));
    }

    /** The names of all classes that a source seems to declare. Asked of every job, and a search by one pattern is slow. */
    static Set<String> declared(String source) {
        Set<String> names = new LinkedHashSet<>();
        Matcher called = CALLED.matcher(source);
        for (String kind : KINDS) {
            for (int at = source.indexOf(kind); at >= 0; at = source.indexOf(kind, at + 1)) {
                boolean begins = at == 0 || !Character.isJavaIdentifierPart(source.charAt(at - 1));
                if (begins && called.region(at + kind.length(), source.length()).lookingAt()) {
                    names.add(called.group(1));
                }
            }
        }
        return names;
    }

    private static Map<String, String> mentioned(Job.Suite suite) {
        String whole = suite.whole() == null ? "" : suite.whole();
        String heads = "import java.lang.*;" + suite.imports() + whole;
        // What means the same whatever the program declares.
        Set<String> settled = named(SINGLE, heads);
        settled.addAll(declared(whole));
        Set<String> names = named(NAME, whole);
        for (Job.Case test : suite.cases()) {
            names.addAll(named(NAME, test.code() + " " + test.value()));
        }
        names.removeAll(settled);
        Map<String, String> found = new TreeMap<>();
        for (String place : named(ON_DEMAND, heads)) {
            for (String name : place.startsWith("java.") ? names : Set.<String>of()) {
                if (exists(place + "." + name)) {
                    found.put(name, place + "." + name);
                }
            }
        }
        return found;
    }

    private static Set<String> named(Pattern pattern, CharSequence text) {
        Set<String> names = new LinkedHashSet<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }

    /**
     * Whether a class of this name, declared by the program, stands before one of the JDK's or a jar's where the tests have
     * it in mind: they name it, and neither the prompt nor they themselves declare it.
     */
    static boolean hides(String declared, Job job) {
        if (declared.equals("java") || declared.equals("javax") || Jars.GIVEN.begins(declared)) {
            return true;
        }
        String heads = "import java.lang.*;" + job.source() + job.suite().imports() + job.suite().whole();
        return !inPrompt(job).contains(declared) && named(ON_DEMAND, heads).stream()
                .anyMatch(place -> exists(place + "." + declared));
    }

    private static boolean exists(String qualified) {
        try {
            if (!qualified.startsWith("java.")) {
                return Jars.GIVEN.has(qualified.replace('.', '/'));
            }
            return java.lang.reflect.Modifier.isPublic(Class.forName(qualified, false, null).getModifiers());
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }
}
