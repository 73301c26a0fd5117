"""What a model is told of its program: how it ended, javac's first error, the first case that ended so.

    The program does not compile. javac's first error is at line 2 of your answer:

        error: cannot find symbol
                return y;
                       ^
          symbol:   variable y
          location: class A

A sentence of ours at the margin, then what javac, the tests and the program say, indented and quoted
(quoting.py). Lines and columns count in the model's own reply from 1. The text follows from the reply, its
verdict and the setting alone. Not covered: what a verdict of chance says (threads, the wall clock) is as
deterministic as that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from javabox import Diagnostic, Outcome, Verdict
from javabox.verdict import NO_VERDICT
from rlcf.environment.quoting import quoted, quoted_lines, with_caret
from rlcf.environment.setting import Setting
from rlcf.evaluation.extraction import Extraction
from rlcf.evaluation.extraction.continuation import is_prose
from rlcf.javasource.lines import line_starts
from rlcf.problems.problem import Problem

SENTENCES = {
    Outcome.FAILED: "The program compiles and runs, and does not pass the tests.",
    Outcome.UNTESTED: "The program compiles and runs to its end before anything is tested.",
    Outcome.COMPILE_ERROR: "The program does not compile.",
    Outcome.RUNTIME_ERROR: "The program compiles, and fails with an error of its own when the tests run it.",
    Outcome.TIME_LIMIT: "The program compiles, and was stopped at the time limit: it is slow, or never ends.",
    Outcome.MEMORY_LIMIT: "The program compiles, and was stopped at the memory limit.",
    Outcome.OUTPUT_LIMIT: "The program compiles, and was stopped because it prints too much.",
    Outcome.PREMATURE_EXIT: "The program compiles, and ends its JVM amid the tests, as System.exit does.",
}
NO_PROGRAM = "There is no Java program in your answer."
INDENT = "    "
CUT = f"\n{INDENT}…"
_CODE = re.compile(r"[;{}=(]|\breturn\b")
VALUE = 400
"""Characters of a value, a call or an exception."""


def feedback_on(problem: Problem, found: Extraction, verdict: Verdict, setting: Setting) -> str | None:
    """The facts about a reply: `found` in it, `verdict` with places that count in it. None where there is
    nothing to correct: it passed, or the verdict says nothing about the program (`judge_error`,
    `suite_error`)."""
    if verdict.passed or verdict.outcome in NO_VERDICT:
        return None
    if not setting.expected_values:
        verdict = Verdict.from_json(verdict.to_json(expected_values=False))
    if verdict.outcome is Outcome.COMPILE_ERROR:
        lines = _not_compiled(found, verdict, setting)
    else:
        lines = _not_passed(problem, found, verdict, setting)
    return _within("\n".join(line.rstrip() for line in lines), setting.longest)


def has_program(found: Extraction) -> bool:
    """Whether there is more than prose in a reply that does not compile."""
    lines = [line for line in found.text.text.splitlines() if line.strip()]
    prose = _CODE.search(found.text.text) is None or all(is_prose(line) for line in lines)
    return found.kind != "nothing" and not prose


def _not_compiled(found: Extraction, verdict: Verdict, setting: Setting) -> Iterator[str]:
    if not has_program(found):
        yield NO_PROGRAM
        return
    said = SENTENCES[Outcome.COMPILE_ERROR]
    if not setting.compiler or not verdict.diagnostics:
        yield said
        return
    first = verdict.diagnostics[0]
    place = "outside of your answer"
    if first.line is not None:
        place = f"at line {first.line} of your answer"
    yield f"{said} javac's first error is {place}:"
    yield ""
    yield from (INDENT + line for line in _as_javac(found.reply, first))
    if found.hint and "hint:" not in first.message:
        yield f"{INDENT}  hint: {quoted(found.hint)}"


def _as_javac(reply: str, error: Diagnostic) -> Iterator[str]:
    """As javac prints it: the message's first line, the source with a caret, the message's other lines."""
    message, *more = quoted_lines(error.message)
    yield f"error: {message}"
    if error.line is not None and error.position is not None:
        # javac's own columns count a tab as up to eight
        column = error.position - line_starts(reply)[error.line - 1]
        source = _line(reply, error.line)
        yield from with_caret(source, column) if source.strip() else ()
    yield from more


def _not_passed(problem: Problem, found: Extraction, verdict: Verdict, setting: Setting) -> Iterator[str]:
    said = SENTENCES[verdict.outcome]
    if not setting.case:
        yield said
        return
    shown = verdict.cases[: setting.example_cases]
    case = next((one for one in shown if one.outcome is verdict.outcome), None)
    if case is None or not (case.call or case.got):
        hidden = setting.example_cases is not None and len(shown) < len(verdict.cases)
        yield f"{said} The test that says so is hidden." if hidden and case is None else said
        return
    if len(verdict.cases) > 1:
        passed = sum(one.outcome is Outcome.PASSED for one in verdict.cases)
        yield f"{said} It passes {passed} of {len(verdict.cases)} tests; the first that ended so:"
    else:
        yield f"{said} The test:"
    yield ""
    call = case.call
    if problem.suite.whole is not None and not setting.expected_values:
        call = None  # the tests' own line, with all that they expect
    names = ("input", "printed", "expected") if problem.suite.stdin else ("call", "got", "expected")
    thrown = verdict.exception if case.outcome is Outcome.RUNTIME_ERROR else None
    if thrown is not None:
        names = (names[0], "exception", names[2])
    for name, text in zip(names, (call, case.got, case.expected), strict=True):
        if text is not None:
            yield from (INDENT + line for line in _named(name, text, printed=bool(problem.suite.stdin)))
    source = _line(found.reply, thrown.line) if thrown is not None and thrown.line is not None else ""
    if thrown is not None and source.strip():
        yield f"{INDENT}at line {thrown.line} of your answer:"
        yield INDENT * 2 + quoted(source.strip())


def _named(name: str, text: str, *, printed: bool) -> Iterator[str]:
    """A value behind its name; what is read or printed has its own lines, deeper than any name."""
    if not printed:
        yield f"{name}: {quoted(text, VALUE)}"
        return
    yield f"{name}:"
    yield from (INDENT + line for line in quoted_lines(text))


def _line(reply: str, line: int) -> str:
    """A line of the reply, from 1; empty where there is none: a program may set its own stack trace."""
    starts = [*line_starts(reply), len(reply)]
    return reply[starts[line - 1] : starts[line]].rstrip("\r\n") if 1 <= line < len(starts) else ""


def _within(text: str, longest: int) -> str:
    """The text's first whole lines, as many as there is room for."""
    if len(text) <= longest:
        return text
    end = text.rfind("\n", 0, longest - len(CUT))
    return text[:end] + CUT
