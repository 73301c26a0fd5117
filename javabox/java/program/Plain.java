package javabox.program;

import java.io.File;
import java.math.MathContext;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Calendar;
import java.util.Currency;
import java.util.Date;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/** The JDK's values that are equal where their class and one text of theirs are. */
final class Plain {
    /** Of java.time: their toString leaves nothing out. */
    private static final Set<String> OF_TIME = Set.of("LocalDate", "LocalTime", "LocalDateTime", "Instant", "Duration",
            "Period", "ZonedDateTime", "OffsetDateTime", "OffsetTime", "Year", "YearMonth", "MonthDay");

    private Plain() {}

    /** The public class that stands for the value's own, which may be an anonymous one or one for its system. */
    static String type(Object value) {
        if (value instanceof Charset) {
            return "java.nio.charset.Charset";
        }
        if (value instanceof Path) {
            return "java.nio.file.Path";
        }
        Class<?> type = value.getClass();
        while (!Values.ofJdk(type)) {
            type = type.getSuperclass();
        }
        return type.getName();
    }

    /** @return null where it is no such value */
    static String text(Object value) {
        if (value instanceof BitSet bits) {
            return Arrays.toString(bits.toLongArray());
        }
        if (value instanceof Class<?> type) {
            Class<?> element = type;
            while (element.isArray()) {
                element = element.getComponentType();
            }
            return Values.ofJdk(element) ? type.getCanonicalName() : null;
        }
        if (value instanceof Locale locale) {
            return locale.toLanguageTag();
        }
        if (value instanceof Date date) {
            return Long.toString(date.getTime());
        }
        if (value instanceof Calendar calendar) {
            return calendar.getTimeInMillis() + " " + calendar.getTimeZone().getID();
        }
        if (value instanceof Charset charset) {
            return charset.name();
        }
        if (value instanceof ZoneId zone) {
            return zone.getId();
        }
        boolean plain = value instanceof UUID || value instanceof Currency || value instanceof URI || value instanceof File
                || value instanceof Path || value instanceof MathContext || value instanceof StackTraceElement;
        Class<?> type = value.getClass();
        return plain || type.getPackageName().equals("java.time") && OF_TIME.contains(type.getSimpleName())
                ? value.toString() : null;
    }
}
