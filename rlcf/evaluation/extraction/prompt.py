"""What a prompt has open: its classes and its method, what a program that restates them may leave out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rlcf.javasource.outline import Item, outline, scan


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt, taken apart."""

    prompt: str
    entry: str
    """The method that is to be written; empty where the prompt opens none and the problem names none."""
    classes: tuple[str, ...]
    """Those that are open, from the outermost in."""
    braces: int
    """How many are open."""
    imports: tuple[Item, ...]
    types: tuple[Item, ...]
    """Complete types beside the open one."""
    members: tuple[Item, ...]
    """Complete members of the innermost open class."""
    members_start: int
    """Where the body of the innermost open class begins."""
    method_start: int
    """Where the open method begins, its comments included; where none is open, the prompt's end."""

    @property
    def type_name(self) -> str:
        """The class that a program must declare at its top; empty where the prompt opens none."""
        return self.classes[0] if self.classes else ""

    @property
    def declared(self) -> tuple[str, ...]:
        """The classes that it opens, and those beside."""
        return (*self.classes, *(one.name for one in self.types))

    def text(self, item: Item) -> str:
        return self.prompt[item.start : item.end]


@lru_cache(maxsize=4096)
def asked(prompt: str, entry_point: str) -> Asked:
    """The prompt, taken apart."""
    tokens = scan(prompt)
    items = outline(tokens)
    imports = tuple(item for item in items if item.kind in ("import", "package"))
    types = tuple(item for item in items if item.kind == "type" and item.complete)
    classes: list[str] = []
    members: tuple[Item, ...] = ()
    members_start, method_start, entry = 0, len(prompt), entry_point
    while items and not items[-1].complete:
        last = items[-1]
        if last.kind == "type":
            classes.append(last.name)
            inner = outline(tokens, last.body)
            members = tuple(one for one in inner if one.complete and one.kind in ("method", "field", "type"))
            members_start = tokens[last.body[0] - 1].end
            items = inner
        elif last.kind == "method":
            entry, method_start = last.name, last.start
            break
        else:
            break
    braces = sum((token.text == "{") - (token.text == "}") for token in tokens)
    return Asked(
        prompt=prompt,
        entry=entry,
        classes=tuple(classes),
        braces=max(0, braces),
        imports=imports,
        types=types,
        members=members,
        members_start=members_start,
        method_start=method_start,
    )
