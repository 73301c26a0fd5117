package javabox.runtime;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Calendar;
import java.util.Date;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import javabox.program.Tank;

/**
 * Chance and clocks, made the same in every run: seeds come from a sequence that starts anew with each program,
 * time starts at 2024-01-01T00:00Z and passes with the fuel that is used, 10 ns a unit.
 *
 * <p>Not covered: clocks asked for with a zone or a Clock, SecureRandom, and what the JDK asks for by itself.
 */
public final class Shims {
    /** Classes whose constructor without arguments seeds by chance or clock, and that have one that takes a seed. */
    public static final Set<String> SEEDED = Set.of("java/util/Random", "java/util/SplittableRandom", "java/util/Date");

    private static final long START_MILLIS = 1_704_067_200_000L;
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

    @Replaces(value = Date.class, name = "<init>", isStatic = true)
    public static Date date() {
        return new Date(currentTimeMillis());
    }

    @Replaces(value = UUID.class, isStatic = true)
    public static UUID randomUUID() {
        long high = seed() & 0xffffffffffff0fffL | 0x4000;
        long low = seed() & 0x3fffffffffffffffL | 0x8000000000000000L;
        return new UUID(high, low);
    }

    @Replaces(value = System.class, isStatic = true)
    public static long nanoTime() {
        return Tank.used() * 10;
    }

    @Replaces(value = System.class, isStatic = true)
    public static long currentTimeMillis() {
        return START_MILLIS + Tank.used() / 100_000;
    }

    private static Clock clock() {
        return Clock.fixed(Instant.ofEpochMilli(currentTimeMillis()), ZoneOffset.UTC);
    }

    @Replaces(value = Clock.class, isStatic = true)
    public static Clock systemUTC() {
        return clock();
    }

    @Replaces(value = Clock.class, isStatic = true)
    public static Clock systemDefaultZone() {
        return clock();
    }

    @Replaces(value = Instant.class, name = "now", isStatic = true)
    public static Instant instant() {
        return Instant.now(clock());
    }

    @Replaces(value = LocalDate.class, name = "now", isStatic = true)
    public static LocalDate localDate() {
        return LocalDate.now(clock());
    }

    @Replaces(value = LocalTime.class, name = "now", isStatic = true)
    public static LocalTime localTime() {
        return LocalTime.now(clock());
    }

    @Replaces(value = LocalDateTime.class, name = "now", isStatic = true)
    public static LocalDateTime localDateTime() {
        return LocalDateTime.now(clock());
    }

    @Replaces(value = ZonedDateTime.class, name = "now", isStatic = true)
    public static ZonedDateTime zonedDateTime() {
        return ZonedDateTime.now(clock());
    }

    @Replaces(value = OffsetDateTime.class, name = "now", isStatic = true)
    public static OffsetDateTime offsetDateTime() {
        return OffsetDateTime.now(clock());
    }

    @Replaces(value = Year.class, name = "now", isStatic = true)
    public static Year year() {
        return Year.now(clock());
    }

    @Replaces(value = YearMonth.class, name = "now", isStatic = true)
    public static YearMonth yearMonth() {
        return YearMonth.now(clock());
    }

    @Replaces(value = Calendar.class, name = "getInstance", isStatic = true)
    public static Calendar calendar() {
        Calendar calendar = Calendar.getInstance();
        calendar.setTimeInMillis(currentTimeMillis());
        return calendar;
    }

    /** The hash code of an object whose class has none of its own: a number in the order of asking. */
    public static int identity(int known) {
        return known != 0 ? known : seedFreeHash();
    }

    private static int seedFreeHash() {
        return (int) (++Tank.identities * 0x9E3779B9L) | 1;
    }
}
