package javabox.judge;

import java.util.Map;
import java.util.function.Function;
import javabox.judge.meter.Rewriter;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Reply;
import javabox.judge.run.Conversation;
import javabox.judge.run.StdinRuns;
import javabox.judge.run.StrictLane;
import javabox.judge.run.WarmLane;
import javabox.judge.run.Watchdog;
import javabox.judge.value.Expected;

/** Runs one prepared program after the other, in the warm lane where it is admitted, and answers. */
final class Runner implements Runnable {
    /** What nearly all programs are done in. Another runner may have to start a JVM, and one that is new is slow. */
    private static final int SLOW_MILLIS = 1000;

    private final Supervisor supervisor;
    private final Watchdog watchdog;
    private final StrictLane strict;
    private final WarmLane warm;
    /** Whether the last program could start processes: it ran in the strict lane. */
    private boolean processes;

    /**
     * A program that compiled.
     *
     * @param checkers by their source, those that decide about what it prints
     */
    record Task(Job job, Rewriter.Prepared prepared, Expected.Value[] expected, Map<String, Rewriter.Prepared> checkers,
                Reply.Times times) {
        boolean files() {
            return prepared.files() || checkers.values().stream().anyMatch(Rewriter.Prepared::files);
        }
    }

    /** @param warm null where every program gets a JVM of its own */
    Runner(Supervisor supervisor, Watchdog watchdog, StrictLane strict, WarmLane warm) {
        this.supervisor = supervisor;
        this.watchdog = watchdog;
        this.strict = strict;
        this.warm = warm;
    }

    @Override
    public void run() {
        try {
            while (judge(supervisor.prepared())) {
                continue;
            }
        } catch (InterruptedException e) {
            System.err.println("javabox: a runner ended: " + e);
            System.exit(1);
        }
    }

    /** @return whether this runner is to go on: where a program took long, another has taken its place */
    private boolean judge(Task task) {
        Loan loan = new Loan(supervisor, task.job.id());
        Watchdog.Alarm slow = watchdog.every(SLOW_MILLIS, loan::make);
        boolean files = task.files();
        if (files) {
            supervisor.scratch().take();
        }
        boolean clean = true;
        try {
            long start = System.nanoTime();
            Reply reply = safely(task);
            reply = reply.within(task.times.ran((System.nanoTime() - start) / 1e6));
            boolean left = processes && supervisor.leftProcesses();
            clean = !files || supervisor.scratch().giveBack();
            files = false;
            if (left || !clean) {
                supervisor.answerAndEnd(task.job, reply);
            }
            supervisor.answer(task.job, reply);
        } finally {
            slow.callOff();
            if (files) {
                supervisor.scratch().giveBack();
            }
        }
        boolean replaced = loan.close();
        if (replaced && warm != null) {
            supervisor.leave(warm);
        }
        return !replaced;
    }

    /**
     * The place of a program that takes long, lent to another runner: those that are done soon do not wait behind it.
     */
    private static final class Loan {
        private final Supervisor supervisor;
        private final int job;
        private boolean made;
        private boolean closed;

        Loan(Supervisor supervisor, int job) {
            this.supervisor = supervisor;
            this.job = job;
        }

        /** Unless it is made already. */
        synchronized void make() {
            made = made || !closed && supervisor.lend(job);
        }

        synchronized boolean close() {
            closed = true;
            if (made) {
                supervisor.returned();
            }
            return made;
        }
    }

    private Reply safely(Task task) {
        try {
            return run(task);
        } catch (RuntimeException | Error e) {
            supervisor.wearOut(); // as in Worker
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, e.toString());
        }
    }

    private Reply run(Task task) {
        processes = false;
        Reply reply = inLane(task);
        return supervisor.requests().cancelled(task.job) ? Reply.cancelled() : reply;
    }

    private Reply inLane(Task task) {
        if (supervisor.requests().cancelled(task.job)) {
            return Reply.cancelled();
        }
        if (warm != null && task.prepared.refusal() == null) {
            Reply reply = in(task, warm::run, Reply.WARM);
            if (reply != null && !supervisor.audits(task.job)) {
                return reply;
            }
            if (reply != null) {
                return audited(reply, strictly(task));
            }
            if (supervisor.requests().cancelled(task.job)) {
                return Reply.cancelled();
            }
        }
        return strictly(task);
    }

    private Reply strictly(Task task) {
        processes = true;
        return in(task, strict::run, Reply.STRICT);
    }

    /** @return null where the lane can't judge it */
    private Reply in(Task task, Function<Conversation, Reply> lane, String name) {
        if (task.job.suite().stdin().isEmpty()) {
            return lane.apply(Conversation.of(task.job, task.prepared, task.expected));
        }
        return new StdinRuns(task.job, task.prepared, task.checkers, supervisor.checking(),
                task.files() ? supervisor.scratch() : null).run(lane, name, supervisor.requests());
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
