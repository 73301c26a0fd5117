"""Reads results files, so that what was judged once can be grounded, compared or counted again.

    problems = load_problems("mbjp")
    answers = read_answers("samples_results.jsonl", problems)
    signals = load_grounding("rltf")(answers)

Works for what `rlcf grade`, `rlcf bench` and the completions.jsonl of a run have written. Not covered:
results without `expected_values`, which come back without the values of their cases; the curriculum's
rollouts, whose problems begin further on than those of the data set. Of a reply that is more than its program
(`extraction`) the completion is the reply, and places count in it: groundings that read Java see all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from javabox import Verdict
from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer
from rlcf.jsonl import read_rows
from rlcf.problems.problem import Problem


def read_answers(source: str | Path, problems: Sequence[Problem]) -> list[Answer]:
    """The answers of a results file (JSONL, .gz, or `-` for standard input), in its order, whole verdicts and
    all: equal to those that were written. Nothing is judged.

    Raises BadInput naming file, line and field: a problem that is not among `problems` or has another prompt,
    or a line that holds no whole verdict.

    >>> samples = read_samples("samples.jsonl", problems, "mbjp")
    >>> with open("results.jsonl", "wb") as results:
    ...     evaluation = grade(samples, judge, [1], results)
    >>> [signal.score for signal in load_grounding("compiler")(read_answers("results.jsonl", problems))]
    [1.0, -1.0]
    """
    by_id = {problem.task_id: problem for problem in problems}
    answers = []
    for row in read_rows(source):
        task_id, completion = row.text("task_id"), row.text("completion")
        problem = by_id.get(task_id)
        if problem is None:
            raise row.bad(f"{task_id[:80]!r} is not one of the {len(by_id)} problems", "task_id")
        # Samples may carry a prompt in any form; a run's rows have the one that was completed.
        if "stage" in row.fields and row.text("prompt") != problem.prompt:
            raise row.bad(f"is not that of {task_id!r}: with a curriculum it was asked otherwise", "prompt")
        try:
            verdict = Verdict.from_json(row.fields)
        except ValueError as wrong:
            raise row.bad(f"{wrong}; judge it again: rlcf grade") from wrong
        answers.append(Answer(problem, completion, verdict))
    if not answers:
        raise BadInput("holds no results", file="stdin" if str(source) == "-" else source)
    return answers
