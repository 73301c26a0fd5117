"""A program made of code that a model wrote: a whole class, the method alone, or what follows the prompt.

    program = read(Passage.of("class A { static int f() { return 1; } }"), asked(prompt, "f"), fenced=True)
    program.head + program.text.text           # the source that is judged

`head` is text of the prompt's that goes before: all of it before a continuation, its class before a method,
its imports before a class that left them out. Nothing is renamed, and no type or method of the model's is
changed.

Not covered: methods of nested classes that a prompt leaves open more than two deep.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rlcf.evaluation.extraction.continuation import continued
from rlcf.evaluation.extraction.passage import Passage
from rlcf.evaluation.extraction.prompt import Asked
from rlcf.javasource.outline import Item, Token, mentioned, outline, scan
from rlcf.javasource.outline.items import PRIMITIVES
from rlcf.javasource.tokens import is_name

_HEADS = ("package", "import")
_MOST = 20
"""Types of one text that are looked into for a method."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is judged, and how it was written."""

    form: str
    """class, method or continuation."""
    head: str
    text: Passage
    complete: bool
    """Whether all that it opens is closed, and its method has a body."""
    renamed: str = ""
    """The class that it declares in the place of the prompt's."""
    lacking: str = ""
    """The prompt's method, where a whole class does not declare it."""

    @property
    def whole(self) -> bool:
        """Whether it is a complete class or method that the prompt asks for."""
        return self.complete and self.form != "continuation"


def read(code: Passage, asked: Asked, *, fenced: bool) -> Program | None:
    """The program in `code`; None where it holds none. `fenced`: all of it was set apart as code, so that
    what is open at its end may be closed."""
    tokens = scan(code.text)
    items = outline(tokens)
    chosen, renamed = _class_of(items, tokens, asked)
    if chosen is not None:
        return _whole_class(code, tokens, items, chosen, renamed, asked, fenced=fenced)
    if asked.entry and any(item.kind == "method" and item.name == asked.entry for item in items):
        return _method(code, tokens, items, asked)
    text = continued(code, tokens, asked, fenced=fenced)
    return None if text is None else Program("continuation", asked.prompt, text, complete=True)


def methods_of(item: Item, tokens: Sequence[Token], name: str, depth: int = 3) -> list[Item]:
    """The methods of that name in a type, and in types within it."""
    found = []
    for one in outline(tokens, item.body):
        if one.kind == "method" and one.name == name:
            found.append(one)
        elif one.kind == "type" and depth:
            found += methods_of(one, tokens, name, depth - 1)
    return found


def _class_of(items: Sequence[Item], tokens: Sequence[Token], asked: Asked) -> tuple[Item | None, str]:
    """The type that stands for the prompt's, and its name where that is another."""
    types = [item for item in items if item.kind == "type"]
    if not asked.type_name:
        # Any program will do where the prompt opens no class: the one that can be started.
        started = [item for item in types if methods_of(item, tokens, asked.entry or "main")]
        return next(iter(started or types), None), ""
    named = [item for item in types if item.name == asked.type_name]
    if named:
        having = [item for item in named[:_MOST] if methods_of(item, tokens, asked.entry)]
        return next((item for item in having if item.complete), (having or named)[0]), ""
    others = (item for item in types[:_MOST] if asked.entry and methods_of(item, tokens, asked.entry))
    other = next(others, None)
    return (other, other.name) if other else (None, "")


def _whole_class(
    code: Passage,
    tokens: Sequence[Token],
    items: Sequence[Item],
    chosen: Item,
    renamed: str,
    asked: Asked,
    *,
    fenced: bool,
) -> Program:
    kept = _kept(items, tokens, chosen, fenced=fenced)
    package = next((item for item in kept if item.kind == "package"), None)
    names = {item.name for item in kept if item.kind == "type"}
    imports = _missing_imports(asked, kept, names)
    types = [
        asked.text(item) for item in asked.types if item.name not in names and item.name in mentioned(tokens)
    ]
    prelude = "".join(f"{line}\n" for line in (*imports, *types))
    parts: list[Passage] = []
    for start, item in _joined(kept, items):
        if start == item.start and parts:
            parts.append(Passage.written("\n"))
        if item is chosen:
            parts += _with_members(code, tokens, item, start, asked, renamed)
        else:
            parts.append(code[start : item.end])
        if item is package:
            parts.append(Passage.written("\n" + prelude))
    head = "" if package is not None else prelude
    if not asked.type_name:
        head = asked.prompt
    entries = methods_of(chosen, tokens, asked.entry)
    complete = chosen.complete and (not asked.entry or any(has_statements(one, tokens) for one in entries))
    lacking = asked.entry if asked.type_name and not entries else ""
    return Program("class", head, Passage.joined(parts), complete, renamed, lacking)


def _kept(items: Sequence[Item], tokens: Sequence[Token], chosen: Item, *, fenced: bool) -> list[Item]:
    """The declarations that make the program: the chosen type, what it mentions, and in a block of its own
    all that is no program for showing it."""
    others = {one.name: one for one in reversed(items) if one.kind == "type" and one.complete}
    others[chosen.name] = chosen
    types, left = {chosen.name: chosen}, [chosen]
    while left:
        known = mentioned(_within(tokens, left.pop()))
        more = {name: others[name] for name in known if name in others and name not in types}
        left += more.values()
        types |= more
    if fenced:
        shown = {n: one for n, one in others.items() if n in types or not methods_of(one, tokens, "main", 0)}
        types = shown | types
    kept = {one.start for one in types.values()}
    last = max(kept)
    return [one for one in items if one.start <= last and (one.kind in _HEADS or one.start in kept)]


