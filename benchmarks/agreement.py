"""Claim: both lanes of javabox say of every program what plain `javac` and `java` say of it.

Three sets: mxeval's example samples for MBJP and MathQA-Java, MBJP's reference solutions, and mutants of
those (rlcf/problems/mutants.py). Each program is judged in the warm lane, in the strict lane and by one
`javac` and one `java` process. Between strict and plain two flags are compared, compiled and passed; between
the lanes the whole verdict but its times. Every difference is listed with all three answers and its reason.

Two more, `mains` and `main-mutants`: references and changed ones under whole suites in many styles
(benchmarks/whole_mains.py). There the outcome itself is compared, `failed` against `runtime_error` too.

    python -m benchmarks.agreement --cache /tmp/naive.jsonl
    python -m benchmarks.agreement --sets mutants --limit 50 --cache /tmp/naive.jsonl    # a trial

The plain side takes about 1.1 CPU-seconds a program; `--cache` keeps what is done, so that a later run goes
on where this one stopped. `--naive-only` fills the cache and compares nothing.

Not covered: `executed` of the first three sets, which the naive way can't tell from its exit code.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import whole_mains
from benchmarks.naive import DATA_SETS, NaiveVerdict, Sample, grade_naively, load_samples
from javabox import Job, Judge, Limits, Outcome, Verdict
from javabox.judge import Lane
from rlcf.problems.load import load_problems
from rlcf.problems.mutants import mutants
from rlcf.progress import progress

SETS = ("samples", "references", "mutants", "mains", "main-mutants")
LIMITS = (Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT, Outcome.OUTPUT_LIMIT)
OWN_MAIN = re.compile(r"\b(class|interface|enum|record)\s+Main\b")
UNEXPLAINED = "no known reason"


@dataclass(frozen=True, slots=True)
class Compared:
    """One program with its three verdicts."""

    name: str
    sample: Sample
    warm: Verdict
    strict: Verdict
    plain: NaiveVerdict

    @property
    def lanes_differ(self) -> bool:
        return _evidence(self.warm) != _evidence(self.strict)

    @property
    def plain_differs(self) -> bool:
        if self.plain.outcome:
            return self.strict.outcome != self.plain.outcome
        return (self.strict.compiled, self.strict.passed) != (self.plain.compiled, self.plain.passed)


def _evidence(verdict: Verdict) -> Verdict:
    """The verdict without what may differ: its time and its lane."""
    return dataclasses.replace(verdict, wall_ms=0.0, lane="")


def programs(name: str, options: argparse.Namespace) -> Iterator[tuple[str, list[tuple[str, Sample]]]]:
    """The rows of a set of programs: the row's name, and each program with the words that name it."""
    if name == "samples":
        for data_set in DATA_SETS:
            samples = load_samples(data_set)
            yield f"{data_set} samples", [(f"{s.task_id}, sample {s.index}", s) for s in samples]
        return
    problems = load_problems("mbjp")
    if "main" in name:
        made = whole_mains.references if name == "mains" else whole_mains.changed
        yield f"mbjp {name}", list(map(_named, range(options.mains), made(problems, options.mains)))
        return
    if name == "references":
        completions = [(p, p.reference, "reference") for p in problems if p.reference]
    else:
        completions = [(m.problem, m.completion, m.change) for m in mutants(problems, options.mutants)]
    yield (
        f"mbjp {name}",
        [
            (
                f"{p.task_id}, {words}",
                Sample("mbjp", i, p.task_id, completion, p.prompt + completion + p.test),
            )
            for i, (p, completion, words) in enumerate(completions)
        ],
    )


def _named(index: int, main: whole_mains.WholeMain) -> tuple[str, Sample]:
    source = main.problem.prompt + main.completion
    sample = Sample("mbjp", index, main.problem.task_id, main.completion, source, main.suite)
    return f"{main.problem.task_id}, {main.words}", sample


