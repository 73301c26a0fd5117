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

from rlcf.evaluation.extraction.continuation import without_introduction
from rlcf.evaluation.extraction.diff import is_diff, new_side, patched
from rlcf.evaluation.extraction.fences import DIFFS, JAVA, NO_CODE, Block
from rlcf.evaluation.extraction.passage import Passage
from rlcf.evaluation.extraction.program import Program, read
from rlcf.evaluation.extraction.prompt import Asked
from rlcf.javasource.outline import Item, mentioned, outline, scan

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


_MOST = 200
"""Blocks of a reply that are looked at."""


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
        return named + (1 if program.form == "continuation" else 3 if program.renamed else 6)


def chosen(blocks: Sequence[Block], reply: Passage, asked: Asked) -> Candidate | None:
    """The block that is the answer, with what it needs of the others; None where none of them holds one."""
    found = candidates(blocks[:_MOST], reply, asked)
    if not found:
        return None
    best = max(one.rank for one in found)
    answer = _answer([one for one in found if one.rank == best])
    return answer if answer.kind == "diff" else _with_others(answer, blocks[:_MOST], asked)


def candidates(blocks: Sequence[Block], reply: Passage, asked: Asked) -> list[Candidate]:
    """The blocks that hold a program, in order."""
    found: list[Candidate] = []
    for before, block in zip((None, *blocks), blocks, strict=False):
        text = block.code.text
        if not text.strip():
            continue
        diff = block.language in DIFFS or ((not block.language or block.language in JAVA) and is_diff(text))
        program = _patched(block, found, asked) if diff else _program(block, asked)
        if before is not None and not diff and (program is None or not program.whole):
            whole = _continued(before, block, asked)
            block, program = (block, program) if whole is None else whole
        if program is not None:
            intro = reply.text[before.end if before else 0 : block.start]
            found.append(Candidate(block, program, _last_paragraph(intro), "diff" if diff else "fence"))
    return found


def _program(block: Block, asked: Asked) -> Program | None:
    program = read(without_introduction(block.code), asked, fenced=True)
    if program is None or (block.language in NO_CODE and not program.whole):
        return None
    foreign = block.language and block.language not in JAVA
    return None if foreign and program.form == "continuation" else program


def _continued(before: Block, block: Block, asked: Asked) -> tuple[Block, Program] | None:
    """A block that goes on where the one before it breaks off, joined with it; None where it does not."""
    ours = all(not one.language or one.language in JAVA for one in (before, block))
    first = read(before.code, asked, fenced=True) if ours else None
    if first is None or first.complete:
        return None
    code = Passage.joined([before.code, block.code])
    program = read(code, asked, fenced=True)
    return (replace(block, code=code), program) if program is not None and program.whole else None


def _patched(block: Block, earlier: Sequence[Candidate], asked: Asked) -> Program | None:
    """The program that a diff makes of the one before it, or of the prompt; else its new side, where that is
    whole."""
    prompt = Passage.written(asked.prompt)
    closed = Passage.written(asked.prompt + "\n".join("}" * asked.braces) + "\n")
    bases = [one.block.code for one in earlier[:-4:-1]] + [prompt, closed]
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
    texts = [_squeezed(one.block.code.text) for one in equals]
    for at in range(len(equals) - 1, 0, -1):
        intro = equals[at].introduction
        repeated = any(texts[at] in text for text in texts[:at])
        final = _FINAL.search(intro) is not None
        aside = _ASIDE.search(intro) is not None and not (final and not _ASIDE.search(intro.splitlines()[-1]))
        mistaken = _MISTAKEN.search(intro) is not None and not final
        if not (repeated or aside or mistaken):
            return equals[at]
    return equals[0]


def _squeezed(text: str) -> str:
    return "".join(token.text for token in scan(text) if not token.comment)


def _with_others(choice: Candidate, blocks: Sequence[Block], asked: Asked) -> Candidate:
    """The choice with what it mentions and only another block declares, and with imports that have a block of
    their own."""
    if choice.program.form == "continuation":
        return choice
    code = choice.block.code
    tokens = scan(code.text)
    own = outline(tokens)
    name = choice.program.renamed or asked.type_name
    whole = next((item for item in own if item.kind == "type" and item.name == name), None)
    declared = {item.name for item in own} | {asked.entry, name, "main"}
    if whole is not None:
        declared |= {item.name for item in outline(tokens, whole.body)}
    missing = mentioned(tokens) - declared
    before: list[Passage] = []
    members: list[Passage] = []
    behind: list[Passage] = []
    for block in blocks:
        if block is choice.block or (block.language and block.language not in JAVA):
            continue
        items = _declarations(block, asked)
        if items and all(item.kind == "import" for item in items):
            before += [block.code, Passage.written("\n")]
        for item in items:
            taken = item.kind in ("type", "method") or (item.kind == "field" and item.modified)
            if taken and item.complete and item.name in missing:
                missing.discard(item.name)
                found = [Passage.written("\n"), block.code[item.start : item.end]]
                (behind if item.kind == "type" else members).extend(found)
    if not before and not members and not behind:
        return choice
    close = whole.end - 1 if whole is not None else len(code.text)
    parts = [*before, code[:close], *members, Passage.written("\n"), code[close:], *behind]
    program = read(Passage.joined(parts), asked, fenced=True)
    return choice if program is None else replace(choice, program=program)


def _declarations(block: Block, asked: Asked) -> list[Item]:
    """What a block declares, and what the prompt's class in it does."""
    tokens = scan(block.code.text)
    items = outline(tokens)
    inner = [one for item in items if item.name == asked.type_name for one in outline(tokens, item.body)]
    return items + inner
