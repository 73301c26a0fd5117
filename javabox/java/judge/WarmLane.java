package javabox.judge;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;

/**
 * One worker's warm lane: a JVM that runs admitted programs one after the other.
 *
 * <p>It gives an answer only where everything went as foreseen. Whatever else happens (no answer in time, a
 * dead JVM, memory or stack that ran out in fact and not by count), the JVM is replaced and the strict lane
 * judges the program from the start.
 */
final class WarmLane {
    /** Fuel ends honest programs long before this; what it does not see is for the strict lane to time. */
    private static final int WALL_MILLIS = 20_000;
    private static final int PROGRAMS_A_JVM = 5000;
    private static final List<String> FLAGS = List.of("-XX:MaxMetaspaceSize=128m", "-Xms48m", "-Xmn32m", "-Xss1m");

    /** A running JVM with its pipes. */
    private static final class Jvm {
        final Process process;
        final int megabytes;
        final DataOutputStream out;
        final DataInputStream in;
        int programs;

        Jvm(Process process, int megabytes) {
            this.process = process;
            this.megabytes = megabytes;
            out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 15));
            in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 15));
        }
    }

    private final Watchdog watchdog;
    private final Groups groups;
    private final Counters counters;
    private final Requests requests;
    private final boolean pinned;
    private final boolean spares;
    private Jvm jvm;
    private Jvm spare;

    /** @param spares whether a second JVM waits for the end of the first */
    WarmLane(Watchdog watchdog, Groups groups, Counters counters, Requests requests, boolean pinned, boolean spares) {
        this.watchdog = watchdog;
        this.groups = groups;
        this.counters = counters;
        this.requests = requests;
        this.pinned = pinned;
        this.spares = spares;
    }

    /** @return null where the strict lane has to judge it */
    Reply run(Job job, Rewriter.Prepared prepared, Expected.Value[] expected) {
        Jvm used;
        try {
            used = ready(job.limits().memoryMegabytes());
        } catch (IOException e) {
            return null;
        }
        int limit = Math.min(WALL_MILLIS, job.limits().wallMillis());
        requests.running(job, () -> groups.kill(used.process));
        Watchdog.Alarm alarm = watchdog.in(limit, () -> groups.kill(used.process));
        Protocol protocol = new Protocol(job, prepared, expected);
        boolean sound = false;
        try {
            protocol.send(used.out);
            protocol.receive(used.in);
            sound = protocol.complete() && used.in.readByte() == SOUND;
        } catch (IOException e) {
            sound = false; // it was killed, here or from outside
        } finally {
            alarm.callOff();
        }
        if (!sound) {
            discard();
            counters.handedOver.incrementAndGet();
            return null;
        }
        if (++used.programs >= PROGRAMS_A_JVM) {
            discard();
        }
        return protocol.reply(Reply.WARM, null, true);
    }

    private static final byte SOUND = 1;

    private Jvm ready(int megabytes) throws IOException {
        if (jvm != null && (jvm.megabytes != megabytes || !jvm.process.isAlive())) {
            discard();
        }
        if (jvm == null) {
            boolean first = spare == null;
            jvm = first || spare.megabytes != megabytes ? start(megabytes) : spare;
            if (!first && jvm != spare) {
                end(spare);
            }
            spare = first ? null : start(megabytes);
        } else if (spares && spare == null && jvm.programs == PROGRAMS_BEFORE_SPARE) {
            spare = start(megabytes);
        }
        return jvm;
    }

    /** A JVM starts beside the work; before this many programs it would only be in the way. */
    private static final int PROGRAMS_BEFORE_SPARE = 20;

    private Jvm start(int megabytes) throws IOException {
        // A little less than in the strict lane: what fits here fits there.
        Process process = ProgramJvm.start("WarmRunner", Math.max(16, megabytes - 8), pinned, List.of("setsid"), FLAGS,
                List.of(Long.toString(ProcessHandle.current().pid())), ProcessBuilder.Redirect.DISCARD);
        groups.add(process);
        return new Jvm(process, megabytes);
    }

    /** Ends this lane's JVM, which is not to be used again; the next program gets another. */
    void discard() {
        if (jvm == null) {
            return;
        }
        end(jvm);
        jvm = null;
        counters.replaced.incrementAndGet();
    }

    /** Ends what runs here, for good. */
    void end() {
        for (Jvm running : new Jvm[] {jvm, spare}) {
            if (running != null) {
                end(running);
            }
        }
    }

    private void end(Jvm ended) {
        groups.kill(ended.process);
        groups.remove(ended.process);
    }
}
