package javabox.program;

/**
 * What the running program has left: fuel (executed bytecode), bytes to allocate, stack to go down.
 *
 * <p>One program runs at a time in a JVM, so plain static fields do: {@link javabox.runtime.Meter} counts them
 * down from rewritten code. The first one to run out ends the program for a reason that stays. Programs that
 * start threads race on the counters; the judge does not rely on them then.
 */
public final class Tank {
    /** Slots of stack (8 bytes) that a program may hold; infinite recursion ends here, far above the native end. */
    public static final int STACK_SLOTS = 1_500_000;
    /** The native stack of the thread that runs programs: user frames charge slots, the JDK's between them don't. */
    static final long STACK_BYTES = 256L << 20;

    /** Thrown at every charge once something has run out. No stack trace, no state: it can be thrown for ever. */
    static final class Exhausted extends Error {
        private static final long serialVersionUID = 1;

        Exhausted() {
            super("exhausted", null, false, false);
        }
    }

    private static final Exhausted EXHAUSTED = new Exhausted();

    public static long fuel;
    public static long bytes;
    public static int slots;
    /** The kind of frame that ends the program, 0 while nothing has run out. */
    public static byte empty;
    /** What the program exited with, where {@code empty} says that it did. */
    static int exitCode;
    /** The last StackOverflowError that was thrown by count, so by no native stack. */
    public static Throwable counted;
    /** The JVM itself ran out of something: what it judges from here on is not to be trusted. */
    public static boolean shaken;
    /** Whether other programs run in this JVM too: then a shaken one has nothing more to say. */
    static boolean shared;
    /** Ends this JVM where something has run out, whichever thread that was in; null where others run here too. */
    static Runnable ending;
    /** Hash codes given out to objects whose classes have none. */
    public static int identities;
    /** Times that the tests could have ended by their own word. */
    public static long checks;
    /** What the tests count them with. */
    public static long key;
    /** Whether the tests have called the program and it has not returned. */
    public static boolean inProgram;
    /** What tests caught of the program last: thrown on, it is the program's still. */
    public static Throwable fromProgram;
    /** Nanoseconds slept, and what they took of the fuel. */
    private static long slept;
    private static long sleptFuel;
    private static boolean threads;
    private static Thread runner;
    private static long fuelGiven;
    private static long fuelUsed;
    private static long heap;

    private Tank() {}

    /**
     * @param heapBytes what can't fit in there is not even tried, so no lane's heap decides
     * @param manyThreads whether the program may start threads or processes, one of which may wait for another
     */
    static void fill(long fuelLimit, long byteLimit, long heapBytes, boolean manyThreads) {
        fuel = fuelGiven = fuelLimit;
        threads = manyThreads;
        runner = Thread.currentThread();
        slept = sleptFuel = checks = 0;
        inProgram = false;
        fromProgram = null;
        bytes = byteLimit;
        slots = STACK_SLOTS;
        empty = 0;
        counted = null;
        identities = 0;
        heap = heapBytes;
    }

    /** Fuel used so far, and all of it once that has run out. */
    public static long used() {
        return empty == 0 ? fuelGiven - fuel : fuelUsed;
    }

    /** Whether this is the thread that runs the suite: what others are in says nothing of how it ends. */
    public static boolean onRunner() {
        return !threads || Thread.currentThread() == runner;
    }

    /** Nanoseconds that have passed for the program: 10 a unit of fuel, and what it slept. */
    public static long clock() {
        return (used() - sleptFuel) * 10 + slept;
    }

    /**
     * Takes what sleeping costs and moves the clock. A second costs as much fuel as `--time-limit 1` gives.
     *
     * @return whether there are other threads to wait for, so that it is to sleep in fact
     */
    public static boolean sleep(long nanos) {
        long cost = nanos > Long.MAX_VALUE / FUEL_A_NANO ? Long.MAX_VALUE : nanos * FUEL_A_NANO;
        if ((fuel -= Math.min(cost, Long.MAX_VALUE / 2)) < 0) {
            stop(Frames.TIME);
        }
        sleptFuel += cost;
        slept += nanos;
        return threads;
    }

    /** javabox/job.py, FUEL_PER_SECOND. */
    private static final long FUEL_A_NANO = 2;

    /** Moving bytes in or out costs this much, and {@link #BYTE} each: about what they cost plain java. */
    private static final int MOVE = 50;
    private static final int BYTE = 8;

    /** Takes what it costs to read or print so many bytes. */
    static void moves(int count) {
        if ((fuel -= MOVE + (long) BYTE * count) < 0) {
            stop(Frames.TIME);
        }
    }

    /**
     * The end of a program that is judged by what it prints. Where others run in this JVM too it ends as if something
     * had run out, so that nothing of it goes on; else the JVM ends with it.
     */
    public static void exit(int code) {
        if (!shared) {
            System.exit(code);
        }
        exitCode = empty == 0 ? code : exitCode;
        stop(Frames.EXIT);
    }

    /** Ends the program: from here on every charge throws. */
    public static void stop(byte reason) {
        if (empty == 0) {
            fuelUsed = Math.min(fuelGiven, fuelGiven - fuel);
            empty = reason;
            fuel = -1;
            if (ending != null) {
                ending.run();
            }
        }
        throw EXHAUSTED;
    }

    /**
     * A program has caught an error of the JVM's own: memory or native stack that ran out in fact and not by
     * count. In the warm lane it ends here, to be judged in the strict lane, whose heap and stack are its alone.
     */
    public static void shake() {
        shaken = true;
        if (shared) {
            stop(Frames.SPACE);
        }
    }

    /** @param size bytes about to be allocated at once */
    public static void allocate(long size) {
        if ((bytes -= size) < 0 || size > heap) {
            stop(Frames.SPACE);
        }
    }
}
