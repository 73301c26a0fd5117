"""Other people's problem sets, judged by javabox and by plain `javac` and `java` as their own harnesses do.

    python -m benchmarks.public_sets --cache public_sets.jsonl

- HumanEval-X: every canonical solution, and mutants of them: half changed as models err, half by a changed
  operator, constant, condition or variable.
- MultiPL-E: a body that does nothing for every problem, right solutions written by hand
  (multipl_e_solutions.py), and mutants of these.

Plainly, prompt, completion and tests are one file: HumanEval-X's is Main.java, MultiPL-E's is Problem.java,
run with `java -ea`, our few classes of org.javatuples beside it (the published jar has the same names).
`failed` or `runtime_error` is told by the topmost frame of the stack trace that is not the JDK's: the tests'
`main`, or a method of the program's. A plain verdict takes seconds; `--cache` keeps them from run to run.

Not covered: which of several failing assertions is the first; plain java stops there, the judge asks on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.multipl_e_solutions import solutions
from benchmarks.naive import COMPILE_SECONDS, ENVIRONMENT, EVIDENCE_CHARACTERS, NaiveVerdict
from benchmarks.whole_mains import MUTATIONS, process_of
from javabox import Judge, Outcome
from rlcf.javasource.signature import open_method
from rlcf.problems import load_problems
from rlcf.problems.mutants import mutants, mutants_of
from rlcf.problems.problem import Problem
from rlcf.progress import progress

TUPLES = Path(__file__).parent.parent / "javabox" / "java" / "tuples"
RUN_SECONDS = 10
NOTHING = {"long": "return 0;", "float": "return 0;", "boolean": "return false;"}
"""Bodies that do nothing, by the type of the result; `return null;` for others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A completion, and what it is."""

    problem: Problem
    completion: str
    words: str

    @property
    def joined(self) -> str:
        """The file that the set's own harness compiles."""
        return f"{self.problem.prompt}{self.completion}\n{self.problem.test}"


