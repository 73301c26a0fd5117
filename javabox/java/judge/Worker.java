package javabox.judge;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javabox.program.Program;
import javabox.program.Text;
import javabox.program.Values;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;

/**
 * Judges one job after the other: compile, rewrite, run, compare.
 *
 * <p>A compilation can't be ended from outside. At its limit the job is answered, this worker is given up and
 * another takes its place; the lost thread burns on until the supervisor, worn from then on, is replaced.
 */
final class Worker implements Runnable {
    private final Supervisor supervisor;
    private final StrictLane strict;
    private final WarmLane warm;
    private final Expected expected;
    private final Rewriter rewriter;
    private final Watchdog watchdog;
    private volatile boolean lost;

    /** @param warm null where every program gets a JVM of its own */
    Worker(Supervisor supervisor, StrictLane strict, WarmLane warm, Expected expected, Rewriter rewriter,
            Watchdog watchdog) {
        this.supervisor = supervisor;
        this.strict = strict;
        this.warm = warm;
        this.expected = expected;
        this.rewriter = rewriter;
        this.watchdog = watchdog;
    }

    @Override
    public void run() {
        try {
            Compiler compiler = new Compiler();
            while (!lost) {
                Job job = supervisor.next();
                AtomicBoolean answered = new AtomicBoolean();
                Reply reply = judge(job, compiler, answered);
                if (answered.compareAndSet(false, true)) {
                    supervisor.answer(job, reply);
                }
            }
        } catch (IOException | InterruptedException e) {
            System.err.println("javabox: a worker ended: " + e);
            System.exit(1);
        }
    }

    private Reply judge(Job job, Compiler compiler, AtomicBoolean answered) {
        try {
            long start = System.nanoTime();
            Values.Sized[] values = expected.of(job.suite(), compiler);
            Watchdog.Alarm alarm = watchdog.in(job.limits().compileMillis(), () -> giveUp(job, answered));
            Compiler.Result compiled = compile(job, compiler);
            long compiledAt = System.nanoTime();
            Rewriter.Prepared prepared = null;
            if (compiled.ok() && !job.suite().compileOnly()) {
                prepared = rewriter.prepare(compiled, job.coverage());
                if (prepared.namesTests()) {
                    compiled = compiler.compile(List.of(Sources.program(job)));
                }
            }
            alarm.callOff();
            long rewrittenAt = System.nanoTime();
            Reply reply = !compiled.ok() ? Reply.compileError(diagnoses(job, compiled), true)
                    : prepared == null || answered.get() ? Reply.compiled() : run(job, prepared, values);
            long end = System.nanoTime();
            return reply.within(new Reply.Times((end - start) / 1e6, (compiledAt - start) / 1e6,
                    (rewrittenAt - compiledAt) / 1e6, (end - rewrittenAt) / 1e6));
        } catch (Expected.Broken e) {
            return Reply.trouble(Reply.Outcome.SUITE_ERROR, e.getMessage());
        } catch (RuntimeException | Error e) {
            // Out of memory, most likely, and maybe by another worker's job: to be asked again, alone.
            supervisor.wearOut();
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, e.toString());
        }
    }

    private Reply run(Job job, Rewriter.Prepared prepared, Values.Sized[] values) {
        if (warm != null && prepared.refusal() == null) {
            Reply reply = warm.run(job, prepared, values);
            if (reply != null && !supervisor.audits(job)) {
                return reply;
            }
            if (reply != null) {
                return audited(reply, strict.run(job, prepared, values));
            }
        }
        return strict.run(job, prepared, values);
    }

    /** The strict lane's word wins; a warm JVM that said something else says nothing more. */
    private Reply audited(Reply reply, Reply checked) {
        boolean comparable = checked.deterministic() && checked.outcome() != Reply.Outcome.JUDGE_ERROR;
        if (!comparable) {
            return reply;
        }
        supervisor.counters().audits.incrementAndGet();
        if (checked.agrees(reply)) {
            return reply;
        }
        supervisor.counters().disagreements.incrementAndGet();
        warm.discard();
        return checked;
    }

    private Compiler.Result compile(Job job, Compiler compiler) {
        List<Sources.Unit> units = new ArrayList<>(List.of(Sources.program(job)));
        Sources.Unit tests = Sources.tests(job, supervisor.imports());
        if (tests != null) {
            units.add(tests);
        }
        return compiler.compile(units);
    }

    private void giveUp(Job job, AtomicBoolean answered) {
        if (answered.compareAndSet(false, true)) {
            lost = true;
            supervisor.wearOut();
            supervisor.addWorker();
            String reason = "the compiler gave up: no result after " + job.limits().compileMillis() + " ms";
            supervisor.answer(job, Reply.compileError(
                    List.of(new Reply.Diagnosis(Compiler.Limit.CODE, -1, -1, -1, reason)), false));
        }
    }

    /**
     * What is wrong with the program, as if it had been compiled alone: javac takes it before its tests, and
     * nothing in them changes what it says. Only where the program by itself is right, what is wrong with the tests.
     */
    private static List<Reply.Diagnosis> diagnoses(Job job, Compiler.Result compiled) {
        List<Diagnostic<? extends JavaFileObject>> own = compiled.errors().stream().filter(Worker::inProgram).toList();
        List<Reply.Diagnosis> diagnoses = new ArrayList<>();
        Place place = Place.of(job);
        for (Diagnostic<? extends JavaFileObject> error : own.isEmpty() ? compiled.errors() : own) {
            long position = inProgram(error) ? error.getPosition() : Diagnostic.NOPOS;
            diagnoses.add(new Reply.Diagnosis(error.getCode(), place.lineAt(position), place.columnAt(position),
                    place.position(position), Text.capped(error.getMessage(null))));
        }
        return diagnoses;
    }

    private static boolean inProgram(Diagnostic<? extends JavaFileObject> error) {
        return error.getSource() != null && error.getSource().getName().endsWith(Program.SOURCE_NAME);
    }
}
