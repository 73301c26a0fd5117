"""What the judge answers: one outcome with its evidence.

Three flags derive from the outcome, nested by construction (passed ⊆ executed ⊆ compiled):
`compiled`: javac accepted the program and, with it, the tests; `executed`: it also ran to the end
without an exception of its own, a limit or an early exit; `passed`: every case passed.
A `judge_error` is our fault: its flags are None, it is never a reward and never part of a rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What happened to a program, in one word."""

    PASSED = "passed"
    FAILED = "failed"
    """Ran to the end; a case was wrong."""
    COMPILE_ERROR = "compile_error"
    RUNTIME_ERROR = "runtime_error"
    """An exception of its own ended a case."""
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    PREMATURE_EXIT = "premature_exit"
    """Ended without a finished protocol: System.exit, halt, a crash it caused."""
    JUDGE_ERROR = "judge_error"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One javac error. Line and column count from 1 in the completion; None outside it."""

    code: str
    """javac's key, e.g. `compiler.err.prob.found.req`."""
    line: int | None
    column: int | None
    message: str
    position: int | None = None
    """Index of the error in the completion, in code points."""


@dataclass(frozen=True, slots=True)
class Case:
    """How one case ended. A case that the program's end kept from running has the program's outcome."""

    name: str
    outcome: Outcome
    value: str | None = None
    """What the program returned, as a Java expression; None if nothing, too long or not a JDK value."""
    lines: tuple[int, ...] = ()
    """Lines of the completion that it executed, from 1; empty unless the job asks for coverage."""


@dataclass(frozen=True, slots=True)
class ThrownException:
    """The first exception of the program; `line` is the innermost line of the completion on its stack."""

    type: str
    message: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a job with its evidence."""

    outcome: Outcome
    cases: tuple[Case, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    exception: ThrownException | None = None
    fuel: int | None = None
    """Executed bytecode. None where nothing ran, where threads or real lack of memory make it a matter of
    chance, or where a method was too large to be metered."""
    wall_ms: float = 0.0
    lane: str = "strict"
    deterministic: bool = True
    """False where the wall clock or the machine's memory decided."""
    detail: str = ""
    """For a judge_error: what went wrong."""

    @property
    def compiled(self) -> bool | None:
        if self.outcome is Outcome.JUDGE_ERROR:
            return None
        return self.outcome is not Outcome.COMPILE_ERROR

    @property
    def executed(self) -> bool | None:
        if self.outcome is Outcome.JUDGE_ERROR:
            return None
        return self.outcome in (Outcome.PASSED, Outcome.FAILED)

    @property
    def passed(self) -> bool | None:
        if self.outcome is Outcome.JUDGE_ERROR:
            return None
        return self.outcome is Outcome.PASSED

    @property
    def lines(self) -> tuple[int, ...]:
        """Lines of the completion that any case executed, from 1."""
        return tuple(sorted({line for case in self.cases for line in case.lines}))

    @property
    def pass_fraction(self) -> float:
        """Share of the cases that passed; 0 where there are none."""
        return sum(case.outcome is Outcome.PASSED for case in self.cases) / max(1, len(self.cases))

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Verdict:
        """The verdict whose `dataclasses.asdict` is `record`, come back from JSON."""
        thrown = record["exception"]
        cases = [
            case | {"outcome": Outcome(case["outcome"]), "lines": tuple(case["lines"])}
            for case in record["cases"]
        ]
        return cls(
            **record
            | {
                "outcome": Outcome(record["outcome"]),
                "cases": tuple(Case(**case) for case in cases),
                "diagnostics": tuple(Diagnostic(**diagnostic) for diagnostic in record["diagnostics"]),
                "exception": ThrownException(**thrown) if thrown else None,
            }
        )

    def to_json(self) -> dict[str, Any]:
        """The fields of a results line, in the order of the contract."""
        return {
            "outcome": str(self.outcome),
            "compiled": self.compiled,
            "executed": self.executed,
            "passed": self.passed,
            "cases": [{"name": case.name, "outcome": str(case.outcome)} for case in self.cases],
            "diagnostics": [
                {"code": d.code, "line": d.line, "column": d.column, "message": d.message}
                for d in self.diagnostics
            ],
            "exception": None
            if self.exception is None
            else {
                "type": self.exception.type,
                "message": self.exception.message,
                "line": self.exception.line,
            },
            "fuel": self.fuel,
            "wall_ms": round(self.wall_ms, 1),
            "lane": self.lane,
            "deterministic": self.deterministic,
        }
