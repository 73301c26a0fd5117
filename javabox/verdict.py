"""What the judge answers: one outcome with its evidence.

Three flags derive from the outcome, nested by construction (passed ⊆ executed ⊆ compiled):
`compiled`: javac accepted the program and, with it, the tests; `executed`: it also ran to the end
without an exception of its own, a limit or an early exit; `passed`: every case passed.
A `judge_error` is our fault and a `suite_error` that of the tests: their flags are None, they are never a
reward and never part of a rate.

`failed` is what a test said, `runtime_error` what the program did. An exception that ends a case belongs to
the topmost frame of its stack that is not the JDK's: the tests' own make the case `failed`, the program's
make it a `runtime_error`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What happened to a program, in one word."""

    PASSED = "passed"
    FAILED = "failed"
    """A test said so: a case was wrong, or an assertion or an exception of the tests' own ended it, or their
    exit with another code than 0."""
    UNTESTED = "untested"
    """A whole suite ran to its end and had checked nothing. It executed, and has not passed. (What swallows
    or hides the tests that follow it in its file is a compile_error, `javabox.compiler.tests`.)"""
    COMPILE_ERROR = "compile_error"
    RUNTIME_ERROR = "runtime_error"
    """An exception of its own ended a case."""
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    PREMATURE_EXIT = "premature_exit"
    """Ended without a finished protocol: System.exit, halt, a crash it caused."""
    JUDGE_ERROR = "judge_error"
    SUITE_ERROR = "suite_error"
    """The tests themselves are broken: an expected value does not compile or does not evaluate."""


NO_VERDICT = (Outcome.JUDGE_ERROR, Outcome.SUITE_ERROR)
"""What says nothing about the program."""
TEXT_LIMIT = 400
"""Longest text of a case's `call`, `got` and `expected` in characters; what is longer ends in `…`."""


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
    call: str | None = None
    """For a case that did not pass: the test's own code, or of a whole suite the line that ended it."""
    got: str | None = None
    """For a case that did not pass: what came out, a value or the exception, cut at TEXT_LIMIT."""
    expected: str | None = None
    """For a case that was wrong: what should have come out, cut at TEXT_LIMIT."""

    def to_json(self, *, expected_values: bool) -> dict[str, str]:
        """Name and outcome; of a case that did not pass also what is known of why."""
        row = {"name": self.name, "outcome": str(self.outcome)}
        why = {"call": self.call, "got": self.got, "expected": self.expected}
        if not expected_values:
            # A whole suite has what it expects in its own lines and messages.
            told = self.outcome is Outcome.FAILED and self.expected is None
            why = {} if told else why | {"expected": None}
        return row | {name: text for name, text in why.items() if text is not None}


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
    """For a judge_error, a suite_error or an untested program: what went wrong."""

    @property
    def compiled(self) -> bool | None:
        if self.outcome in NO_VERDICT:
            return None
        return self.outcome is not Outcome.COMPILE_ERROR

    @property
    def executed(self) -> bool | None:
        if self.outcome in NO_VERDICT:
            return None
        return self.outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.UNTESTED)

    @property
    def passed(self) -> bool | None:
        if self.outcome in NO_VERDICT:
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

    def to_json(self, *, expected_values: bool = True) -> dict[str, Any]:
        """The fields of a results line, in the order of the contract. Without `expected_values` nothing of
        what the tests expect is in it: not the value, nor the messages of the tests' own exceptions."""
        return {
            "outcome": str(self.outcome),
            "compiled": self.compiled,
            "executed": self.executed,
            "passed": self.passed,
            "cases": [case.to_json(expected_values=expected_values) for case in self.cases],
            "diagnostics": [
                {"code": d.code, "line": d.line, "column": d.column, "message": d.message}
                for d in self.diagnostics
            ],
            "exception": None
            if self.exception is None
            else {
                "type": self.exception.type,
                "message": self.exception.message
                if expected_values or self.outcome is not Outcome.FAILED
                else None,
                "line": self.exception.line,
            },
            "fuel": self.fuel,
            "wall_ms": round(self.wall_ms, 1),
            "lane": self.lane,
            "deterministic": self.deterministic,
        } | ({"detail": self.detail} if self._tells_detail(expected_values) else {})

    def _tells_detail(self, expected_values: bool) -> bool:
        """What is wrong with a suite may quote it."""
        named = (Outcome.UNTESTED, Outcome.JUDGE_ERROR, *((Outcome.SUITE_ERROR,) if expected_values else ()))
        return bool(self.detail) and self.outcome in named
