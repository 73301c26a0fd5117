package javabox.judge.run;

import java.util.concurrent.atomic.AtomicBoolean;
import javabox.judge.protocol.Job;

/**
 * Ends a program that a fresh JVM runs at its wall limit, when it has filled the folder for temporary files, or as
 * soon as it has waited for its idle limit: locks, empty queues, reads, what never comes. Such a program uses no
 * processor, on whatever machine, so it is known by that and not asked again.
 */
final class Patience {
    /** Of the time: what an idle JVM uses itself is a tenth of this. */
    private static final double ASLEEP = 0.02;
    /** Of the wall limit: a program that had its processor for so much of it was not kept waiting by others. */
    private static final double FAIR = 0.7;
    private static final int LOOKS = 8;
    private static final int FILES_MILLIS = 100;

    private final ProgramJvm jvm;
    private final boolean files;
    private final long idleNanos;
    private final AtomicBoolean over = new AtomicBoolean();
    private final Watchdog.Alarm atLimit;
    private final Watchdog.Alarm looks;
    private final long started = System.nanoTime();
    private long since = started;
    private Busy before;
    private volatile boolean late;
    private volatile boolean waited;
    private volatile boolean starved;
    private volatile boolean flooded;

    /** @param files whether it may write temporary files, which are looked at too */
    Patience(ProgramJvm jvm, Job.Limits limits, boolean files, Watchdog watchdog) {
        this.jvm = jvm;
        this.files = files;
        idleNanos = limits.idleMillis() * 1_000_000L;
        atLimit = watchdog.in(limits.wallMillis(), this::atLimit);
        looks = watchdog.every(files ? FILES_MILLIS : Math.max(50, limits.idleMillis() / LOOKS), this::look);
    }

    /** Whether it was ended at the wall limit or because it waited. */
    boolean late() {
        return late;
    }

    /** Whether another machine might have let it come further. */
    boolean starved() {
        return starved;
    }

    /** Whether it was ended because it waited. */
    boolean waited() {
        return waited;
    }

    /** Whether it was ended because it wrote too much. */
    boolean flooded() {
        return flooded;
    }

    void over() {
        over.set(true);
        atLimit.callOff();
        looks.callOff();
    }

    private void atLimit() {
        Busy busy = Busy.of(jvm.process.pid());
        long wall = System.nanoTime() - started;
        starved = busy == null || busy.ran() < FAIR * wall && busy.starved() > (1 - FAIR) * (wall - busy.ran());
        end(false);
    }

    private void look() {
        if (files && Scratch.full()) {
            flooded = true;
            end(false);
            return;
        }
        long now = System.nanoTime();
        Busy busy = Busy.of(jvm.process.pid());
        boolean idle = busy != null && before != null && busy.total() >= before.total()
                && busy.total() - before.total() < ASLEEP * (now - since);
        if (!idle) {
            since = now;
            before = busy;
        } else if (now - since >= idleNanos) {
            end(true);
        }
    }

    private void end(boolean waited) {
        if (over.compareAndSet(false, true)) {
            late = true;
            this.waited = waited;
            jvm.kill();
        }
    }
}
