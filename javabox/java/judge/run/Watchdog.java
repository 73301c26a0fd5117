package javabox.judge.run;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Does something when time is up, unless it is called off before. A few hundred alarms a second are set and
 * nearly all called off, so they cost an entry in a set each and are looked at twenty times a second.
 */
public final class Watchdog {
    private static final long LOOK_MILLIS = 50;

    private final Set<Alarm> alarms = ConcurrentHashMap.newKeySet();

    public Watchdog() {
        Thread thread = new Thread(this::look, "watchdog");
        thread.setDaemon(true);
        thread.start();
    }

    /** One thing to be done at a time to come, or again and again. */
    public final class Alarm {
        private final long nanos;
        private final boolean repeated;
        private final Runnable action;
        private final AtomicBoolean over = new AtomicBoolean();
        private long due;

        private Alarm(long millis, boolean repeated, Runnable action) {
            nanos = millis * 1_000_000;
            this.repeated = repeated;
            this.action = action;
            due = System.nanoTime() + nanos;
        }

        public void callOff() {
            over.set(true);
            alarms.remove(this);
        }

        private void ring() {
            if (System.nanoTime() - due < 0) {
                return;
            }
            if (repeated && !over.get()) {
                due = System.nanoTime() + nanos;
                act();
            } else if (over.compareAndSet(false, true)) {
                alarms.remove(this);
                act();
            }
        }

        /** Where a program leaves no process number for a thread that is to start, the other alarms still ring. */
        private void act() {
            try {
                action.run();
            } catch (OutOfMemoryError e) {
                System.err.println("javabox: an alarm failed: " + e);
            }
        }
    }

    public Alarm in(long millis, Runnable action) {
        return set(new Alarm(millis, false, action));
    }

    /** Until it is called off. */
    public Alarm every(long millis, Runnable action) {
        return set(new Alarm(millis, true, action));
    }

    private Alarm set(Alarm alarm) {
        alarms.add(alarm);
        return alarm;
    }

    private void look() {
        while (true) {
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            alarms.forEach(Alarm::ring);
        }
    }
}
