package javabox.judge.compile;

import java.util.List;
import javabox.judge.meter.ClassFiles;
import javabox.judge.meter.EntryClass;
import javabox.judge.meter.Rewriter;
import javabox.judge.protocol.Counters;
import javabox.judge.protocol.Job;
import org.objectweb.asm.ClassReader;

/**
 * Makes class files that can run of a job: compiled, scanned, metered. One instance serves all workers.
 *
 * <p>The program is compiled alone where its tests are known already ({@link KeptTests}), else with them, in one
 * compilation. What is said of the program is the same in both: javac takes it before its tests, and a program that
 * names a class of the tests is never compiled without them first.
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
        Sources.Unit program = Sources.program(job);
        Sources.Unit tests = Sources.tests(job, imports);
        if (tests != null && !Compiler.mayDeclare(program) && kept.knows(tests.text(), job.source())) {
            Compiler.Result alone = compiler.compile(List.of(program));
            Built built = alone.ok() ? beside(alone, tests, job) : new Built(alone, null, 0);
            if (built != null) {
                return built;
            }
        }
        return together(program, tests, job, compiler);
    }

    /** @return null where it has to be compiled with its tests */
    private Built beside(Compiler.Result alone, Sources.Unit tests, Job job) {
        long start = System.nanoTime();
        ClassFiles classes = ClassFiles.of(alone.classes(), alone.program());
        Rewriter.Tests known = kept.find(tests.text(), Declarations.of(classes.program().values()));
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
        Rewriter.Prepared prepared = rewriter.prepare(classes, null, new Rewriter.Wanted(false, false, true));
        return new Built(both, prepared.from(Sources.ASKING), 0);
    }

    private static Rewriter.Wanted wanted(Job job) {
        return new Rewriter.Wanted(job.coverage(), job.suite().assertions(), !job.suite().stdin().isEmpty());
    }

    /** A class of the program's that the tests name and do not mean; null if there is none. */
    private static String hidden(ClassFiles classes, Job job) {
        for (ClassReader tests : classes.tests().values()) {
            for (String name : classes.program().keySet()) {
                String outermost = name.contains("$") ? name.substring(0, name.indexOf('$')) : name;
                if (ClassFiles.names(tests, name) && Imports.hides(outermost, job)) {
                    return outermost;
                }
            }
        }
        return null;
    }

    /** @param tests null where there are none, or none of their own */
    private Built together(Sources.Unit program, Sources.Unit tests, Job job, Compiler compiler) {
        Compiler.Result compiled = job.testsShareFile() ? SharedFile.compile(program, job, compiler)
                : compiler.compile(tests == null ? List.of(program) : List.of(program, tests));
        if (!compiled.ok() || job.suite().compileOnly()) {
            return new Built(compiled, null, 0);
        }
        long start = System.nanoTime();
        ClassFiles classes = ClassFiles.of(compiled.classes(), compiled.program());
        String hidden = job.suite().whole() == null ? null : hidden(classes, job);
        if (hidden != null) {
            return new Built(compiled.refused(Refusal.hidden(hidden)), null, 0);
        }
        Rewriter.Prepared prepared = rewriter.prepare(classes, null, wanted(job));
        long rewriting = System.nanoTime() - start;
        if (!job.suite().stdin().isEmpty()) {
            return new Built(prepared.main() == null ? compiled.refused(Refusal.noMain()) : compiled, prepared, rewriting);
        }
        if (prepared.namesTests()) {
            // It can't know of them honestly: the answer is what javac says of it without them.
            return new Built(compiler.compile(List.of(program)), prepared, rewriting);
        }
        if (tests != null && prepared.tests() != null) {
            kept.keep(tests.text(), Declarations.of(classes.program().values()), prepared.tests());
        }
        return new Built(compiled, prepared, rewriting);
    }
}
