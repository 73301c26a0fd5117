"""Suites with made cases on programs that models wrote: what they catch beside mutants, and at what price.

`rlcf data tests` scores its suites with mutants. Here mxeval's example samples of MBJP, written by a model,
are judged twice: by the released cases and by all. A sample that passes the released cases and fails a new
one is wrong, or the reference is: MBJP's references were written by models too and pass three cases each. So
each such sample is listed with the first case on which it and the reference differ, for a person to decide.

    rlcf data tests mbjp --split train --out mbjp-train-tests.jsonl
    python -m benchmarks.synthesis mbjp-train-tests.jsonl

Not covered: wrong references that no sample contradicts.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace

from benchmarks.naive import load_samples
from javabox import Judge, Outcome
from rlcf.problems.cases import released_suite
from rlcf.problems.load import load_problems

LONGEST = 90
"""Characters of a call."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Judges mxeval's samples by old and new cases.")
    parser.add_argument("problems", help="what `rlcf data tests` wrote")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    problems = {problem.task_id: problem for problem in load_problems(options.problems)}
    old = {name: replace(p, suite=released_suite(p.prompt, p.test)) for name, p in problems.items()}
    more = {name for name, problem in problems.items() if problem.suite != old[name].suite}
    samples = [sample for sample in load_samples("mbjp") if sample.task_id in more]
    with Judge("local", options.workers) as judge:
        before = judge.grade([old[sample.task_id].job(sample.completion) for sample in samples])
        after = judge.grade([problems[sample.task_id].job(sample.completion) for sample in samples])
    passed = [(s, new) for s, was, new in zip(samples, before, after, strict=True) if was.passed]
    caught = [(sample, new) for sample, new in passed if not new.passed]
    print(f"`{shlex.join(['python', '-m', 'benchmarks.synthesis', *sys.argv[1:]])}`\n")
    print(
        f"{len(samples)} samples of {len(more)} problems; {len(passed)} pass the released cases, and of these"
    )
    print(f"{len(caught)} ({len(caught) / max(1, len(passed)):.1%}) fail a new case:\n")
    for sample, verdict in caught:
        problem = problems[sample.task_id]
        pairs = zip(problem.suite.cases, verdict.cases, strict=True)
        case, found = next(pair for pair in pairs if pair[1].outcome is not Outcome.PASSED)
        call = case.code.removeprefix("var result = ").replace("java.util.", "")[:LONGEST]
        said = found.value or str(found.outcome)
        print(f"- {sample.task_id}: {problem.description.strip()}")
        print(f"  {call} gives {said[:LONGEST]}, by the reference {(case.expected or '')[:LONGEST]}")


if __name__ == "__main__":
    main()
