"""What follows a prompt with an open method: where it ends, and what is prose around it.

A continuation that is well formed, or that merely breaks off, stays as it is. What a model goes on to write
behind the end of the prompt's class is left out: prose, another class that nothing mentions, a second main.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rlcf.evaluation.extraction.passage import Passage
from rlcf.evaluation.extraction.prompt import Asked
from rlcf.javasource.outline import Item, Token, mentioned, outline, scan
from rlcf.javasource.outline.items import KEYWORDS_OF_STATEMENTS
from rlcf.javasource.tokens import KEYWORDS

_LIST = re.compile(r"(?:[#*>-]+\s|\d+[.)]\s)*")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ROLE = re.compile(r"(?:assistant|model|java|answer|response|solution|code|output)\s?:?", re.IGNORECASE)
"""What is left of a header, or of a fence, whose marks were taken away."""
_INLINE_CODE = re.compile(r"`[^`]*`")
_CODE_SIGNS = re.compile(r"[;{}=<>\[\]]|\w\(|^(?://|/\*|@)")
_WORD = re.compile(r"[\"'“(*_¡¿]*[^\W\d_]+(?:[-'’][^\W\d_]+)*[.,:!?)\"'”*_]*")
_NO_TEXT = frozenset("})];,.+=&|?:%^~!")


def continued(code: Passage, tokens: Sequence[Token], asked: Asked, *, fenced: bool) -> Passage | None:
    """The continuation in `code`; None where nothing in it looks like one."""
    if not asked.braces:
        return code if not fenced else None
    ends = _ends(tokens, asked.braces)
    if 0 in ends:
        return _behind_class(code, tokens, ends[0])
    inner = asked.braces - 1
    if inner in ends and inner == len(asked.classes):
        return _behind_method(code, tokens, ends[inner], asked, fenced=fenced)
    if not fenced:
        return code
    depth = sum((token.text == "{") - (token.text == "}") for token in tokens)
    words = {token.text for token in tokens if not token.comment}
    if depth == 0 and words & {"return", "throw"}:
        return Passage.joined([code, Passage.written("\n" + "}\n" * asked.braces)])
    return code if depth > 0 and words & {"return", "throw", "for", "while", "if"} else None


def closes(tokens: Sequence[Token], asked: Asked) -> bool:
    """Whether a text closes the prompt's open method."""
    return bool(_ends(tokens, asked.braces))


def ends_with_class(code: Sequence[Token], asked: Asked) -> bool:
    """Whether a text's last token, comments left out, closes the prompt's outermost class."""
    return _ends(code, asked.braces).get(0) == len(code) - 1 if asked.braces else False


def without_introduction(code: Passage) -> Passage:
    """Without the prose that it begins with: lines that begin as sentences do and hold no code."""
    text, at = code.text, 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not is_prose(line) and not (at == 0 and _ROLE.fullmatch(line.strip())):
            break
        at += len(line)
    return code[at:] if text[:at].strip() and at < len(text) else code


def is_prose(line: str) -> bool:
    """Whether a line is a sentence, a heading or an item of a list, and no Java."""
    text = _INLINE_CODE.sub("it", line.strip())
    if text.startswith(("# ", "## ", "### ", "#### ")):
        return True
    if not text or _CODE_SIGNS.search(text):
        return False
    if _EAST_ASIAN.search(text):
        return '"' not in text
    listed = _LIST.match(text)
    words = [word for word in text[listed.end() if listed else 0 :].split() if _WORD.fullmatch(word)]
    if not words or words[0] in KEYWORDS:
        return False
    ends = text[-1] in ".!?:"
    # One word and a colon is a label.
    if len(words) < 3:
        return ends and (len(words) > 1 or text[-1] != ":")
    return ends or words[0].lstrip("\"'“(*_")[:1].isupper()


def _ends(tokens: Sequence[Token], braces: int) -> dict[int, int]:
    """By depth, the token that first brings the text there from above."""
    depth = braces
    found: dict[int, int] = {}
    for at, token in enumerate(tokens):
        depth += (token.text == "{") - (token.text == "}")
        if token.text == "}" and depth < braces:
            found.setdefault(depth, at)
            if depth == 0:
                break
    return found


def _behind_class(code: Passage, tokens: Sequence[Token], close: int) -> Passage:
    """Up to the end of the class, with the types behind it that it mentions."""
    rest = [token for token in tokens[close + 1 :] if not token.comment]
    if not rest or not _is_beyond(rest):
        return code
    items = outline(tokens, (close + 1, len(tokens)))
    known = mentioned(tokens[: close + 1])
    kept: list[Item] = []
    for item in items:
        if item.kind == "type" and item.complete and item.name in known:
            kept.append(item)
            known |= mentioned(scan(code.text[item.start : item.end]))
    if len(kept) == len(items):
        return code
    parts = [code[: tokens[close].end]]
    for item in kept:
        parts += [Passage.written("\n\n"), code[item.start : item.end]]
    return Passage.joined(parts)


def _is_beyond(rest: Sequence[Token]) -> bool:
    """Whether a text goes on to something new, and not with more of what was closed too early."""
    first = rest[0].text
    if first in _NO_TEXT:
        # A ruled line is prose's.
        return first == "=" and [token.text for token in rest[:3]] == ["="] * 3
    if first in KEYWORDS_OF_STATEMENTS:
        # `for (` goes on; "for example" does not.
        return len(rest) > 1 and rest[1].text[0].isalpha() and first in ("for", "if", "this", "while", "do")
    return True


def _behind_method(
    code: Passage, tokens: Sequence[Token], close: int, asked: Asked, *, fenced: bool
) -> Passage:
    """With the members that follow the method, up to the first that is none or breaks off."""
    stop, cut = tokens[close].end, False
    for item in outline(tokens, (close + 1, len(tokens))):
        if item.kind in ("method", "field", "type", "initializer") and item.complete:
            stop = item.end
        elif item.kind == "other" and item.complete and code.text[item.head : item.end].strip(" ;") == "":
            continue
        else:
            cut = item.kind == "method" or _reads_as_prose(code.text[item.head : item.end])
            if not cut:
                return code
            break
    if not cut and not fenced:
        return code
    closers = Passage.written("\n" + "}\n" * len(asked.classes))
    return Passage.joined([code[:stop], closers])


def _reads_as_prose(text: str) -> bool:
    return is_prose(text.splitlines()[0]) or text.lstrip()[:1] in ("#", "*", "`", "-", "=")
