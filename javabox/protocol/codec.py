"""What is in the frames between Python and the supervisor JVM (sealed.py has the frames themselves).

Text is a count of UTF-16 units and the units themselves, so that NUL and lone surrogates cross unchanged.
Positions are UTF-16 units on the wire and code points in Python; this module turns one into the other.
javabox/java/judge/protocol holds the other end.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from math import nan
from typing import Any, get_args

from javabox.job import Compare, Job, StdinCase, Suite
from javabox.verdict import TEXT_LIMIT, Case, Diagnostic, Outcome, ThrownException, Verdict

HELLO = -1
"""Id of the first frame from a supervisor, which carries the JDK's build."""
BEAT = -2
"""Id of an empty frame that says, once a second, that the supervisor is there."""
CANCEL = -3
"""Id of a frame to the supervisor that names a job whose answer nobody waits for: it is ended, and answered
as a judge_error."""

_LINE_ENDS = re.compile(r"\r\n|\r|\n")

# Reply.Outcome in Java, in its order.
OUTCOMES: tuple[Outcome, ...] = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.UNTESTED,
    Outcome.COMPILE_ERROR,
    Outcome.RUNTIME_ERROR,
    Outcome.TIME_LIMIT,
    Outcome.MEMORY_LIMIT,
    Outcome.OUTPUT_LIMIT,
    Outcome.PREMATURE_EXIT,
    Outcome.JUDGE_ERROR,
    Outcome.SUITE_ERROR,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A supervisor's answer to one job."""

    verdict: Verdict
    report: Report
    times: Times
    doubtful: bool = False
    """Whether something outside the program may have ended it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a supervisor has counted since it started (judge/protocol/Counters.java)."""

    worn: bool = False
    """It asks to be replaced."""
    handed_over: int = 0
    """Programs that the warm lane gave up and the strict lane judged."""
    audits: int = 0
    disagreements: int = 0
    jvms_replaced: int = 0
    tests_reused: int = 0
    """Programs that ran with tests which had been compiled beside another one."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that one job took, by stage."""

    wall: float
    compile: float
    rewrite: float
    run: float


def encode_job(job_id: int, job: Job) -> bytes:
    """One job as a payload for `javabox.protocol.sealed`."""
    limits, suite = job.limits, job.suite
    start = _utf16_length(job.source[: job.completion_start])
    tests = -1 if job.tests_start is None else _utf16_length(job.source[: job.tests_start])
    parts = [struct.pack(">i", job_id), _text(job.source), struct.pack(">ii", start, tests)]
    parts.append(struct.pack(">i", len(job.files)))
    parts += [_text(part) for file in job.files for part in file]
    parts.append(struct.pack(">i", -1 if job.declared is None else len(job.declared)))
    parts += map(_text, job.declared or ())
    parts += [_text(suite.imports), _optional(suite.whole)]
    parts.append(struct.pack(">??i", suite.assertions, suite.junit, len(suite.cases)))
    for case in suite.cases:
        parts += [_text(case.name), _text(case.code), _text(case.value), _optional(case.expected)]
        parts += [
            _text(case.expected_type),
            struct.pack(">d", nan if case.tolerance is None else case.tolerance),
        ]
    parts += _stdin(suite)
    seconds = (limits.wall_seconds, limits.idle_seconds, limits.compile_seconds)
    milliseconds = [int(1000 * limit) for limit in seconds]
    allocation = limits.allocation_mb << 20
    counted = (limits.memory_mb, limits.output_bytes, limits.fuel, allocation)
    parts.append(struct.pack(">iiiiiqq?", *milliseconds, *counted, job.coverage))
    return b"".join(parts)


def _stdin(suite: Suite) -> list[bytes]:
    parts = [struct.pack(">i", len(suite.stdin))]
    for case in suite.stdin:
        parts += [_text(case.name), _bytes(case.stdin), struct.pack(">i", len(case.expected))]
        parts += [_bytes(text) for text in case.expected]
        parts.append(struct.pack(">bd", get_args(Compare).index(case.compare), case.tolerance))
        parts.append(_optional(case.checker))
    return parts


def encode_cancel(job_id: int) -> bytes:
    """Asks the supervisor to end a job or to drop it."""
    return struct.pack(">ii", CANCEL, job_id)


def decode_id(frame: bytes) -> int:
    """The id of the job that a frame from the supervisor answers, or HELLO or BEAT."""
    return int(struct.unpack_from(">i", frame)[0])


def decode_hello(frame: bytes) -> str:
    """The JDK's vendor and build."""
    return _Reader(frame, 4).text()


