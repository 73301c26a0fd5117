package javabox.program;

import java.io.IOException;

/**
 * The bottom of the stack that programs run on, in both lanes: a program that counts or prints its stack's
 * frames sees the same ones.
 */
final class Bottom implements Runnable {
    /** Where programs come from, and who is told of them. */
    interface Lane {
        /** @return null after the last one */
        Program next() throws IOException;

        Sender sender();

        /** The program has run, orderly or not. */
        void ran(Program program) throws IOException;

        /** This JVM's memory has run out where nothing could be told any more. */
        void ranOut();

        /** No program runs any more, for whatever reason. */
        void close();
    }

    private final Lane lane;
    private final boolean pinned;

    Bottom(Lane lane, boolean pinned) {
        this.lane = lane;
        this.pinned = pinned;
    }

    @Override
    public void run() {
        try {
            Pin pin = pinned ? new Pin() : null;
            for (Program program = lane.next(); program != null; program = lane.next()) {
                if (pin != null) {
                    pin.reset();
                }
                program.run(lane.sender());
                lane.ran(program);
            }
        } catch (IOException | ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        } catch (OutOfMemoryError e) {
            lane.ranOut();
        } finally {
            lane.close();
        }
    }
}
