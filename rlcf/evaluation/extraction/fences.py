"""Code blocks of a reply: Markdown's fences, and the few other forms in which models set code apart.

A fence is read as CommonMark does, and beyond it: it may open behind text on its line, close behind the last
brace, stand in a list or a quotation, and never close. Not covered: code blocks made by indentation alone.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from rlcf.evaluation.extraction.passage import Passage
from rlcf.javasource.tokens import LONGEST_LINE

_MARKS = re.compile(r"`{3,}|~{3,}")
_INDENT = re.compile(r"[ \t>*+-]*(?:\d+[.)][ \t]+)?")
_HTML = re.compile(
    r"<pre[^>]*>\s*(?:<code(?P<class>[^>]*)>)?(?P<inside>.*?)(?:</code>\s*)?</pre>"
    r"|<code(?P<alone>[^>]*)>(?P<code>[^<]*\n.*?)</code>"
    r"|\\begin\{(?:lstlisting|minted|verbatim)\}(?P<options>(?:\[[^\]]*\])?(?:\{[^}]*\})?)(?P<latex>.*?)"
    r"\\end\{(?:lstlisting|minted|verbatim)\}"
    r"|<(?:ant)?artifact(?P<attributes>[^>]*)>(?P<artifact>.*?)</(?:ant)?artifact>",
    re.DOTALL | re.IGNORECASE,
)
_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#39|#x27|#34);")
ENTITIES = {
    entity: html.unescape(entity).replace("\xa0", " ")
    for entity in ("&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&nbsp;", "&#39;", "&#x27;", "&#34;")
}

JAVA = frozenset(("java", "jav", "java8", "java11", "java17", "java21", "jdk", "java-code"))
DIFFS = frozenset(("diff", "patch", "udiff"))
NO_CODE = frozenset(
    re.findall(
        r"\S+",
        "bash sh shell zsh console terminal cmd bat powershell ps1 shellsession output out stdout result "
        "results log logs text txt plain plaintext markdown md json xml yaml yml toml ini csv html css sql "
        "mermaid dockerfile makefile properties gradle maven math latex tex",
    )
)
"""Languages of blocks that hold no program, whatever they look like."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code."""

    code: Passage
    language: str
    """In lower case; empty where none is named."""
    start: int
    """Where it begins in the reply, its fence included."""
    end: int
    closed: bool = True


@dataclass(frozen=True, slots=True)
class _Fence:
    """A line that may open or close a block."""

    line: int
    """Where it begins."""
    marks: str
    at: int
    """Where the marks stand."""
    end: int
    """The end of the line."""
    quoted: bool
    before: str
    """What stands before them, but for indentation and list markers."""
    info: str


def blocks(reply: Passage) -> list[Block]:
    """The code blocks of a reply, in order."""
    fences = _fences(reply.text)
    if not fences:
        return _marked_up(reply)
    found: list[Block] = []
    opened: _Fence | None = None
    for fence in fences:
        if opened is None:
            if not fence.before or len(fence.info.split()) <= 1:
                opened = fence
        elif _closes(fence, opened):
            found.append(_block(reply, opened, fence))
            opened = None
        elif fence.info and not fence.before and fence.marks[0] == opened.marks[0]:
            # The one before was never closed, or it closes a block that the prompt had opened.
            found.append(_block(reply, opened, fence, closed=False))
            opened = fence
    if opened is not None:
        found.append(_block(reply, opened, None))
    return found


def _fences(text: str) -> list[_Fence]:
    """The lines that end in a fence and what it is called."""
    found: list[_Fence] = []
    for match in _MARKS.finditer(text):
        line = text.rfind("\n", 0, match.start()) + 1
        if found and found[-1].line == line:
            continue
        end = text.find("\n", match.end())
        end = len(text) if end < 0 else end
        before, info = text[line : match.start()], text[match.end() : end].strip()
        if "`" in info or len(before) > LONGEST_LINE:
            continue
        indent = _INDENT.match(before)
        length = indent.end() if indent else 0
        quoted = ">" in before[:length]
        found.append(_Fence(line, match.group(), match.start(), end, quoted, before[length:].strip(), info))
    return found


def _closes(fence: _Fence, opened: _Fence) -> bool:
    named = fence.info.strip("*_ .")
    return not named and fence.marks[0] == opened.marks[0] and len(fence.marks) >= len(opened.marks)


def _block(reply: Passage, opened: _Fence, ends: _Fence | None, *, closed: bool = True) -> Block:
    text = reply.text
    start = min(opened.end + 1, len(text))
    if ends is None:
        stop = end = len(text)
        closed = False
    else:
        stop = ends.at if ends.before else ends.line
        end = ends.end if closed else ends.line
    code = reply[start : max(start, stop)]
    if opened.quoted:
        code = code.without([match.span() for match in _QUOTE.finditer(code.text)])
    words = re.split(r"[\s,:{=]+", opened.info.strip("{}.").lower())
    return Block(unescaped(code), words[0], opened.at, end, closed)


def _marked_up(reply: Passage) -> list[Block]:
    text = reply.text.lower()
    if not any(sign in text for sign in ("</pre>", "</code>", "\\end{", "artifact>")):
        return []
    return [_element(reply, match) for match in _HTML.finditer(reply.text)]


def _element(reply: Passage, match: re.Match[str]) -> Block:
    name = next(n for n in ("inside", "code", "latex", "artifact") if match.group(n) is not None)
    options = "".join(match.group(n) or "" for n in ("class", "alone", "options", "attributes")).lower()
    named = re.search(r"java(?!script)|python|bash|sql|json|html|kotlin|text", options)
    code = reply[match.start(name) : match.end(name)]
    if name in ("inside", "code"):
        code = code.replaced(_ENTITY, ENTITIES)
    return Block(unescaped(code), named.group() if named else "", match.start(), match.end())


def unescaped(code: Passage) -> Passage:
    """Without HTML's entities, where the code has them in the place of `<` and `>`."""
    text = code.text
    if "&lt;" not in text and "&gt;" not in text:
        return code
    bare = re.sub(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', "", text, flags=re.DOTALL)
    # Java that means the entity has it in a string, and uses the signs themselves elsewhere.
    if not re.search(r"&[lg]t;", bare) or re.search(r"[<>]", bare.replace("->", "")):
        return code
    return code.replaced(_ENTITY, ENTITIES)
