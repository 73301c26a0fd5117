package javabox.judge.compile;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javabox.judge.meter.ClassFiles;
import javabox.judge.meter.EntryClass;
import javabox.judge.meter.Jars;
import javabox.judge.meter.Rewriter;
import javabox.judge.protocol.Counters;
import javabox.judge.protocol.Job;
import javabox.program.Program;
import org.objectweb.asm.ClassReader;

/**
 * Makes class files that can run of a job: compiled, scanned, metered. One instance serves all workers.
 *
 * <p>The program is compiled alone where its tests are known already ({@link KeptTests}) or need no javac ({@link
 * PlainTests}), else with them, in one compilation. What is said of the program is the same in both: javac takes it
 * before its tests, and a program that names a class of the tests is never compiled without them first.
 */
public final class Build {
    private final Rewriter rewriter;
    private final Imports imports = new Imports();
    private final KeptTests kept = new KeptTests();
    private final Counters counters;

    /**
     * What a job became.
     *
     * @param prepared null where it does not compile, or where nothing is to run
     * @param rewriting nanoseconds, after javac's
     */
    public record Built(Compiler.Result compiled, Rewriter.Prepared prepared, long rewriting) {}

    public Build(boolean pinned, Counters counters) {
        this.counters = counters;
        rewriter = new Rewriter(pinned);
    }

    public Built of(Job job, Compiler compiler) {
        Units units = Units.of(job, compiler, imports);
        String key = units.tests() == null || job.suite().junit() ? null : key(units, job);
        if (key != null && !units.mayDeclare() && kept.knows(key, units.text())) {
            Compiler.Result alone = compiler.compile(units.alone());
            Built built = alone.ok() ? beside(alone, key, job) : new Built(alone, null, 0);
            if (built != null) {
                return built;
            }
        } else if (key != null && !units.mayDeclare() && !units.text().contains(Program.TESTS)) {
            PlainTests tests = PlainTests.of(job.suite(), units.tests().text());
            Built built = tests == null ? null : plain(compiler.compile(units.alone()), tests, key, job);
            if (built != null) {
                return built;
            }
        }
        return together(units, key, job, compiler);
    }

    /** @return null where it has to be compiled with its tests */
    private Built plain(Compiler.Result alone, PlainTests tests, String key, Job job) {
        if (!alone.ok()) {
            return new Built(alone, null, 0);
        }
        if (alone.classes().keySet().stream().anyMatch(name -> Jars.GIVEN.isTaken(name.replace('.', '/')))) {
            return null;
        }
        long start = System.nanoTime();
        ClassFiles program = ClassFiles.of(alone.classes(), alone.program());
        byte[] written = PlainTestClass.beside(program.program(), tests);
        if (written == null) {
            return null;
        }
        Map<String, byte[]> all = new LinkedHashMap<>(alone.classes());
        all.put(Program.TESTS, written);
        return metered(alone, ClassFiles.of(all, alone.program()), key, job, start);
    }

    /** @return null where it has to be compiled with its tests */
    private Built beside(Compiler.Result alone, String key, Job job) {
        long start = System.nanoTime();
        ClassFiles classes = ClassFiles.of(alone.classes(), alone.program());
        Rewriter.Tests known = kept.find(key, Declarations.of(classes.program().values()));
        if (known == null) {
            return null;
        }
        Rewriter.Prepared prepared = rewriter.prepare(classes, known, wanted(job));
        if (prepared == null) {
            return null;
        }
        counters.testsReused.incrementAndGet();
        return new Built(alone, prepared, System.nanoTime() - start);
    }

