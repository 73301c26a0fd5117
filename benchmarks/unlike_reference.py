r"""How many of a run's evaluated samples equal their reference, and how many of the others pass.

    rlcf train quickstart --data.problems many-ways --objective.steps 0 \
        --evaluation.split validation --run base
    python -m benchmarks.unlike_reference runs/base

A row for each evaluation (before and after, greedy and sampled): compile and pass of all samples; the share
of the passing ones that equal the reference letter by letter, and with names of locals left out; the share of
the compiling ones that equal it letter by letter; how many of the other compiling ones pass. Where few of
those do, a comparison with the reference can tell little of what passes but equality.

Not covered: how near to the reference the others are (`benchmarks.reference_match`).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from javabox import Judge
from rlcf.javasource.normalize import normalised
from rlcf.jsonl import read_rows
from rlcf.problems import Problem
from rlcf.recipes import load_recipe
from rlcf.training.data import load_data


def main() -> None:
    parser = argparse.ArgumentParser(description="Samples that equal their reference, and the others.")
    parser.add_argument("runs", nargs="+", type=Path, help="run folders")
    columns = "samples, compile, pass, passing = reference, without names, compiling = reference, others pass"
    print(f"| run | evaluation | {' | '.join(columns.split(', '))} |\n|---|---{'|---:' * 7}|")
    for run in parser.parse_args().runs:
        with Judge() as judge:
            evaluated = load_data(load_recipe(str(run / "recipe.toml")), judge, references=False).evaluation
        by_id = {problem.task_id: problem for problem in evaluated}
        groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in read_rows(run / "completions.jsonl"):
            if row.fields["stage"] in ("before", "after"):
                groups[f"{row.fields['stage']}, T = {row.fields['temperature']}"].append(row.fields)
        for name, rows in groups.items():
            print(f"| {run.name} | {name} | {len(rows)} | {' | '.join(rates(rows, by_id))} |")


def rates(rows: Iterable[Mapping[str, Any]], by_id: Mapping[str, Problem]) -> list[str]:
    """The cells of a row."""
    rows = list(rows)
    equal = [row["completion"] == by_id[row["task_id"]].reference for row in rows]
    compiled, passed = ([bool(row[field]) for row in rows] for field in ("compiled", "passed"))
    nameless = [row["passed"] and same_code(row["completion"], by_id[row["task_id"]]) for row in rows]
    others = [one and not same for one, same in zip(compiled, equal, strict=True)]
    return [
        share(sum(compiled), len(rows)),
        share(sum(passed), len(rows)),
        share(sum(map(both, equal, passed)), sum(passed)),
        share(sum(nameless), sum(passed)),
        share(sum(map(both, equal, compiled)), sum(compiled)),
        share(sum(map(both, others, passed)), sum(others)),
    ]


def same_code(completion: str, problem: Problem) -> bool:
    return normalised(problem.prompt + completion) == normalised(problem.prompt + str(problem.reference))


def both(left: bool, right: bool) -> bool:
    return left and right


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%} of {whole}" if whole else "-"


if __name__ == "__main__":
    main()
