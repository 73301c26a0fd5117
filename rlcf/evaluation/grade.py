"""Grades samples: every completion is judged, its verdict written beside it in the order of the input.

Verdicts arrive as programs finish; a line is written as soon as all before it are, and always whole. So
whenever grading ends, also by Ctrl-C, the file holds the results of the first so many samples. A broken suite
is the verdict of its own samples, and is named once; all others are graded. What is judged is the program
that `extraction/` finds in a sample; its verdict's places are written as places in the sample.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from javabox import Judge, Verdict
from rlcf.evaluation.extraction import Extraction, Mode, extract
from rlcf.evaluation.metrics import Running
from rlcf.evaluation.provenance import terms
from rlcf.evaluation.samples import Sample
from rlcf.evaluation.summary import Evaluation, summarize
from rlcf.problems.broken import BrokenSuites
from rlcf.progress import progress


def grade(
    samples: Sequence[Sample],
    judge: Judge,
    ks: Sequence[int],
    out: BinaryIO | None,
    *,
    compat: bool = False,
    expected_values: bool = True,
    extraction: Mode = "auto",
) -> Evaluation:
    """Judges `samples`, writes a results line for each to `out`, and sums up; timed is the judging alone.

    `compat`: prompt, completion and test program are one file, as in mxeval's grader. Without
    `expected_values` nothing of what the tests expect is in the results. `extraction` none: prompt and
    completion are the program, whatever they hold. Raises JudgeUnavailable where the judge is closed.

    >>> samples = read_samples("samples.jsonl", problems, "mbjp")
    >>> evaluation = grade(samples, judge, [1], None)
    >>> evaluation.outcomes, evaluation.rates["pass"][1].rate
    ({'passed': 1, 'compile_error': 1}, 0.5)
    """
    started = time.monotonic()
    found = [extract(sample.completion, sample.problem, extraction) for sample in samples]
    jobs = [
        one.released_job(sample.problem) if compat else one.job(sample.problem)
        for sample, one in zip(samples, found, strict=True)
    ]
    judged_by = judge.provenance()
    verdicts: list[Verdict | None] = [None] * len(samples)
    written, running, broken = 0, Running(min(ks)), BrokenSuites()
    with progress("grading", len(samples)) as advance:
        for index, verdict in judge.stream(jobs):
            verdicts[index] = verdict
            running.add(samples[index].problem.task_id, verdict)
            broken.seen(samples[index].problem, verdict)
            advance(1, **running.shown())
            while written < len(samples) and (ready := verdicts[written]) is not None:
                if out is not None:
                    line_by = judged_by | terms(jobs[written : written + 1])
                    told = found[written].verdict(ready)
                    line = (samples[written], found[written], told, line_by)
                    out.write(results_line(*line, expected_values=expected_values))
                    out.flush()
                written += 1
    seconds = time.monotonic() - started
    judged = ((s.problem, v) for s, v in zip(samples, verdicts, strict=True) if v is not None)
    return summarize(
        judged,
        ks,
        seconds,
        provenance=judged_by | terms(jobs),
        extractions=found if extraction == "auto" else (),
    )


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
    row = {name: value for name, value in sample.row.items() if name not in fields} | fields
    # ASCII: a lone surrogate has no UTF-8 form, but it has an escape
    return json.dumps(row, ensure_ascii=True).encode("ascii") + b"\n"
