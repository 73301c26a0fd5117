"""Which error a program fell over first, and what of its completion is to blame: RLTF's categories for Java.

RLTF (arXiv 2307.04349) sorts errors into three classes: those that a line is to blame for, those that the
whole program is, and those that tell nothing about it. Its table is one of Python; this is the project's
for Java, by javac's codes and by how a run ended. Only the first error counts: later
ones may follow from it.

- A javac code counts by the table below. What it does not name is to blame on the line, at every stage: in
  each, javac's place is where the grammar, a name, a type or the flow breaks.
- A line that is outside the completion, or blank, tells nothing, so that errors in the prompt and in tests
  are nobody's. What has no line to begin with (the program is cut off, or too large for a class file) is
  blamed on the completion wherever javac puts it.
- An exception is blamed on the line that the judge gives, the innermost of the completion on its stack. One
  that the tests threw is a wrong answer, and blames nothing.
  Stack and memory that run out, and every limit, on the whole.
- An early exit (System.exit, halt, a crash) on the whole as well, since no line of it is known. Were it
  ignored, as RLTF does with a mere return code, exiting would be the cheapest way to fail.

Not covered: columns, which could make spans tighter than a line; OutOfMemoryError and StackOverflowError
as the cause of another exception, whose line is blamed; telling javac's own limits (nesting, time) from
a crash of javac, since the judge has one code for both, which is ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from javabox import Diagnostic, Outcome
from rlcf.grounding.signal import Answer


class Blame(StrEnum):
    """What an error is blamed on; the values are RLTF's names of its classes."""

    LINE = "U_line"
    GLOBAL = "U_global"
    IGNORE = "U_ignore"


class Stage(StrEnum):
    """How far javac got. An error of one stage hides those of the later ones."""

    PARSE = "PARSE"
    """Characters, tokens, grammar."""
    ATTR = "ATTR"
    """Declarations, names, types, access."""
    FLOW = "FLOW"
    """Reachability, assignment, checked exceptions; and the limits of class files, found last."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first error of an answer."""

    blame: Blame
    why: str
    """In words, for people."""
    code: str
    """javac's code without `compiler.err.`, the class of the exception, or else the outcome."""
    stage: Stage | None = None
    """Of a javac error."""
    span: tuple[int, int] | None = None
    """Start and end (behind the last) in the completion, in code points: of LINE the line without the white
    space around it, never empty; of GLOBAL the whole completion, be it empty; of IGNORE None."""


_LINE_AT = {
    Stage.PARSE: """
        expected expected2 expected3 illegal.start.of.expr illegal.start.of.type not.stmt unclosed.str.lit
        unclosed.char.lit illegal.char else.without.if int.number.too.large
    """,
    Stage.ATTR: """
        cant.resolve cant.resolve.args cant.resolve.location cant.resolve.location.args doesnt.exist
        prob.found.req cant.apply.symbol cant.apply.symbols operator.cant.be.applied
        operator.cant.be.applied.1 incomparable.types already.defined non-static.cant.be.ref
        abstract.cant.be.instantiated class.public.should.be.in.file cant.assign.val.to.final.var
        cant.assign.val.to.var report.access duplicate.case.label break.outside.switch.loop
    """,
    Stage.FLOW: """
        var.might.not.have.been.initialized unreachable.stmt unreported.exception.need.to.catch.or.throw
        var.might.already.be.assigned cant.ref.non.effectively.final.var
    """,
}
_GLOBAL_AT = {
    Stage.PARSE: "premature.eof",
    Stage.FLOW: "missing.ret.stmt",
}
_IGNORED_AT = {
    # Surplus braces: from JDK 21 on javac has another code for them.
    Stage.PARSE: "expected4 class.method.or.field.expected unclosed.comment",
    # A clash with the prompt, the tests or what the judge adds.
    Stage.ATTR: "duplicate.class",
}

