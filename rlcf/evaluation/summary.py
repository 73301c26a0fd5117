"""What an evaluation found, in the shape that `--json`, `evaluation.jsonl` and the report share.

{"samples": 1932, "problems": 966, "outcomes": {"passed": 800, …},
 "compile": {"1": 0.93}, "exec": {"1": 0.88}, "pass": {"1": 0.83},
 "intervals": {"compile": {"1": [0.91, 0.94]}, …},
 "seconds": 12.5, "programs_per_second": 154.6, "judge_errors": 0, "suite_errors": 0,
 "provenance": {"judge": …, "jdk": …, "isolation": …, "time_limit": 4.0, …},
 "extraction": {"none": 1900, "fence": 32}}

No rate counts judge errors or suite errors. Where not all problems were answered, `problems_total` is how
many there are and `missing` the task_ids of the others; where some have more samples than others,
`samples_per_problem` is the least and the most. Where a data set has parts (`Problem.part`), `parts` holds by
name their `problems`, rates and `intervals`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from javabox import Outcome, Verdict
from rlcf.evaluation.extraction import KINDS, Extraction
from rlcf.evaluation.metrics import METRICS, Estimate, Tally, estimate
from rlcf.problems.problem import Problem

Rates = Mapping[str, Mapping[int, Estimate]]
"""By metric (`compile`, `exec`, `pass`) and k."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rates of some of the problems."""

    problems: int
    rates: Rates

    def to_json(self) -> dict[str, Any]:
        return {"problems": self.problems} | _rates_json(self.rates)


@dataclass(frozen=True)
class Evaluation:
    """The rates of judged samples, with what they were computed from."""

    tallies: Mapping[str, Tally]
    """By task_id, in the order of the problems."""
    outcomes: Mapping[str, int]
    """Samples by outcome, in the order of `Outcome`; only those that occurred."""
    rates: Rates
    seconds: float
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Of the data set's named parts."""
    missing: Sequence[str] = ()
    """Problems of which there are no samples; no rate counts them."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """By what and under which terms it was judged (provenance.py)."""
    extractions: Mapping[str, int] = field(default_factory=dict)
    """Samples by how their program was found (extraction.py), in the order of KINDS; only what occurred."""
    renamed: int = 0
    """Samples that declare a class of another name than the prompt's."""
    resumed: int = 0
    """Samples whose results were there before; `seconds` are those of the others."""

    @property
    def programs_per_second(self) -> float | None:
        """Of those that were judged now."""
        judged = self.samples - self.resumed
        return judged / self.seconds if self.seconds > 0 and judged else None

    @property
    def samples(self) -> int:
        return sum(self.outcomes.values())

    @property
    def judge_errors(self) -> int:
        return self.outcomes.get(Outcome.JUDGE_ERROR, 0)

    @property
    def suite_errors(self) -> int:
        return self.outcomes.get(Outcome.SUITE_ERROR, 0)

    @property
    def samples_per_problem(self) -> tuple[int, int]:
        """The least and the most."""
        counts = [t.n + t.judge_errors + t.suite_errors for t in self.tallies.values()]
        return min(counts, default=0), max(counts, default=0)

    def to_json(self) -> dict[str, Any]:
        """The object above; a rate that does not exist (every sample a judge error) is null."""
        row: dict[str, Any] = {
            "samples": self.samples,
            "problems": len(self.tallies),
            "outcomes": dict(self.outcomes),
        }
        row |= _rates_json(self.rates)
        if self.parts:
            row["parts"] = {name: part.to_json() for name, part in self.parts.items()}
        row["seconds"] = round(self.seconds, 3)
        rate = self.programs_per_second
        row["programs_per_second"] = None if rate is None else round(rate, 1)
        row["judge_errors"] = self.judge_errors
        row["suite_errors"] = self.suite_errors
        if self.missing:
            row["problems_total"] = len(self.tallies) + len(self.missing)
            row["missing"] = list(self.missing)
        least, most = self.samples_per_problem
        if least < most:
            row["samples_per_problem"] = [least, most]
        if self.provenance:
            row["provenance"] = dict(self.provenance)
        if self.extractions:
            row["extraction"] = dict(self.extractions)
        if self.renamed:
            row["renamed"] = self.renamed
        if self.resumed:
            row["resumed"] = self.resumed
        return row

    def counts(self) -> dict[str, list[int]]:
        """By task_id `[n, compiled, executed, passed]`: enough to recompute any rate or to pair two runs."""
        return {name: [t.n, t.compiled, t.executed, t.passed] for name, t in self.tallies.items()}


