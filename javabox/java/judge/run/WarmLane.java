package javabox.judge.run;

import java.io.IOException;
import java.util.List;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Reply;

/**
 * One worker's warm lane: a JVM that runs admitted programs one after the other.
 *
 * <p>It gives an answer only where everything went as foreseen. Whatever else happens (no answer in time, a
 * dead JVM, memory or stack that ran out in fact and not by count), the JVM is replaced and the strict lane
 * judges the program from the start.
 */
public final class WarmLane {
    /** Fuel ends honest programs long before this; what it does not see is for the strict lane to time. */
    private static final int WALL_MILLIS = 20_000;
    private static final int PROGRAMS_A_JVM = 5000;
    /** A JVM starts beside the work; before this many programs it would only be in the way. */
    private static final int PROGRAMS_BEFORE_SPARE = 20;
    private static final ProgramJvm.Kind REUSED = new ProgramJvm.Kind("WarmRunner", List.of("setsid"),
            List.of("-XX:MaxMetaspaceSize=128m", "-Xms48m", "-Xmn32m", "-Xss1m"),
            List.of(Long.toString(ProcessHandle.current().pid())), ProcessBuilder.Redirect.DISCARD, 1 << 15);
    private static final byte SOUND = 1;

    private final Controls controls;
    private final boolean spares;
    private ProgramJvm jvm;
    /** What the JVM has run. */
    private int programs;
    private ProgramJvm spare;

    /** @param spares whether a second JVM waits for the end of the first */
    public WarmLane(Controls controls, boolean spares) {
        this.controls = controls;
        this.spares = spares;
    }

    /** @return null where the strict lane has to judge it */
    public Reply run(Conversation conversation) {
        Job job = conversation.job();
        ProgramJvm used;
        try {
            used = ready(job.limits().memoryMegabytes());
        } catch (IOException e) {
            return null;
        }
        int limit = Math.min(WALL_MILLIS, job.limits().wallMillis());
        controls.requests().running(job, used::kill);
        Watchdog.Alarm alarm = controls.watchdog().in(limit, used::kill);
        boolean sound = false;
        try {
            conversation.send(used.out);
            conversation.receive(used.in);
            sound = conversation.complete() && used.in.readByte() == SOUND;
        } catch (IOException e) {
            sound = false; // it was killed, here or from outside
        } finally {
            alarm.callOff();
        }
        if (!sound) {
            discard();
            controls.counters().handedOver.incrementAndGet();
            return null;
        }
        if (++programs >= PROGRAMS_A_JVM) {
            discard();
        }
        return conversation.reply(Reply.WARM, null, true);
    }

    private ProgramJvm ready(int megabytes) throws IOException {
        int heap = Math.max(16, megabytes - 8); // a little less than in the strict lane: what fits here fits there
        if (jvm != null && (jvm.megabytes != heap || !jvm.process.isAlive())) {
            discard();
        }
        if (jvm == null) {
            boolean first = spare == null;
            jvm = first || spare.megabytes != heap ? ProgramJvm.start(REUSED, heap, controls) : spare;
            if (!first && jvm != spare) {
                spare.end();
            }
            spare = first ? null : ProgramJvm.start(REUSED, heap, controls);
        } else if (spares && spare == null && programs == PROGRAMS_BEFORE_SPARE) {
            spare = ProgramJvm.start(REUSED, heap, controls);
        }
        return jvm;
    }

    /** Ends this lane's JVM, which is not to be used again; the next program gets another. */
    public void discard() {
        if (jvm == null) {
            return;
        }
        jvm.end();
        jvm = null;
        programs = 0;
        controls.counters().replaced.incrementAndGet();
    }

    /** Ends what runs here, for good. */
    public void end() {
        for (ProgramJvm running : new ProgramJvm[] {jvm, spare}) {
            if (running != null) {
                running.end();
            }
        }
    }
}
