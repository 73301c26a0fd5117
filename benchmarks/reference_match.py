"""How near mxeval's samples are to the references in syntax and data flow, and which parser reads them.

    python -m benchmarks.reference_match

By outcome: how many programs javalang reads, how many tree-sitter alone, how many neither, whose match is
that of trees of tokens; `ast`, `dataflow` and `tokens` are mean shares of the reference that are found (the
first two of what a parser reads, the third of all). `other` is the same against the reference of the next
problem: what any Java has in common. `ms` is CPU time of all three for an answer whose reference is known.

Not covered: how near two right programs can be; MathQA and HumanEval-Java have no references.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict

from benchmarks.naive import load_samples
from javabox import Judge, Outcome, Verdict
from rlcf.grounding.ppocoder import matches
from rlcf.grounding.signal import Answer
from rlcf.javasource.syntax import PARSERS, ast_match, match_of_programs, token_match
from rlcf.problems import Problem, load_problems
from rlcf.problems.mutants import mutants

MUTANTS = 3_000
UNJUDGED = Verdict(Outcome.PASSED)
"""Matches do not look at the verdict."""


def main() -> None:
    problems = {name: {p.task_id: p for p in load_problems(name)} for name in ("mbjp", "mathqa")}
    referred = [problem for problem in problems["mbjp"].values() if problem.reference is not None]
    print(f"| programs | outcome | number | {' | '.join(PARSERS)} alone | neither |")
    print("|---" * 6 + "|")
    print(parsers("MBJP's references", "", [(problem, str(problem.reference)) for problem in referred]))
    made = mutants(referred, MUTANTS, seed=5)
    print(parsers("mutants of them", "", [(one.problem, one.completion) for one in made]))
    judged = {name: by_outcome(name, problems[name]) for name in problems}
    for name, groups in judged.items():
        for outcome, pairs in sorted(groups.items()):
            print(parsers(f"{name}'s samples", outcome, pairs))
    print("\n| MBJP outcome | answers | ast | ast, other | dataflow | tokens | ms p50 | ms p99 |")
    print("|---" * 8 + "|")
    following = dict(zip((p.task_id for p in referred), (*referred[1:], referred[0]), strict=True))
    for outcome, pairs in sorted(judged["mbjp"].items()):
        row(outcome, [pair for pair in pairs if pair[0].reference is not None], following)


def parsers(name: str, outcome: str, pairs: list[tuple[Problem, str]]) -> str:
    """A row of how many programs each parser is the first to read."""
    first = Counter(
        next(
            (one for one, read in PARSERS.items() if read(problem.prompt, completion) is not None), "neither"
        )
        for problem, completion in pairs
    )
    counts = (f"{first[one]} ({first[one] / len(pairs):.1%})" for one in (*PARSERS, "neither"))
    return f"| {name} | {outcome} | {len(pairs)} | {' | '.join(counts)} |"


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
        if ast_match(problem.prompt, reference, completion) is None:
            continue
        syntax.append(found["ast"])
        flow.append(found["dataflow"])
        stranger = following[problem.task_id]
        theirs = match_of_programs((stranger.prompt, str(stranger.reference)), (problem.prompt, completion))
        if theirs is not None:
            other.append(theirs)
    means = [f"{statistics.mean(values):.3f}" if values else "-" for values in (syntax, other, flow, tokens)]
    took.sort()
    times = f"{statistics.median(took):.1f} | {took[int(0.99 * len(took))]:.1f}"
    print(f"| {outcome} | {len(pairs)} | {' | '.join(means)} | {times} |")


if __name__ == "__main__":
    main()
