package javabox.runtime;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Calendar;
import java.util.Date;
import java.util.GregorianCalendar;
import java.util.Locale;
import java.util.TimeZone;
import java.util.concurrent.TimeUnit;
import javabox.program.Tank;

/**
 * Clocks, the same in every run: time starts at 2024-01-01T00:00Z and passes with the fuel that is used, 10 ns a
 * unit, and by sleeping, which waits only where there are other threads or processes.
 *
 * <p>Not covered: {@code new GregorianCalendar(zone)}, {@code InstantSource}, and what the JDK asks for by itself.
 */
public final class Clocks {
    private static final long START_MILLIS = 1_704_067_200_000L;

    private static final int[] FIELDS = {Calendar.YEAR, Calendar.MONTH, Calendar.DAY_OF_MONTH, Calendar.HOUR_OF_DAY,
            Calendar.MINUTE, Calendar.SECOND};

    private Clocks() {}

    @Replaces(value = System.class, isStatic = true)
    public static long nanoTime() {
        return Tank.clock();
    }

    @Replaces(value = System.class, isStatic = true)
    public static long currentTimeMillis() {
        return START_MILLIS + Tank.clock() / 1_000_000;
    }

    @Replaces(value = Thread.class, isStatic = true)
    public static void sleep(long millis) throws InterruptedException {
        sleep(millis, 0);
    }

    @Replaces(value = Thread.class, isStatic = true)
    public static void sleep(long millis, int nanos) throws InterruptedException {
        if (millis < 0) {
            throw new IllegalArgumentException("timeout value is negative");
        }
        if (nanos < 0 || nanos > 999_999) {
            throw new IllegalArgumentException("nanosecond timeout value out of range");
        }
        pause(millis > Long.MAX_VALUE / 1_000_000 - 1 ? Long.MAX_VALUE : millis * 1_000_000 + nanos);
    }

    /** Of JDK 19 and later. */
    @Replaces(value = Thread.class, isStatic = true)
    public static void sleep(Duration duration) throws InterruptedException {
        pause(TimeUnit.NANOSECONDS.convert(duration));
    }

    @Replaces(TimeUnit.class)
    public static void sleep(TimeUnit unit, long count) throws InterruptedException {
        pause(unit.toNanos(count));
    }