def _within(tokens: Sequence[Token], item: Item) -> Sequence[Token]:
    first = bisect_left(tokens, item.start, key=lambda token: token.start)
    return tokens[first : bisect_left(tokens, item.end, key=lambda token: token.start)]


def _missing_imports(asked: Asked, kept: Sequence[Item], types: set[str]) -> list[str]:
    """The prompt's imports that a program left out, but those that its own names clash with."""
    own = {item.name for item in kept if item.kind == "import"}
    simple = {name.rpartition(".")[2] for name in own} | types
    packaged = any(item.kind == "package" for item in kept)
    return [
        asked.prompt[item.head : item.end]
        for item in asked.imports
        if item.name not in own
        and (item.kind == "import" or not packaged)
        and (item.name.endswith("*") or item.name.rpartition(".")[2] not in simple)
    ]


def _with_members(
    code: Passage, tokens: Sequence[Token], item: Item, start: int, asked: Asked, renamed: str
) -> list[Passage]:
    """The class from `start`, with those members that the prompt gives and it left out."""
    names = {one.name for one in outline(tokens, item.body)}
    missing = [asked.text(one) for one in asked.members if one.name not in names]
    if not missing or not item.complete or renamed or len(asked.classes) != 1:
        return [code[start : item.end]]
    close = item.end - 1
    return [code[start:close], Passage.written("\n".join(["", *missing, ""])), code[close : item.end]]


def _variables(tokens: Sequence[Token]) -> set[str]:
    """Names that look declared: behind a type."""
    return {
        token.text
        for before, token in pairwise(tokens)
        if is_name(token.text) and (before.text in (">", "]", *PRIMITIVES) or is_name(before.text))
    }


def _joined(kept: Sequence[Item], items: Sequence[Item]) -> list[tuple[int, Item]]:
    """The kept items, each with where its text begins: behind the item before, where that is kept too."""
    behind = {item.start: before.end for before, item in pairwise(items)}
    ends = {item.end for item in kept}
    return [(behind[item.start] if behind.get(item.start) in ends else item.start, item) for item in kept]


def has_statements(item: Item, tokens: Sequence[Token]) -> bool:
    """Whether a method does anything, and leaves nothing out as `...`."""
    body = [token.text for token in tokens[item.body[0] : item.body[1]] if not token.comment]
    return bool(body) and not any(body[at : at + 3] == [".", ".", "."] for at in range(len(body) - 2))


def _method(code: Passage, tokens: Sequence[Token], items: Sequence[Item], asked: Asked) -> Program:
    """The prompt's class with the methods of `items` in the place of the open one."""
    entries = [one for one in items if one.kind == "method" and one.name == asked.entry]
    methods = [one for one in items if one.kind == "method" and (one.complete or one.name == asked.entry)]
    methods = [one for one in methods if one.name != "main" or asked.entry == "main"]
    types = [one for one in items if one.kind == "type" and one.complete]
    known = {name for one in (*methods, *types) for name in mentioned(_within(tokens, one))}
    local = {name for one in methods for name in _variables(_within(tokens, one))}
    fields = []
    for one in reversed(items):
        if one.kind == "field" and one.name in known and (one.modified or one.name not in local):
            fields.append(one)
            known |= mentioned(_within(tokens, one))
    inner = [one for one in types if "static" in code.text[one.head : one.end].split("{", 1)[0].split()]
    blocks = [one for one in items if one.kind == "initializer" and fields]
    starts = {one.start for one in (*methods, *fields, *inner, *blocks)}
    members = [one for one in items if one.start in starts]
    complete = all(one.complete for one in methods) and any(has_statements(e, tokens) for e in entries)
    names = {one.name for one in members}
    imports = [code[one.start : one.end] for one in items if one.kind == "import"]
    head = asked.prompt[: asked.members_start]
    kept = [asked.text(one) for one in asked.members if one.name not in names]
    between = "\n".join(["", *kept, ""]) if kept else "\n"
    parts: list[Passage] = []
    if imports:
        stop = max((item.end for item in asked.imports), default=0)
        parts = [part for one in imports for part in (Passage.written("\n"), one)]
        parts.append(Passage.written(head[stop:]))
        head = head[:stop]
    if len(kept) == len(asked.members):
        rest = asked.prompt[asked.members_start : asked.method_start]
        head, parts = (head, [*parts, Passage.written(rest)]) if imports else (head + rest, parts)
    else:
        parts.append(Passage.written(between))
    for start, item in _joined(members, items):
        if start == item.start and item is not members[0]:
            parts.append(Passage.written("\n"))
        parts.append(code[start : item.end])
    if all(one.complete for one in members):
        parts.append(Passage.written("\n" + "}\n" * len(asked.classes)))
        outer = [one for one in types if one.start not in starts]
        parts += [part for one in outer for part in (code[one.start : one.end], Passage.written("\n"))]
    return Program("method", head, Passage.joined(parts), complete)