    /** Makes a program of a checker of outputs (javabox/job.py, StdinCase): it reads what it is asked. */
    public Built checker(String source, Compiler compiler) {
        Sources.Unit unit = Sources.checker(source);
        Compiler.Result alone = compiler.compile(List.of(unit));
        if (!alone.ok()) {
            return new Built(alone, null, 0);
        }
        String name = EntryClass.check(ClassFiles.of(alone.classes(), alone.classes().keySet()).program().values());
        if (name == null) {
            return new Built(alone.refused(Refusal.noCheck()), null, 0);
        }
        Compiler.Result both = compiler.compile(List.of(unit, Sources.asking(name)));
        if (!both.ok()) {
            return new Built(both, null, 0);
        }
        ClassFiles classes = ClassFiles.of(both.classes(), both.classes().keySet());
        Rewriter.Prepared prepared = rewriter.prepare(classes, null, new Rewriter.Wanted(false, false, false, false, true));
        return new Built(both, prepared.from(Sources.ASKING), 0);
    }

    /** What else than declarations decides about the tests: their text, and what a program may declare beside them. */
    private static String key(Units units, Job job) {
        boolean whole = job.suite().whole() != null;
        return units.tests().text() + (whole ? "\0" + new TreeSet<>(Imports.inPrompt(job)) : "");
    }

    private static Rewriter.Wanted wanted(Job job) {
        return new Rewriter.Wanted(job.coverage(), job.suite().assertions(), job.joined(), job.suite().junit(),
                !job.suite().stdin().isEmpty());
    }

    /**
     * A class of the program's that the tests name and do not mean; null if there is none. JUnit's tests name annotations,
     * which no code names, so their text is asked.
     */
    private static String hidden(ClassFiles classes, Job job) {
        for (ClassReader tests : classes.tests().values()) {
            for (String name : classes.program().keySet()) {
                String simple = name.substring(name.lastIndexOf('.') + 1);
                String outermost = simple.contains("$") ? simple.substring(0, simple.indexOf('$')) : simple;
                boolean named = job.suite().junit() ? job.suite().whole().contains(outermost) : ClassFiles.names(tests, name);
                if (named && Imports.hides(outermost, job)) {
                    return outermost;
                }
            }
        }
        return null;
    }

    private static boolean namesAny(ClassReader reader, Set<String> names) {
        return names.stream().anyMatch(name -> ClassFiles.names(reader, name));
    }

    /** @param key null where the tests are not kept */
    private Built together(Units units, String key, Job job, Compiler compiler) {
        Compiler.Result compiled = job.testsShareFile() ? SharedFile.compile(units, job, compiler)
                : compiler.compile(units.together());
        if (!compiled.ok() || job.suite().compileOnly()) {
            return new Built(compiled, null, 0);
        }
        long start = System.nanoTime();
        ClassFiles classes = ClassFiles.of(compiled.classes(), compiled.program());
        for (String name : classes.program().keySet()) {
            if (Jars.GIVEN.isTaken(name.replace('.', '/'))) {
                return new Built(compiled.refused(Refusal.ofJar(name)), null, 0);
            }
        }
        String hidden = job.suite().whole() == null ? null : hidden(classes, job);
        if (hidden != null) {
            return new Built(compiled.refused(Refusal.hidden(hidden)), null, 0);
        }
        if (!job.suite().stdin().isEmpty()) {
            Rewriter.Prepared prepared = rewriter.prepare(classes, null, wanted(job));
            boolean starts = prepared.main() != null;
            return new Built(starts ? compiled : compiled.refused(Refusal.noMain()), prepared, System.nanoTime() - start);
        }
        if (classes.program().values().stream().anyMatch(reader -> namesAny(reader, units.ours()))) {
            // It can't know of them honestly: the answer is what javac says of it without them.
            Rewriter.Prepared prepared = rewriter.prepare(classes, null, wanted(job));
            return new Built(compiler.compile(units.alone()), prepared, System.nanoTime() - start);
        }
        return metered(compiled, classes, key, job, start);
    }

    /** The end of what was compiled or written with its tests; they are kept for other programs. */
    private Built metered(Compiler.Result compiled, ClassFiles classes, String key, Job job, long start) {
        Rewriter.Prepared prepared = rewriter.prepare(classes, null, wanted(job));
        if (key != null && prepared.tests() != null) {
            kept.keep(key, Declarations.of(classes.program().values()), prepared.tests());
        }
        return new Built(compiled, prepared, System.nanoTime() - start);
    }
}