class Counts:
    """Running counts of verdicts, from which the rates are estimated: the size of the problems, however many
    samples there are. `expect` each sample in their order, and `add` its verdict in any."""

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}
        self._outcomes: Counter[Outcome] = Counter()
        self._parts: dict[str, dict[str, None]] = {}
        self._kinds: Counter[str] = Counter()
        self._renamed = 0

    def expect(self, problem: Problem) -> None:
        """Problems are reported, and redrawn by the bootstrap, in the order of their first samples."""
        if problem.task_id not in self._tallies:
            self._tallies[problem.task_id] = Tally()
            if problem.part:
                self._parts.setdefault(problem.part, {})[problem.task_id] = None

    def add(self, problem: Problem, verdict: Verdict) -> None:
        """Counts a verdict; only its outcome is looked at."""
        self._tallies[problem.task_id] = self._tallies[problem.task_id].plus(verdict)
        self._outcomes[verdict.outcome] += 1

    def found(self, kind: str, *, renamed: bool) -> None:
        """Counts how a sample's program was found."""
        self._kinds[kind] += 1
        self._renamed += renamed

    def evaluation(
        self,
        ks: Sequence[int],
        seconds: float,
        seed: int = 0,
        provenance: Mapping[str, Any] | None = None,
        resumed: int = 0,
    ) -> Evaluation:
        """The evaluation of what was counted; `seed` draws the bootstrap."""
        tallies, outcomes, kinds = self._tallies, self._outcomes, self._kinds
        return Evaluation(
            tallies=tallies,
            outcomes={str(outcome): outcomes[outcome] for outcome in Outcome if outcomes[outcome]},
            rates=estimate(list(tallies.values()), ks, seed),
            seconds=seconds,
            parts={
                name: Part(len(ids), estimate([tallies[task_id] for task_id in ids], ks, seed))
                for name, ids in self._parts.items()
            },
            provenance=provenance or {},
            extractions={kind: kinds[kind] for kind in KINDS if kinds[kind]},
            renamed=self._renamed,
            resumed=resumed,
        )


def summarize(
    judged: Iterable[tuple[Problem, Verdict]],
    ks: Sequence[int],
    seconds: float,
    seed: int = 0,
    provenance: Mapping[str, Any] | None = None,
    extractions: Iterable[Extraction] = (),
) -> Evaluation:
    """The evaluation of problems' verdicts; `seed` draws the bootstrap."""
    counts = Counts()
    for problem, verdict in judged:
        counts.expect(problem)
        counts.add(problem, verdict)
    for one in extractions:
        counts.found(one.kind, renamed=bool(one.hint))
    return counts.evaluation(ks, seconds, seed, provenance)


def evaluation_row(
    evaluation: Evaluation, *, stage: str, split: str, temperature: float, n: int
) -> dict[str, Any]:
    """A row of `evaluation.jsonl`: when (`before`, `after`), on what, how decoded, what was found."""
    where = {"stage": stage, "split": split, "decoding": {"temperature": temperature, "n": n}}
    return where | evaluation.to_json() | {"counts": evaluation.counts()}


def _rates_json(rates: Rates) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: {str(k): number(found.rate) for k, found in rates[name].items()} for name in METRICS
    }
    row["intervals"] = {
        name: {str(k): [number(found.low), number(found.high)] for k, found in rates[name].items()}
        for name in METRICS
    }
    return row


def number(value: float) -> float | None:
    """As JSON has it: rounded, and None for NaN."""
    return None if math.isnan(value) else round(value, 6)
