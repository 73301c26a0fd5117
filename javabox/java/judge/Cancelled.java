package javabox.judge;

import java.util.HashMap;
import java.util.Map;

/** The jobs that this supervisor holds, which of them nobody waits for any more, and how to end one that runs. */
final class Cancelled {
    private static final class Held {
        boolean cancelled;
        Runnable end;
    }

    private final Map<Integer, Held> held = new HashMap<>();

    synchronized void took(Job job) {
        held.put(job.id(), new Held());
    }

    synchronized void answered(Job job) {
        held.remove(job.id());
    }

    /** Ends the job if it runs. An unknown one has been answered meanwhile. */
    void cancel(int id) {
        Runnable end;
        synchronized (this) {
            Held job = held.get(id);
            if (job == null) {
                return;
            }
            job.cancelled = true;
            end = job.end;
        }
        if (end != null) {
            end.run();
        }
    }

    synchronized boolean holds(Job job) {
        Held found = held.get(job.id());
        return found != null && found.cancelled;
    }

    /** The job runs, and `end` ends it; at once where it is cancelled already. */
    void runs(Job job, Runnable end) {
        synchronized (this) {
            Held found = held.get(job.id());
            if (found == null) {
                return;
            }
            found.end = end;
            if (!found.cancelled) {
                return;
            }
        }
        end.run();
    }

    synchronized void ran(Job job) {
        Held found = held.get(job.id());
        if (found != null) {
            found.end = null;
        }
    }
}
