"""A program made of code that a model wrote: a whole class, the method alone, or what follows the prompt.

    program = read(Passage.of("class A { static int f() { return 1; } }"), asked(prompt, "f"), fenced=True)
    program.head + program.text.text           # the source that is judged

`head` is text of the prompt's that goes before: all of it before a continuation, its class before a method,
its imports before a class that left them out. Nothing is renamed, and no type or method of the model's is
changed.

Not covered: methods of nested classes that a prompt leaves open more than two deep; a class split over blocks
that each hold a half.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rlcf.evaluation.extraction.continuation import continued
from rlcf.evaluation.extraction.passage import Passage
from rlcf.evaluation.extraction.prompt import Asked
from rlcf.javasource.outline import Item, Token, mentioned, outline, scan


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


def declares(item: Item, tokens: Sequence[Token], name: str) -> bool:
    """Whether a type has a method of that name, in itself or in a type within it."""
    if item.kind != "type":
        return False
    members = outline(tokens, item.body)
    return any(
        (one.kind == "method" and one.name == name) or (one.kind == "type" and declares(one, tokens, name))
        for one in members
    )


def _class_of(items: Sequence[Item], tokens: Sequence[Token], asked: Asked) -> tuple[Item | None, str]:
    """The type that stands for the prompt's, and its name where that is another."""
    types = [item for item in items if item.kind == "type"]
    if not asked.type_name:
        # Any program will do where the prompt opens no class: the one that can be started.
        started = [item for item in types if declares(item, tokens, asked.entry or "main")]
        return next(iter(started or types), None), ""
    named = [item for item in types if item.name == asked.type_name]
    if named:
        having = [item for item in named if declares(item, tokens, asked.entry)]
        return next((item for item in having if item.complete), (having or named)[0]), ""
    others = [item for item in types if asked.entry and declares(item, tokens, asked.entry)]
    return (others[0], others[0].name) if others else (None, "")


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
    for before, item in zip((None, *kept), kept, strict=False):
        joined = before is not None and items.index(item) == items.index(before) + 1
        start = before.end if joined and before is not None else item.start
        if not joined and parts:
            parts.append(Passage.written("\n"))
        if item is chosen:
            parts += _with_members(code, tokens, item, start, asked, renamed)
        else:
            parts.append(code[start : item.end])
        if item is package:
            parts.append(Passage.written("\n" + prelude))
    head = declared(asked) + ("" if package is not None else prelude)
    if not asked.type_name:
        head = asked.prompt
    complete = chosen.complete and (not asked.entry or _has_body(chosen, tokens, asked.entry))
    return Program("class", head, Passage.joined(parts), complete, renamed)


def declared(asked: Asked) -> str:
    """A line that declares the prompt's types to the judge, which lets a program's class stand before one of
    the JDK's only where the text before the completion has it."""
    names = ", ".join(f"class {name}" for name in (*asked.classes, *(one.name for one in asked.types)))
    return f"// The prompt's: {names}\n" if names else "\n"


def _kept(items: Sequence[Item], tokens: Sequence[Token], chosen: Item, *, fenced: bool) -> list[Item]:
    """The declarations that make the program: the chosen type, what it mentions, and in a block of its own
    all that is no program for showing it."""
    types = {chosen.name: chosen}
    others = [one for one in items if one.kind == "type" and one is not chosen and one.complete]
    while True:
        known = {name for one in types.values() for name in mentioned(_within(tokens, one))}
        more = {one.name: one for one in others if one.name not in types and one.name in known}
        if not more:
            break
        types |= more
    if fenced:
        shown = {one.name: one for one in others if not declares(one, tokens, "main")}
        types = shown | types
    last = max(items.index(one) for one in types.values())
    return [
        one
        for one in items[: last + 1]
        if one.kind in ("package", "import") or any(one is kept for kept in types.values())
    ]


def _within(tokens: Sequence[Token], item: Item) -> Iterable[Token]:
    return (token for token in tokens if item.start <= token.start < item.end)


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


def _has_body(item: Item, tokens: Sequence[Token], entry: str) -> bool:
    """Whether one of the methods of that name has statements."""
    for one in outline(tokens, item.body):
        if one.kind == "method" and one.name == entry and has_statements(one, tokens):
            return True
        if one.kind == "type" and _has_body(one, tokens, entry):
            return True
    return False


def has_statements(item: Item, tokens: Sequence[Token]) -> bool:
    """Whether a method does anything, and leaves nothing out as `...`."""
    body = [token.text for token in tokens[item.body[0] : item.body[1]] if not token.comment]
    return bool(body) and not any(body[at : at + 3] == [".", ".", "."] for at in range(len(body) - 2))


def _method(code: Passage, tokens: Sequence[Token], items: Sequence[Item], asked: Asked) -> Program:
    """The prompt's class with the methods of `items` in the place of the open one."""
    entries = [one for one in items if one.kind == "method" and one.name == asked.entry]
    methods = [one for one in items if one.kind == "method" and (one.complete or one in entries)]
    methods = [one for one in methods if one.name != "main" or asked.entry == "main"]
    types = [one for one in items if one.kind == "type" and one.complete]
    known = {name for one in (*methods, *types) for name in mentioned(_within(tokens, one))}
    fields = [one for one in items if one.kind == "field" and one.name in known]
    inner = [one for one in types if "static" in code.text[one.head : one.end].split("{", 1)[0].split()]
    members = [one for one in items if any(one is kept for kept in (*methods, *fields, *inner))]
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
        head = declared(asked) + head[:stop]
    if len(kept) == len(asked.members):
        rest = asked.prompt[asked.members_start : asked.method_start]
        head, parts = (head, [*parts, Passage.written(rest)]) if imports else (head + rest, parts)
    else:
        parts.append(Passage.written(between))
    for before, item in zip((None, *members), members, strict=False):
        joined = before is not None and items.index(item) == items.index(before) + 1
        parts.append(code[before.end if joined and before is not None else item.start : item.end])
        if not joined and item is not members[-1]:
            parts.append(Passage.written("\n"))
    if all(one.complete for one in members):
        parts.append(Passage.written("\n" + "}\n" * len(asked.classes)))
        outer = [one for one in types if not any(one is kept for kept in inner)]
        parts += [part for one in outer for part in (code[one.start : one.end], Passage.written("\n"))]
    return Program("method", head, Passage.joined(parts), complete)
