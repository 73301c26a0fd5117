package javabox;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;

/**
 * Judges one job after the other: compile, run, compare.
 *
 * <p>A compilation can't be ended from outside. At its limit the job is answered, this worker is given up and
 * another takes its place; the lost thread burns on until the supervisor, worn from then on, is replaced.
 */
final class Worker implements Runnable {
    private final Supervisor supervisor;
    private final StrictLane strict;
    private final Expected expected;
    private final ScheduledExecutorService timer;
    private volatile boolean lost;

    Worker(Supervisor supervisor, StrictLane strict, Expected expected, ScheduledExecutorService timer) {
        this.supervisor = supervisor;
        this.strict = strict;
        this.expected = expected;
        this.timer = timer;
    }

    @Override
    public void run() {
        try {
            Compiler compiler = new Compiler();
            while (!lost) {
                Job job = supervisor.next();
                long start = System.nanoTime();
                AtomicBoolean answered = new AtomicBoolean();
                Reply reply = judge(job, compiler, answered);
                if (answered.compareAndSet(false, true)) {
                    supervisor.answer(job, reply.within((System.nanoTime() - start) / 1e6));
                }
            }
        } catch (IOException | InterruptedException e) {
            System.err.println("javabox: a worker ended: " + e);
            System.exit(1);
        }
    }

    private Reply judge(Job job, Compiler compiler, AtomicBoolean answered) {
        try {
            Object[] values = expected.of(job.suite(), compiler);
            ScheduledFuture<?> alarm = timer.schedule(() -> giveUp(job, answered), job.limits().compileMillis(),
                    TimeUnit.MILLISECONDS);
            Compiler.Result compiled = compile(job, compiler);
            alarm.cancel(false);
            if (!compiled.ok()) {
                return Reply.compileError(diagnoses(job, compiled), true);
            }
            if (job.suite().compileOnly() || answered.get()) {
                return Reply.compiled();
            }
            Reply reply = strict.run(job, compiled.classes(), values);
            // A JVM that someone else killed looks like one that left early: only the second time counts.
            return endedEarly(reply) ? strict.run(job, compiled.classes(), values) : reply;
        } catch (Expected.Broken e) {
            return Reply.trouble(Reply.Outcome.SUITE_ERROR, e.getMessage());
        } catch (RuntimeException | Error e) {
            // Out of memory, most likely, and maybe by another worker's job: to be asked again, alone.
            supervisor.wearOut();
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, e.toString());
        }
    }

    private static boolean endedEarly(Reply reply) {
        return reply.outcome() == Reply.Outcome.PREMATURE_EXIT || reply.outcome() == Reply.Outcome.JUDGE_ERROR;
    }

    private static Compiler.Result compile(Job job, Compiler compiler) {
        List<Sources.Unit> units = new ArrayList<>(List.of(Sources.program(job)));
        Sources.Unit tests = Sources.tests(job.suite());
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

    private static List<Reply.Diagnosis> diagnoses(Job job, Compiler.Result compiled) {
        List<Reply.Diagnosis> diagnoses = new ArrayList<>();
        Place place = Place.of(job);
        for (Diagnostic<? extends JavaFileObject> error : compiled.errors()) {
            boolean inProgram = error.getSource() != null && error.getSource().getName().endsWith(Runner.SOURCE_NAME);
            long position = inProgram ? error.getPosition() : Diagnostic.NOPOS;
            diagnoses.add(new Reply.Diagnosis(error.getCode(), place.lineAt(position), place.columnAt(position),
                    place.position(position), Reply.capped(error.getMessage(null))));
        }
        return diagnoses;
    }
}
