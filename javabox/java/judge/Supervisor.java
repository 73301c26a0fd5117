package javabox.judge;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import javabox.judge.compile.Build;
import javabox.judge.protocol.Counters;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Reply;
import javabox.judge.protocol.Seal;
import javabox.judge.run.CheckerLane;
import javabox.judge.run.Controls;
import javabox.judge.run.Groups;
import javabox.judge.run.Requests;
import javabox.judge.run.Scratch;
import javabox.judge.run.StrictLane;
import javabox.judge.run.WarmLane;
import javabox.judge.run.Watchdog;
import javabox.judge.value.Checkers;
import javabox.judge.value.Expected;
import javabox.program.Text;

/**
 * The long-lived JVM of the judge: reads jobs from stdin, lets workers compile and runners run them, writes
 * replies to stdout.
 *
 * <p>It compiles (it sees source text and never runs it) and compares values; programs run in JVMs of their
 * own. It ends when stdin ends, and takes what it started with it.
 */
final class Supervisor {
    /** The id of the first frame, which carries the JDK's build instead of a reply. */
    static final int HELLO = -1;
    /** The id of an empty frame every second: a supervisor that was stopped is missed soon. */
    static final int BEAT = -2;
    /** The id of a frame from Python that names a job which nobody waits for any more. */
    static final int CANCEL = -3;
    private static final long BEAT_MILLIS = 1000;

    private final DataOutputStream out;
    private final Seal seal;
    private final BlockingQueue<Job> jobs = new LinkedBlockingQueue<>();
    /** The oldest first: what is quick to compile does not get ahead of what came before it. */
    private final BlockingQueue<Runner.Task> prepared = new PriorityBlockingQueue<>(16,
            Comparator.comparingInt(task -> task.job().id()));
    /** For what is prepared and does not run yet. */
    private final Semaphore room;
    private final Watchdog watchdog = new Watchdog();
    private final Groups groups = new Groups();
    private final Controls controls;
    private final StrictLane strict;
    private final Expected expected = new Expected();
    private final Build build;
    private final Checkers checkers;
    private final CheckerLane checking;
    private final Counters counters = new Counters();
    private final Requests requests = new Requests();
    private final Scratch scratch = new Scratch();
    private final AtomicInteger lent = new AtomicInteger();
    /** Lanes of runners that have ended, for the next ones: their JVMs are warm. */
    private final BlockingDeque<WarmLane> idle;
    private final Settings settings;
    private volatile boolean worn;

    /**
     * @param warm whether programs may share JVMs
     * @param pinned whether chance is taken out of programs
     * @param audited the share of warm verdicts that the strict lane checks, in thousandths
     */
    private record Settings(int workers, boolean warm, boolean pinned, int audited) {}

    private Supervisor(DataOutputStream out, Seal seal, Settings settings) throws IOException {
        this.out = out;
        this.seal = seal;
        this.settings = settings;
        room = new Semaphore(settings.workers);
        idle = new LinkedBlockingDeque<>((settings.workers + 1) / 2);
        controls = new Controls(watchdog, groups, requests, counters, settings.pinned);
        strict = new StrictLane(controls);
        build = new Build(settings.pinned, counters);
        checkers = new Checkers(build);
        checking = new CheckerLane(settings.warm ? new WarmLane(controls, false) : null, strict);
    }

    /** @param args workers, "warm" or "strict", "pinned" or "free", thousandths of audits */
    public static void main(String[] args) throws IOException {
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
        System.setOut(System.err);
        Settings settings = new Settings(Integer.parseInt(args[0]), args[1].equals("warm"), args[2].equals("pinned"),
                Integer.parseInt(args[3]));
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
        Supervisor supervisor = new Supervisor(out, new Seal(in), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(supervisor.groups::killAll));
        for (int i = 0; i < settings.workers; i++) {
            supervisor.addWorker();
            supervisor.addRunner(true);
        }
        supervisor.hello();
        start("heart", supervisor::beat);
        supervisor.read(in);
        System.exit(0);
    }

    /** Starts one more worker, at the beginning or in place of one that is lost in a compilation. */
    void addWorker() {
        // javac's own main thread has the default stack; a program too deep for it is too deep here.
        start("worker", new Worker(this, expected, build, checkers, watchdog));
    }