def _plain(sample: Sample) -> NaiveVerdict:
    if sample.suite is None:
        return grade_naively(sample.program)
    return whole_mains.grade_plainly(sample.program, sample.suite)


def naive_verdicts(samples: list[Sample], cache: Path | None, workers: int) -> list[NaiveVerdict]:
    """The naive verdict of each sample, from the cache where it has one."""
    known = _read(cache) if cache is not None and cache.exists() else {}
    missing = {_key(sample): sample for sample in samples if _key(sample) not in known}
    with ThreadPoolExecutor(workers) as pool, progress("javac + java", len(missing)) as advance:
        graded = pool.map(_plain, missing.values())
        for key, verdict in zip(missing, graded, strict=True):
            known[key] = verdict
            if cache is not None:
                with cache.open("a", encoding="utf-8") as out:
                    out.write(json.dumps({"program": key, **dataclasses.asdict(verdict)}) + "\n")
            advance(1)
    return [known[_key(sample)] for sample in samples]


def _read(cache: Path) -> dict[str, NaiveVerdict]:
    known = {}
    lines, _, unfinished = cache.read_text(encoding="utf-8").rpartition("\n")
    if unfinished:  # the run that wrote it was killed there
        cache.write_text(lines + "\n", encoding="utf-8")
    for row in map(json.loads, lines.splitlines()):
        program = row.pop("program")
        known[program] = NaiveVerdict(**row)
    return known


def _key(sample: Sample) -> str:
    suite = "" if sample.suite is None else f"\0{sample.suite.assertions}{sample.suite.whole}"
    return hashlib.sha256((sample.program + suite).encode()).hexdigest()


def judged(samples: list[Sample], lane: Lane, options: argparse.Namespace) -> list[Verdict]:
    """The verdicts of a lane, on the path that `rlcf grade` takes."""
    problems = {name: {p.task_id: p for p in load_problems(name)} for name in {s.data_set for s in samples}}
    jobs = [
        problems[s.data_set][s.task_id].job(s.completion)
        if s.suite is None
        else Job(s.program, s.suite, Limits(), len(s.program) - len(s.completion))
        for s in samples
    ]
    verdicts: dict[int, Verdict] = {}
    with (
        Judge(engine=options.engine, workers=options.workers, lane=lane) as judge,
        progress(f"javabox, {judge.engine_name} engine, {lane} lane", len(jobs)) as advance,
    ):
        for index, verdict in judge.stream(jobs):
            verdicts[index] = verdict
            advance(1)
    return [verdicts[index] for index in range(len(jobs))]


def row(name: str, compared: list[Compared]) -> str:
    def answers(flag: str) -> str:
        sides = [[getattr(side, flag) for side in (c.warm, c.strict, c.plain)] for c in compared]
        counts = [sum(map(bool, side)) for side in zip(*sides, strict=True)]
        return str(counts[0]) if len(set(counts)) == 1 else " / ".join(map(str, counts))

    cells = [
        name,
        len(compared),
        answers("compiled"),
        answers("passed"),
        sum(c.warm.lane == "warm" for c in compared),
        sum(c.lanes_differ for c in compared),
        sum(c.plain_differs for c in compared),
    ]
    return f"| {' | '.join(map(str, cells))} |"


def reason(compared: Compared) -> str:
    """Why plain `javac` and `java` say something else than the strict lane, or the lanes differ."""
    strict, plain = compared.strict, compared.plain
    if compared.lanes_differ:
        fields = [f.name for f in dataclasses.fields(Verdict)]
        mine, other = _evidence(compared.warm), _evidence(strict)
        return "the lanes differ in " + ", ".join(
            f"{name} ({getattr(mine, name)!r:.80} / {getattr(other, name)!r:.80})"
            for name in fields
            if getattr(mine, name) != getattr(other, name)
        )
    if OWN_MAIN.search(compared.sample.completion):
        return "declares class Main itself: twice in one file, but our tests live in a class of another name"
    if strict.outcome is Outcome.PREMATURE_EXIT and plain.passed:
        return "leaves with exit(0), which mxeval takes for a pass"
    if strict.outcome in LIMITS:
        return f"{strict.outcome} by {'the count' if strict.deterministic else 'the clock or the heap'} here"
    if "time limit" in plain.evidence:
        return "the clock of plain java"
    return UNEXPLAINED


