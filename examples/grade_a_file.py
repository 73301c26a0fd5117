"""Completions in a file are judged, and what was judged is grounded without judging again.

    python examples/grade_a_file.py SAMPLES.jsonl mbjp

A line of SAMPLES.jsonl has a task_id and a completion.
"""

from __future__ import annotations

import sys

from rlcf import Judge, grade, load_grounding, load_problems, read_answers, read_samples


def main(samples_file: str, problem_set: str, results_file: str = "results.jsonl") -> None:
    problems = load_problems(problem_set)
    samples = read_samples(samples_file, problems, problem_set)
    with Judge() as judge, open(results_file, "wb") as results:
        evaluation = grade(samples, judge, [1], results)
    print(f"{evaluation.samples} samples, outcomes: {dict(evaluation.outcomes)}")
    for name, rates in evaluation.rates.items():
        print(f"{name}@1 {rates[1].rate:.0%}, 95% interval {rates[1].low:.0%} to {rates[1].high:.0%}")

    answers = read_answers(results_file, problems)
    for name in ("compiler", "rltf"):
        scores = [signal.score for signal in load_grounding(name)(answers) if signal.score is not None]
        print(f"mean score by {name}: {sum(scores) / max(1, len(scores)):+.2f}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(str(__doc__))
    main(*sys.argv[1:])
