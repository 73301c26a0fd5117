"""Claim: javabox judges programs that read stdin at least fifty times as fast as `javac` and `java` do.

1,000 programs, all different: ten kinds (Scanner, BufferedReader, StreamTokenizer, sorting, a grid, prefix
sums, characters, big numbers, maps and streams, System.exit) in a hundred variants each, with three inputs a
program and what is expected of each. Both ways judge as many at a time as there are cores. A few of the same
programs go through one `javac` and then one `java` an input, half of them before javabox's turn and half
after, and the time for all is that, scaled. The exit code is 1 where a verdict is wrong, more than one
program in fifty did not stay in the warm lane, or the claim fails.

    python -m benchmarks.stdin_programs                # under two minutes on two quiet cores
    python -m benchmarks.stdin_programs --programs 200 --naive 10

Not covered: programs that run for long; both ways then wait for them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.naive import ENVIRONMENT
from javabox import Job, Judge, Outcome, StdinCase, Suite
from javabox.cores import cores

HEAD = "import java.io.*; import java.math.BigInteger; import java.util.*;\n"
SCANNER = "Scanner in = new Scanner(System.in); int n = in.nextInt(); long s = K; "
READER = (
    "BufferedReader in = new BufferedReader(new InputStreamReader(System.in));"
    " int n = Integer.parseInt(in.readLine()); long s = K; "
)
KINDS = (
    f"{SCANNER} while (n-- > 0) s += in.nextInt(); System.out.println(s);",
    f"{READER} StringTokenizer t = new StringTokenizer(in.readLine());"
    " while (n-- > 0) s += Long.parseLong(t.nextToken()); System.out.println(s);",
    "StreamTokenizer in = new StreamTokenizer(new InputStreamReader(System.in)); in.nextToken();"
    " int n = (int) in.nval; long s = K; while (n-- > 0) { in.nextToken(); s += (long) in.nval; }"
    " System.out.println(s);",
    f"{SCANNER} int[] a = new int[n]; for (int i = 0; i < n; i++) a[i] = in.nextInt(); Arrays.sort(a);"
    " for (int x : a) s += x; System.out.println(s);",
    f"{READER} long[][] g = new long[n][n]; int i = 0;"
    ' for (String w : in.readLine().split(" ")) g[i % n][i++ / n] = Long.parseLong(w);'
    " for (long[] row : g) for (long x : row) s += x; System.out.println(s);",
    f"{SCANNER} long[] d = new long[n + 1]; for (int i = 1; i <= n; i++) d[i] = d[i - 1] + in.nextInt();"
    " System.out.println(d[n] + s);",
    f"{READER} StringBuilder b = new StringBuilder();"
    " for (char c : (in.readLine() + ' ').toCharArray()) if (c == ' ') { s += Long.parseLong(b.toString());"
    " b.setLength(0); } else b.append(c); System.out.println(s);",
    f"{SCANNER} BigInteger b = BigInteger.valueOf(s); while (n-- > 0) b = b.add(in.nextBigInteger());"
    " System.out.println(b);",
    f'{READER} Map<Integer, List<Long>> m = new TreeMap<>(); for (String w : in.readLine().split(" ")) {{'
    " long v = Long.parseLong(w); m.computeIfAbsent((int) (v % 7), k -> new ArrayList<>()).add(v); }"
    " System.out.println(s + m.values().stream().flatMap(List::stream).mapToLong(v -> v).sum());",
    f"{SCANNER} PrintWriter out = new PrintWriter(System.out); while (n-- > 0) s += in.nextInt();"
    " out.println(s); out.flush(); System.exit(0);",
)
"""Each adds K to the sum of the numbers behind the first."""
LEAST = 50.0


def program(number: int) -> str:
    body = KINDS[number % len(KINDS)].replace("K", str(number))
    return f"{HEAD}class Main {{ public static void main(String[] args) throws IOException {{ {body} }} }}\n"


def cases(number: int) -> tuple[StdinCase, ...]:
    found = []
    for size in (1, 10, 100):
        values = [(number * 31 + index * 17) % 1000 for index in range(size)]
        stdin = f"{size}\n{' '.join(map(str, values))}\n"
        found.append(StdinCase(str(size), stdin, (f"{number + sum(values)}\n",)))
    return tuple(found)


def naively(number: int) -> bool:
    """Whether one program is right by a `javac` and a `java` an input."""
    with tempfile.TemporaryDirectory(prefix="naive-") as folder:
        source = Path(folder, "Main.java")
        source.write_text(program(number), encoding="utf-8")
        if subprocess.run(["javac", source], env=ENVIRONMENT, check=False).returncode != 0:
            return False
        for case in cases(number):
            done = subprocess.run(
                ["java", "-cp", folder, "Main"],
                input=case.stdin.encode(),
                capture_output=True,
                env=ENVIRONMENT,
                check=False,
            )
            if done.returncode != 0 or done.stdout.decode().split() != case.expected[0].split():
                return False
    return True


def time_naive(numbers: Sequence[int], workers: int) -> float:
    """Seconds for these programs. Raises SystemExit where one is wrong."""
    started = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        wrong = [
            number for number, right in zip(numbers, pool.map(naively, numbers), strict=True) if not right
        ]
    if wrong:
        raise SystemExit(f"plain java says that programs {wrong} are wrong")
    return time.monotonic() - started


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", type=int, default=1000, metavar="N")
    parser.add_argument("--naive", type=int, default=20, metavar="N", help="of them, by javac and java")
    options = parser.parse_args()
    workers = cores()
    sample = [index * options.programs // options.naive for index in range(options.naive)]
    jobs = [Job(program(number), Suite(stdin=cases(number))) for number in range(options.programs)]
    naive = time_naive(sample[::2], workers)
    started = time.monotonic()
    with Judge(engine="local", workers=workers) as judge:
        opened = time.monotonic()
        verdicts = judge.grade(jobs)
        ended = time.monotonic()
        isolation = judge.isolation
    naive += time_naive(sample[1::2], workers)
    wrong = [number for number, verdict in enumerate(verdicts) if verdict.outcome is not Outcome.PASSED]
    strict = sum(verdict.lane != "warm" for verdict in verdicts)
    all_naive = naive * options.programs / options.naive
    times = all_naive / (ended - opened)
    print(
        f"{options.programs} programs, {len(cases(0))} inputs each; {workers} workers; {os.cpu_count()} cores"
    )
    print(f"javac and java: {naive:.1f} s for {options.naive}, so {all_naive:.0f} s for all (scaled)")
    print(f"javabox, {isolation}, auto lane: {ended - opened:.1f} s ({ended - started:.1f} s with its start)")
    print(f"{times:.0f} times as fast, {all_naive / (ended - started):.0f} times with its start")
    print(f"wrong verdicts: {wrong or 'none'}; judged in the strict lane: {strict}")
    return int(bool(wrong) or strict > options.programs // 50 or times < LEAST)


if __name__ == "__main__":
    sys.exit(main())
