"""From what a model wrote to the program that is judged, and from the verdict back to what it wrote.

    extraction = extract(reply, problem)
    verdict = judge.grade([extraction.job(problem)])[0]
    extraction.verdict(verdict)                # lines, columns and positions count in the reply
    extraction.kind                            # none, trimmed, class, method, fence, diff or nothing

It reads the reply and the prompt, never the tests or the reference. A completion that continues its prompt is
left as it is, to the byte, whether or not it compiles. Nothing is renamed: a class of another name than the
prompt's gets a `hint`, and the verdict that it deserves.

    signals = grounding([extraction.answer(problem, verdict)])
    extraction.signal(signals[0])              # its places, too, count in the reply

so that groundings see programs that continue their prompts, and the policy is told of its own tokens.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from javabox import Case, Diagnostic, Job, Limits, Verdict
from rlcf.evaluation.extraction.choose import chosen
from rlcf.evaluation.extraction.continuation import closes, ends_with_class, without_introduction
from rlcf.evaluation.extraction.fences import Block, blocks
from rlcf.evaluation.extraction.markup import answer, is_marked
from rlcf.evaluation.extraction.passage import Passage
from rlcf.evaluation.extraction.program import Program, read
from rlcf.evaluation.extraction.prompt import Asked, asked
from rlcf.grounding.signal import Answer, Signal, Span
from rlcf.javasource.lines import line_starts
from rlcf.javasource.outline import Token, outline, scan
from rlcf.problems.problem import Problem

Mode = Literal["auto", "none"]
KINDS = {
    "none": "a continuation of the prompt, unchanged",
    "trimmed": "a continuation, without what stood before it or behind its end",
    "class": "a whole class among no fences",
    "method": "the method with its signature, among no fences",
    "fence": "the code of a fence: a class, a method or a continuation",
    "diff": "a diff, applied to the prompt or to code before it",
    "nothing": "no program was found; judged as it is",
}
"""What an extraction did."""
LONGEST = 200_000
"""Characters of a reply that is looked into; a longer one is judged as it is."""


@dataclass(frozen=True)
class Extraction:
    """The program that a model's reply means."""

    reply: str = field(repr=False)
    kind: str
    """One of KINDS."""
    head: str = field(repr=False)
    """What goes before it: the prompt, or the part of the prompt that the reply does not restate."""
    text: Passage = field(repr=False)
    """The program behind the head, each character knowing its place in the reply."""
    hint: str = ""
    """What a reader of the verdict should know; empty where there is nothing."""
    suffix: str = field(default="", repr=False)
    """What goes behind it: `Problem.suffix`, or as many braces as the program leaves open."""
    declared: tuple[str, ...] | None = field(default=None, repr=False)
    """The classes that the prompt declares, where the head is not all of it; None: it says them itself."""

    @property
    def program(self) -> str:
        """The source that is judged."""
        return self.head + self.text.text + self.suffix

    @property
    def changed(self) -> bool:
        return self.kind not in ("none", "nothing")

    def to_json(self) -> dict[str, str]:
        """The fields of a results line: `extraction`, and where there is one `hint`."""
        return {"extraction": self.kind} | ({"hint": self.hint} if self.hint else {})

    def problem(self, problem: Problem) -> Problem:
        """`problem` with a prompt that `text` continues; its reference, too, begins there. What it is to
        declare is still what its own prompt declares, in every job made of it."""
        if (self.head, self.suffix, self.declared) == (problem.prompt, problem.suffix, problem.declared):
            return problem
        kept = len(self.head) if problem.prompt.startswith(self.head) else 0
        reference = None if problem.reference is None else problem.prompt[kept:] + problem.reference
        return replace(
            problem, prompt=self.head, suffix=self.suffix, reference=reference, declared=self.declared
        )

    def job(
        self,
        problem: Problem,
        limits: Limits | None = None,
        *,
        compile_only: bool = False,
        coverage: bool = False,
    ) -> Job:
        """The job of the program, as `Problem.job` makes it of a completion."""
        return self.problem(problem).job(self.text.text, limits, compile_only=compile_only, coverage=coverage)

    def released_job(self, problem: Problem, limits: Limits | None = None) -> Job:
        """Program and test program as one file, as `Problem.released_job` makes it."""
        return self.problem(problem).released_job(self.text.text, limits)

    def answer(self, problem: Problem, verdict: Verdict) -> Answer:
        """What a grounding sees: a completion that continues its prompt, with the judge's own verdict."""
        return Answer(self.problem(problem), self.text.text, verdict)

    def signal(self, signal: Signal) -> Signal:
        """A signal for `answer`, its places moved to the reply. What lies in text that was written in has
        none: a score goes to the last token then. What the reply has beside the program is learnt from: no
        grounding has seen it, and a mask that left it out would let it be punished and never rewarded."""
        if not self.changed:
            return signal
        at = signal.reward_position
        spans = []
        for span in signal.spans:
            parts = self._stretches(span.start, span.end)
            if parts:
                # One span, as its length decides what its tokens get; marks between its lines are part of it.
                first, last = min(start for start, _ in parts), max(end for _, end in parts)
                spans.append(Span(first, last, span.value))
        learnt = signal.loss_spans
        if learnt is not None:
            kept = [part for one in learnt for part in self._stretches(*one)]
            learnt = tuple(sorted(kept + self._around()))
        return replace(
            signal,
            reward_position=None if at is None else self.text.origin(at),
            spans=tuple(spans),
            loss_spans=learnt,
        )

    def verdict(self, verdict: Verdict) -> Verdict:
        """The verdict on the program with all lines, columns and positions counted in the reply; None where
        they lie in text that is not the reply's."""
        if not self.changed and not self.suffix:
            return verdict
        lines = _Lines(self.text, self.reply)
        thrown = verdict.exception
        if thrown is not None:
            thrown = replace(thrown, line=None if thrown.line is None else lines.of(thrown.line))
        return replace(
            verdict,
            diagnostics=tuple(self._diagnostic(one, lines) for one in verdict.diagnostics),
            cases=tuple(_case(one, lines) for one in verdict.cases),
            exception=thrown,
        )

    def _diagnostic(self, one: Diagnostic, lines: _Lines) -> Diagnostic:
        if one.position is None:
            return one
        at = self.text.origin(one.position)
        if at is None:
            return replace(one, line=None, column=None, position=None)
        line, column = lines.place(at)
        return replace(one, line=line, column=column, position=at)

    def _stretches(self, start: int, end: int) -> list[tuple[int, int]]:
        """What `text[start:end]` is in the reply."""
        return [
            (piece.origin, piece.origin + len(piece.text))
            for piece in self.text[start:end].pieces
            if piece.origin is not None
        ]

    def _around(self) -> list[tuple[int, int]]:
        """What of the reply is no part of the program."""
        found, at = [], 0
        for start, end in [
            *sorted(self._stretches(0, len(self.text.text))),
            (len(self.reply), len(self.reply)),
        ]:
            if at < start:
                found.append((at, start))
            at = max(at, end)
        return found


