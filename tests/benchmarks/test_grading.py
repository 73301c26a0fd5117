"""What benchmarks/grading.py compares the judge with goes through the same programs."""

from __future__ import annotations

from benchmarks.grading import CompileLoop
from javabox import Job
from tests.javabox.programs import program


def test_the_loop_that_only_compiles_takes_the_judges_jobs() -> None:
    jobs = [program("return n;"), Job("class S { record P(int a) { } }")]
    with CompileLoop(jobs, 1) as loop:
        assert loop.rate() > 0