CODES: dict[str, tuple[Stage, Blame]] = {
    code: (stage, blame)
    for blame, codes_at in ((Blame.LINE, _LINE_AT), (Blame.GLOBAL, _GLOBAL_AT), (Blame.IGNORE, _IGNORED_AT))
    for stage, codes in codes_at.items()
    for code in codes.split()
}
"""javac's codes with their stage and class. cant.ref.non.effectively.final.var sounds like ATTR, but javac 17
finds it in FLOW."""

PLACELESS = re.compile(
    r"premature\.eof|limit\.(code|code\.too\.large\.for\.try\.stmt|pool|pool\.in\.class|locals|stack)"
)
"""Codes that mean the whole completion wherever they stand: it does not close what the prompt opened, or
makes the prompt's method too large; javac says so at the last token or the method, be they the prompt's."""

_OTHERS_AT = {
    Stage.PARSE: """
        array.and.receiver array.dimension.missing assert.as.identifier bad.initializer
        cannot.create.array.with.diamond cannot.create.array.with.type.arguments catch.without.try
        class.not.allowed dot.class.expected empty.char.lit enum.as.identifier enum.constant.expected
        enum.constant.not.expected expected.module expected.module.or.open expected.str finally.without.try
        fp.number.too.large fp.number.too.small illegal.array.creation.both.dimension.and.initialization
        illegal.dot illegal.esc.char illegal.line.end.in.char.lit illegal.nonascii.digit
        illegal.start.of.stmt illegal.text.block.open illegal.underscore illegal.unicode.esc
        initializer.not.allowed instance.initializer.not.allowed.in.records invalid.binary.number
        invalid.canonical.constructor.in.record invalid.hex.number invalid.lambda.parameter.declaration
        invalid.meth.decl.ret.type.req invalid.permits.clause invalid.yield local.enum malformed.fp.lit
        mod.not.allowed.here no.annotations.on.dot.class orphaned record.cannot.declare.instance.fields
        record.cant.declare.field.modifiers record.component.and.old.array.syntax record.header.expected
        repeated.modifier restricted.type.not.allowed restricted.type.not.allowed.array
        restricted.type.not.allowed.compound restricted.type.not.allowed.here
        sealed.or.non.sealed.local.classes.not.allowed switch.case.unexpected.statement this.as.identifier
        try.with.resources.expr.needs.var try.without.catch.finally.or.resource.decls unclosed.text.block
        underscore.as.identifier underscore.as.identifier.in.lambda varargs.and.old.array.syntax
        varargs.and.receiver varargs.must.be.last variable.not.allowed wrong.receiver
    """,
    Stage.FLOW: """
        except.already.caught except.never.thrown.in.try final.parameter.may.not.be.assigned
        initializer.must.be.able.to.complete.normally local.var.accessed.from.icls.needs.final
        multicatch.parameter.may.not.be.assigned not.exhaustive not.exhaustive.statement
        rule.completes.normally switch.expression.completes.normally
        try.with.resources.expr.effectively.final.var unreported.exception.default.constructor
        unreported.exception.implicit.close var.might.be.assigned.in.loop
        var.not.initialized.in.default.constructor
    """,
}
_OTHERS = {code: stage for stage, codes in _OTHERS_AT.items() for code in codes.split()}
"""The stages of what else JDK 17's tokenizer, parser and flow analysis report; the rest is ATTR."""

GLOBAL_EXCEPTIONS = frozenset(("java.lang.StackOverflowError", "java.lang.OutOfMemoryError"))
"""Exceptions that the whole program is to blame for; all others, the line that they came from."""

