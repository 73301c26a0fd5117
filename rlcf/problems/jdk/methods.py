"""From a method with Javadoc to a problem that needs nothing but itself.

    imports that it names
    class Head {
        the members of its class that it uses, and that these use, without comments
        /** Javadoc, three sentences at most. */
        signature {
    ---- here the prompt ends, the body is the reference ----

What a class inherits is not there: most methods that use it do not compile, and javac says so. Blank finals
lose `final`, as the constructor that sets them may be missing. Two heads are given: bare, and with what the
class extends and implements, which compiles where that is the JDK's.

Not covered: enums and records as owners, fields that initialisers set, classes of the same package (of the
JDK's packages they are imported).
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from rlcf.javasource.bodies import returned
from rlcf.javasource.literals import literal_value
from rlcf.javasource.outline.classes import ClassText, Member
from rlcf.javasource.tokens import KEYWORDS, is_name, texts

MOST_MEMBERS = 4096
"""Characters of the members that a problem has beside its method."""
SENTENCES = 3
FEWEST_TOKENS, PROMPT_TOKENS, BODY_TOKENS = 8, 256, 128
CLOSE = "    }\n}\n"
"""Ends the method and its class."""
LONGEST_DOC = 600
"""Characters of a description; beyond them there is hardly an end of a sentence."""

_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_PIECE = re.compile(r"[A-Z]?[a-z]{1,7}|[A-Z]{1,4}|\d{1,3}|\n *|[^\w\s]{1,2}")
_INLINE = re.compile(r"\{@(\w+)\s*([^{}]*)\}")
_BLOCK = re.compile(
    r"</?(?:p|br|li|ul|ol|pre|h\d|t[rdh]|table|d[ltd]|blockquote|hr|div)\b[^<>]*>", re.IGNORECASE
)
_TAG = re.compile(r"</?\w[^<>]*>")
_SENTENCE = re.compile(r".*?[.!?](?=\s+[A-Z]|\s*$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Method:
    """A method that may become a problem."""

    owner: str
    """Package and class."""
    name: str
    prompt: str
    extending: str
    """The prompt with what the class extends; empty where that is nothing."""
    body: str
    """Without comments, as it stands in the source."""
    description: str
    static: bool

    @property
    def reference(self) -> str:
        """The rest of the method and of the class."""
        return completion(self.body)


def words(text: str) -> set[str]:
    """All names and keywords in a text."""
    return set(_WORD.findall(text))


def size(text: str) -> int:
    """A bound on the tokens that a byte-level BPE of 8,192 makes of `text`: words in pieces of at most eight
    letters, signs in pairs, an indentation as one. One trained on this corpus makes .57 of a body's and .78
    of a prompt's (RESULTS.md)."""
    return len(_PIECE.findall(text))


def described(doc: str) -> str:
    """What a documentation comment says in its first sentences, without tags; empty where it says nothing."""
    lines = (line.strip().lstrip("*").strip() for line in doc[3:-2].splitlines())
    kept: list[str] = []
    for line in lines:
        if line.startswith("@"):
            break
        kept.append(line)
    text = " ".join(" ".join(kept).split())
    while _INLINE.search(text):
        text = _INLINE.sub(_said, text)
    text = (
        " ".join(html.unescape(_TAG.sub("", _BLOCK.sub(" ", text))).split())
        .replace("*/", "")
        .replace("\\", "")
    )
    sentences = [match.group() for match in _SENTENCE.finditer(text)][:SENTENCES]
    said = "".join(sentences).strip() or text
    return said if len(said) <= LONGEST_DOC else ""


def _said(inline: re.Match[str]) -> str:
    """What `{@code …}` says, and `{@link target label}`: the label where there is one."""
    said = inline.group(2).strip()
    target, _, label = said.partition(" ")
    if inline.group(1) in ("link", "linkplain"):
        return label.strip() if label.strip() and "(" not in label else target.lstrip("#")
    return said


def trivial(body: str) -> str:
    """Why a body, comments apart, is no task: it is `short`, `throws only` or is `trivial`; empty where it is
    one."""
    tokens = texts(body)
    if tokens[:1] == ["throw"]:
        return "throws only"
    if len(tokens) < FEWEST_TOKENS:
        return "short"
    results = returned(tokens)
    if len(results) == 1 and all(literal_value(token) is not None for one in results for token in one):
        return "trivial"
    return "" if any(token in ("(", "=", "[", "?") for token in tokens) else "trivial"