    private static void pause(long nanos) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("sleep interrupted");
        }
        if (nanos > 0 && Tank.sleep(nanos)) {
            TimeUnit.NANOSECONDS.sleep(nanos);
        }
    }

    @Replaces(value = Date.class, name = "<init>", isStatic = true)
    public static Date date() {
        return new Date(currentTimeMillis());
    }

    /** For a {@code new GregorianCalendar()} whose six arguments are pushed: years, months (from 0), … seconds. */
    public static int field(int index) {
        return gregorianCalendar().get(FIELDS[index]);
    }

    private static Clock clock(ZoneId zone) {
        return Clock.fixed(Instant.ofEpochMilli(currentTimeMillis()), zone);
    }

    @Replaces(value = Clock.class, name = "system", isStatic = true)
    public static Clock system(ZoneId zone) {
        return clock(zone);
    }

    @Replaces(value = Clock.class, isStatic = true)
    public static Clock systemUTC() {
        return clock(ZoneOffset.UTC);
    }

    @Replaces(value = Clock.class, isStatic = true)
    public static Clock systemDefaultZone() {
        return clock(ZoneId.systemDefault());
    }

    @Replaces(value = Clock.class, isStatic = true)
    public static Clock tickMillis(ZoneId zone) {
        return clock(zone);
    }

    @Replaces(value = Clock.class, isStatic = true)
    public static Clock tickSeconds(ZoneId zone) {
        return Clock.tick(clock(zone), Duration.ofSeconds(1));
    }

    @Replaces(value = Clock.class, isStatic = true)
    public static Clock tickMinutes(ZoneId zone) {
        return Clock.tick(clock(zone), Duration.ofMinutes(1));
    }

    @Replaces(value = Instant.class, name = "now", isStatic = true)
    public static Instant instant() {
        return Instant.ofEpochMilli(currentTimeMillis());
    }

    @Replaces(value = LocalDate.class, name = "now", isStatic = true)
    public static LocalDate localDate() {
        return LocalDate.now(systemDefaultZone());
    }

    @Replaces(value = LocalDate.class, name = "now", isStatic = true)
    public static LocalDate localDate(ZoneId zone) {
        return LocalDate.now(clock(zone));
    }

    @Replaces(value = LocalTime.class, name = "now", isStatic = true)
    public static LocalTime localTime() {
        return LocalTime.now(systemDefaultZone());
    }

    @Replaces(value = LocalTime.class, name = "now", isStatic = true)
    public static LocalTime localTime(ZoneId zone) {
        return LocalTime.now(clock(zone));
    }

    @Replaces(value = LocalDateTime.class, name = "now", isStatic = true)
    public static LocalDateTime localDateTime() {
        return LocalDateTime.now(systemDefaultZone());
    }

    @Replaces(value = LocalDateTime.class, name = "now", isStatic = true)
    public static LocalDateTime localDateTime(ZoneId zone) {
        return LocalDateTime.now(clock(zone));
    }

    @Replaces(value = ZonedDateTime.class, name = "now", isStatic = true)
    public static ZonedDateTime zonedDateTime() {
        return ZonedDateTime.now(systemDefaultZone());
    }

    @Replaces(value = ZonedDateTime.class, name = "now", isStatic = true)
    public static ZonedDateTime zonedDateTime(ZoneId zone) {
        return ZonedDateTime.now(clock(zone));
    }

    @Replaces(value = OffsetDateTime.class, name = "now", isStatic = true)
    public static OffsetDateTime offsetDateTime() {
        return OffsetDateTime.now(systemDefaultZone());
    }

    @Replaces(value = OffsetDateTime.class, name = "now", isStatic = true)
    public static OffsetDateTime offsetDateTime(ZoneId zone) {
        return OffsetDateTime.now(clock(zone));
    }

    @Replaces(value = OffsetTime.class, name = "now", isStatic = true)
    public static OffsetTime offsetTime() {
        return OffsetTime.now(systemDefaultZone());
    }

    @Replaces(value = OffsetTime.class, name = "now", isStatic = true)
    public static OffsetTime offsetTime(ZoneId zone) {
        return OffsetTime.now(clock(zone));
    }

    @Replaces(value = Year.class, name = "now", isStatic = true)
    public static Year year() {
        return Year.now(systemDefaultZone());
    }

    @Replaces(value = Year.class, name = "now", isStatic = true)
    public static Year year(ZoneId zone) {
        return Year.now(clock(zone));
    }

    @Replaces(value = YearMonth.class, name = "now", isStatic = true)
    public static YearMonth yearMonth() {
        return YearMonth.now(systemDefaultZone());
    }

    @Replaces(value = YearMonth.class, name = "now", isStatic = true)
    public static YearMonth yearMonth(ZoneId zone) {
        return YearMonth.now(clock(zone));
    }

    @Replaces(value = MonthDay.class, name = "now", isStatic = true)
    public static MonthDay monthDay() {
        return MonthDay.now(systemDefaultZone());
    }

    @Replaces(value = MonthDay.class, name = "now", isStatic = true)
    public static MonthDay monthDay(ZoneId zone) {
        return MonthDay.now(clock(zone));
    }

    @Replaces(value = Calendar.class, name = "getInstance", isStatic = true)
    public static Calendar calendar() {
        return settled(Calendar.getInstance());
    }

    @Replaces(value = Calendar.class, name = "getInstance", isStatic = true)
    public static Calendar calendar(TimeZone zone) {
        return settled(Calendar.getInstance(zone));
    }

    @Replaces(value = Calendar.class, name = "getInstance", isStatic = true)
    public static Calendar calendar(Locale locale) {
        return settled(Calendar.getInstance(locale));
    }

    @Replaces(value = Calendar.class, name = "getInstance", isStatic = true)
    public static Calendar calendar(TimeZone zone, Locale locale) {
        return settled(Calendar.getInstance(zone, locale));
    }

    private static Calendar settled(Calendar calendar) {
        calendar.setTimeInMillis(currentTimeMillis());
        return calendar;
    }

    @Replaces(value = GregorianCalendar.class, name = "<init>", isStatic = true)
    public static GregorianCalendar gregorianCalendar() {
        return (GregorianCalendar) settled(new GregorianCalendar());
    }
}
