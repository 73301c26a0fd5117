"""What a program returns does not depend on chance, the clock, the lane, or what ran before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from javabox import Job, Judge, Suite, SuiteCase, Verdict
from tests.javabox.programs import program

IMPORTS = "import java.util.*; import java.util.stream.*; import java.time.*; import java.util.concurrent.*;"
PROMPT = IMPORTS + "\nclass S {\n    static Object f(int x) {\n"
SUITE = Suite(
    cases=tuple(SuiteCase(f"case {i}", "Object r = S.f(1);", "r", None) for i in range(2)), imports=IMPORTS
)

CHANCE = {
    "Math.random": "return Math.random();",
    "Math.random by reference": "return Stream.generate(Math::random).limit(2).toList();",
    "new Random": "return new Random().nextInt();",
    "new Random by reference": "java.util.function.Supplier<Random> s = Random::new; return s.get().nextInt();",
    "subclass of Random": "class R extends Random { } return new R().nextLong();",
    "SplittableRandom": "return new SplittableRandom().nextInt();",
    "ThreadLocalRandom": "return ThreadLocalRandom.current().nextInt();",
    "shuffle": "List<Integer> l = IntStream.range(0, 20).boxed().collect(Collectors.toList()); Collections.shuffle(l); return l;",
    "UUID": "return UUID.randomUUID().toString();",
    "Set.of": "return Set.of(1, 2, 3, 4, 5, 6, 7).toString();",
    "Map.of": 'return Map.of("a", 1, "b", 2, "c", 3, "d", 4).toString();',
    "copyOf": "return Set.copyOf(List.of(5, 6, 7, 8, 9)).toString() + Map.copyOf(new HashMap<>(Map.of(1, 2, 3, 4))).toString();",
    "toUnmodifiableSet": "return Stream.of(3, 1, 2, 9).collect(Collectors.toUnmodifiableSet()).toString();",
    "identity hash": "return new Object().hashCode() + System.identityHashCode(new int[0]);",
    "toString of Object": "return new Object() { }.toString() + new int[0];",
    "set of objects": "class A { final int n; A(int n) { this.n = n; } } Set<A> s = new HashSet<>(); for (int i = 0; i < 50; i++) s.add(new A(i));"
    " return s.stream().map(a -> a.n).toList();",
    "map of enums": "Map<DayOfWeek, Integer> m = new HashMap<>(); for (DayOfWeek d : DayOfWeek.values()) m.put(d, d.getValue()); return m.toString();",
    "map of classes": "Map<Class<?>, Integer> m = new HashMap<>(); for (Class<?> c : List.of(String.class, Integer.class, List.class)) m.put(c, 1); return m.toString();",
    "clocks": "return System.currentTimeMillis() + System.nanoTime();",
    "dates": "return List.of(LocalDate.now(), LocalDateTime.now(), Instant.now(), Year.now(), LocalTime.now()).toString();",
    "old dates": "return new Date().getTime() + Calendar.getInstance().getTimeInMillis();",
    "dates in a zone": 'ZoneId z = ZoneId.of("Asia/Tokyo"); return List.of(LocalDate.now(z), ZonedDateTime.now(z),'
    " OffsetTime.now(z), MonthDay.now(z), Clock.system(z).instant(), Clock.tickSeconds(z).instant()).toString();",
    "calendars": 'TimeZone z = TimeZone.getTimeZone("Asia/Tokyo"); return Calendar.getInstance(z).getTimeInMillis()'
    " + Calendar.getInstance(Locale.US).getTimeInMillis() + new GregorianCalendar().getTimeInMillis();",
    "calendar by reference": "java.util.function.Supplier<Calendar> s = GregorianCalendar::new; return s.get().getTimeInMillis();",
    "RandomGenerator": "return java.util.random.RandomGenerator.getDefault().nextInt();",
    "lambda as text": "Runnable r = () -> { }; return r.toString() + r.getClass().getName();",
    "lambda in a message": "try { Object o = (Runnable) () -> { }; return (String) o; } catch (ClassCastException e) { return e.getMessage(); }",
    "frames of the stack": "return Arrays.toString(new Exception().getStackTrace());",
    "memory that runs out": "List<byte[]> l = new ArrayList<>(); try { while (true) l.add(new byte[100_000]); }"
    " catch (OutOfMemoryError e) { int size = l.size(); l = null; return size; }",
    "a clock that runs": "long t = System.nanoTime(); int n = 0; while (System.nanoTime() < t + 50_000) n++; return n;",
    "locale and zone": 'return String.format("%,.2f", 12345.678) + TimeZone.getDefault().getID() + Locale.getDefault();',
    "line separator": 'return System.lineSeparator() + String.format("%n");',
    "processors": "return Runtime.getRuntime().availableProcessors();",
    "exception without trace": "int n = 0; for (int i = 0; i < 30_000; i++) try { Object o = null; o.hashCode(); } catch (NullPointerException e) {"
    " n += e.getStackTrace().length > 0 ? 1 : 0; } return n;",
}  # fmt: skip


def jobs() -> list[Job]:
    small = {"memory that runs out": 64}  # it is filled and given back, which takes longest
    return [program(body, SUITE, PROMPT, memory_mb=small.get(name, 256)) for name, body in CHANCE.items()]


def evidence(verdict: Verdict) -> tuple[object, ...]:
    return verdict.outcome, verdict.cases, verdict.exception, verdict.fuel, verdict.deterministic


@pytest.fixture(scope="module")
def first(judge: Judge) -> list[Verdict]:
    return judge.grade(jobs())


@pytest.fixture(scope="module", params=["one worker", "strict lane"])
def other(request: pytest.FixtureRequest) -> Iterator[Judge]:
    with Judge("local", 1, lane="auto" if request.param == "one worker" else "strict") as judge:
        yield judge


def test_another_judge_says_the_same(first: list[Verdict], other: Judge) -> None:
    said = dict(zip(CHANCE, map(evidence, first), strict=True))
    assert dict(zip(CHANCE, map(evidence, other.grade(jobs()[::-1])[::-1]), strict=True)) == said


def test_they_run_to_the_end(first: list[Verdict]) -> None:
    assert {name: v.outcome for name, v in zip(CHANCE, first, strict=True) if not v.passed} == {}


def test_most_of_them_run_in_the_warm_lane(first: list[Verdict]) -> None:
    strict = [name for name, v in zip(CHANCE, first, strict=True) if v.lane == "strict"]
    assert strict == ["RandomGenerator", "memory that runs out", "processors"]


def test_objects_of_a_class_without_a_hash_code_get_different_ones(judge: Judge) -> None:
    body = "Set<Integer> hashes = new HashSet<>(); for (int i = 0; i < 1000; i++) hashes.add(new S().hashCode()); return hashes.size();"
    assert judge.grade([program(body, SUITE, PROMPT)])[0].cases[0].value == "1000"


LEFT_TO_CHANCE = {
    "SecureRandom": "new java.security.SecureRandom().nextInt();",
    "process id": "ProcessHandle.current().pid();",
    "free memory": "Runtime.getRuntime().freeMemory();",
    "garbage": "new java.lang.ref.WeakReference<>(new Object()).get();",
    "threads": "new Thread(() -> { }).start();",
}


@pytest.mark.parametrize("name", LEFT_TO_CHANCE)
def test_what_is_left_to_chance_is_said_and_not_kept(judge: Judge, name: str) -> None:
    job = program(LEFT_TO_CHANCE[name] + " return 2;", SUITE, PROMPT)
    cached = judge.stats()["cached"]
    verdicts = [judge.grade([job])[0] for _ in range(2)]
    assert [(v.passed, v.deterministic) for v in verdicts] == [(True, False)] * 2
    assert judge.stats()["cached"] == cached


def test_a_program_that_looks_at_its_classes_sees_what_it_declared(judge: Judge) -> None:
    body = (
        "class A { int n; } return A.class.getDeclaredFields().length + A.class.getDeclaredMethods().length;"
    )
    verdict = judge.grade([program(body, SUITE, PROMPT)])[0]
    # The field `n`, and what javac adds to a class in a static method: nothing.
    assert verdict.cases[0].value == "1"


def test_chance_can_be_let_in() -> None:
    with Judge("local", 1, determinism=False) as free:
        names = ("Math.random", "new Random", "UUID", "clocks")
        verdicts = free.grade([program(CHANCE[name], SUITE, PROMPT) for name in names])
        assert all(verdict.passed for verdict in verdicts)
        assert all(verdict.cases[0].value != verdict.cases[1].value for verdict in verdicts)