def humaneval_x(count: int, seed: int = 0) -> dict[str, list[Asked]]:
    """The canonical solutions, and `count` mutants."""
    problems = load_problems("humaneval-x")
    rng = random.Random(seed)
    erring = [Asked(m.problem, m.completion, m.change) for m in mutants(problems, count // 2, seed)]
    return {
        "HumanEval-X, canonical": [Asked(one, one.reference or "", "canonical") for one in problems],
        "HumanEval-X, mutants": erring + list(_changed(problems, count - len(erring), rng)),
    }


def multipl_e(count: int, seed: int = 0) -> dict[str, list[Asked]]:
    """Bodies that do nothing, right ones, and `count` mutants of these."""
    problems = {problem.task_id: problem for problem in load_problems("multipl-e")}
    right = [replace(problems[name], reference=body) for name, body in solutions().items()]
    return {
        "MultiPL-E, nothing": nothing(list(problems.values())),
        "MultiPL-E, right": [Asked(one, one.reference or "", "right") for one in right],
        "MultiPL-E, mutants": list(_changed(right, count, random.Random(seed))),
    }


def nothing(problems: Sequence[Problem]) -> list[Asked]:
    """For each problem of MultiPL-E's a body that returns some value of its type."""
    types = [open_method(problem.prompt).returns for problem in problems]
    return [
        Asked(problem, f"        {NOTHING.get(returns, 'return null;')}", "nothing")
        for problem, returns in zip(problems, types, strict=True)
    ]


def _changed(problems: Sequence[Problem], count: int, rng: random.Random) -> Iterator[Asked]:
    """Mutants with one change of logic, of evenly many problems."""
    known: dict[str, set[str]] = {problem.task_id: set() for problem in problems}
    made = 0
    while made < count:
        for problem in rng.sample(problems, len(problems)):
            for mutant in mutants_of(problem, MUTATIONS, 1, rng, known[problem.task_id])[: count - made]:
                yield Asked(problem, mutant.completion, mutant.change)
                made += 1


def grade_plainly(asked: Asked, tuples: Path) -> NaiveVerdict:
    """What `javac` and `java` say. Thread-safe; blocks for the whole time."""
    main, flags = ("Problem", ["-ea"]) if asked.problem.suffix else ("Main", [])
    with tempfile.TemporaryDirectory(prefix="naive-") as folder:
        source = Path(folder, f"{main}.java")
        source.write_text(asked.joined, encoding="utf-8")
        code, words = process_of(["javac", "-cp", str(tuples), "-d", folder, str(source)], COMPILE_SECONDS)
        if code != 0:
            return NaiveVerdict(False, False, words[:EVIDENCE_CHARACTERS], str(Outcome.COMPILE_ERROR))
        code, words = process_of(["java", *flags, "-cp", f"{folder}:{tuples}", main], RUN_SECONDS)
    outcome = Outcome.PASSED if code == 0 else Outcome.TIME_LIMIT if code is None else whose(words, main)
    return NaiveVerdict(True, code == 0, words[:EVIDENCE_CHARACTERS], str(outcome))


def whose(stderr: str, main: str) -> Outcome:
    """Whose exception ended `java`: the tests' where the topmost frame but the JDK's is their main."""
    _, thrown, trace = stderr.partition('Exception in thread "main" ')
    for line in trace.splitlines() if thrown else []:
        frame = re.match(r"\tat (?:[\w.]+(?:@[\w.]+)?/)?([\w.$<>]+)\((\w+)\.java(?::\d+)?\)$", line)
        if frame and frame.group(2) == main:
            return Outcome.FAILED if frame.group(1) == f"{main}.main" else Outcome.RUNTIME_ERROR
    return Outcome.RUNTIME_ERROR


def plain_verdicts(asked: Sequence[Asked], cache: Path | None, workers: int) -> list[NaiveVerdict]:
    """Of each, from the cache where it is there."""
    keys = [hashlib.sha256(one.joined.encode("utf-8", "surrogatepass")).hexdigest() for one in asked]
    known: dict[str, NaiveVerdict] = {}
    if cache is not None and cache.is_file():
        for line in cache.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            key = row.pop("key")
            known[key] = NaiveVerdict(**row)
    missing = {key: one for key, one in zip(keys, asked, strict=True) if key not in known}
    with (
        tempfile.TemporaryDirectory(prefix="tuples-") as tuples,
        ThreadPoolExecutor(workers) as pool,
        progress("plain javac and java", len(missing)) as advance,
    ):
        subprocess.run(["javac", "-d", tuples, *map(str, TUPLES.glob("*.java"))], check=True, env=ENVIRONMENT)
        found = pool.map(lambda one: grade_plainly(one, Path(tuples)), missing.values())
        for key, verdict in zip(missing, found, strict=True):
            known[key] = verdict
            advance(1)
            if cache is not None:
                with cache.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps({"key": key, **asdict(verdict)}) + "\n")
    return [known[key] for key in keys]


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Compares HumanEval-X and MultiPL-E with plain javac and java."
    )
    parser.add_argument("--mutants", type=int, default=200, help="mutants of each set")
    parser.add_argument(
        "--only", default="", help="only the kinds whose name holds this, as 'MultiPL-E, right'"
    )
    parser.add_argument("--limit", type=int, help="only the first N of each kind, for trials")
    parser.add_argument("--engine", default="local", choices=["local", "docker"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="JSONL of plain verdicts: read, and appended to")
    options = parser.parse_args()
    print("| set | programs | passed | failed | runtime_error | others | as plain java says |")
    print("|---|---|---|---|---|---|---|", flush=True)
    differences = []
    with Judge(engine=options.engine, workers=options.workers) as judge:
        for name, all_of_it in (humaneval_x(options.mutants) | multipl_e(options.mutants)).items():
            if options.only not in name:
                continue
            asked = all_of_it[: options.limit]
            verdicts = judge.grade([one.problem.job(one.completion) for one in asked])
            plain = plain_verdicts(asked, options.cache, options.workers)
            counts = Counter(str(verdict.outcome) for verdict in verdicts)
            shown = [counts.pop(word, 0) for word in ("passed", "failed", "runtime_error")]
            others = ", ".join(f"{count} {word}" for word, count in counts.most_common()) or "0"
            differ = [
                f"- {name}, {one.problem.task_id}, {one.words}: {verdict.outcome}, plain {said.outcome}"
                f" ({' '.join(said.evidence.split())[:160]})"
                for one, verdict, said in zip(asked, verdicts, plain, strict=True)
                if str(verdict.outcome) != said.outcome
            ]
            differences += differ
            cells = [name, len(asked), *shown, others, len(asked) - len(differ)]
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
    print("\nDifferences:", *(differences or ["none"]), sep="\n")


if __name__ == "__main__":
    main()
