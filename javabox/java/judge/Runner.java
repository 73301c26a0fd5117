package javabox.judge;

import javabox.program.Values;

/** Runs one prepared program after the other, in the warm lane where it is admitted, and answers. */
final class Runner implements Runnable {
    private final Supervisor supervisor;
    private final StrictLane strict;
    private final WarmLane warm;
    /** Whether the last program could start processes: it ran in the strict lane. */
    private boolean processes;

    /** A program that compiled. */
    record Task(Job job, Rewriter.Prepared prepared, Values.Sized[] expected, Reply.Times times) {}

    /** @param warm null where every program gets a JVM of its own */
    Runner(Supervisor supervisor, StrictLane strict, WarmLane warm) {
        this.supervisor = supervisor;
        this.strict = strict;
        this.warm = warm;
    }

    @Override
    public void run() {
        try {
            while (true) {
                Task task = supervisor.prepared();
                long start = System.nanoTime();
                Reply reply = safely(task);
                reply = reply.within(task.times.ran((System.nanoTime() - start) / 1e6));
                if (processes && supervisor.leftProcesses()) {
                    supervisor.answerAndEnd(task.job, reply);
                }
                supervisor.answer(task.job, reply);
            }
        } catch (InterruptedException e) {
            System.err.println("javabox: a runner ended: " + e);
            System.exit(1);
        }
    }

    private Reply safely(Task task) {
        try {
            Reply reply = supervisor.cancelled(task.job) ? null : run(task);
            return supervisor.cancelled(task.job) ? Reply.trouble(Reply.Outcome.JUDGE_ERROR, "cancelled") : reply;
        } catch (RuntimeException | Error e) {
            supervisor.wearOut(); // as in Worker
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, e.toString());
        }
    }

    private Reply run(Task task) {
        processes = false;
        if (warm != null && task.prepared.refusal() == null) {
            Reply reply = warm.run(task.job, task.prepared, task.expected);
            if (reply != null && !supervisor.audits(task.job)) {
                return reply;
            }
            if (reply != null) {
                return audited(reply, strictly(task));
            }
        }
        return strictly(task);
    }

    private Reply strictly(Task task) {
        if (supervisor.cancelled(task.job)) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "cancelled");
        }
        processes = true;
        return strict.run(task.job, task.prepared, task.expected);
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
}
