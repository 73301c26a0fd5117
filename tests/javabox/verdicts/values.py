"""Expressions for values of the JDK by kind: what stands on one line is equal, what stands on two is not.

`!` is only ever on the program's side, as its class is the program's own. `~` is equal to nothing, not even to
what the same expression makes again. It is what plain java's `equals` said of each pair when this was written.
"""

from __future__ import annotations

IMPORTS = """
import java.io.*;
import java.math.*;
import java.net.*;
import java.nio.charset.*;
import java.nio.file.*;
import java.text.*;
import java.time.*;
import java.time.chrono.*;
import java.time.temporal.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.regex.*;
import java.util.stream.*;
"""

OWN = """
class OwnList<T> extends ArrayList<T> {
    OwnList(Collection<T> c) { super(c); }
    void more() { }
}
class Loud<T> extends ArrayList<T> {
    Loud(Collection<T> c) { super(c); }
    public boolean equals(Object o) { return true; }
    public int hashCode() { return 1; }
}
class Range extends AbstractList<Integer> {
    final int n;
    Range(int n) { this.n = n; }
    public Integer get(int i) { return i; }
    public int size() { return n; }
}
class OwnMap<K, V> extends HashMap<K, V> {
    OwnMap(Map<K, V> m) { super(m); }
}
class Lru<K, V> extends LinkedHashMap<K, V> {
    Lru(Map<K, V> m) { super(16, 0.75f, true); putAll(m); }
    protected boolean removeEldestEntry(Map.Entry<K, V> e) { return size() > 2; }
}
class OwnTree<K, V> extends TreeMap<K, V> {
    OwnTree(Map<K, V> m) { super(m); }
}
class OwnSet<T> extends HashSet<T> {
    OwnSet(Collection<T> c) { super(c); }
    public String toString() { return "own"; }
}
class Digits extends AbstractSet<Integer> {
    public Iterator<Integer> iterator() { return List.of(1, 2).iterator(); }
    public int size() { return 2; }
}
class OwnEntry<K, V> extends AbstractMap.SimpleEntry<K, V> {
    OwnEntry(K k, V v) { super(k, v); }
}
class Squares extends AbstractMap<Integer, Integer> {
    public Set<Map.Entry<Integer, Integer>> entrySet() { return Set.of(Map.entry(1, 1), Map.entry(2, 4)); }
}
"""

