package javabox.judge;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Does something when time is up, unless it is called off before. A few hundred alarms a second are set and
 * nearly all called off, so they cost an entry in a set each and are looked at twenty times a second.
 */
final class Watchdog {
    private static final long LOOK_MILLIS = 50;

    private final Set<Alarm> alarms = ConcurrentHashMap.newKeySet();

    Watchdog() {
        Thread thread = new Thread(this::look, "watchdog");
        thread.setDaemon(true);
        thread.start();
    }

    /** One thing to be done at a time to come. */
    final class Alarm {
        private final long due;
        private final Runnable action;
        private final AtomicBoolean over = new AtomicBoolean();

        private Alarm(long millis, Runnable action) {
            this.due = System.nanoTime() + millis * 1_000_000;
            this.action = action;
        }

        void callOff() {
            over.set(true);
            alarms.remove(this);
        }

        private void ring() {
            if (System.nanoTime() - due >= 0 && over.compareAndSet(false, true)) {
                alarms.remove(this);
                action.run();
            }
        }
    }

    Alarm in(long millis, Runnable action) {
        Alarm alarm = new Alarm(millis, action);
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
