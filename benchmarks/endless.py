"""Claim: what endless loops cost a batch, at the limits of before and of now.

Programs of a batch are quick; a share of them never ends. Each batch is judged once without and once with
them, on the local engine, at a fuel of 1e9 (the default until 2026-11) and at today's.

    python -m benchmarks.endless                 # 1,000 programs, 2 % of them endless, 2 workers
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time

from javabox import Job, Judge, Limits, Outcome, Suite, SuiteCase

HEAD = "import java.util.*;\nclass S {\n    static Object f(int x) {\n"
SUITE = Suite(cases=(SuiteCase("two", "Object r = S.f(2);", "r", "4"),))
ENDLESS = (
    "while (true) x++;",
    "long s = 0; while (true) s += s * 3 + x;",
    "List<Integer> l = new ArrayList<>(); while (true) { l.add(x); if (l.size() > 99) l.clear(); }",
    "while (true) x = Integer.toString(x).length();",
)
BEFORE = 1_000_000_000
"""The default fuel until 2026-11."""


def batch(size: int, endless: int, limits: Limits) -> list[Job]:
    """Distinct programs, the endless ones spread evenly."""
    bodies = [f"int k = {i}; return 2 * x;" for i in range(size - endless)]
    for i in range(endless):
        bodies.insert(i * size // endless, f"int k = {i}; {ENDLESS[i % len(ENDLESS)]}")
    return [Job(f"{HEAD}{body}\n}}}}", SUITE, limits, len(HEAD)) for body in bodies]


def seconds(judge: Judge, jobs: list[Job]) -> float:
    """How long the batch takes; every program must end as it should."""
    started = time.monotonic()
    outcomes = [verdict.outcome for verdict in judge.grade(jobs)]
    took = time.monotonic() - started
    assert set(outcomes) <= {Outcome.PASSED, Outcome.TIME_LIMIT}, set(outcomes)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description="What endless loops cost a batch.")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    endless = round(options.programs * options.share)
    print(f"`{shlex.join(['python', '-m', 'benchmarks.endless', *sys.argv[1:]])}`\n")
    print("| fuel | seconds without endless loops | with them | more, a loop |")
    print("|---:|---:|---:|---:|")
    for fuel in (BEFORE, Limits().fuel):
        limits = Limits(fuel=fuel)
        with Judge("local", workers=options.workers) as judge:
            judge.grade(batch(100, 0, Limits(fuel=fuel - 1)))  # warm
            without = seconds(judge, batch(options.programs, 0, limits))
        with Judge("local", workers=options.workers) as judge:
            judge.grade(batch(100, 0, Limits(fuel=fuel - 1)))
            loops = seconds(judge, batch(options.programs, endless, limits))
        print(f"| {fuel:.0e} | {without:.2f} | {loops:.2f} | {(loops - without) / endless:.2f} |", flush=True)


if __name__ == "__main__":
    main()
