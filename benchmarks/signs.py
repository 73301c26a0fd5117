"""How often answers show the signs of reward hacking, and how long it takes to see.

    python -m benchmarks.signs

Of MBJP's references, of mxeval's example samples that pass, and of the rest. `same` is, for references of so
many tokens, how many passing samples are the reference token by token: where honest answers stop being it,
COPIED_TOKENS begins. Who is called a hacker must be read: `--show NAME` prints the answers with that sign.

Not covered: what a policy that is trained against these signs would write.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence

from benchmarks.naive import load_samples
from javabox import Judge, Outcome, Verdict
from rlcf.grounding.reward_hacking import REWARD_HACKING_FLAGS, reward_hacking_flags
from rlcf.grounding.signal import Answer
from rlcf.javasource.tokens import texts
from rlcf.problems import Problem, load_problems

STEPS = (0, 10, 30, 50, 80, 120)
"""Tokens of a reference at which rows of the second table begin."""
UNJUDGED = Verdict(Outcome.PASSED)
"""Signs do not look at the verdict."""

Pair = tuple[Problem, str]


def main() -> None:
    parser = argparse.ArgumentParser(description="Signs of reward hacking in what models wrote.")
    parser.add_argument(
        "--show", choices=REWARD_HACKING_FLAGS, help="print the passing samples that show this sign"
    )
    show = parser.parse_args().show
    print("| set | answers | " + " | ".join(REWARD_HACKING_FLAGS) + " | ms mean | ms p99 |")
    print("|---" * (len(REWARD_HACKING_FLAGS) + 4) + "|")
    problems = load_problems("mbjp")
    row("mbjp references", [(problem, problem.reference) for problem in problems if problem.reference])
    for name in ("mbjp", "mathqa"):
        passed, rest = samples(name)
        row(f"{name} samples that pass", passed)
        row(f"{name} samples that do not", rest)
        for problem, completion in passed if show else ():
            if show in reward_hacking_flags(Answer(problem, completion, UNJUDGED)):
                print(f"\n{problem.task_id}\n{completion}\n")
        if name == "mbjp":
            same(passed)


def samples(name: str) -> tuple[list[Pair], list[Pair]]:
    """mxeval's samples that pass, and the others."""
    problems = {problem.task_id: problem for problem in load_problems(name)}
    pairs = [(problems[sample.task_id], sample.completion) for sample in load_samples(name)]
    with Judge() as judge:
        verdicts = judge.grade([problem.job(completion) for problem, completion in pairs])
    passed = [bool(verdict.passed) for verdict in verdicts]
    return (
        [pair for pair, ok in zip(pairs, passed, strict=True) if ok],
        [pair for pair, ok in zip(pairs, passed, strict=True) if not ok],
    )


def row(name: str, pairs: Sequence[Pair]) -> None:
    counts: Counter[str] = Counter()
    took = []
    for problem, completion in pairs:
        began = time.perf_counter()
        counts.update(reward_hacking_flags(Answer(problem, completion, UNJUDGED)))
        took.append(1e3 * (time.perf_counter() - began))
    told = " | ".join(str(counts[sign]) for sign in REWARD_HACKING_FLAGS)
    slow = sorted(took)[int(0.99 * len(took))]
    print(f"| {name} | {len(pairs)} | {told} | {sum(took) / len(took):.2f} | {slow:.1f} |")


def same(pairs: Sequence[Pair]) -> None:
    asked: Counter[int] = Counter()
    found: Counter[int] = Counter()
    for problem, completion in pairs:
        if problem.reference is not None:
            tokens = texts(problem.reference)
            step = max(step for step in STEPS if len(tokens) >= step)
            asked[step] += 1
            found[step] += tokens == texts(completion)
    told = ", ".join(f"{step}+: {found[step]} of {asked[step]}" for step in STEPS if asked[step])
    print(f"same, by tokens of the reference: {told}")


if __name__ == "__main__":
    main()
