package javabox.judge.run;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javabox.judge.protocol.Job;

/** The jobs that are here. The programs of those that nobody waits for any more are ended, or not begun. */
public final class Requests {
    private final Set<Integer> here = ConcurrentHashMap.newKeySet();
    private final Set<Integer> cancelled = ConcurrentHashMap.newKeySet();
    private final Map<Integer, Runnable> running = new ConcurrentHashMap<>();

    public void arrived(Job job) {
        here.add(job.id());
    }

    public void cancel(int id) {
        if (!here.contains(id)) {
            return; // it is answered already
        }
        cancelled.add(id);
        Runnable end = running.get(id);
        if (end != null) {
            end.run();
        }
    }

    /** A program has begun; called again where it begins anew. */
    void running(Job job, Runnable end) {
        running.put(job.id(), end);
        if (cancelled(job)) {
            end.run();
        }
    }

    public boolean cancelled(Job job) {
        return cancelled.contains(job.id());
    }

    /** It is answered. */
    public void over(Job job) {
        here.remove(job.id());
        running.remove(job.id());
        cancelled.remove(job.id());
    }
}