def listed(compared: Compared) -> str:
    """A difference with all three answers."""
    words = [f"- {compared.name}: {reason(compared)}"]
    for lane, verdict in (("warm", compared.warm), ("strict", compared.strict)):
        evidence = [str(verdict.outcome), verdict.detail]
        evidence += [
            f"case {c.name} {c.outcome} with {c.value}" for c in verdict.cases if c.outcome != "passed"
        ]
        evidence += [f"{error.code}: {error.message}" for error in verdict.diagnostics[:1]]
        if verdict.exception is not None:
            evidence.append(f"{verdict.exception.type}: {verdict.exception.message}")
        words.append(f"    - {lane}: {' '.join('; '.join(filter(None, evidence)).split())}")
    plain = compared.plain
    said = plain.outcome or f"compiled {plain.compiled}, passed {plain.passed}"
    said = f"{said}; {plain.evidence}"
    return "\n".join([*words, f"    - plain: {' '.join(said.split())}"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares both lanes of javabox with plain javac and java.")
    parser.add_argument("--sets", default=",".join(SETS), help="sets of programs, by comma")
    parser.add_argument("--mutants", type=int, default=2000, help="how many mutants")
    parser.add_argument(
        "--mains", type=int, default=100, help="how many programs with whole mains of each kind"
    )
    parser.add_argument("--limit", type=int, help="only N programs of each set, taken evenly, for trials")
    parser.add_argument("--engine", default="local", choices=["local", "docker"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="JSONL of naive verdicts: read, and appended to")
    parser.add_argument("--naive-only", action="store_true", help="fill the cache and stop")
    options = parser.parse_args()
    options.sets = options.sets.split(",")
    if unknown := set(options.sets) - set(SETS):
        parser.error(f"no such sets: {', '.join(sorted(unknown))}; there are {', '.join(SETS)}")
    return options


def main() -> None:
    options = _options()
    if not options.naive_only:
        print(f"`{shlex.join(['python', '-m', 'benchmarks.agreement', *sys.argv[1:]])}`\n")
        print("| set | programs | compiled | passed | judged warm", end="")
        print(" | differences warm/strict | differences strict/plain |")
        print("|---|---|---|---|---|---|---|", flush=True)
    differences: list[Compared] = []
    outcomes: dict[str, Counter[str]] = {}
    for name, named in (pair for chosen in options.sets for pair in programs(chosen, options)):
        step = max(1.0, len(named) / (options.limit or len(named)))
        picked = [named[int(i * step)] for i in range(int(len(named) / step))]
        samples = [sample for _, sample in picked]
        naive = naive_verdicts(samples, options.cache, options.workers)
        if options.naive_only:
            continue
        warm, strict = judged(samples, "warm", options), judged(samples, "strict", options)
        names = [words for words, _ in picked]
        compared = list(map(Compared, names, samples, warm, strict, naive))
        print(row(name, compared), flush=True)
        if "main" in name:
            outcomes[name] = Counter(c.plain.outcome for c in compared)
        differences += [c for c in compared if c.lanes_differ or c.plain_differs]
    if not options.naive_only:
        print("\nDifferences:", *(map(listed, differences) if differences else ["none"]), sep="\n")
        for name, counts in outcomes.items():
            print(f"\n{name}, by plain java: ", ", ".join(f"{n} {word}" for word, n in counts.most_common()))
        for words, count in Counter(map(reason, differences)).most_common():
            print(f"\n{count} times: {words}", end="")
        print()


if __name__ == "__main__":
    main()
