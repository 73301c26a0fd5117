"""Code blocks of a reply: Markdown's fences, and the few other forms in which models set code apart.

A fence is read as CommonMark does, and beyond it: it may open behind text on its line, close behind the last
brace, stand in a list or a quotation, and never close. Not covered: code blocks made by indentation alone.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from rlcf.evaluation.extraction.passage import Passage

_FENCE = re.compile(
    r"^(?P<indent>[ \t>*+-]*(?:\d+[.)][ \t]+)?)(?P<before>[^\n`~]*?)(?P<marks>`{3,}|~{3,})"
    r"[ \t]*(?P<info>[^\n`]*?)[ \t\r]*$",
    re.MULTILINE,
)
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


def blocks(reply: Passage) -> list[Block]:
    """The code blocks of a reply, in order."""
    text = reply.text
    if "```" not in text and "~~~" not in text:
        return (
            [_marked_up(reply, match) for match in _HTML.finditer(text)]
            if "<" in text or "\\" in text
            else []
        )
    found: list[Block] = []
    opened: re.Match[str] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            if _opens(match):
                opened = match
        elif _closes(match, opened):
            found.append(_block(reply, opened, match))
            opened = None
        elif match["info"] and not match["before"].strip() and match["marks"][0] == opened["marks"][0]:
            # The one before was never closed, or it closes a block that the prompt had opened.
            found.append(_block(reply, opened, match, closed=False))
            opened = match
    if opened is not None:
        found.append(_block(reply, opened, None))
    return found


def _opens(match: re.Match[str]) -> bool:
    words = match["info"].split()
    return not match["before"].strip() or len(words) <= 1


def _closes(match: re.Match[str], opened: re.Match[str]) -> bool:
    marks = opened["marks"]
    return (
        not match["info"].strip("*_ .")
        and match["marks"][0] == marks[0]
        and len(match["marks"]) >= len(marks)
    )


def _block(
    reply: Passage, opened: re.Match[str], ends: re.Match[str] | None, *, closed: bool = True
) -> Block:
    text = reply.text
    start = min(opened.end() + 1, len(text))
    if ends is None:
        stop = end = len(text)
        closed = False
    else:
        stop = ends.start("marks") if ends["before"].strip() else ends.start()
        end = ends.end() if closed else ends.start()
    code = reply[start : max(start, stop)]
    if ">" in opened["indent"]:
        code = code.without([match.span() for match in _QUOTE.finditer(code.text)])
    info = opened["info"].strip().strip("{}.").lower()
    words = re.split(r"[\s,:{=]+", info)
    return Block(unescaped(code), words[0] if words else "", opened.start("marks"), end, closed)


def _marked_up(reply: Passage, match: re.Match[str]) -> Block:
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
