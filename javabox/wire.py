"""What is in the frames between Python and the supervisor JVM (javabox/line.py has the frames themselves).

Text is a count of UTF-16 units and the
units themselves, so that NUL and lone surrogates cross unchanged. Positions are UTF-16 units on the wire and
code points in Python; this module turns one into the other. javabox/java/Job.java and Reply.java hold the
other end.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import nan
from typing import Any

from javabox.job import Job
from javabox.verdict import Case, Diagnostic, Outcome, ThrownException, Verdict

HELLO = -1
"""Id of the first frame from a supervisor, which carries the JDK's build."""
BEAT = -2
"""Id of an empty frame that says, once a second, that the supervisor is there."""
CANCEL = -3
"""Id of a frame to the supervisor that names a job whose answer nobody waits for: it is ended, and answered
as a judge_error."""

# Reply.Outcome in Java, in its order; SUITE_ERROR has no outcome of its own here.
OUTCOMES: tuple[Outcome | None, ...] = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.COMPILE_ERROR,
    Outcome.RUNTIME_ERROR,
    Outcome.TIME_LIMIT,
    Outcome.MEMORY_LIMIT,
    Outcome.OUTPUT_LIMIT,
    Outcome.PREMATURE_EXIT,
    Outcome.JUDGE_ERROR,
    None,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A supervisor's answer to one job."""

    verdict: Verdict | None
    """None: the suite itself is broken, `detail` says how."""
    detail: str
    report: Report
    times: Times
    doubtful: bool = False
    """Whether something outside the program may have ended it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a supervisor has counted since it started (judge/Counters.java)."""

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
    """One job as a payload for `javabox.line`."""
    limits, suite = job.limits, job.suite
    start = _utf16_length(job.source[: job.completion_start])
    parts = [struct.pack(">i", job_id), _text(job.source), struct.pack(">i", start)]
    parts += [_text(suite.imports), _optional(suite.whole), struct.pack(">i", len(suite.cases))]
    for case in suite.cases:
        parts += [_text(case.name), _text(case.code), _text(case.value), _optional(case.expected)]
        parts += [
            _text(case.expected_type),
            struct.pack(">d", nan if case.tolerance is None else case.tolerance),
        ]
    milliseconds = (int(limits.wall_seconds * 1000), int(limits.compile_seconds * 1000))
    allocation = limits.allocation_mb << 20
    counted = (limits.memory_mb, limits.output_bytes, limits.fuel, allocation)
    parts.append(struct.pack(">iiiiqq?", *milliseconds, *counted, job.coverage))
    return b"".join(parts)


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
        thrown = ThrownException(reader.text(), reader.optional(), _known(reader.integer()))
    names = [case.name for case in job.suite.cases] or ["main"]
    cases = []
    for i in range(reader.integer()):
        ended = OUTCOMES[reader.unpack(">b")[0]]
        assert ended is not None, "a case can't end as a broken suite"
        cases.append(Case(names[i], ended, reader.optional(), reader.integers()))
    if outcome is None:
        return Reply(None, detail, report, times)
    verdict = Verdict(
        outcome=outcome,
        cases=tuple(cases),
        diagnostics=diagnostics,
        exception=thrown,
        fuel=None if fuel < 0 else fuel,
        wall_ms=times.wall,
        lane="warm" if warm else "strict",
        deterministic=deterministic,
        detail=detail,
    )
    return Reply(verdict, detail, report, times, doubtful)


def _diagnostic(reader: _Reader, job: Job) -> Diagnostic:
    code = reader.text()
    line, column, position = reader.unpack(">iii")
    message = reader.text()
    if position > 0:
        completion = job.source[job.completion_start :]
        # Only text beyond the BMP has more UTF-16 units than code points.
        if not completion.isascii() and max(completion) > "\uffff":
            units = completion.encode("utf-16-be", "surrogatepass")[: 2 * position]
            position = len(units.decode("utf-16-be", "surrogatepass"))
            column = column - (_utf16_length(completion[:position]) - position) if line == 1 else column
    return Diagnostic(code, _known(line), _known(column), message, None if position < 0 else position)


def _known(number: int) -> int | None:
    return number if number > 0 else None


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-be", "surrogatepass")) // 2


def _text(text: str) -> bytes:
    units = text.encode("utf-16-be", "surrogatepass")
    return struct.pack(">i", len(units) // 2) + units


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