    private void addRunner(boolean spares) {
        WarmLane warm = settings.warm ? idle.pollLast() : null;
        if (settings.warm && warm == null) {
            warm = new WarmLane(controls, spares);
        }
        try {
            start("runner", new Runner(this, watchdog, strict, warm));
        } catch (OutOfMemoryError e) {
            if (warm != null) {
                leave(warm);
            }
            throw e;
        }
    }

    /**
     * Starts a runner in the place of one whose program takes long. As many as there are workers are lent, and as
     * many again for what had to compile for long, while younger programs took all places.
     *
     * @param id of the job that takes long
     * @return false where enough are lent already
     */
    boolean lend(int id) {
        Runner.Task oldest = prepared.peek();
        boolean overtaken = oldest != null && oldest.job().id() < id;
        if (lent.incrementAndGet() > (overtaken ? 2 : 1) * settings.workers) {
            lent.decrementAndGet();
            return false;
        }
        try {
            addRunner(false);
            return true;
        } catch (OutOfMemoryError e) { // no process number is left for a thread, as beside a fork bomb
            lent.decrementAndGet();
            return false;
        }
    }

    /** A runner whose place was lent has ended. */
    void returned() {
        lent.decrementAndGet();
    }

    /** Takes the lane of a runner that has ended. */
    void leave(WarmLane warm) {
        if (!idle.offerLast(warm)) {
            warm.end();
        }
    }

    CheckerLane checking() {
        return checking;
    }

    Requests requests() {
        return requests;
    }

    Scratch scratch() {
        return scratch;
    }

    private static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether the warm verdict on this job is checked: by its text, so the same jobs every time. */
    boolean audits(Job job) {
        int runs = Math.max(1, job.suite().stdin().size()); // each takes a JVM of its own then
        return Math.floorMod(job.source().hashCode() * 0x9E3779B9, 1000 * runs) < settings.audited;
    }

    Counters counters() {
        return counters;
    }

    void wearOut() {
        worn = true;
    }

    Job next() throws InterruptedException {
        return jobs.take();
    }

    /** Waits for room, when it can be taken already: what is prepared and does not run yet is never much. */
    void leaveTo(Runner.Task task) throws InterruptedException {
        prepared.add(task);
        room.acquire();
    }

    Runner.Task prepared() throws InterruptedException {
        Runner.Task oldest = prepared.take();
        room.release();
        return oldest;
    }

    /**
     * The answer to a program that left processes behind, out of its group: nothing more is judged beside them.
     * What else is at work here is judged anew, by the next supervisor.
     */
    void answerAndEnd(Job job, Reply reply) {
        synchronized (out) {
            wearOut(); // so that nothing more is sent here, to be lost with this supervisor
            answer(job, reply);
            System.exit(0);
        }
    }

    boolean leftProcesses() {
        return groups.strays();
    }

    void answer(Job job, Reply reply) {
        requests.over(job);
        try {
            write(reply.encode(job, counters.report(worn)));
        } catch (IOException e) {
            System.exit(1); // nobody listens any more
        }
    }

    private void hello() throws IOException {
        String build = System.getProperty("java.vendor") + " " + System.getProperty("java.vm.version");
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(frame);
        data.writeInt(HELLO);
        Text.write(data, build);
        write(frame.toByteArray());
    }

    private void beat() {
        byte[] frame = ByteBuffer.allocate(Integer.BYTES).putInt(BEAT).array();
        try {
            while (true) {
                Thread.sleep(BEAT_MILLIS);
                write(frame);
            }
        } catch (IOException | InterruptedException e) {
            System.exit(1); // nobody listens any more
        }
    }

    private void write(byte[] frame) throws IOException {
        synchronized (out) {
            seal.write(out, frame);
        }
    }

    private void read(DataInputStream in) throws IOException {
        while (true) {
            byte[] frame;
            try {
                frame = seal.read(in);
            } catch (EOFException e) {
                return;
            }
            DataInputStream data = new DataInputStream(new ByteArrayInputStream(frame));
            if (ByteBuffer.wrap(frame).getInt() == CANCEL) {
                data.readInt();
                requests.cancel(data.readInt());
            } else {
                Job job = Job.read(data);
                requests.arrived(job);
                jobs.add(job);
            }
        }
    }
}
