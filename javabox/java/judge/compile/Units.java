package javabox.judge.compile;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javabox.judge.protocol.Job;
import javabox.program.Program;

/**
 * What one job is compiled from.
 *
 * @param tests null where there are none, or none of their own
 * @param packageName the program's, where its tests are too
 * @param ours full names of classes of the tests that no program can know of
 */
record Units(Sources.Unit program, List<Sources.Unit> files, Sources.Unit tests, String packageName, Set<String> ours) {

    static Units of(Job job, Compiler compiler, Imports imports) {
        Sources.Unit program = Sources.program(job, compiler);
        List<Sources.Unit> files = Sources.files(job);
        if (job.testsShareFile()) {
            return new Units(program, files, null, "", Set.of());
        }
        String packageName = Compiler.mayDeclare(program) ? compiler.outline(program).packageName() : "";
        boolean whole = job.suite().whole() != null;
        Outline outline = whole ? Outline.kept(Sources.whole(job), compiler) : null;
        boolean packaged = whole && !outline.packageName().isEmpty();
        Set<String> clashes = new HashSet<>();
        String testsPackage = packaged ? outline.packageName() : packageName;
        if (whole) {
            for (Sources.Unit unit : with(program, files)) {
                Outline other = mayClash(unit, outline) ? compiler.outline(unit) : null;
                if (other != null && other.packageName().equals(testsPackage)) {
                    String prompt = job.source().substring(0, job.completionStart());
                    Set<String> inPrompt = job.declared() == null ? Imports.declared(prompt) : job.declared();
                    clashes.addAll(Renaming.clashes(outline, other, inPrompt));
                }
            }
        }
        Set<String> ours = new HashSet<>(Set.of(Outline.qualified(testsPackage, Program.TESTS)));
        clashes.forEach(name -> ours.add(Outline.qualified(testsPackage, Renaming.renamed(name))));
        return new Units(program, files, Sources.tests(job, imports, packageName, clashes, packaged), testsPackage, ours);
    }

    private static boolean mayClash(Sources.Unit unit, Outline tests) {
        Set<String> declared = Imports.declared(unit.text());
        return unit.text().contains("\\u") || tests.types().stream().anyMatch(type -> declared.contains(type.name()));
    }

    private static List<Sources.Unit> with(Sources.Unit program, List<Sources.Unit> files) {
        List<Sources.Unit> all = new ArrayList<>(files.size() + 2);
        all.add(program);
        all.addAll(files);
        return all;
    }

    /** The program by itself. */
    List<Sources.Unit> alone() {
        return with(program, files);
    }

    /** The program, then its tests. */
    List<Sources.Unit> together() {
        List<Sources.Unit> all = with(program, files);
        if (tests != null) {
            all.add(tests);
        }
        return all;
    }

    /** Whether what is said of the program may depend on what else was compiled. */
    boolean mayDeclare() {
        return alone().stream().anyMatch(Compiler::mayDeclare);
    }

    /** All that the program is written in. */
    String text() {
        StringBuilder text = new StringBuilder(program.text());
        files.forEach(file -> text.append('\n').append(file.text()));
        return text.toString();
    }
}
