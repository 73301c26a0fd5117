"""Two results compared by problem: the exact test, what is left out, and the command."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from javabox import Diagnostic, Outcome, ThrownException, Verdict
from rlcf import BadInput
from rlcf.cli import main
from rlcf.evaluation import compare as module
from rlcf.evaluation.compare import compare, flipped_signs
from rlcf.evaluation.failures import Failures
from rlcf.evaluation.metrics import Tally


def test_with_one_sample_it_is_mcnemars_exact_test() -> None:
    for lost, won in [(0, 0), (0, 6), (1, 7), (3, 3), (10, 25)]:
        differences = [Fraction(-1)] * lost + [Fraction(1)] * won + [Fraction(0)] * 5
        m, least = lost + won, min(lost, won)
        tail = sum(math.comb(m, at) for at in range(least + 1)) / 2**m
        assert flipped_signs(differences) == pytest.approx(min(1.0, 2 * tail)), (lost, won)


def test_with_more_it_counts_all_flips(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    for n in (1, 4, 9):
        differences = [Fraction(rng.randint(-n, n), rng.choice((4, 5))) for _ in range(n)]
        sums = [
            abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
            for signs in itertools.product((-1, 1), repeat=n)
        ]
        exact = sum(one >= abs(sum(differences)) for one in sums) / len(sums)
        assert flipped_signs(differences) == pytest.approx(exact)
        monkeypatch.setattr(module, "MOST_SUMS", 0)
        assert flipped_signs(differences) == pytest.approx(exact, abs=0.02)
        monkeypatch.undo()


def test_problems_are_paired_and_those_of_one_alone_are_named() -> None:
    a = {f"p{at}": Tally(2, 2, 2, at % 2) for at in range(20)} | {"old": Tally(2, 2, 2, 2)}
    b = {f"p{at}": Tally(2, 2, 2, 2) for at in reversed(range(20))} | {"new": Tally(2)}
    found = compare(a, b, [1, 2])
    assert found.problems == 20
    assert found.alone == (["old"], ["new"])
    assert found.gains[1]["pass"].rate == pytest.approx(0.75)
    assert found.gains[1]["pass"].low > 0.4
    assert found.better == {"compile": (0, 0), "exec": (0, 0), "pass": (0, 20)}
    assert found.chance["pass"] == 2 * 2.0**-20
    assert found.chance["compile"] == 1.0
    assert compare(a, a, [1]).chance["pass"] == 1.0
    with pytest.raises(BadInput, match="in common"):
        compare({"x": Tally(1)}, {"y": Tally(1)}, [1])


def test_the_command_compares_results_of_any_origin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], complaint: Callable[..., str]
) -> None:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, passes in zip(paths, (3, 9), strict=True):
        rows = [
            {"task_id": f"P/{at}", "completion": "x"}
            | Verdict(Outcome.PASSED if at < passes else Outcome.FAILED).to_json()
            for at in range(12)
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["bench", "--compare", *map(str, paths)]) == 0
    told = capsys.readouterr().out
    assert "pass          25.0    75.0   +50.0 [" in told
    assert "A passes more often on 0 problems, B on 6" in told
    assert main(["bench", "--compare", *map(str, paths), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["problems"], found["pass"]["p"], found["pass"]["b"]) == (12, 0.03125, {"1": 0.75})
    assert "field 'compare'" in complaint("bench", "some/model", "--compare", *paths)
    paths[0].write_text('{"task_id": "P/0", "completion": "x"}\n')
    assert "a.jsonl:1" in complaint("bench", "--compare", *paths)


def test_failures_are_counted_by_their_first_error() -> None:
    errors = [Diagnostic("compiler.err.expected", 1, 1, ""), Diagnostic("compiler.err.not.stmt", 1, 1, "")]
    verdicts = [
        Verdict(Outcome.COMPILE_ERROR, diagnostics=tuple(errors)),
        Verdict(Outcome.COMPILE_ERROR, diagnostics=tuple(errors[1:])),
        Verdict(Outcome.COMPILE_ERROR, diagnostics=tuple(errors[1:])),
        Verdict(Outcome.RUNTIME_ERROR, exception=ThrownException("java.lang.StackOverflowError", None, 3)),
        Verdict(Outcome.FAILED),
        Verdict(Outcome.PASSED),
    ]
    assert Failures.of(verdicts).to_json() == {
        "javac": {"compiler.err.not.stmt": 2, "compiler.err.expected": 1},
        "exceptions": {"java.lang.StackOverflowError": 1},
    }
