"""What compiles in a run, how like the references it is, and how much of it is a stub.

    rlcf ablate java-base-gpu --groundings rlcf,compiler --seeds 1 --out java-base
    python -m benchmarks.likeness java-base

A row for each evaluation of each run folder below the folders that are named. `stubs`: the share of what
compiles whose body is empty, only throws, or hands back a constant or what it was given (the sign `trivial`,
`rlcf/grounding/reward_hacking.py`). `syntax` and `data flow` are the mean shares of the reference's that are
found in a completion, 0 for one that does not compile; `tokens` is Jaccard over runs of four tokens. On
problems without tests a rising compile rate with falling likeness and more stubs is a policy that plays the
compiler.

Not covered: whether a completion does what the reference does.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from javabox import Judge, Outcome, Verdict
from rlcf.grounding.reward_hacking import reward_hacking_flags
from rlcf.grounding.signal import Answer
from rlcf.javasource.dataflow import dataflow_match
from rlcf.javasource.syntax import ast_match
from rlcf.jsonl import read_rows
from rlcf.problems import Problem
from rlcf.problems.jdk.split import grams
from rlcf.recipes import load_recipe
from rlcf.training.data import load_data

COLUMNS = ("samples", "compile", "stubs", "syntax", "data flow", "tokens")
STUB = frozenset(("trivial", "comment_only"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Compile rate, likeness to references and stubs of runs.")
    parser.add_argument("folders", nargs="+", type=Path, help="run folders, or folders with some in them")
    print(f"| run | evaluation | {' | '.join(COLUMNS)} |\n|---|---{'|---:' * len(COLUMNS)}|")
    for folder in parser.parse_args().folders:
        for file in sorted(folder.rglob("completions.jsonl")):
            for name, rows, by_id in evaluations(file.parent):
                cells = " | ".join(measures(rows, by_id))
                print(f"| {file.parent.relative_to(folder.parent)} | {name} | {cells} |", flush=True)


def evaluations(
    run: Path,
) -> Iterable[tuple[str, list[Mapping[str, Any]], Mapping[str, Problem]]]:
    """The evaluations before and after of a run, each with its completions."""
    with Judge() as judge:
        measured = load_data(load_recipe(str(run / "recipe.toml")), judge, references=False).evaluation
    by_id = {problem.task_id: problem for problem in measured}
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in read_rows(run / "completions.jsonl"):
        if row.fields["stage"] in ("before", "after"):
            groups[f"{row.fields['stage']}, T = {row.fields['temperature']}"].append(row.fields)
    for name, rows in groups.items():
        yield name, rows, by_id


def measures(rows: Sequence[Mapping[str, Any]], by_id: Mapping[str, Problem]) -> list[str]:
    """The cells of a row."""
    compiled = [row for row in rows if row["compiled"]]
    stubs = sum(is_stub(by_id[row["task_id"]], row["completion"]) for row in compiled)
    found = [likeness(by_id[row["task_id"]], row["completion"]) for row in compiled]
    means = [sum(values) / len(rows) for values in zip(*found, strict=True)] or [0.0] * 3
    shares = (f"{len(compiled) / len(rows):.1%}", f"{stubs / len(compiled):.1%}" if compiled else "-")
    return [str(len(rows)), *shares, *(f"{mean:.3f}" for mean in means)]


def is_stub(problem: Problem, completion: str) -> bool:
    """Whether a completion has the signs of one that does nothing."""
    return bool(STUB & reward_hacking_flags(Answer(problem, completion, Verdict(Outcome.PASSED))))


def likeness(problem: Problem, completion: str) -> tuple[float, float, float]:
    """Syntax, data flow and tokens in common with the reference."""
    reference = str(problem.reference)
    own, other = grams(completion), grams(reference)
    return (
        ast_match(problem.prompt, reference, completion) or 0.0,
        dataflow_match(problem.prompt, reference, completion),
        len(own & other) / len(own | other),
    )


if __name__ == "__main__":
    main()
