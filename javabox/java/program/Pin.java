package javabox.program;

import java.lang.reflect.Field;
import java.util.Collections;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import javabox.runtime.Shims;
import jdk.internal.misc.Unsafe;

/**
 * Takes chance out of the JDK itself: the salt that orders immutable sets and maps, the seeds behind
 * Math.random, Collections.shuffle and ThreadLocalRandom. What a call site can settle is in
 * {@link javabox.runtime.Shims} (clocks, {@code new Random()}, UUIDs), what a flag can is in the command line
 * (locale, time zone, processors, identity hash codes).
 *
 * <p>The salt is read by iterators alone: where an element lies does not depend on it, so setting it after the
 * JDK's own first sets exist harms none of them. The names are those of JDK 17 to 25.
 */
final class Pin {
    private static final long SEED = 0x5DEECE66DL;
    private static final long PROGRAM_THREAD = 1000;
    private static final Unsafe UNSAFE = Unsafe.getUnsafe();

    /** Of lambdas, in the names of whose classes it is; later JDKs count none. */
    private static final String COUNTER = "java.lang.invoke.InnerClassLambdaMetafactory";

    private final Random mathRandom;
    private final Random strictMathRandom;
    private final Field shuffleRandom;
    private final long threadSeed = UNSAFE.objectFieldOffset(Thread.class, "threadLocalRandomSeed");
    private final long threadProbe = UNSAFE.objectFieldOffset(Thread.class, "threadLocalRandomProbe");

    /** Part of what ThreadLocalRandom adds up. */
    private final long threadId = UNSAFE.objectFieldOffset(Thread.class, "tid");

    /** Once a JVM, before any program. */
    Pin() throws ReflectiveOperationException {
        Class<?> immutable = Class.forName("java.util.ImmutableCollections");
        UNSAFE.putLong(immutable, offset(immutable, "SALT32L"), 0x9E3779B9L);
        UNSAFE.putBoolean(immutable, offset(immutable, "REVERSE"), false);
        mathRandom = generator("java.lang.Math");
        strictMathRandom = generator("java.lang.StrictMath");
        shuffleRandom = Collections.class.getDeclaredField("r");
        shuffleRandom.setAccessible(true);
    }

    /** Before each program, on the thread that runs it. */
    void reset() throws ReflectiveOperationException {
        Shims.reset();
        mathRandom.setSeed(SEED);
        strictMathRandom.setSeed(SEED);
        shuffleRandom.set(null, new Random(SEED));
        UNSAFE.putLong(Thread.currentThread(), threadSeed, SEED);
        UNSAFE.putInt(Thread.currentThread(), threadProbe, 1);
        UNSAFE.putLong(Thread.currentThread(), threadId, PROGRAM_THREAD);
        countLambdasAnew();
    }

    /** As in a fresh JVM, where that class is not initialised yet (to do that here would cost it 10 ms). */
    private static void countLambdasAnew() throws ReflectiveOperationException {
        Class<?> factory = Class.forName(COUNTER, false, null);
        if (UNSAFE.shouldBeInitialized(factory)) {
            return;
        }
        for (Field field : factory.getDeclaredFields()) {
            if (field.getType() == AtomicInteger.class) {
                Object counter = UNSAFE.getReference(UNSAFE.staticFieldBase(field), UNSAFE.staticFieldOffset(field));
                ((AtomicInteger) counter).set(0);
            }
        }
    }

    private static Random generator(String owner) throws ReflectiveOperationException {
        Field holder = Class.forName(owner + "$RandomNumberGeneratorHolder").getDeclaredField("randomNumberGenerator");
        holder.setAccessible(true);
        return (Random) holder.get(null);
    }

    private static long offset(Class<?> owner, String field) throws NoSuchFieldException {
        return UNSAFE.staticFieldOffset(owner.getDeclaredField(field));
    }
}
