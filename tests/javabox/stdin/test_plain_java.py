"""Programs that read standard input are judged as plain javac and java say, in both lanes."""

from __future__ import annotations

import math
import re

import pytest

from javabox import Job, Judge, Outcome, StdinCase, Suite, Verdict
from tests.javabox.stdin.plain import Ran, run_all
from tests.javabox.stdin.programs import PROGRAMS

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
WARM = (
    *(
        "Scanner",
        "a static Scanner",
        "BufferedReader",
        "StreamTokenizer",
        "a reader of its own",
        "lines as a stream",
    ),
    *(
        "exit 0",
        "exit 3",
        "exit in a try",
        "exit in a loop that catches all",
        "exit in a lambda",
        "exit by reference",
    ),
    *("a PrintWriter, closed", "bytes written and not flushed", "unicode", "many lines", "out is closed"),
)
"""Those that must not need a JVM of their own."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Ran] | None]:
    asked = {name: (one.source, [stdin for stdin, _ in one.runs]) for name, one in PROGRAMS.items()}
    return run_all(asked, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def verdicts() -> dict[str, dict[str, Verdict]]:
    """By lane and program. Each run twice: once compared, once for its output itself."""
    found = {}
    for lane in ("warm", "strict"):
        with Judge(engine="local", lane=lane) as judge:  # type: ignore[arg-type]
            found[lane] = dict(zip(PROGRAMS, judge.grade(map(job, PROGRAMS)), strict=True))
    return found


def job(name: str) -> Job:
    one = PROGRAMS[name]
    cases = []
    for index, (stdin, expected) in enumerate(one.runs):
        cases.append(StdinCase(str(index), stdin, (expected,), one.compare))  # type: ignore[arg-type]
        cases.append(StdinCase(f"output {index}", stdin))
    return Job(one.source, Suite(stdin=tuple(cases)))


@pytest.mark.parametrize("lane", ["warm", "strict"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_as_plain_java_says(
    plain: dict[str, list[Ran] | None], verdicts: dict[str, dict[str, Verdict]], name: str, lane: str
) -> None:
    verdict, ran = verdicts[lane][name], plain[name]
    if ran is None:
        assert verdict.outcome is Outcome.COMPILE_ERROR
        return
    one = PROGRAMS[name]
    wanted, outputs = [], []
    for (_, expected), run in zip(one.runs, ran, strict=True):
        right = same(run.output.decode(), expected, one.compare)
        end = Outcome.PASSED if right else Outcome.FAILED
        wanted.append(Outcome.RUNTIME_ERROR if run.status else end)
        outputs.append(run.output.decode())
    assert [case.outcome for case in verdict.cases[::2]] == wanted
    assert [case.value for case in verdict.cases[1::2]] == outputs


@pytest.mark.parametrize("name", WARM)
def test_the_warm_lane_takes_them(verdicts: dict[str, dict[str, Verdict]], name: str) -> None:
    assert verdicts["warm"][name].lane == "warm"


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_lanes_count_alike(verdicts: dict[str, dict[str, Verdict]], name: str) -> None:
    warm, strict = verdicts["warm"][name], verdicts["strict"][name]
    assert (warm.fuel, warm.exception, warm.cases) == (strict.fuel, strict.exception, strict.cases)


def same(output: str, expected: str, compare: str) -> bool:
    """What the comparators mean, written a second time."""
    if compare == "exact":
        return output == expected
    if compare == "lines":
        left, right = (
            "\n".join(line.rstrip() for line in text.split("\n")).rstrip() for text in (output, expected)
        )
        return left == right
    words, others = output.split(), expected.split()
    if compare == "tokens":
        return words == others
    return len(words) == len(others) and all(map(near, words, others))


def near(word: str, other: str) -> bool:
    numbers = NUMBER.fullmatch(word) and NUMBER.fullmatch(other)
    return word == other or bool(
        numbers and math.isclose(float(word), float(other), rel_tol=1e-6, abs_tol=1e-6)
    )
