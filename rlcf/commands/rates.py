"""How `grade` and `bench` read `--k` and show what they found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from javabox import AnyJudge, Outcome
from rlcf.errors import BadInput
from rlcf.evaluation.metrics import METRICS, Estimate
from rlcf.evaluation.provenance import told
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


def show(evaluation: Evaluation, judge: AnyJudge | None, *, as_json: bool, more: Mapping[str, Any]) -> None:
    """Prints the evaluation; as JSON one object with `more` in it, and nothing else. Without a judge nothing
    was judged now."""
    if as_json:
        row = evaluation.to_json() | {name: evaluation.provenance[name] for name in ("engine", "jdk")}
        row |= {} if judge is None else {"judge": judge.stats()}
        row |= more
        print(json.dumps(row, ensure_ascii=True))
        return
    answered = len(evaluation.tallies)
    of = f"{answered} of {answered + len(evaluation.missing)}" if evaluation.missing else str(answered)
    rate = evaluation.programs_per_second
    took = "" if rate is None else f" in {evaluation.seconds:.1f} s ({rate:.0f}/s)"
    print(f"{evaluation.samples} samples of {of} problems{took}")
    print(f"{told(evaluation.provenance)}\n")
    print("\n".join(rate_lines(evaluation.rates)))
    for name, part in evaluation.parts.items():
        print(f"\n{name}: {part.problems} of the problems\n" + "\n".join(rate_lines(part.rates)))
    print("\n" + ", ".join(f"{outcome} {count}" for outcome, count in evaluation.outcomes.items()))
    if set(evaluation.extractions) - {"none"}:
        found = ", ".join(f"{kind} {count}" for kind, count in evaluation.extractions.items())
        print(f"extraction: {found}")
    for note in notes(evaluation):
        print(note)


def notes(evaluation: Evaluation) -> Iterator[str]:
    """What a reader of the rates must know, a line each."""
    if evaluation.missing:
        yield f"no samples of {few(evaluation.missing)}; no rate counts these problems"
    least, most = evaluation.samples_per_problem
    if least < most:
        yield f"problems have {least} to {most} samples; each problem counts the same"
    if untested := evaluation.outcomes.get(Outcome.UNTESTED, 0):
        yield f"{untested} untested: they ran to the end, and nothing was tested; they are no pass"
    if evaluation.renamed:
        classes = f"{evaluation.renamed} declare a class of another name than the prompt's"
        yield f"{classes}, which the tests don't call (`hint` in the results)"
    if evaluation.judge_errors:
        failed = f"{evaluation.judge_errors} judge errors: the judge failed on these samples"
        yield f"{failed}; no rate counts them"
    if evaluation.suite_errors:
        broken = few([name for name, tally in evaluation.tallies.items() if tally.suite_errors])
        yield f"{evaluation.suite_errors} suite errors: broken are the tests of {broken}; no rate counts them"


def few(names: Sequence[str], most: int = 3) -> str:
    """`3 problems (a, b, c)`, the first few by name."""
    more = ", …" if len(names) > most else ""
    return f"{len(names)} problem{'s' * (len(names) > 1)} ({', '.join(names[:most])}{more})"


def rate_lines(rates: Mapping[str, Mapping[int, Estimate]]) -> Sequence[str]:
    """A table: a row a metric, a column a k; each cell the rate and its 95 % interval."""
    ks = list(rates[METRICS[0]])
    head = " " * 9 + "".join(f"{'at k = ' + str(k):<23}" for k in ks)
    rows = [f"{name:<9}" + "".join(f"{rates[name][k].percent():<23}" for k in ks) for name in METRICS]
    return [line.rstrip() for line in (head, *rows, "         95 % intervals over problems")]


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
