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

from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
    """An exception of its own ended a case, or, of a program that reads standard input, its exit with another
    code than 0."""
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    PREMATURE_EXIT = "premature_exit"
    """Ended without a finished protocol: System.exit, halt, a crash it caused. (For a program that reads
    standard input an exit is a normal end.)"""
    JUDGE_ERROR = "judge_error"
    SUITE_ERROR = "suite_error"
    """The tests themselves are broken: an expected value does not compile or does not evaluate."""


NO_VERDICT = (Outcome.JUDGE_ERROR, Outcome.SUITE_ERROR)
"""What says nothing about the program."""
DETAIL_QUOTES_NOTHING = (Outcome.UNTESTED, Outcome.JUDGE_ERROR)
"""Outcomes whose `detail` quotes neither tests nor program."""
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
    file: str | None = None
    """`path:line` where it is in another of the job's files; then it has no place in the completion."""

    def to_json(self) -> dict[str, Any]:
        """Its fields; `file` only where there is one."""
        row = asdict(self)
        return row if self.file else {name: value for name, value in row.items() if name != "file"}


@dataclass(frozen=True, slots=True)
class Case:
    """How one case ended. A case that the program's end kept from running has the program's outcome."""

    name: str
    outcome: Outcome
    value: str | None = None
    """What the program returned, as a Java expression; None if nothing, too long or not a JDK value. Of a
    case of standard input that expects nothing: what it printed."""
    lines: tuple[int, ...] = ()
    """Lines of the completion that it executed, from 1; empty unless the job asks for coverage."""
    call: str | None = None
    """For a case that did not pass: the test's own code, of a whole suite the line that ended it, of one of
    standard input that input; cut at TEXT_LIMIT."""
    got: str | None = None
    """For a case that did not pass: what came out, a value, output or the exception, cut at TEXT_LIMIT."""
    expected: str | None = None
    """For a case that was wrong: what should have come out, cut at TEXT_LIMIT."""

    @classmethod
    def _from_json(cls, row: Mapping[str, Any]) -> Case:
        lines = tuple(row.get("lines", ()))
        return cls(**{**row, "outcome": Outcome(row["outcome"]), "lines": lines})

    def to_json(self, *, expected_values: bool) -> dict[str, Any]:
        """Name and outcome, and what else is known; see `Verdict.to_json`."""
        row: dict[str, Any] = {"name": self.name, "outcome": str(self.outcome)}
        known = {"value": self.value, "call": self.call, "got": self.got, "expected": self.expected}
        if not expected_values:
            # A whole suite has what it expects in its own lines and messages.
            whole = self.outcome is Outcome.FAILED and self.expected is None
            known = {} if whole else {"call": self.call, "got": self.got}
        row |= {name: text for name, text in known.items() if text is not None}
        return row | ({"lines": list(self.lines)} if self.lines else {})


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
    def from_json(cls, row: Mapping[str, Any]) -> Verdict:
        """The verdict that `to_json` wrote: `Verdict.from_json(v.to_json()) == v`, also after JSON. Other
        fields of `row`, such as those of a results line, are not read. Raises ValueError naming a field that
        is missing or that no verdict has.

        >>> Verdict.from_json(Verdict(Outcome.FAILED, fuel=7).to_json())
        Verdict(outcome=<Outcome.FAILED: 'failed'>, cases=(), diagnostics=(), exception=None, fuel=7, \
wall_ms=0.0, lane='strict', deterministic=True, detail='')
        """
        try:
            thrown = row["exception"]
            return cls(
                outcome=Outcome(row["outcome"]),
                cases=tuple(
                    Case(
                        **{**case, "outcome": Outcome(case["outcome"]), "lines": tuple(case.get("lines", ()))}
                    )
                    for case in row["cases"]
                ),
                diagnostics=tuple(
                    Diagnostic(**{**error, "position": error["position"]}) for error in row["diagnostics"]
                ),
                exception=None if thrown is None else ThrownException(**thrown),
                fuel=row["fuel"],
                wall_ms=row["wall_ms"],
                lane=row["lane"],
                deterministic=row["deterministic"],
                detail=row["detail"],
            )
        except KeyError as missing:
            raise ValueError(f"not a verdict: it has no field {missing}") from missing
        except (TypeError, AttributeError) as wrong:
            raise ValueError(f"not a verdict: {wrong}") from wrong

    def to_json(self, *, expected_values: bool = True) -> dict[str, Any]:
        """The fields of a results line, in the order of the contract: all of the verdict, and the flags.

        What is None or empty is left out of cases (`value`, `call`, `got`, `expected`, `lines`). Without
        `expected_values` nothing of what the tests expect is in it, neither the values nor the messages of
        the tests' own exceptions; then `from_json` gives a poorer verdict.
        """
        exception = None if self.exception is None else asdict(self.exception)
        if exception and not expected_values and self.outcome is Outcome.FAILED:
            exception["message"] = None
        return {
            "outcome": str(self.outcome),
            "compiled": self.compiled,
            "executed": self.executed,
            "passed": self.passed,
            "cases": [case.to_json(expected_values=expected_values) for case in self.cases],
            "diagnostics": [diagnostic.to_json() for diagnostic in self.diagnostics],
            "exception": exception,
            "fuel": self.fuel,
            "wall_ms": self.wall_ms,
            "lane": self.lane,
            "deterministic": self.deterministic,
            # What is wrong with a suite may quote it.
            "detail": self.detail if expected_values or self.outcome in DETAIL_QUOTES_NOTHING else "",
        }
