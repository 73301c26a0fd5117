package javabox.judge.protocol;

import java.io.DataOutputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts of what has happened in this supervisor beside verdicts, since it started. */
public final class Counters {
    /** Programs that the warm lane gave up and the strict lane judged. */
    public final AtomicInteger handedOver = new AtomicInteger();
    /** Warm verdicts that were checked in the strict lane. */
    public final AtomicInteger audits = new AtomicInteger();
    /** Checks in which the lanes did not agree. */
    public final AtomicInteger disagreements = new AtomicInteger();
    /** JVMs of the warm lane that were replaced. */
    public final AtomicInteger replaced = new AtomicInteger();

    /** Programs that ran with tests which had been compiled beside another one. */
    public final AtomicInteger testsReused = new AtomicInteger();

    /** @param worn the supervisor asks to be replaced */
    public record Report(boolean worn, int handedOver, int audits, int disagreements, int replaced, int testsReused) {
        void write(DataOutputStream out) throws IOException {
            out.writeBoolean(worn);
            out.writeInt(handedOver);
            out.writeInt(audits);
            out.writeInt(disagreements);
            out.writeInt(replaced);
            out.writeInt(testsReused);
        }
    }

    public Report report(boolean worn) {
        return new Report(worn, handedOver.get(), audits.get(), disagreements.get(), replaced.get(),
                testsReused.get());
    }
}