def extract(reply: str, problem: Problem, mode: Mode = "auto") -> Extraction:
    """The program that `reply`, a model's answer to `problem`, means. `mode` none: prompt and reply, whatever
    they are.

    >>> found = extract("Sure!\\n```java\\n        return 0;\\n    }\\n}\\n```", problems[0])
    >>> found.kind, judge.grade([found.job(problems[0])])[0].compiled
    ('fence', True)
    """
    untouched = Extraction(
        reply,
        "none",
        problem.prompt,
        Passage.of(reply),
        suffix=problem.suffix,
        declared=problem.declared,
    )
    if mode == "none" or len(reply) > LONGEST:
        return untouched
    form = asked(problem.prompt, problem.entry_point)
    found = untouched if _is_well_formed(reply, form) else _found(untouched, form)
    return _ended(found, form) if problem.suffix else found


def _found(untouched: Extraction, form: Asked) -> Extraction:
    """The program in a reply that is not simply a continuation."""
    reply = untouched.reply
    found = answer(reply)
    text = found.text
    fences = blocks(text)
    prefilled = _before_fence(text, fences, form)
    if prefilled is not None:
        text, fences = prefilled, []
    if fences:
        choice = chosen(fences, text, form)
        text = text.without([(block.start, block.end) for block in fences])
        if choice is not None and (choice.program.whole or not (found.unfinished or _is_whole(text, form))):
            return _made(untouched, choice.kind, choice.program, form)
    if found.unfinished:
        return replace(untouched, kind="nothing")
    return _bare(untouched, text, form, fenced=prefilled is not None)