KINDS = {
    "optional": r"""
Optional.of(1) == Optional.ofNullable(1)
Optional.of(1L)
Optional.of(2)
Optional.empty() == Optional.ofNullable(null)
OptionalInt.of(1)
OptionalInt.empty()
OptionalLong.of(1)
OptionalLong.empty()
OptionalDouble.of(1)
OptionalDouble.of(0.0)
OptionalDouble.of(-0.0)
OptionalDouble.of(Double.NaN) == OptionalDouble.of(0.0 / 0)
OptionalDouble.empty() == DoubleStream.empty().max()
Optional.of(Optional.of(List.of(1))) == Optional.of(Optional.of(new ArrayList<>(List.of(1))))
Optional.of(List.of()) == Optional.of(new LinkedList<>())
Optional.of(Set.of())
Optional.of("")
1
null
""",
    "entry": r"""
Map.entry(1, 2) == new AbstractMap.SimpleEntry<>(1, 2) \
    == new AbstractMap.SimpleImmutableEntry<>(1, 2) == Map.of(1, 2).entrySet().iterator().next() \
    == new TreeMap<>(Map.of(1, 2)).firstEntry() \
    == new HashMap<>(Map.of(1, 2)).entrySet().iterator().next() == !new OwnEntry<>(1, 2)
Map.entry(2, 1)
Map.entry(1, 2L)
new AbstractMap.SimpleEntry<>(null, null)
new AbstractMap.SimpleEntry<>(1, null)
Map.of(1, 2).entrySet() == Set.of(Map.entry(1, 2)) == new TreeMap<>(Map.of(1, 2)).entrySet() \
    == new HashSet<>(List.of(new AbstractMap.SimpleEntry<>(1, 2))) == !new OwnMap<>(Map.of(1, 2)).entrySet()
List.of(Map.entry(1, 2)) == new ArrayList<>(Map.of(1, 2).entrySet())
Map.of(1, 2).keySet() == Set.of(1) == new TreeMap<>(Map.of(1, 2)).navigableKeySet()
~Map.of(1, 2).values()
Map.of(1, 2) == !new OwnMap<>(Map.of(1, 2))
List.of(1, 2)
Map.entry(List.of(1), Optional.of(2)) == new AbstractMap.SimpleEntry<>(Arrays.asList(1), Optional.of(2))
""",
    "time": r"""
LocalDate.of(2024, 1, 2) == LocalDate.parse("2024-01-02") == LocalDate.ofYearDay(2024, 2)
LocalDate.of(2024, 1, 3)
LocalDateTime.of(2024, 1, 2, 0, 0) == LocalDate.of(2024, 1, 2).atStartOfDay()
LocalDateTime.of(2024, 1, 2, 0, 0, 0, 1)
LocalTime.of(1, 2) == LocalTime.of(1, 2, 0)
LocalTime.MIDNIGHT == LocalTime.MIN
LocalTime.MAX
Instant.ofEpochSecond(1) == Instant.parse("1970-01-01T00:00:01Z")
Instant.ofEpochMilli(1001)
Duration.ofSeconds(60) == Duration.ofMinutes(1)
Duration.ofSeconds(60, 1)
Duration.ofSeconds(-1, 1) == Duration.ofNanos(-999_999_999)
Duration.ZERO == Duration.ofDays(0)
Period.ofDays(7) == Period.ofWeeks(1)
Period.ofMonths(12)
Period.ofYears(1)
Period.ZERO == Period.of(0, 0, 0)
ZonedDateTime.of(2024, 1, 2, 3, 4, 5, 0, ZoneId.of("UTC"))
ZonedDateTime.of(2024, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC)
OffsetDateTime.of(2024, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC)
OffsetDateTime.of(2024, 1, 2, 4, 4, 5, 0, ZoneOffset.ofHours(1))
OffsetTime.of(1, 2, 3, 0, ZoneOffset.UTC)
Year.of(2024)
YearMonth.of(2024, 1)
MonthDay.of(1, 2)
DayOfWeek.MONDAY == LocalDate.of(2024, 1, 1).getDayOfWeek()
Month.JANUARY == Month.of(1)
ZoneId.of("UTC")
ZoneId.of("GMT")
ZoneId.of("Z") == ZoneOffset.UTC
ZoneOffset.ofHours(1) == ZoneId.of("+01:00")
ZoneId.of("Europe/Paris")
ChronoUnit.DAYS
ChronoField.DAY_OF_WEEK
IsoFields.DAY_OF_QUARTER
2024
"2024-01-02"
LocalDate.of(2024, 1, 1).until(LocalDate.of(2024, 2, 3)) == Period.of(0, 1, 2)
JapaneseDate.of(2024, 1, 2)
ThaiBuddhistDate.of(2567, 1, 2)
MinguoDate.of(113, 1, 2)
HijrahDate.of(1445, 6, 20)
IsoChronology.INSTANCE
ValueRange.of(1, 2)
ValueRange.of(1, 3)
Clock.fixed(Instant.EPOCH, ZoneOffset.UTC)
Clock.fixed(Instant.EPOCH, ZoneOffset.ofHours(1))
WeekFields.ISO
IsoEra.CE
JapaneseEra.HEISEI
""",
    "jdk": r"""
BitSet.valueOf(new long[] {5}) == new BitSet() {{ set(0); set(2); }} == BitSet.valueOf(new byte[] {5, 0, 0})
new BitSet() == new BitSet(100)
BitSet.valueOf(new long[] {0, 1})
new UUID(1, 2) == UUID.fromString("00000000-0000-0001-0000-000000000002")
new UUID(2, 1)
TimeUnit.SECONDS
TimeUnit.DAYS
RoundingMode.UP
RoundingMode.valueOf("DOWN")
Thread.State.NEW
Locale.Category.DISPLAY
String.class
int.class == Integer.TYPE
Integer.class
String[].class
int[][].class
Map.Entry.class
void.class == Void.TYPE
Locale.US == new Locale("en", "US") == Locale.forLanguageTag("en-US") == new Locale("EN", "us")
Locale.ENGLISH
Locale.ROOT == new Locale("")
new Locale("abcdefghijk")
new Locale("no", "NO", "NY")
new Locale("nn", "NO")
new Locale("en", "US", "WIN")
Currency.getInstance("EUR") == Currency.getInstance(Locale.FRANCE)
Currency.getInstance("USD")
StandardCharsets.UTF_8 == Charset.forName("utf8")
StandardCharsets.US_ASCII
URI.create("http://a/b")
URI.create("http://a/c")
Path.of("a", "b") == Paths.get("a/b") == Path.of("a/b/")
Path.of("/a/b")
new File("a/b") == new File("a", "b") == new File("a//b")
new File("b")
new Date(5)
new Date(6)
new MathContext(5) == new MathContext(5, RoundingMode.HALF_UP)
MathContext.DECIMAL32
new StackTraceElement("A", "b", "c", 1)
new StackTraceElement("A", "b", "c", 2)
new GregorianCalendar(2024, 0, 2) == new GregorianCalendar(2024, Calendar.JANUARY, 2, 0, 0)
new GregorianCalendar(2024, 0, 3)
new GregorianCalendar(2024, 0, 2) {{ setFirstDayOfWeek(5); }}
new GregorianCalendar(2024, 0, 2) {{ setLenient(false); }}
TimeZone.getTimeZone("UTC")
TimeZone.getTimeZone("Europe/Paris")
new SimpleTimeZone(5, "x")
"a"
'a'
97
97L
97.0
97.0f
(byte) 97
(short) 97
0.0
-0.0
Double.NaN == 0.0 / 0
Float.NaN
BigInteger.ONE == new BigInteger("1")
BigDecimal.ONE == new BigDecimal("1")
new BigDecimal("1.0")
~new Object()
~new StringBuilder("a")
~new AtomicInteger(1)
~new RuntimeException("a")
~Pattern.compile("a")
~new ArrayDeque<>(List.of(1))
~new PriorityQueue<>(List.of(1))
~List.of(1).iterator()
~Collections.unmodifiableCollection(List.of(1))
~Stream.of(1)
HexFormat.of()
Comparator.naturalOrder()
URI.create("HTTP://H/b") == URI.create("http://h/b")
""",
    "collections": r"""
List.of(1, 2) == Arrays.asList(1, 2) == new ArrayList<>(List.of(1, 2)) \
    == new LinkedList<>(List.of(1, 2)) == new Vector<>(List.of(1, 2)) \
    == new Stack<Integer>() {{ add(1); add(2); }} == new CopyOnWriteArrayList<>(List.of(1, 2)) \
    == Collections.unmodifiableList(Arrays.asList(1, 2)) \
    == Collections.synchronizedList(Arrays.asList(1, 2)) == List.of(0, 1, 2).subList(1, 3) \
    == Stream.of(1, 2).toList() == new ArrayList<>() {{ add(1); add(2); }} \
    == !new OwnList<>(List.of(1, 2)) == !new OwnList<>(List.of(0, 1, 2)).subList(1, 3)
List.of(2, 1)
List.of(1L, 2L)
List.of(1, 2, 3)
List.of() == Collections.emptyList() == new ArrayList<>() == !new Range(0)
List.of(0, 1) == !new Range(2) == IntStream.range(0, 2).boxed().collect(Collectors.toList())
Set.of(1, 2) == new HashSet<>(List.of(2, 1)) == new TreeSet<>(List.of(1, 2)) \
    == new TreeSet<Integer>(Comparator.<Integer>reverseOrder()) {{ add(1); add(2); }} \
    == new LinkedHashSet<>(List.of(2, 1)) == Map.of(1, 5, 2, 6).keySet() \
    == new ConcurrentSkipListSet<>(List.of(1, 2)) == new CopyOnWriteArraySet<>(List.of(1, 2)) \
    == !new OwnSet<>(List.of(1, 2)) == !new Digits()
Set.of(1)
Set.of() == Collections.emptySet() == EnumSet.noneOf(RoundingMode.class)
EnumSet.of(RoundingMode.UP) == Set.of(RoundingMode.UP)
Map.of(1, 1, 2, 4) == new HashMap<>(Map.of(1, 1, 2, 4)) == new TreeMap<>(Map.of(1, 1, 2, 4)) \
    == new TreeMap<>(Map.of(1, 1, 2, 4)).descendingMap() == new LinkedHashMap<>(Map.of(1, 1, 2, 4)) \
    == new Hashtable<>(Map.of(1, 1, 2, 4)) == new ConcurrentHashMap<>(Map.of(1, 1, 2, 4)) \
    == new ConcurrentSkipListMap<>(Map.of(1, 1, 2, 4)) \
    == Collections.unmodifiableMap(Map.of(1, 1, 2, 4)) == !new OwnMap<>(Map.of(1, 1, 2, 4)) \
    == !new Lru<>(Map.of(1, 1, 2, 4)) == !new OwnTree<>(Map.of(1, 1, 2, 4)) == !new Squares()
Map.of(1, 1)
Map.of(1, 1, 2, 5)
Map.of() == new HashMap<>() == new EnumMap<>(RoundingMode.class) == new Properties()
new EnumMap<>(Map.of(RoundingMode.UP, 1)) == Map.of(RoundingMode.UP, 1)
new HashMap<>() {{ put(null, null); }}
new ArrayList<>() {{ add(null); }} == Collections.singletonList(null)
List.of(List.of(1), Map.of(2, Set.of(3))) \
    == Arrays.asList(new LinkedList<>(List.of(1)), new TreeMap<>(Map.of(2, new TreeSet<>(List.of(3))))) \
    == !new OwnList<>(List.of(new OwnList<>(List.of(1)), new OwnMap<>(Map.of(2, new OwnSet<>(List.of(3))))))
List.of(List.of(1), Map.of(2, List.of(3)))
Map.of(List.of(1), Optional.of(2)) == new HashMap<>(Map.of(Arrays.asList(1), Optional.of(2))) \
    == !new OwnMap<>(Map.of(new OwnList<>(List.of(1)), Optional.of(2)))
Set.of(Set.of(1), Set.of(2)) == !new OwnSet<>(List.of(new OwnSet<>(List.of(2)), Set.of(1)))
List.of(LocalDate.of(2024, 1, 2), new UUID(1, 2), Map.entry("a", BigDecimal.ONE)) \
    == !new OwnList<>(List.of(LocalDate.of(2024, 1, 2), new UUID(1, 2), new OwnEntry<>("a", \
    BigDecimal.ONE)))
List.of('1')
List.of("1")
Collections.nCopies(3, 0) == List.of(0, 0, 0)
""",
}
