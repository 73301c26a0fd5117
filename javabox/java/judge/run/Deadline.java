package javabox.judge.run;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A limit of a thread's own time: what a busy machine kept it from a processor does not count, up to a grace. So a
 * compilation that is quick on an idle machine is not given up on one that others load.
 *
 * <p>Counted from an eighth of the limit on: most are over by then and should not pay for a look (`schedstat`). Not
 * covered: kernels that don't count it, where the limit is the clock's.
 */
public final class Deadline {
    /** Less than what Python waits beyond a job's limits (`SILENCE_SLACK_SECONDS`). */
    private static final long GRACE_NANOS = 20_000_000_000L;
    private static final long SHORTEST_MILLIS = 50;
    private static final int FREE = 8;

    private final long limit;
    private final Path thread;
    private final Watchdog watchdog;
    private final Runnable action;
    private final long started = System.nanoTime();
    private Watchdog.Alarm alarm;
    private Busy before;
    private boolean looked;
    private boolean over;

    /** @param thread the folder of the thread that has the limit, as {@link #thread} gives it; null: not known */
    public Deadline(long millis, Path thread, Watchdog watchdog, Runnable action) {
        limit = millis * 1_000_000;
        this.thread = thread;
        this.watchdog = watchdog;
        this.action = action;
        synchronized (this) { // it may ring before it is known
            alarm = watchdog.in(millis / FREE, this::ring);
        }
    }

    /** The folder of the thread that calls; null where there is none. */
    public static Path thread() {
        try {
            return Path.of("/proc/thread-self").toRealPath();
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    public synchronized void callOff() {
        over = true;
        alarm.callOff();
    }

    private void ring() {
        synchronized (this) {
            if (over) {
                return;
            }
            if (!looked) {
                looked = true;
                before = thread == null ? null : Busy.ofThread(thread);
            }
            long left = Math.min(limit - ownTime(), limit + GRACE_NANOS - (System.nanoTime() - started));
            if (left > 0) {
                alarm = watchdog.in(Math.max(SHORTEST_MILLIS, left / 1_000_000), this::ring);
                return;
            }
            over = true;
        }
        action.run();
    }

    private long ownTime() {
        long wall = System.nanoTime() - started;
        Busy now = before == null ? null : Busy.ofThread(thread);
        return now == null ? wall : wall - (now.starved() - before.starved());
    }
}
