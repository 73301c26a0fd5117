"""Which of a reply's code blocks is the answer.

A block counts by what it holds before what it is called: a complete class or method that the prompt asks
for, then a continuation of the prompt, then what is incomplete. Of several equals the last is the answer, as
models correct themselves downwards; but not one that is introduced as an alternative, a test or a mistake,
nor one that only repeats a part of one before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rlcf.evaluation.extraction.diff import is_diff, new_side, patched
from rlcf.evaluation.extraction.fences import DIFFS, JAVA, NO_CODE, Block
from rlcf.evaluation.extraction.passage import Passage
from rlcf.evaluation.extraction.program import Program, read
from rlcf.evaluation.extraction.prompt import Asked
from rlcf.javasource.outline import mentioned, outline, scan

_ASIDE = re.compile(
    r"\b(?:alternativ\w*|another (?:way|approach|option|version|solution)|other (?:way|approach)"
    r"|you could also|could also|can also be|one could|if you (?:prefer|want|need|like|are|'d)|for reference"
    r"|for comparison|shorter (?:version|form)|more (?:concise|compact|verbose)|optional(?:ly)?|bonus|variant"
    r"|one-liner|for fun|as an exercise|equivalent(?:ly)?|or,? (?:using|with|as|in|even)"
    r"|same (?:thing|logic|idea)|using streams|stream(?:-based)? version|recursive version"
    r"|iterative version)\b",
    re.IGNORECASE,
)
_MISTAKEN = re.compile(
    r"\b(?:wrong|incorrect|buggy|broken|bug|mistake\w*|na[iï]ve|brute[- ]force|don'?t|do not|avoid"
    r"|inefficient|fails?|does(?:n't| not) work|first attempt|original (?:code|version|attempt)|before"
    r"|pitfall|not like this|common error|too slow|pseudo-?code|skeleton|starting point"
    r"|would (?:not|fail|overflow|throw))\b",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"\b(?:final|correct(?:ed|ion)?|fixed|fix|revised|improved|updated|actual|full|complete|instead"
    r"|solution is|should be|right|proper|working|answer)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A block and the program in it."""

    block: Block
    program: Program
    introduction: str
    """The paragraph before it."""
    kind: str
    """fence or diff."""

    @property
    def rank(self) -> int:
        program = self.program
        language = self.block.language
        named = 2 if not language or language in JAVA or self.kind == "diff" else 0
        if not program.complete:
            return named
        return named + (1 if program.form == "continuation" else 8 if program.renamed else 10)


def chosen(blocks: Sequence[Block], reply: Passage, asked: Asked) -> Candidate | None:
    """The block that is the answer, with what it needs of the others; None where none of them holds one."""
    found = candidates(blocks, reply, asked)
    if not found:
        return None
    best = max(one.rank for one in found)
    equals = [one for one in found if one.rank == best or (best >= 10 and one.rank >= 10)]
    return with_others(_answer(equals), blocks, asked)


def candidates(blocks: Sequence[Block], reply: Passage, asked: Asked) -> list[Candidate]:
    """The blocks that hold a program, in order."""
    found: list[Candidate] = []
    for before, block in zip((None, *blocks), blocks, strict=False):
        text = block.code.text
        if not text.strip():
            continue
        diff = block.language in DIFFS or ((not block.language or block.language in JAVA) and is_diff(text))
        program = _patched(block, found, asked) if diff else _program(block, asked)
        if program is not None:
            intro = reply.text[before.end if before else 0 : block.start]
            found.append(Candidate(block, program, _last_paragraph(intro), "diff" if diff else "fence"))
    return found


def _program(block: Block, asked: Asked) -> Program | None:
    program = read(block.code, asked, fenced=True)
    if program is None or (block.language in NO_CODE and not program.whole):
        return None
    foreign = block.language and block.language not in JAVA
    return None if foreign and program.form == "continuation" else program


def _patched(block: Block, earlier: Sequence[Candidate], asked: Asked) -> Program | None:
    """The program that a diff makes of the one before it, or of the prompt; else its new side, where that is
    whole."""
    prompt = Passage.written(asked.prompt)
    closed = Passage.written(asked.prompt + "\n".join("}" * asked.braces) + "\n")
    bases = [one.block.code for one in reversed(earlier)] + [prompt, closed]
    results = [made for base in bases if (made := patched(block.code, base)) is not None]
    for made in (*results, new_side(block.code)):
        program = read(made, asked, fenced=True)
        if program is not None and program.whole:
            return program
    return None


def _last_paragraph(text: str) -> str:
    """The last lines before a block, with the heading above them."""
    lines = [line for line in text.splitlines() if line.strip()]
    heading = next((line for line in reversed(lines) if line.lstrip().startswith(("#", "**"))), "")
    return "\n".join([heading, *lines[-1:]])[-400:]


def _answer(equals: Sequence[Candidate]) -> Candidate:
    """The last that is no alternative, mistake or repetition."""
    for at in range(len(equals) - 1, 0, -1):
        one = equals[at]
        intro = one.introduction
        text = _squeezed(one.block.code.text)
        repeated = any(text in _squeezed(other.block.code.text) for other in equals[:at])
        final = _FINAL.search(intro) is not None
        aside = _ASIDE.search(intro) is not None and not (final and not _ASIDE.search(intro.splitlines()[-1]))
        mistaken = _MISTAKEN.search(intro) is not None and not final
        if not (repeated or aside or mistaken):
            return one
    return equals[0]


def _squeezed(text: str) -> str:
    return "".join(token.text for token in scan(text) if not token.comment)


def with_others(choice: Candidate, blocks: Sequence[Block], asked: Asked) -> Candidate:
    """The choice with types that it mentions and another block declares."""
    program = choice.program
    if program.form == "continuation":
        return choice
    tokens = scan(program.text.text)
    missing = mentioned(tokens) - _types(program.text) - {asked.type_name, program.renamed}
    parts = []
    for block in blocks:
        if block is choice.block or (block.language and block.language not in JAVA):
            continue
        for item in outline(scan(block.code.text)):
            if item.kind == "type" and item.complete and item.name in missing:
                missing.discard(item.name)
                parts += [Passage.written("\n"), block.code[item.start : item.end]]
    if not parts:
        return choice
    text = Passage.joined([program.text, Passage.written("\n"), *parts])
    return replace(choice, program=replace(program, text=text))


def _types(text: Passage) -> set[str]:
    return {item.name for item in outline(scan(text.text)) if item.kind == "type"}
