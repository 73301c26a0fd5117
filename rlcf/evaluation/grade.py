"""Grades samples: every completion is judged, its verdict written beside it in the order of the input.

Verdicts arrive as programs finish; a line is written as soon as all before it are, and always whole. So
whenever grading ends, also by Ctrl-C, the file holds the results of the first so many samples.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import BinaryIO

from javabox import Judge, Verdict
from rlcf.evaluation.metrics import Tally
from rlcf.evaluation.samples import Sample
from rlcf.evaluation.summary import Evaluation, summarize
from rlcf.progress import progress


def grade(
    samples: Sequence[Sample],
    judge: Judge,
    ks: Sequence[int],
    out: BinaryIO | None,
    *,
    compat: bool = False,
) -> Evaluation:
    """Judges `samples`, writes a results line for each to `out`, and sums up; timed is the judging alone.

    `compat`: prompt, completion and test program are one file, as in mxeval's grader.
    """
    started = time.monotonic()
    jobs = [
        sample.problem.released_job(sample.completion) if compat else sample.problem.job(sample.completion)
        for sample in samples
    ]
    verdicts: list[Verdict | None] = [None] * len(samples)
    written, tally = 0, Tally()
    with progress("grading", len(samples)) as advance:
        for index, verdict in judge.stream(jobs):
            verdicts[index] = verdict
            tally = tally.plus(verdict)
            advance(1, **running(tally))
            while written < len(samples) and (ready := verdicts[written]) is not None:
                if out is not None:
                    out.write(results_line(samples[written], ready, judge.jdk))
                    out.flush()
                written += 1
    seconds = time.monotonic() - started
    judged = ((s.problem, v) for s, v in zip(samples, verdicts, strict=True) if v is not None)
    return summarize(judged, ks, seconds)


def running(tally: Tally) -> dict[str, str]:
    """The rates so far, for the progress bar."""
    counts = {"compile": tally.compiled, "exec": tally.executed, "pass": tally.passed}
    shown = {name: f"{count / tally.n:.1%}" for name, count in counts.items()} if tally.n else {}
    return shown | ({"judge errors": str(tally.judge_errors)} if tally.judge_errors else {})


def results_line(sample: Sample, verdict: Verdict, jdk: str) -> bytes:
    """The sample's own fields, then the verdict's and the JDK's build; of two with one name the latter."""
    fields = verdict.to_json() | {"jdk": jdk}
    row = {name: value for name, value in sample.row.items() if name not in fields} | fields
    # ASCII: a lone surrogate has no UTF-8 form, but it has an escape
    return json.dumps(row, ensure_ascii=True).encode("ascii") + b"\n"
