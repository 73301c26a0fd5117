"""How near mxeval's samples are to the references in syntax and data flow, and what javalang can't parse.

    python -m benchmarks.reference_match

By outcome: `javalang fails` is the share of programs without a tree of javalang's, whose match is that of
trees of tokens; `ast`, `dataflow` and `tokens` are mean shares of the reference that are found (the first
two of what javalang parses, the third of all). `other` is the same against the reference of the next
problem: what any Java has in common. `ms` is CPU time of all three for an answer whose reference is known.

Not covered: how near two right programs can be; MathQA and HumanEval-Java have no references.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict

from benchmarks.naive import load_samples
from javabox import Judge, Outcome, Verdict
from rlcf.grounding.ppocoder import matches
from rlcf.grounding.signal import Answer
from rlcf.javasource.syntax import share, sub_trees, token_match
from rlcf.problems import Problem, load_problems

UNJUDGED = Verdict(Outcome.PASSED)
"""Matches do not look at the verdict."""


def main() -> None:
    problems = {name: {p.task_id: p for p in load_problems(name)} for name in ("mbjp", "mathqa")}
    referred = [problem for problem in problems["mbjp"].values() if problem.reference is not None]
    failed = sum(sub_trees(problem.prompt, str(problem.reference)) is None for problem in referred)
    print(f"MBJP references that javalang can't parse: {failed} of {len(referred)}\n")
    print("| samples | outcome | programs | javalang fails |\n|---|---|---|---|")
    judged = {name: by_outcome(name, problems[name]) for name in problems}
    for name, groups in judged.items():
        for outcome, pairs in sorted(groups.items()):
            lost = sum(sub_trees(problem.prompt, completion) is None for problem, completion in pairs)
            print(f"| {name} | {outcome} | {len(pairs)} | {lost} ({lost / len(pairs):.1%}) |")
    print("\n| MBJP outcome | answers | ast | ast, other | dataflow | tokens | ms p50 | ms p99 |")
    print("|---" * 8 + "|")
    following = dict(zip((p.task_id for p in referred), (*referred[1:], referred[0]), strict=True))
    for outcome, pairs in sorted(judged["mbjp"].items()):
        row(outcome, [pair for pair in pairs if pair[0].reference is not None], following)


def by_outcome(name: str, problems: dict[str, Problem]) -> dict[str, list[tuple[Problem, str]]]:
    """Problem and completion of mxeval's samples, by what the judge says."""
    pairs = [(problems[sample.task_id], sample.completion) for sample in load_samples(name)]
    groups = defaultdict(list)
    with Judge() as judge:
        verdicts = judge.grade([problem.job(completion) for problem, completion in pairs])
    for pair, verdict in zip(pairs, verdicts, strict=True):
        groups[str(verdict.outcome)].append(pair)
    return dict(groups)


def row(outcome: str, pairs: list[tuple[Problem, str]], following: dict[str, Problem]) -> None:
    syntax, other, flow, tokens, took = [], [], [], [], []
    for problem, completion in pairs:
        reference = str(problem.reference)
        matches(Answer(problem, reference, UNJUDGED))
        # A space of its own keeps the answer from being one that is known, where it is the reference.
        start = time.process_time()
        found = matches(Answer(problem, completion + " ", UNJUDGED))
        tokens.append(token_match(reference, completion + " "))
        took.append(1000 * (time.process_time() - start))
        ours = sub_trees(problem.prompt, completion)
        stranger = following[problem.task_id]
        theirs = sub_trees(stranger.prompt, str(stranger.reference))
        if ours is None or sub_trees(problem.prompt, reference) is None:
            continue
        syntax.append(found["ast"])
        flow.append(found["dataflow"])
        if theirs is not None:
            other.append(share(theirs, ours))
    means = [f"{statistics.mean(values):.3f}" if values else "-" for values in (syntax, other, flow, tokens)]
    took.sort()
    times = f"{statistics.median(took):.1f} | {took[int(0.99 * len(took))]:.1f}"
    print(f"| {outcome} | {len(pairs)} | {' | '.join(means)} | {times} |")


if __name__ == "__main__":
    main()
