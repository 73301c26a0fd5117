"""Grades a stream of samples: every completion is judged, its verdict written beside it in the order of the
input.

Verdicts arrive as programs finish; a line is written as soon as all before it are, and always whole. So
whenever grading ends, also by Ctrl-C, the file holds the results of the first so many samples, and grading
goes on from there (`written.py`). Nothing is kept of a sample once its line is written but what it counts, so
memory is that of the problems and of what is on its way (`window.py`). A broken suite is the verdict of its
own samples, and is named once; all others are graded. What is judged is the program that `extraction/` finds
in a sample; its verdict's places are written as places in the sample.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any, BinaryIO

from javabox import AnyJudge, Job, Verdict
from rlcf.errors import BadInput
from rlcf.evaluation.extraction import Extraction, Mode, extract
from rlcf.evaluation.grade.window import judged_in_order
from rlcf.evaluation.grade.written import Result, Written
from rlcf.evaluation.metrics import Running
from rlcf.evaluation.provenance import Terms, terms
from rlcf.evaluation.samples import Sample
from rlcf.evaluation.summary import Counts, Evaluation
from rlcf.problems.broken import BrokenSuites
from rlcf.problems.problem import Problem
from rlcf.progress import Advance, progress

SHOW_SECONDS = 0.1


def grade(
    samples: Iterable[Sample],
    judge: AnyJudge,
    ks: Sequence[int],
    out: BinaryIO | None,
    *,
    compat: bool = False,
    expected_values: bool = True,
    extraction: Mode = "auto",
    total: int | None = None,
    written: Written | None = None,
) -> Evaluation:
    """Judges `samples`, read as they are judged, writes a results line for each to `out`, and sums up.

    `compat`: prompt, completion and test program are one file, as in mxeval's grader. Without
    `expected_values` nothing of what the tests expect is in the results. `extraction` none: prompt and
    completion are the program, whatever they hold. `total`: how many samples there are, where that is known,
    for the time left. `written`: the results of the first samples, which are counted and not judged again.
    Raises JudgeUnavailable where the judge is closed, BadInput where `written` are other samples' or another
    judge's, and what reading `samples` raises.

    >>> samples = read_samples("samples.jsonl", problems, "mbjp")
    >>> evaluation = grade(samples, judge, [1], None)
    >>> evaluation.outcomes, evaluation.rates["pass"][1].rate
    ({'passed': 1, 'compile_error': 1}, 0.5)
    """
    started = time.monotonic()
    modes = {"compat": "mxeval"} if compat else {}
    modes |= {"extract": extraction} if extraction != "auto" else {}
    modes |= {} if expected_values else {"expected_values": "left out"}
    total = len(samples) if total is None and isinstance(samples, Sequence) else total
    with progress("grading", total) as advance:
        grading = _Grading(judge.provenance() | modes, min(ks), advance, extraction)
        reading = iter(samples)

        def asked() -> Iterator[tuple[tuple[Sample, Extraction], Job]]:
            for sample in reading if written is None else grading.resumed(reading, written):
                found = grading.read(sample)
                job = found.released_job(sample.problem) if compat else found.job(sample.problem)
                yield (sample, found), job

        def finish(one: tuple[Sample, Extraction], verdict: Verdict) -> bytes:
            return grading.judged(*one, verdict, expected_values=expected_values)

        def write(lines: bytes) -> None:
            if out is not None:
                out.write(lines)
                out.flush()

        judged_in_order(asked(), judge, finish, write)
        grading.show()
    seconds = time.monotonic() - started
    return grading.evaluation(ks, seconds, resumed=written.taken if written else 0)


def merge(
    samples: Iterable[Sample],
    shards: Sequence[Written],
    ks: Sequence[int],
    out: BinaryIO | None,
    *,
    total: int | None = None,
) -> Evaluation:
    """Joins the results of shards (`shards.py`), given in their order: writes every line to `out` in the
    order of `samples`, and sums up. Nothing is judged. Raises BadInput where a shard is not finished, holds
    other samples' results, or was judged otherwise than the first."""
    judged_by = shards[0].judged_by()
    mode: Mode = "none" if judged_by.get("extract") == "none" else "auto"
    with progress("merging", total) as advance:
        grading = _Grading(judged_by, min(ks), advance, mode)
        numbered = cycle(enumerate(shards, start=1))
        for sample, (number, shard) in zip(samples, numbered, strict=False):
            grading.expect(sample.problem)
            found = shard.take(sample, grading.provenance(sample.problem))
            if found is None:
                left = f"--shard {number}/{len(shards)} --resume"
                raise BadInput(f"ends after {shard.taken} results: finish it with {left}", file=shard.file)
            grading.known(sample.problem, found)
            if out is not None:
                out.write(as_line(found.fields))
        for shard in shards:
            shard.end()
        grading.show()
    return grading.evaluation(ks, 0.0, resumed=sum(shard.taken for shard in shards))