def decode_reply(frame: bytes, job: Job) -> Reply:
    """The answer to `job`."""
    reader = _Reader(frame, 4)
    outcome_index, deterministic, doubtful, warm, fuel = reader.unpack(">b???q")
    times = Times(*reader.unpack(">dddd"))
    report = Report(*reader.unpack(">?iiiii"))
    detail = reader.text()
    outcome = OUTCOMES[outcome_index]
    diagnostics = tuple(_diagnostic(reader, job) for _ in range(reader.integer()))
    thrown = None
    if reader.boolean():
        thrown = ThrownException(reader.text(), reader.optional(), _line_there(reader.integer(), job))
    cases = tuple(_case(reader, job, index) for index in range(reader.integer()))
    if outcome is Outcome.SUITE_ERROR:
        cases = tuple(Case(name, outcome) for name in job.suite.names)
    verdict = Verdict(
        outcome=outcome,
        cases=cases,
        diagnostics=diagnostics,
        exception=thrown,
        fuel=None if fuel < 0 else fuel,
        wall_ms=round(times.wall, 1),
        lane="warm" if warm else "strict",
        deterministic=deterministic,
        detail=detail,
    )
    return Reply(verdict, report, times, doubtful)


def _case(reader: _Reader, job: Job, index: int) -> Case:
    outcome = OUTCOMES[reader.unpack(">b")[0]]
    value, shown, tests_line = reader.optional(), reader.optional(), reader.integer()
    found = reader.optional()
    lines = reader.integers()
    if job.suite.stdin:
        return _stdin_case(job.suite.stdin[index], outcome, value, shown, lines)
    asked = job.suite.cases[index] if job.suite.cases else None
    name = asked.name if asked else found or "main"
    if outcome in (Outcome.PASSED, Outcome.UNTESTED):
        return Case(name, outcome, value, lines, got=_cut(shown))
    call = f"{asked.code} {asked.value}".strip() if asked else _tests_line(job, tests_line)
    # An exception ends a case before there is anything to compare.
    wrong = outcome is Outcome.FAILED and asked is not None and not tests_line
    return Case(
        name,
        outcome,
        value,
        lines,
        call=_cut(call),
        got=_cut(shown if value is None else value),
        expected=_cut(asked.expected) if asked and wrong else None,
    )


def _stdin_case(
    asked: StdinCase, outcome: Outcome, value: str | None, shown: str | None, lines: tuple[int, ...]
) -> Case:
    """A case of a suite of standard input; `shown` is what it printed, or how it ended."""
    if outcome is Outcome.PASSED:
        return Case(asked.name, outcome, value, lines)
    wrong = outcome is Outcome.FAILED and len(asked.expected) > 0
    return Case(
        asked.name,
        outcome,
        value,
        lines,
        call=_cut(asked.stdin),
        got=_cut(shown),
        expected=_cut(asked.expected[0]) if wrong else None,
    )


def _tests_line(job: Job, line: int) -> str | None:
    """The line of a whole suite, counted from 1 as javac does."""
    lines = _LINE_ENDS.split(job.suite.whole or job.source)
    return lines[line - 1].strip() if 0 < line <= len(lines) else None


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def _diagnostic(reader: _Reader, job: Job) -> Diagnostic:
    code = reader.text()
    line, column, position = reader.unpack(">iii")
    message, file = reader.text(), reader.optional()
    if position > 0:
        completion = job.source[job.completion_start :]
        # Only text beyond the BMP has more UTF-16 units than code points.
        if not completion.isascii() and max(completion) > "\uffff":
            units = completion.encode("utf-16-be", "surrogatepass")[: 2 * position]
            position = len(units.decode("utf-16-be", "surrogatepass"))
            column = column - (_utf16_length(completion[:position]) - position) if line == 1 else column
    place = None if position < 0 else position
    return Diagnostic(code, _known(line), _known(column), message, place, file)


def _line_there(line: int, job: Job) -> int | None:
    """None for a line that the completion does not have: a program may write its own stack traces."""
    return _known(line) if line <= len(_LINE_ENDS.findall(job.source[job.completion_start :])) + 1 else None


def _known(number: int) -> int | None:
    return number if number > 0 else None


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-be", "surrogatepass")) // 2


def _text(text: str) -> bytes:
    units = text.encode("utf-16-be", "surrogatepass")
    return struct.pack(">i", len(units) // 2) + units


def _bytes(text: str) -> bytes:
    """As UTF-8; a lone surrogate, which has no such form, as if it had."""
    encoded = text.encode("utf-8", "surrogatepass")
    return struct.pack(">i", len(encoded)) + encoded


def _optional(text: str | None) -> bytes:
    return b"\0" if text is None else b"\1" + _text(text)


class _Reader:
    """Reads a frame from front to back."""

    def __init__(self, frame: bytes, offset: int) -> None:
        self._frame = frame
        self._offset = offset

    def unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._frame, self._offset)
        self._offset += struct.calcsize(layout)
        return values

    def integer(self) -> int:
        return int(self.unpack(">i")[0])

    def integers(self) -> tuple[int, ...]:
        count = self.integer()
        return self.unpack(f">{count}i")

    def boolean(self) -> bool:
        return bool(self.unpack(">?")[0])

    def text(self) -> str:
        end = self._offset + 4 + 2 * struct.unpack_from(">i", self._frame, self._offset)[0]
        units = self._frame[self._offset + 4 : end]
        self._offset = end
        return units.decode("utf-16-be", "surrogatepass")

    def optional(self) -> str | None:
        return self.text() if self.boolean() else None