def _is_whole(text: Passage, form: Asked) -> bool:
    """Whether the text around the fences has a complete class or method of its own."""
    program = read(text, form, fenced=False)
    return program is not None and program.whole


def _ended(extraction: Extraction, form: Asked) -> Extraction:
    """With the braces that the program leaves open, where its problem's suffix would close more."""
    tokens = scan(extraction.head + extraction.text.text)
    depth = sum((token.text == "{") - (token.text == "}") for token in tokens)
    if 0 <= depth < form.braces:
        return replace(extraction, suffix="\n" + "}\n" * depth)
    return extraction


def _is_well_formed(reply: str, form: Asked) -> bool:
    """Whether a reply ends with the prompt's class, or where that opens none is a file of Java, and has no
    marks but in its strings and comments."""
    tokens = scan(reply)
    code = [token for token in tokens if not token.comment]
    if not code or not (ends_with_class(code, form) if form.braces else _is_file(tokens)):
        return False
    if without_introduction(Passage.of(reply)).text != reply:
        return False
    at, bare = 0, []
    for token in tokens:
        if token.comment or token.text[0] in "\"'":
            bare.append(reply[at : token.start])
            at = token.end
    return not is_marked("".join([*bare, reply[at:]]))


def _is_file(tokens: Sequence[Token]) -> bool:
    """Whether a text is types, with a package and imports before them, and nothing else."""
    items = outline(tokens)
    return all(one.kind in ("package", "import", "type") and one.complete for one in items)


def _before_fence(text: Passage, fences: list[Block], form: Asked) -> Passage | None:
    """What stands before the first fence where that only closes a block which the prompt had opened."""
    if not fences or fences[0].language or not form.braces:
        return None
    before = text[: fences[0].start]
    code = without_introduction(before)
    program = read(code, form, fenced=False)
    if program is None:
        return None
    if program.whole or (program.form == "continuation" and closes(scan(code.text), form)):
        return before
    return None


def _bare(untouched: Extraction, text: Passage, form: Asked, *, fenced: bool) -> Extraction:
    """The program in a reply without fences, or before the one that ends it."""
    reply = untouched.reply
    code = without_introduction(text)
    program = read(code, form, fenced=fenced)
    if program is None or not program.text.text.strip():
        return replace(untouched, kind="none" if text.text == reply else "nothing")
    if program.form != "continuation":
        return _made(untouched, program.form, program, form)
    if program.head == untouched.head and program.text.text == reply:
        return untouched
    return _made(untouched, "trimmed", program, form)


def _made(untouched: Extraction, kind: str, program: Program, form: Asked) -> Extraction:
    hint = ""
    if program.renamed:
        wanted = f"the prompt's is {form.type_name}, which the tests call"
        hint = f"the program declares class {program.renamed}; {wanted}"
    elif program.lacking:
        hint = f"the program declares no method {program.lacking}, which the tests call"
    declared = untouched.declared
    if declared is None and program.head != form.prompt:
        declared = form.declared
    return replace(untouched, kind=kind, head=program.head, text=program.text, hint=hint, declared=declared)


class _Lines:
    """Lines of the program as lines of the reply."""

    def __init__(self, text: Passage, reply: str) -> None:
        self.text = text
        self.starts = line_starts(text.text)
        self.reply_starts = line_starts(reply)

    def place(self, index: int) -> tuple[int, int]:
        """Line and column of a character of the reply, from 1."""
        line = bisect_right(self.reply_starts, index)
        return line, index - self.reply_starts[line - 1] + 1

    def of(self, line: int) -> int | None:
        """The line of the reply whose text stands in `line` of the program; None where none does."""
        if not 1 <= line <= len(self.starts):
            return None
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text.text)
        pieces = [piece for piece in self.text[start:end].pieces if piece.origin is not None]
        for piece in pieces:
            blank = len(piece.text) - len(piece.text.lstrip())
            if blank < len(piece.text) and piece.origin is not None:
                return self.place(piece.origin + blank)[0]
        return None


def _case(case: Case, lines: _Lines) -> Case:
    if not case.lines:
        return case
    return replace(
        case, lines=tuple(sorted({at for line in case.lines if (at := lines.of(line)) is not None}))
    )
