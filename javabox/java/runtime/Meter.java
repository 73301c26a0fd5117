package javabox.runtime;

import javabox.program.Coverage;
import javabox.program.Tank;

/**
 * What rewritten code calls: fuel a basic block, stack a method, bytes an allocation, a check at every handler.
 *
 * <p>Public, because programs call it. A program that calls it by itself (by reflection, so in the strict lane)
 * can only harm itself: no call gives anything back but the stack, whose native end is still there.
 */
public final class Meter {
    private static final byte TIME = 'T';
    private static final byte GIVEN_UP = 'X';
    /** Roughly, of a frame on the stack. */
    private static final int FRAME_SLOTS = 24;
    /** In instructions. */
    private static final int TRACED_FRAME = 50;

    /** An OutOfMemoryError costs whole collections of a full heap, about as long as this many instructions. */
    private static final long BROKEN = 100_000_000;

    private Meter() {}

    /** At the start of a basic block of so many instructions. */
    public static void charge(int instructions) {
        if ((Tank.fuel -= instructions & 0x7fffffff) < 0) {
            Tank.stop(TIME);
        }
    }

    /** As {@link #charge}, for a block that also makes objects of so many bytes. */
    public static void charge(int instructions, int bytes) {
        charge(instructions);
        Tank.allocate(bytes & 0x7fffffff);
    }

    /** At a method's entry. Throws before anything is taken, so that {@link #leave} need not be called then. */
    public static void enter(int slots) {
        if ((Tank.slots -= slots) < 0) {
            Tank.slots += slots;
            spend(trace());
            StackOverflowError overflow = new StackOverflowError();
            Tank.counted = overflow;
            throw overflow;
        }
    }

    /** At every end of a method, orderly or not. */
    public static void leave(int slots) {
        Tank.slots += slots;
    }

    /** At the entry of a handler: what has run out stays so, and what broke the JVM is noticed. */
    public static void caught(Throwable thrown, int instructions) {
        if (thrown instanceof VirtualMachineError && thrown != Tank.counted) {
            Tank.shake();
            spend(BROKEN);
        }
        charge(instructions);
        spend(trace());
    }

    /** What an exception's stack trace costs: by the depth of the stack, at most the 1024 frames that are kept. */
    private static long trace() {
        long frames = (Tank.STACK_SLOTS - Tank.slots) / FRAME_SLOTS;
        return 200 + TRACED_FRAME * Math.min(frames, 1024);
    }

    /** Before an array is made. A negative length is the JVM's to refuse. */
    public static void array(int length, int elementBytes) {
        take(size(length, elementBytes));
    }

    /** Before an array of arrays is made. */
    public static void array(int outer, int inner, int elementBytes) {
        take(size(outer, REFERENCE) + times(Math.max(0, outer), size(inner, elementBytes)));
    }

    /** Before an array of more dimensions is made. */
    public static void arrays(int[] lengths, int elementBytes) {
        long arrays = 1;
        long bytes = 0;
        for (int i = 0; i < lengths.length; i++) {
            bytes += times(arrays, size(lengths[i], i == lengths.length - 1 ? elementBytes : REFERENCE));
            arrays = times(arrays, Math.max(0, lengths[i]));
            if (bytes < 0 || bytes > ENOUGH) {
                break;
            }
        }
        take(Math.min(Math.max(0, bytes), ENOUGH));
    }

    private static final int REFERENCE = 4;
    /** More than any heap. */
    private static final long ENOUGH = Long.MAX_VALUE / 4;

    /** Of one array, as the JVM lays it out: a header, its elements, filled up to 8 bytes. */
    private static long size(int length, int elementBytes) {
        return 16 + ((long) Math.max(0, length) * elementBytes + 7 & ~7L);
    }

    private static long times(long a, long b) {
        return Math.multiplyHigh(a, b) != 0 || a * b < 0 ? Long.MAX_VALUE / 4 : a * b;
    }

    private static void take(long bytes) {
        Tank.allocate(bytes);
        spend(bytes >> 4);
    }

    /** The program is about to do this much work inside the JDK, in instructions, as far as is known. */
    static void spend(long work) {
        if ((Tank.fuel -= Math.max(0, work)) < 0) {
            Tank.stop(TIME);
        }
    }

    /** In tests, before a branch of which one way ends them, and at what else may end them; the key is theirs (meter/TestCode). */
    public static void check(long key) {
        if (key == Tank.key) {
            Tank.checks++;
        }
    }

    /** In tests, before a call into the program. */
    public static void into() {
        if (Tank.onRunner()) {
            Tank.inProgram = true;
        }
    }

    /** In tests, after it has returned. */
    public static void outOf() {
        if (Tank.onRunner()) {
            Tank.inProgram = false;
        }
    }

    /** In tests, at the entry of a handler. */
    public static void cameOut(Throwable thrown) {
        if (Tank.inProgram && Tank.onRunner()) {
            Tank.inProgram = false;
            Tank.fromProgram = thrown;
        }
    }

    /**
     * In tests, before they exit. With another code than 0 they have given the program up; 0 proves nothing, as the
     * program can exit with it too.
     */
    public static void exits(int code, long key) {
        if (code != 0 && key == Tank.key && !Tank.inProgram) {
            Tank.stop(GIVEN_UP);
        }
    }

    /** On the first instruction of a line of the completion. */
    public static void line(int line) {
        Coverage.hit(line);
    }
}