class _Grading:
    """What is counted, shown and said of samples, whether they are judged now or were before."""

    def __init__(self, judged_by: Mapping[str, Any], k: int, advance: Advance, extraction: Mode) -> None:
        self.judged_by = judged_by
        """The part of the provenance that all lines share."""
        self._counts, self._seen, self._running, self._broken = Counts(), Terms(), Running(k), BrokenSuites()
        self._advance, self._mode = advance, extraction
        self._unshown, self._shown = 0, 0.0
        self._terms: dict[tuple[object, ...], dict[str, Any]] = {}

    def expect(self, problem: Problem) -> None:
        """Of every sample, in the order of the input."""
        self._counts.expect(problem)
        self._seen.add(self.provenance(problem))

    def provenance(self, problem: Problem) -> dict[str, Any]:
        """That of a problem's lines."""
        key = (problem.time_limit, problem.memory_limit, problem.suite.assertions)
        found = self._terms.get(key)
        if found is None:
            found = self._terms[key] = {**self.judged_by, **terms([problem.job("")])}
        return found

    def resumed(self, samples: Iterator[Sample], written: Written) -> Iterator[Sample]:
        """Counts the samples whose results are there, and gives out the others."""
        for sample in samples:
            self.expect(sample.problem)
            found = written.take(sample, self.provenance(sample.problem))
            if found is None:
                yield sample
                yield from samples
                return
            self.known(sample.problem, found)
        written.end()

    def known(self, problem: Problem, result: Result) -> None:
        """Counts a result that is there."""
        self._count(problem, result.verdict)
        if self._mode == "auto":
            self._counts.found(result.kind, renamed=result.renamed)

    def read(self, sample: Sample) -> Extraction:
        """The program of a sample that is to be judged."""
        self.expect(sample.problem)
        found = extract(sample.completion, sample.problem, self._mode)
        if self._mode == "auto":
            self._counts.found(found.kind, renamed=bool(found.hint))
        return found

    def judged(self, sample: Sample, found: Extraction, verdict: Verdict, *, expected_values: bool) -> bytes:
        """Counts a verdict; the line of results."""
        self._broken.seen(sample.problem, verdict)
        self._count(sample.problem, verdict)
        told, judged_by = found.verdict(verdict), self.provenance(sample.problem)
        return results_line(sample, found, told, judged_by, expected_values=expected_values)

    def show(self) -> None:
        """The rates so far."""
        self._advance(self._unshown, **self._running.shown())
        self._unshown, self._shown = 0, time.monotonic()

    def evaluation(self, ks: Sequence[int], seconds: float, *, resumed: int) -> Evaluation:
        provenance = {**self.judged_by, **self._seen.all()}
        return self._counts.evaluation(ks, seconds, provenance=provenance, resumed=resumed)

    def _count(self, problem: Problem, verdict: Verdict) -> None:
        self._counts.add(problem, verdict)
        self._running.add(problem.task_id, verdict)
        self._unshown += 1
        # Rates in words cost as much as counting does.
        if time.monotonic() - self._shown > SHOW_SECONDS:
            self.show()


def results_line(
    sample: Sample,
    extraction: Extraction,
    verdict: Verdict,
    judged_by: Mapping[str, Any],
    *,
    expected_values: bool = True,
) -> bytes:
    """The sample's own fields, then the verdict's, whose places count in the sample, how its program was
    found, and provenance; of two with one name the latter."""
    fields = verdict.to_json(expected_values=expected_values)
    fields |= extraction.to_json() | {"provenance": dict(judged_by)}
    return as_line({name: value for name, value in sample.row.items() if name not in fields} | fields)


def as_line(row: Mapping[str, Any]) -> bytes:
    """A row of results as it is written."""
    # ASCII: a lone surrogate has no UTF-8 form, but it has an escape
    return json.dumps(row, ensure_ascii=True).encode("ascii") + b"\n"
