package javabox.runtime;

import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import javabox.program.Tank;

/**
 * Chance, made the same in every run: seeds come from a sequence that starts anew with each program.
 *
 * <p>Not covered: SecureRandom, and what the JDK asks for by itself.
 */
public final class Shims {
    private static final Random SEEDS = new Random();

    private Shims() {}

    /** Before each program. */
    public static void reset() {
        SEEDS.setSeed(42);
    }

    public static long seed() {
        return SEEDS.nextLong();
    }

    @Replaces(value = Random.class, name = "<init>", isStatic = true)
    public static Random random() {
        return new Random(seed());
    }

    @Replaces(value = SplittableRandom.class, name = "<init>", isStatic = true)
    public static SplittableRandom splittableRandom() {
        return new SplittableRandom(seed());
    }

    @Replaces(value = UUID.class, isStatic = true)
    public static UUID randomUUID() {
        long high = seed() & 0xffffffffffff0fffL | 0x4000;
        long low = seed() & 0x3fffffffffffffffL | 0x8000000000000000L;
        return new UUID(high, low);
    }

    @Replaces(value = RandomGenerator.class, name = "getDefault", isStatic = true)
    public static RandomGenerator randomGenerator() {
        return randomGenerator("L32X64MixRandom");
    }

    @Replaces(value = RandomGenerator.class, name = "of", isStatic = true)
    public static RandomGenerator randomGenerator(String algorithm) {
        return RandomGeneratorFactory.of(algorithm).create(seed());
    }

    /** The hash code of an object whose class has none of its own: a number in the order of asking. */
    public static int identity(int known) {
        return known != 0 ? known : seedFreeHash();
    }

    private static int seedFreeHash() {
        return (int) (++Tank.identities * 0x9E3779B9L) | 1;
    }
}
