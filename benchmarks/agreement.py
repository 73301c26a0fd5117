"""Claim: javabox says of every sample what plain `javac` and `java` say of it, at a fraction of the cost.

Grades mxeval's example samples for MBJP and MathQA-Java both ways and compares the two flags, compiled and
passed, sample by sample. Every disagreement is listed with both sides' evidence.

    python -m benchmarks.agreement --cache /tmp/naive.jsonl

The naive side takes about 1.1 CPU-seconds a sample; `--cache` keeps what is done, so that a later run goes on
where this one stopped. `--naive-only` fills the cache and compares nothing.

Not covered: `executed`, which the naive way can't tell from its exit code.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from benchmarks.naive import DATA_SETS, NaiveVerdict, Sample, grade_naively, load_samples
from javabox import Judge, Verdict
from rlcf.problems.load import load_problems
from rlcf.progress import progress


def naive_verdicts(samples: list[Sample], cache: Path | None, workers: int) -> list[NaiveVerdict]:
    """The naive verdict of each sample, from the cache where it has one."""
    known: dict[str, NaiveVerdict] = {}
    if cache is not None and cache.exists():
        for row in map(json.loads, cache.read_text(encoding="utf-8").splitlines()):
            program = row.pop("program")
            known[program] = NaiveVerdict(**row)
    missing = {_key(sample): sample for sample in samples if _key(sample) not in known}
    with ThreadPoolExecutor(workers) as pool, progress("javac + java", len(missing)) as advance:
        graded = pool.map(lambda sample: grade_naively(sample.program), missing.values())
        for key, verdict in zip(missing, graded, strict=True):
            known[key] = verdict
            if cache is not None:
                with cache.open("a", encoding="utf-8") as out:
                    out.write(json.dumps({"program": key, **asdict(verdict)}) + "\n")
            advance(1)
    return [known[_key(sample)] for sample in samples]


def _key(sample: Sample) -> str:
    return hashlib.sha256(sample.program.encode()).hexdigest()


def judged(data_set: str, samples: list[Sample], judge: Judge) -> tuple[list[Verdict], float]:
    """The verdicts of the path that `rlcf grade` takes, and the seconds that they took."""
    problems = {problem.task_id: problem for problem in load_problems(data_set)}
    started = time.monotonic()
    jobs = [problems[sample.task_id].job(sample.completion) for sample in samples]
    verdicts: dict[int, Verdict] = {}
    with progress(f"javabox, {judge.engine_name} engine", len(jobs)) as advance:
        for index, verdict in judge.stream(jobs):
            verdicts[index] = verdict
            advance(1)
    return [verdicts[index] for index in range(len(jobs))], time.monotonic() - started


def disagreement(sample: Sample, naive: NaiveVerdict, verdict: Verdict) -> str | None:
    """One line with both sides' evidence, or None where both flags are equal."""
    if (verdict.compiled, verdict.passed) == (naive.compiled, naive.passed):
        return None
    evidence = [str(verdict.outcome), verdict.detail]
    evidence += [
        f"{case.name} {case.outcome} with {case.value}" for case in verdict.cases if case.outcome != "passed"
    ]
    evidence += [f"{error.code}: {error.message}" for error in verdict.diagnostics[:1]]
    if verdict.exception is not None:
        evidence.append(f"{verdict.exception.type}: {verdict.exception.message}")
    plain = f"compiled {naive.compiled}, passed {naive.passed}; {naive.evidence}"
    words = f"plain: {plain}; javabox: {'; '.join(filter(None, evidence))}"
    return f"- {sample.task_id} (sample {sample.index}): {' '.join(words.split())}"


def row(data_set: str, naive: list[NaiveVerdict], verdicts: list[Verdict], seconds: float) -> str:
    pairs = list(zip(naive, verdicts, strict=True))
    cells = [
        data_set,
        len(pairs),
        f"{sum(n.compiled for n in naive)} / {sum(bool(v.compiled) for v in verdicts)}",
        f"{sum(n.passed for n in naive)} / {sum(bool(v.passed) for v in verdicts)}",
        sum(n.compiled != v.compiled for n, v in pairs),
        sum(n.passed != v.passed for n, v in pairs),
        f"{seconds:.0f} s",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares javabox with plain javac and java.")
    parser.add_argument("--sets", default=",".join(DATA_SETS), help="data sets, by comma")
    parser.add_argument("--samples", type=int, help="only the first N samples of each set")
    parser.add_argument("--engine", default="local", choices=["local", "docker"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="JSONL of naive verdicts: read, and appended to")
    parser.add_argument("--naive-only", action="store_true", help="fill the cache and stop")
    options = parser.parse_args()
    differences: list[str] = []
    if not options.naive_only:
        print(f"`{shlex.join(['python', '-m', 'benchmarks.agreement', *sys.argv[1:]])}`\n")
        print("| data set | samples | compiled: plain / javabox | passed: plain / javabox", end="")
        print(" | compiled differs | passed differs | javabox took |")
        print("|---|---|---|---|---|---|---|", flush=True)
    for data_set in options.sets.split(","):
        samples = load_samples(data_set)[: options.samples]
        naive = naive_verdicts(samples, options.cache, options.workers)
        if options.naive_only:
            continue
        with Judge(engine=options.engine, workers=options.workers) as judge:
            verdicts, seconds = judged(data_set, samples, judge)
        print(row(data_set, naive, verdicts, seconds), flush=True)
        lines = map(disagreement, samples, naive, verdicts)
        differences += [line for line in lines if line is not None]
    if not options.naive_only:
        print("\nDisagreements:", *(differences or ["none"]), sep="\n")


if __name__ == "__main__":
    main()
