package javabox.judge;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import javabox.judge.compile.Build;
import javabox.judge.compile.Compiler;
import javabox.judge.compile.Diagnoses;
import javabox.judge.meter.Jars;
import javabox.judge.meter.Rewriter;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Reply;
import javabox.judge.run.Deadline;
import javabox.judge.run.Watchdog;
import javabox.judge.value.Checkers;
import javabox.judge.value.Expected;

/**
 * Compiles and rewrites one job after the other, answers those that don't compile, and leaves the others to a
 * {@link Runner}: the next program compiles while this one runs.
 *
 * <p>A compilation can't be ended from outside. At its limit the job is answered, this worker is given up and
 * another takes its place; the lost thread burns on until the supervisor, worn from then on, is replaced.
 */
final class Worker implements Runnable {
    private static final String NO_JUNIT = "JUnit is not here: apt-get install junit4 junit5, or name"
            + " junit-platform-console-standalone.jar on the class path (--classpath)";

    private final Supervisor supervisor;
    private final Expected expected;
    private final Build build;
    private final Checkers checkers;
    private final Watchdog watchdog;
    private Path thread;
    private volatile boolean lost;
    /** Whether expected values are being evaluated: the suite's own code, and no program's. */
    private volatile boolean evaluating;

    Worker(Supervisor supervisor, Expected expected, Build build, Checkers checkers, Watchdog watchdog) {
        this.supervisor = supervisor;
        this.expected = expected;
        this.build = build;
        this.checkers = checkers;
        this.watchdog = watchdog;
    }

    @Override
    public void run() {
        try {
            thread = Deadline.thread();
            Compiler compiler = new Compiler();
            while (!lost) {
                prepare(supervisor.next(), compiler);
            }
        } catch (InterruptedException e) {
            System.err.println("javabox: a worker ended: " + e);
            System.exit(1);
        }
    }

    private void prepare(Job job, Compiler compiler) throws InterruptedException {
        if (supervisor.requests().cancelled(job)) {
            supervisor.answer(job, Reply.cancelled());
            return;
        }
        AtomicBoolean answered = new AtomicBoolean();
        Deadline alarm = new Deadline(job.limits().compileMillis(), thread, watchdog, () -> giveUp(job, answered));
        Reply reply;
        Runner.Task task = null;
        try {
            long start = System.nanoTime();
            if (job.suite().junit() && !Jars.GIVEN.hasJUnit()) {
                throw new Expected.Broken(NO_JUNIT);
            }
            evaluating = true;
            Expected.Value[] values = expected.of(job.suite(), compiler);
            Map<String, Rewriter.Prepared> checking = checkers.of(job.suite(), compiler);
            evaluating = false;
            Build.Built built = build.of(job, compiler);
            Compiler.Result compiled = built.compiled();
            long compiling = System.nanoTime() - start - built.rewriting();
            Reply.Times times = new Reply.Times(compiling / 1e6, built.rewriting() / 1e6, 0);
            reply = compiled.ok() ? Reply.compiled() : Reply.compileError(Diagnoses.of(job, compiled), true);
            reply = reply.within(times);
            boolean runs = compiled.ok() && built.prepared() != null;
            task = runs ? new Runner.Task(job, built.prepared(), values, checking, times) : null;
        } catch (Expected.Broken e) {
            reply = Reply.trouble(Reply.Outcome.SUITE_ERROR, e.getMessage());
        } catch (RuntimeException | Error e) {
            // Out of memory, most likely, and maybe by another worker's job: to be asked again, alone.
            supervisor.wearOut();
            reply = Reply.trouble(Reply.Outcome.JUDGE_ERROR, e.toString());
        } finally {
            alarm.callOff();
        }
        if (!answered.compareAndSet(false, true)) {
            return; // given up
        }
        if (task != null) {
            supervisor.leaveTo(task);
        } else {
            supervisor.answer(job, reply);
        }
    }

    private void giveUp(Job job, AtomicBoolean answered) {
        if (answered.compareAndSet(false, true)) {
            lost = true;
            supervisor.wearOut();
            supervisor.addWorker();
            String reason = "no result after " + job.limits().compileMillis() + " ms";
            supervisor.answer(job, evaluating
                    ? Reply.lateSuite("an expected value does not evaluate: " + reason)
                    : Reply.compileError(Diagnoses.gaveUp(reason), false));
        }
    }
}
