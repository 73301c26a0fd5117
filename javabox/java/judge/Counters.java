package javabox.judge;

import java.io.DataOutputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/** What has happened in this supervisor beside verdicts, counted since it started. */
final class Counters {
    /** Programs that the warm lane gave up and the strict lane judged. */
    final AtomicInteger handedOver = new AtomicInteger();
    /** Warm verdicts that were checked in the strict lane. */
    final AtomicInteger audits = new AtomicInteger();
    /** Checks in which the lanes did not agree. */
    final AtomicInteger disagreements = new AtomicInteger();
    /** JVMs of the warm lane that were replaced. */
    final AtomicInteger replaced = new AtomicInteger();

    /** Programs that ran with tests which had been compiled beside another one. */
    final AtomicInteger testsReused = new AtomicInteger();

    /** @param worn the supervisor asks to be replaced */
    record Report(boolean worn, int handedOver, int audits, int disagreements, int replaced, int testsReused) {
        void write(DataOutputStream out) throws IOException {
            out.writeBoolean(worn);
            out.writeInt(handedOver);
            out.writeInt(audits);
            out.writeInt(disagreements);
            out.writeInt(replaced);
            out.writeInt(testsReused);
        }
    }

    Report report(boolean worn) {
        return new Report(worn, handedOver.get(), audits.get(), disagreements.get(), replaced.get(),
                testsReused.get());
    }
}