_LIMITS = {
    Outcome.TIME_LIMIT: "it ran for too long",
    Outcome.MEMORY_LIMIT: "it took too much memory",
    Outcome.OUTPUT_LIMIT: "it printed or returned too much",
    Outcome.PREMATURE_EXIT: "it ended before its tests did",
}
_NO_ERROR = {
    Outcome.PASSED: "it passed",
    Outcome.FAILED: "it ran to the end; a wrong answer is no error",
    Outcome.UNTESTED: "it ran to the end; its tests were not evaluated",
    Outcome.JUDGE_ERROR: "the judge failed, not the program",
    Outcome.SUITE_ERROR: "the tests are broken, not the program",
}
_LINE_END = re.compile(r"\r\n|\r|\n")


def first_fault(answer: Answer) -> Fault:
    """The first error of `answer`, and the characters of the completion that it points at.

    Of several cases the first that ended in an error counts, whatever the outcome of the whole. Never
    raises: what is not known is ignored, and says why.
    """
    verdict = answer.verdict
    if verdict.outcome is Outcome.COMPILE_ERROR:
        return _javac(answer.completion, next(iter(verdict.diagnostics), None))
    ends = (case.outcome for case in verdict.cases if case.outcome not in _NO_ERROR)
    ended = verdict.outcome if verdict.outcome in _NO_ERROR else next(ends, verdict.outcome)
    if ended in _NO_ERROR:
        return Fault(Blame.IGNORE, _NO_ERROR[ended], ended)
    if ended in _LIMITS:
        return _whole(answer.completion, _LIMITS[ended], ended)
    thrown = verdict.exception
    if thrown is None:
        return Fault(Blame.IGNORE, "the exception is not known", ended)
    if thrown.type in GLOBAL_EXCEPTIONS:
        return _whole(answer.completion, "the stack or the memory ran out", thrown.type)
    return _line(answer.completion, thrown.line, thrown.type, None)


def classed(code: str) -> tuple[Stage, Blame]:
    """Stage and class of a javac code, with or without `compiler.err.`; not in CODES: its stage's, LINE."""
    key = code.removeprefix("compiler.err.")
    if key in CODES:
        return CODES[key]
    if key.startswith("limit."):  # class files are written last
        return Stage.FLOW, Blame.GLOBAL if PLACELESS.fullmatch(key) else Blame.LINE
    return _OTHERS.get(key, Stage.ATTR), Blame.LINE


def _javac(completion: str, error: Diagnostic | None) -> Fault:
    if error is None or error.code.startswith("javabox."):
        return Fault(Blame.IGNORE, "javac gave up without an error", error.code if error else "")
    code = error.code.removeprefix("compiler.err.")
    stage, blame = classed(code)
    if PLACELESS.fullmatch(code):
        return _whole(completion, "the completion as a whole is cut off or too large", code, stage)
    if blame is Blame.IGNORE:
        return Fault(blame, "the code tells nothing about a place", code, stage)
    fault = _line(completion, error.line, code, stage)
    if blame is Blame.GLOBAL and fault.blame is Blame.LINE:
        return _whole(completion, "no line alone is to blame", code, stage)
    return fault


def _whole(completion: str, why: str, code: str, stage: Stage | None = None) -> Fault:
    return Fault(Blame.GLOBAL, why, code, stage, (0, len(completion)))


def _line(completion: str, line: int | None, code: str, stage: Stage | None) -> Fault:
    """The fault of a line, counted from 1 as javac does: LF, CR or both end one, and nothing else."""
    if line is None:
        return Fault(Blame.IGNORE, "its place is not in the completion", code, stage)
    ends = [(match.start(), match.end()) for match in _LINE_END.finditer(completion)]
    starts = [0, *(end for _, end in ends)]
    if not 1 <= line <= len(starts):
        return Fault(Blame.IGNORE, "its place is not in the completion", code, stage)
    start = starts[line - 1]
    end = ends[line - 1][0] if line <= len(ends) else len(completion)
    text = completion[start:end]
    start, end = start + len(text) - len(text.lstrip()), start + len(text.rstrip())
    if start >= end:
        return Fault(Blame.IGNORE, "its line is blank", code, stage)
    return Fault(Blame.LINE, "the line is to blame", code, stage, (start, end))
