"""Claim: a verdict is the same every time, however busy the machine is; those of plain `java` are not.

Programs are judged again and again, by a new judge each time (so no cache answers) and in another order each
time (so a warm JVM has run other programs before), first on the machine as it is and then beside busy loops.
All of a verdict but its time is compared with the first one of its program. Most programs are mxeval's
samples and mutants of MBJP's references; the rest (`EDGES`) are written to come out differently by chance:
they draw random numbers, read clocks, order by identity, fill stack, heap and fuel to the brim.

    python -m benchmarks.flips                                          # about an hour on two cores
    python -m benchmarks.flips --programs 60 --repeats 2 --naive 0      # a trial

Of the naive way only two flags are compared, compiled and passed.

Not covered: programs whose threads race, and those that ask for what the judge leaves to chance
(SecureRandom, process ids, free memory, when an object is collected).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.naive import DATA_SETS, grade_naively, load_samples
from javabox import Job, Judge, Suite, SuiteCase
from rlcf.problems.load import load_problems
from rlcf.problems.mutants import mutants
from rlcf.progress import progress

IMPORTS = "import java.util.*; import java.util.stream.*; import java.time.*;\n"
PROMPT = IMPORTS + "class S {\n    static int n;\n    static Object f(int x) throws Exception {\n"
SUITE = Suite(
    cases=tuple(SuiteCase(str(x), f"Object r = S.f({x});", "r", str(2 * x), "int") for x in (2, 3)),
    imports=IMPORTS,
)
MAIN = """
class Main {
    public static void main(String[] a) throws Exception {
        for (int x = 2; x < 4; x++) if (!Objects.equals(S.f(x), 2 * x)) throw new Exception("wrong");
    }
}
"""

# Bodies of `f`, which is to return 2 * x; `even` (in CLOSE) does so only if a number is even.
EDGES = {
    "StrictMath.random": "return StrictMath.random() < 0.5 ? 2 * x : 0;",
    "Math.random": "if (Math.random() < 0.5) return 2 * x; throw new ArithmeticException();",
    "new Random": "return new Random().nextBoolean() ? 2 * x : 0;",
    "a Random of its own": "class R extends Random { } return new R().nextBoolean() ? 2 * x : 0;",
    "ThreadLocalRandom": "return java.util.concurrent.ThreadLocalRandom.current().nextBoolean() ? 2 * x : 0;",
    "RandomGenerator": "return java.util.random.RandomGenerator.getDefault().nextBoolean() ? 2 * x : 0;",
    "random UUID": "return even(UUID.randomUUID().hashCode(), x);",
    "shuffled list": "List<Integer> l = new ArrayList<>(List.of(0, 1, 2, 3)); Collections.shuffle(l);"
    " return even(l.get(0), x);",
    "order of Set.of": 'List<String> l = new ArrayList<>(Set.of("a", "b", "c", "d", "e", "f"));'
    ' return l.indexOf("a") < l.indexOf("b") ? 2 * x : l;',
    "order of Map.of": "return new ArrayList<>(Map.of(1, 2, 3, 4, 5, 6, 7, 8).keySet());",
    "identity hash code": "return even(System.identityHashCode(new int[1]), x);",
    "hash code of an object": "return even(new Object().hashCode(), x);",
    "object as text": "class T { } String s = new T().toString(); return even(s.charAt(s.length() - 1), x);",
    "array as text": "return new int[1].toString() + x;",
    "lambda as text": "Runnable r = () -> n++; return r.toString();",
    "name of a lambda's class": "Runnable r = () -> n++; return r.getClass().getName();",
    "HashMap of objects": "class K { } Map<K, Integer> m = new HashMap<>();"
    " for (int i = 0; i < 8; i++) m.put(new K(), i); return even(m.values().iterator().next(), x);",
    "HashSet of constants": "enum E { A, B, C, D } return even(new HashSet<>(List.of(E.values())).iterator()"
    ".next().ordinal(), x);",
    "IdentityHashMap": "Map<String, Integer> m = new IdentityHashMap<>();"
    ' for (int i = 0; i < 8; i++) m.put(new String("k"), i); return even(m.values().iterator().next(), x);',
    "nanoTime": "return even(System.nanoTime() / 1000, x);",
    "stopwatch": "long t = System.nanoTime(), s = 0; for (int i = 0; i < 20_000_000; i++) s += i % 7;"
    " return System.nanoTime() - t < 30_000_000 ? 2 * x : s;",
    "waiting by the clock": "long end = System.currentTimeMillis() + 20;"
    " while (System.currentTimeMillis() < end) n++; return even(n, x);",
    "time of day": "return even(LocalTime.now().getNano() / 1000, x);",
    "time in a zone": 'return even(ZonedDateTime.now(ZoneId.of("Asia/Tokyo")).getNano() / 1000, x);',
    "new Date": "return even(new Date().getTime(), x);",
    "new GregorianCalendar": "return even(new GregorianCalendar().getTimeInMillis(), x);",
    "OffsetTime": "return even(OffsetTime.now().getNano() / 1000, x);",
    "sleep": "long t = System.currentTimeMillis(); Thread.sleep(20);"
    " return System.currentTimeMillis() - t < 21 ? 2 * x : 0;",
    "endless loop": "while (true) n++;",
    "endless loop that catches all": "while (true) try { while (true) n++; } catch (Throwable t) { n = 0; }",
    "nearly all fuel": "for (int i = 0; i < 55_500_000; i++) n += i; return 2 * x;",
    "a little too much fuel": "for (int i = 0; i < 55_600_000; i++) n += i; return 2 * x;",
    "long work": "long s = x; for (long i = 0; i < 4_000_000_000L; i++) s = s * 31 + i;"
    " return s == 0 ? 0 : 2 * x;",
    "stack to the end": "n = 0; try { return deep(-1); } catch (StackOverflowError e) { return even(n, x); }",
    "deep recursion": "return deep(14_000) + 2 * x;",
    "heap to the end": "List<byte[]> l = new ArrayList<>(); try { while (true) l.add(new byte[100_000]); }"
    " catch (OutOfMemoryError e) { int size = l.size(); l = null; return even(size, x); }",
    "heap nearly to the end": "byte[][] b = new byte[200][];"
    " for (int i = 0; i < 200; i++) b[i] = new byte[1 << 20]; return 2 * x;",
    "heap at the end": "byte[][] b = new byte[255][];"
    " for (int i = 0; i < 255; i++) b[i] = new byte[(1 << 20) - 16]; return 2 * x;",
    "depth of its stack": "return even(new Exception().getStackTrace().length, x);",
    "many lines": 'for (int i = 0; i < 60_000; i++) System.out.println("line " + i); return 2 * x;',
    "stack trace as text": "var w = new java.io.StringWriter();"
    " new Exception().printStackTrace(new java.io.PrintWriter(w)); return w.toString();",
    "lambda in a message": "Object o = (Runnable) () -> n++; return (String) o;",
    "list in itself": "List<Object> l = new ArrayList<>(); l.add(l); return l.hashCode();",
    "throws an object's text": "throw new IllegalStateException(new Object().toString());",
    "two threads": "int[] s = new int[2];"
    " Thread t = new Thread(() -> s[0] = x), u = new Thread(() -> s[1] = x);"
    " t.start(); u.start(); t.join(); u.join(); return s[0] + s[1];",
    "parallel sum": "return IntStream.range(0, 10_000).parallel().map(i -> i % 2).sum() - 5_000 + 2 * x;",
    "parallel findAny": "return even(IntStream.range(0, 10_000).parallel().filter(i -> i > 9).findAny()"
    ".getAsInt(), x);",
}
CLOSE = """
    }
    static Object even(long number, int x) { return number % 2 == 0 ? (Object) (2 * x) : "odd: " + number; }
    static int deep(int to) { n++; return to == 0 ? 0 : deep(to - 1); }
}
"""


@dataclass(frozen=True, slots=True)
class Program:
    """One program as the judge takes it and as one file for plain `javac`."""

    name: str
    job: Job
    text: str


@dataclass(slots=True)
class Row:
    """One way under one load: what it said of each program in each repeat."""

    way: str
    load: str
    answers: list[dict[str, str]] = field(default_factory=list)

    def line(self, first: dict[str, str]) -> str:
        verdicts = sum(map(len, self.answers))
        differ = [name for answers in self.answers for name in answers if answers[name] != first[name]]
        cells = [self.way, self.load, len(first), len(self.answers)]
        cells.append(
            f"{len(differ)} of {verdicts}, in {len(set(differ))} programs" if differ else f"0 of {verdicts}"
        )
        return f"| {' | '.join(map(str, cells))} |"


def edges() -> list[Program]:
    found = []
    for name, body in EDGES.items():
        source = PROMPT + "        " + body + CLOSE
        found.append(Program(name, Job(source, SUITE, completion_start=len(PROMPT)), source + MAIN))
    return found


def pick(count: int) -> list[Program]:
    """All of EDGES, twice as many mutants, and for the rest samples, evenly from both data sets."""
    picked = edges()[:count]
    mutant_count = min(2 * len(EDGES), count - len(picked))
    for i, m in enumerate(mutants(load_problems("mbjp"), mutant_count, seed=1)):
        text = m.problem.prompt + m.completion + m.problem.test
        picked.append(Program(f"mutant {i} of {m.problem.task_id}", m.problem.job(m.completion), text))
    left = count - len(picked)
    for data_set, share in zip(DATA_SETS, (left - left // 2, left // 2), strict=True):
        problems = {problem.task_id: problem for problem in load_problems(data_set)}
        samples = list({sample.program: sample for sample in load_samples(data_set)}.values())
        for sample in (samples[i * len(samples) // share] for i in range(share)):
            job = problems[sample.task_id].job(sample.completion)
            picked.append(Program(f"{sample.task_id}, sample {sample.index}", job, sample.program))
    return picked


Way = Callable[[list[Program]], list[str]]
"""Judges programs once, from the start: one text a program that holds all of its verdict but the time."""


def javabox(lane: str, workers: int) -> Way:
    def once(programs: list[Program]) -> list[str]:
        with Judge("local", workers, lane=lane) as judge:  # type: ignore[arg-type]
            verdicts = judge.grade([program.job for program in programs])
        records = [dataclasses.asdict(verdict) | {"wall_ms": 0} for verdict in verdicts]
        return [json.dumps(record, sort_keys=True) for record in records]

    return once


def plain(workers: int) -> Way:
    def once(programs: list[Program]) -> list[str]:
        with ThreadPoolExecutor(workers) as pool:
            verdicts = list(pool.map(lambda program: grade_naively(program.text), programs))
        return [json.dumps({"compiled": v.compiled, "passed": v.passed}) for v in verdicts]

    return once


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many processes that do nothing but run, for as long as the block lasts and this process lives."""
    loop = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(10**6): pass"
    running = [subprocess.Popen([sys.executable, "-c", loop]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


def measure(row: Row, once: Way, programs: list[Program], repeats: int, seed: int) -> None:
    """Fills `row`, a repeat at a time, each in an order of its own."""
    with progress(f"{row.way}, {row.load}", repeats) as advance:
        for repeat in range(repeats):
            order = random.Random(seed + repeat).sample(programs, len(programs))
            row.answers.append(dict(zip([p.name for p in order], once(order), strict=True)))
            advance(1)


def flipped(rows: list[Row], first: dict[str, str]) -> Iterator[str]:
    """Each program with more than one verdict: the fields that differ, and how often each value came."""
    for name in first:
        said = [json.loads(answers[name]) for row in rows for answers in row.answers]
        fields = {key: Counter(json.dumps(one[key]) for one in said) for key in said[0]}
        several = {key: counts for key, counts in fields.items() if len(counts) > 1}
        if several:
            words = (
                f"{key} {', '.join(f'{n} x {value:.100}' for value, n in counts.most_common(4))}"
                for key, counts in several.items()
            )
            yield f"- {rows[0].way}: {name}: {'; '.join(words)}"


def between_lanes(firsts: list[dict[str, str]]) -> Iterator[str]:
    """Each program whose first verdicts differ between the lanes in more than the lane."""
    for name in firsts[0]:
        said = [
            {key: value for key, value in json.loads(first[name]).items() if key != "lane"}
            for first in firsts
        ]
        fields = {key: [json.dumps(one[key]) for one in said] for key in said[0]}
        several = [
            f"{key} {' / '.join(value[:160] for value in values)}"
            for key, values in fields.items()
            if len(set(values)) > 1
        ]
        if several:
            yield f"- {name}: {'; '.join(several)}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Counts verdicts that change from run to run.")
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=10, help="of each load")
    parser.add_argument("--lanes", default="auto,strict", help="lanes of javabox, by comma")
    parser.add_argument("--naive", type=int, default=60, help="programs for javac + java, EDGES first")
    parser.add_argument("--naive-repeats", type=int, default=4, help="of each load")
    parser.add_argument("--busy", type=int, default=8, help="busy loops beside the second half")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    options = _options()
    programs = pick(options.programs)
    ways: list[tuple[str, Way, list[Program], int]] = [
        (f"javabox, {lane} lane", javabox(lane, options.workers), programs, options.repeats)
        for lane in options.lanes.split(",")
    ]
    if options.naive:
        spread = programs[: len(EDGES)] + programs[len(EDGES) :: max(1, len(programs) // options.naive)]
        ways.append(("javac + java", plain(options.workers), spread[: options.naive], options.naive_repeats))
    print(f"`{shlex.join(['python', '-m', 'benchmarks.flips', *sys.argv[1:]])}`\n")
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before\n")
    print("| way | load | programs | repeats | verdicts that differ |")
    print("|---|---|---|---|---|", flush=True)
    listed: list[str] = []
    firsts: dict[str, dict[str, str]] = {}
    for name, once, chosen, repeats in ways:
        rows = [Row(name, "idle"), Row(name, f"{options.busy} busy loops")]
        measure(rows[0], once, chosen, repeats, seed=0)
        with busy(options.busy):
            measure(rows[1], once, chosen, repeats, seed=repeats)
        first = firsts[name] = rows[0].answers[0]
        for row in rows:
            print(row.line(first), flush=True)
        listed += flipped(rows, first)
    print("\nPrograms with more than one verdict:", *(listed or ["none"]), sep="\n")
    unlike = list(between_lanes([firsts[name] for name, *_ in ways if name.startswith("javabox")]))
    print("\nPrograms of which the lanes say different things:", *(unlike or ["none"]), sep="\n")


if __name__ == "__main__":
    main()