def skeleton(body: str) -> str:
    """The tokens of a body, names and literals masked."""
    return " ".join(
        "N" if is_name(token) else "L" if literal_value(token) is not None else token for token in texts(body)
    )


def problem_text(one: ClassText, method: Member, neighbours: frozenset[str]) -> Method | str:
    """The problem of a method with a body, or why there is none. `neighbours`: names of the classes of its
    package, where that may be imported."""
    body = method.body or ""
    if why := trivial(body):
        return why
    if size(body) > BODY_TOKENS:
        return "body too long"
    said = described(method.doc)
    if not said:
        return "no description"
    members = _used(one, method)
    if members is None:
        return "members too long"
    last = f"{comment(said)}\n    {method.head} {{\n"
    inner = "\n".join(map(_indented, members))
    inner = f"{inner}\n{last}" if inner else last
    used = words(inner) | words(body) | words(one.head)
    imports = "".join(f"{line}\n" for line in _imports(one, used, neighbours))
    prompt = f"{imports}{one.head} {{\n{inner}"
    if size(prompt) > PROMPT_TOKENS:
        return "prompt too long"
    extending = ""
    if one.extends:
        used |= words(one.extends)
        imports = "".join(f"{line}\n" for line in _imports(one, used, neighbours))
        extending = f"{imports}{one.head} {' '.join(one.extends.split())} {{\n{inner}"
        extending = extending if size(extending) <= PROMPT_TOKENS else ""
    owner = f"{one.package}.{one.name}".lstrip(".")
    static = "static" in method.head.split("(")[0].split()
    return Method(owner, method.names[0], prompt, extending, body, said, static)


def completion(body: str) -> str:
    """The rest of the method and of the class."""
    text = textwrap.dedent(body.expandtabs(4))
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "".join(f"        {line}\n" for line in lines) + CLOSE


def comment(said: str) -> str:
    """A documentation comment that says it, indented."""
    if len(said) <= 90:
        return f"    /** {said} */"
    lines = textwrap.wrap(said, 96)
    return "\n".join(["    /**", *(f"     * {line}" for line in lines), "     */"])


def _indented(member: str) -> str:
    return textwrap.indent(textwrap.dedent(member.expandtabs(4)), "    ")


def _used(one: ClassText, method: Member) -> list[str] | None:
    """The members that `method` uses, in the order of the class; None where they are too long."""
    by_name: dict[str, list[int]] = {}
    for index, member in enumerate(one.members):
        if member is not method:
            for name in member.names:
                by_name.setdefault(name, []).append(index)
    # A constructor has the name of the class, which is no use of it: `new` is.
    chosen: set[int] = set()
    left, length = [f"{method.head} {method.body}"], 0
    while left:
        text = left.pop()
        for name in words(text) & by_name.keys():
            for index in by_name[name]:
                member = one.members[index]
                if index in chosen or (member.kind == "constructor" and f"new {name}" not in text):
                    continue
                chosen.add(index)
                written = _written(member)
                length += len(written)
                if length > MOST_MEMBERS:
                    return None
                left.append(written)
    return [_written(one.members[index]) for index in sorted(chosen)]


def _written(member: Member) -> str:
    if member.kind != "field":
        return member.text if member.body is None else _method_text(member)
    blank = "=" not in member.head
    return re.sub(r"\bfinal\s+", "", member.head) if blank else member.head


def _method_text(member: Member) -> str:
    body = textwrap.indent(textwrap.dedent((member.body or "").expandtabs(4)), "    ")
    return f"{member.head} {{\n{body}\n}}"


def _imports(one: ClassText, used: set[str], neighbours: frozenset[str]) -> Iterator[str]:
    for line in one.imports:
        last = line.rstrip("; ").rpartition(".")[2].strip()
        if last in used or (
            last == "*" and line.removeprefix("import ").startswith(("java.", "static java."))
        ):
            yield line
    if neighbours & used - {one.name} - KEYWORDS:
        yield f"import {one.package}.*;"
