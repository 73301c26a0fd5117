package javabox.judge.compile;

import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.HashSet;
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
public final class Imports {
    private static final Pattern ON_DEMAND = Pattern.compile("import\\s+([\\w.]+)\\.\\*\\s*;");
    private static final Pattern SINGLE = Pattern.compile("import\\s+(?:static\\s+)?[\\w.]+\\.(\\w+)\\s*;");
    private static final Pattern NAME = Pattern.compile("\\b([A-Z]\\w*)");
    /** Imports beside which the names of java.util and java.lang mean what they mean there. */
    private static final Pattern PLAIN = Pattern.compile(
            "(?:\\s*+import (java\\.(util|io|math|text|time|lang|security|util\\.(stream|function|regex|concurrent))\\.\\*"
                    + "|java\\.util\\.[A-Z]\\w*|org\\.javatuples\\.\\*)\\s*+;)*+\\s*+");
    private static final List<String> KINDS = List.of("class", "interface", "enum", "record");
    private static final Pattern CALLED = Pattern.compile("\\s+(\\w+)");
    private static final int SUITES_KEPT = 8192;
    private static final int HEADS_KEPT = 256;
    private static final Map<String, Head> HEADS = LruCache.holding(HEADS_KEPT);
    /** By package: the module of the JDK that has it. */
    private static final Map<String, Module> MODULES = new HashMap<>();

    static {
        for (Module module : ModuleLayer.boot().modules()) {
            if (module.getClassLoader() == null) {
                module.getPackages().forEach(place -> MODULES.put(place, module));
            }
        }
    }

    /** What import lines say. Asked of every job, and the suites of a set mostly have the same ones. */
    private record Head(boolean plain, Set<String> singly, Set<String> onDemand) {
        static Head of(String imports) {
            return HEADS.computeIfAbsent(imports, text -> new Head(
                    text.contains("java.util.*") && PLAIN.matcher(text).matches(), named(SINGLE, text), named(ON_DEMAND, text)));
        }
    }

    /** By suite: simple names and where they come from. */
    private final Map<Job.Suite, Map<String, String>> kept = LruCache.holding(SUITES_KEPT);

    /** Whether java.util is imported, and nothing that has classes of the same names. */
    public static boolean plain(String imports) {
        return Head.of(imports).plain;
    }

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
        Head head = Head.of(suite.imports());
        // What means the same whatever the program declares.
        Set<String> settled = new HashSet<>(head.singly);
        settled.addAll(named(SINGLE, whole));
        settled.addAll(declared(whole));
        Set<String> places = new LinkedHashSet<>(Set.of("java.lang"));
        places.addAll(head.onDemand);
        places.addAll(named(ON_DEMAND, whole));
        Set<String> names = named(NAME, whole);
        for (Job.Case test : suite.cases()) {
            names.addAll(named(NAME, test.code() + " " + test.value()));
        }
        names.removeAll(settled);
        Map<String, String> found = new TreeMap<>();
        for (String place : places) {
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
        if (!qualified.startsWith("java.")) {
            return Jars.GIVEN.has(qualified.replace('.', '/'));
        }
        Module module = MODULES.get(qualified.substring(0, qualified.lastIndexOf('.')));
        try {
            Class<?> found = module == null ? null : Class.forName(module, qualified);
            return found != null && Modifier.isPublic(found.getModifiers());
        } catch (LinkageError e) {
            return false;
        }
    }
}
