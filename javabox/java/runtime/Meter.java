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
        take(16 + (long) Math.max(0, length) * elementBytes);
    }

    /** Before an array of arrays is made. */
    public static void array(int outer, int inner, int elementBytes) {
        take(times(Math.max(0, outer), 24 + (long) Math.max(0, inner) * elementBytes));
    }

    /** In place of {@code multianewarray} with three dimensions. */
    public static Object array(int a, int b, int c, Class<?> type) {
        return make(new int[] {a, b, c}, type);
    }

    /** In place of {@code multianewarray} with four dimensions. */
    public static Object array(int a, int b, int c, int d, Class<?> type) {
        return make(new int[] {a, b, c, d}, type);
    }

    private static Object make(int[] lengths, Class<?> type) {
        long arrays = 1;
        Class<?> element = type;
        for (int length : lengths) {
            arrays = times(arrays, Math.max(0, length));
            take(times(arrays, 24));
            element = element.getComponentType();
        }
        return java.lang.reflect.Array.newInstance(element, lengths);
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

    /** On the first instruction of a line of the completion. */
    public static void line(int line) {
        Coverage.hit(line);
    }
}
