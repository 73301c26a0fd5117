"""What benchmarks/quickstart_seeds.py compares: recipes at the time, or samples, of the most frugal one."""

from __future__ import annotations

from benchmarks.quickstart_seeds import RATES, Result, abreast, course_of


def result(recipe: str, seconds: float, rollouts: float) -> Result:
    steps = [{"seconds": seconds, "rollouts": rollouts} for _ in range(4)]
    evaluations = [
        {"step": step, "decoding": {"temperature": temperature}, "pass": {"1": step / 10 + temperature / 8}}
        for step in (2, 4)
        for temperature in (0.0, 0.8)
    ]
    rates = dict.fromkeys(RATES, 0.5)
    return Result(recipe, 0, rates, rates, steps, 1.0, course_of(evaluations, steps))


def test_each_is_read_where_the_quickest_ends() -> None:
    lines = abreast([result("quick", 1.0, 8.0), result("thorough", 2.0, 4.0)]).splitlines()[2:]
    assert lines == [
        "| `quick` | 4 seconds of steps | 50.0 | 40.0 |",
        "| `thorough` | 4 seconds of steps | 30.0 | 20.0 |",
        "| `quick` | 16 samples judged | 30.0 | 20.0 |",
        "| `thorough` | 16 samples judged | 50.0 | 40.0 |",
    ]
