"""What processes started by test_shared.py do: in a file that imports no pytest, which each would load first."""

from __future__ import annotations

from javabox import SharedJudge
from tests.javabox.programs import endless, sum_of


def grade_in_worker(judge: SharedJudge, first: int) -> tuple[list[bool | None], int]:
    verdicts = judge.grade([sum_of(first + i) for i in range(4)])
    return [verdict.passed for verdict in verdicts], judge.stats()["asked"]


def ask_endlessly(judge: SharedJudge) -> None:
    judge.grade([endless(2), endless(3)])
