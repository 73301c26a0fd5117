"""How `grade` and `bench` read `--k` and show what they found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.evaluation.metrics import METRICS, Estimate
from rlcf.evaluation.summary import Evaluation, number


def parse_ks(text: str) -> list[int]:
    """`1,10` -> [1, 10]. Raises BadInput."""
    try:
        ks = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise BadInput(f"must be whole numbers with commas between, is {text!r}", field="k") from None
    if ks[0] < 1:
        raise BadInput(f"must be at least 1, is {ks[0]}", field="k")
    return ks


def show(evaluation: Evaluation, judge: Judge, *, as_json: bool, more: Mapping[str, Any]) -> None:
    """Prints the evaluation; as JSON one object with `more` in it, and nothing else."""
    if as_json:
        row = evaluation.to_json() | {"engine": judge.engine_name, "jdk": judge.jdk, "judge": judge.stats()}
        row |= more
        print(json.dumps(row, ensure_ascii=True))
        return
    rate = evaluation.samples / evaluation.seconds if evaluation.seconds > 0 else 0.0
    print(
        f"{evaluation.samples} samples of {len(evaluation.tallies)} problems in {evaluation.seconds:.1f} s "
        f"({rate:.0f}/s), {judge.engine_name} engine, JDK {judge.jdk}\n"
    )
    print("\n".join(rate_lines(evaluation.rates)))
    for name, part in evaluation.parts.items():
        print(f"\n{name}: {part.problems} of the problems\n" + "\n".join(rate_lines(part.rates)))
    print("\n" + ", ".join(f"{outcome} {count}" for outcome, count in evaluation.outcomes.items()))
    if evaluation.judge_errors:
        print(
            f"{evaluation.judge_errors} judge errors: the judge failed on these samples; no rate counts them"
        )


def rate_lines(rates: Mapping[str, Mapping[int, Estimate]]) -> Sequence[str]:
    """A table: a row a metric, a column a k; each cell the rate and its 95 % interval."""
    ks = list(rates[METRICS[0]])
    head = " " * 9 + "".join(f"{'at k = ' + str(k):<23}" for k in ks)
    rows = [f"{name:<9}" + "".join(f"{rates[name][k].percent():<23}" for k in ks) for name in METRICS]
    return [line.rstrip() for line in (head, *rows, "         95 % intervals by bootstrap over problems")]


def choice_lines(rates: Mapping[str, Estimate], n: int) -> list[str]:
    """A row a way to choose one of `n` programs, with how often the chosen one passes."""
    rows = [f"{name:<12}{rate.percent()}" for name, rate in rates.items()]
    return [f"one of {n} chosen: passes by", *rows]


def choices_json(rates: Mapping[str, Estimate]) -> dict[str, dict[str, Any]]:
    """By way to choose `{"pass": 0.6, "interval": [0.5, 0.7]}`; a rate that does not exist is null."""
    return {
        name: {"pass": number(rate.rate), "interval": [number(rate.low), number(rate.high)]}
        for name, rate in rates.items()
    }
