package javabox.program;

import java.io.File;
import java.math.MathContext;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.time.chrono.ChronoLocalDate;
import java.time.chrono.Chronology;
import java.time.chrono.Era;
import java.time.temporal.ValueRange;
import java.time.temporal.WeekFields;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Calendar;
import java.util.Currency;
import java.util.Date;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import java.util.SimpleTimeZone;
import java.util.TimeZone;
import java.util.UUID;
import java.util.regex.Pattern;

/** The JDK's values that are equal where their class and one text of theirs are. */
final class Plain {
    /** Of java.time: their toString leaves nothing out. */
    private static final Set<String> OF_TIME = Set.of("LocalDate", "LocalTime", "LocalDateTime", "Instant", "Duration",
            "Period", "ZonedDateTime", "OffsetDateTime", "OffsetTime", "Year", "YearMonth", "MonthDay");

    private static final Pattern ESCAPED = Pattern.compile("%[0-9a-f]{2}", Pattern.CASE_INSENSITIVE);

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
            String tag = locale.toLanguageTag(); // which leaves out what is ill-formed
            return Locale.forLanguageTag(tag).equals(locale) ? tag : "ill-formed " + locale;
        }
        if (value instanceof Date date) {
            return Long.toString(date.getTime());
        }
        if (value instanceof Calendar calendar) {
            return calendar.getTimeInMillis() + " " + text(calendar.getTimeZone()) + " " + calendar.isLenient() + " "
                    + calendar.getFirstDayOfWeek() + " " + calendar.getMinimalDaysInFirstWeek();
        }
        if (value instanceof TimeZone zone) {
            return zone instanceof SimpleTimeZone ? zone.toString() : zone.getID() + " " + zone.getRawOffset();
        }
        if (value instanceof URI uri) {
            return spelled(uri);
        }
        if (value instanceof Charset charset) {
            return charset.name();
        }
        if (value instanceof ZoneId zone) {
            return zone.getId();
        }
        boolean plain = value instanceof UUID || value instanceof Currency || value instanceof File || value instanceof Path
                || value instanceof MathContext || value instanceof StackTraceElement || value instanceof HexFormat
                || value instanceof ChronoLocalDate || value instanceof Chronology || value instanceof Era
                || value instanceof ValueRange || value instanceof WeekFields || value instanceof Clock;
        Class<?> type = value.getClass();
        return plain || type.getPackageName().equals("java.time") && OF_TIME.contains(type.getSimpleName())
                ? value.toString() : null;
    }

    /** Scheme and host are the same in capitals, escaped bytes in either kind of letters. */
    private static String spelled(URI uri) {
        String text = ESCAPED.matcher(uri.toString()).replaceAll(found -> found.group().toUpperCase(Locale.ROOT));
        String scheme = uri.getScheme();
        if (scheme != null) {
            text = scheme.toLowerCase(Locale.ROOT) + text.substring(scheme.length());
        }
        String host = uri.getHost();
        int at = host == null ? 0 : text.indexOf(host, text.indexOf("//"));
        return at <= 0 ? text : text.substring(0, at) + host.toLowerCase(Locale.ROOT) + text.substring(at + host.length());
    }
}
