package javabox.judge;

import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes tests mean the JDK's classes whatever the program declares. A class of the program hides what
 * {@code java.lang} and {@code import java.util.*} bring, but not what an import names singly (JLS 6.4.1), so
 * every JDK class that the tests mention is imported by name. What the prompt declares is meant to be the
 * program's and is left alone.
 */
final class Imports {
    private static final Pattern ON_DEMAND = Pattern.compile("import\\s+([\\w.]+)\\.\\*\\s*;");
    private static final Pattern SINGLE = Pattern.compile("import\\s+(?:static\\s+)?[\\w.]+\\.(\\w+)\\s*;");
    private static final Pattern NAME = Pattern.compile("\\b[A-Z]\\w*");
    private static final Pattern DECLARED = Pattern.compile("\\b(?:class|interface|enum|record)\\s+(\\w+)");
    private static final int SUITES_KEPT = 8192;

    /** By suite: simple names and where they come from. */
    private final Map<Job.Suite, Map<String, String>> kept = Collections.synchronizedMap(
            new LinkedHashMap<>(256, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Job.Suite, Map<String, String>> eldest) {
                    return size() > SUITES_KEPT;
                }
            });

    /** @return import lines for the tests of this job, on the suite's own line */
    String of(Job job) {
        Map<String, String> known = kept.computeIfAbsent(job.suite(), Imports::mentioned);
        int promptEnd = job.completionStart() > 0 ? job.completionStart() : job.source().length();
        Set<String> declared = new HashSet<>();
        Matcher declaration = DECLARED.matcher(job.source()).region(0, promptEnd);
        while (declaration.find()) {
            declared.add(declaration.group(1));
        }
        StringBuilder lines = new StringBuilder();
        known.forEach((name, qualified) -> {
            if (!declared.contains(name)) {
                lines.append("import ").append(qualified).append("; ");
            }
        });
        return lines.toString();
    }

    private static Map<String, String> mentioned(Job.Suite suite) {
        StringBuilder text = new StringBuilder("import java.lang.*;");
        text.append(suite.imports());
        Set<String> singles = new HashSet<>();
        Matcher single = SINGLE.matcher(suite.imports());
        while (single.find()) {
            singles.add(single.group(1));
        }
        Map<String, String> found = new TreeMap<>();
        for (Job.Case test : suite.cases()) {
            Matcher name = NAME.matcher(test.code() + " " + test.value());
            while (name.find()) {
                if (!singles.contains(name.group())) {
                    find(name.group(), text, found);
                }
            }
        }
        return found;
    }

    private static void find(String name, CharSequence imports, Map<String, String> found) {
        Matcher packages = ON_DEMAND.matcher(imports);
        while (packages.find()) {
            String qualified = packages.group(1) + "." + name;
            if (packages.group(1).startsWith("java.") && exists(qualified)) {
                found.put(name, qualified);
            }
        }
    }

    private static boolean exists(String qualified) {
        try {
            return java.lang.reflect.Modifier.isPublic(Class.forName(qualified, false, null).getModifiers());
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }
}
